"""A session: a role on a line, proved with a key, its messages signed and never taken twice."""

from firmware import crypto, wire
from firmware.comms import framing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.comms.channel import Channel
    from firmware.comms.commands.staging import Staged
    from firmware.comms.framing import Frame

_RANK = {
    wire.ROLE_OBSERVER: 1,
    wire.ROLE_PATIENT: 2,
    wire.ROLE_CLINICIAN: 3,
    wire.ROLE_MANUFACTURING: 4,
}


class Session:
    """One programmer on one line. Until `proved` it may only read what anybody may, and be proved; once `closed` it
    only repeats itself."""

    def __init__(self, number: int, channel: "Channel", role: int, key: bytes) -> None:
        self.number = number
        self.channel = channel
        self.role = role
        self.proved = False
        self.closed = False
        self.staged: "Staged | None" = None
        self._key = key
        self._sequence = 0
        self._last_request = self._last_answer = b""

    def mac_valid(self, frame: "Frame") -> bool:
        """True if the frame's MAC is right."""
        return crypto.equal(frame.mac, crypto.hmac_sha256(self._key, frame.signed)[: crypto.MAC_BYTES])

    def repeated(self, frame: "Frame") -> bytes | None:
        """Return the answer given before when this very frame came before, else None."""
        return self._last_answer if frame.raw == self._last_request else None

    def accept_sequence(self, frame: "Frame") -> bool:
        """Accept a frame's number, which must rise; False for one that was used up."""
        if frame.sequence <= self._sequence:
            return False
        self._sequence = frame.sequence
        self._last_request = frame.raw
        return True

    def permits(self, request: int) -> bool:
        """True if the role reaches for this request."""
        if not self.proved:
            return request == wire.REQ_PROVE or request not in wire.ROLE_OF
        if request == wire.REQ_PROVE:
            return False
        return _RANK[self.role] >= _RANK[wire.ROLE_OF.get(request, wire.ROLE_OBSERVER)]

    def unmask(self, masked_key: bytes, sequence: int) -> bytes:
        """Return the device key in a frame with this number. Only who knows the session's key can read it."""
        mask = crypto.key_mask(self._key, sequence)
        return bytes([masked_key[i] ^ mask[i] for i in range(len(mask))])

    def close(self) -> None:
        """Take no new frame any more."""
        self.closed = True
        self.staged = None

    def sign(self, code: int, sequence: int, payload: bytes) -> bytes:
        """Build a signed frame for the line."""
        body = framing.header(code, framing.AUTHENTICATED, self.number, sequence, len(payload)) + payload
        return framing.seal(body + crypto.hmac_sha256(self._key, body)[: crypto.MAC_BYTES])

    def answer(self, code: int, sequence: int, payload: bytes) -> bytes:
        """Build a signed answer, kept in case that the request comes again."""
        self._last_answer = self.sign(code, sequence, payload)
        return self._last_answer


def padded(text: str) -> bytes:
    """Return a text in the 12 bytes that names have on the wire."""
    data = text.encode()
    return data + bytes(12 - len(data))
