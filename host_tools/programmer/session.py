"""A proved session: its key, and its count of messages."""

from protocol import auth
from protocol.frame import AUTHENTICATED, Frame


class Session:
    """Signs requests and checks answers. `number` is the pump's, `key` only these two sides have."""

    def __init__(self, number: int, key: bytes) -> None:
        self.number = number
        self._key = key
        self.sent = 0  # requests so far

    def sign(self, code: int, payload: bytes) -> Frame:
        """The next request of this session."""
        self.sent += 1
        frame = Frame(code, self.number, self.sent, payload, AUTHENTICATED, bytes(auth.MAC_BYTES))
        return frame._replace(mac=auth.mac(self._key, frame.signed_bytes()))

    def masked(self, device_key: bytes) -> bytes:
        """A device key as the next request of this session carries it."""
        return auth.masked_key(self._key, self.sent + 1, device_key)

    def mac_valid(self, frame: Frame) -> bool:
        """True if the pump signed this frame in this session."""
        ours = frame.flags == AUTHENTICATED and frame.session == self.number
        return ours and auth.verify(self._key, frame.signed_bytes(), frame.mac)


def is_unsigned(frame: Frame) -> bool:
    """True if a frame has no MAC, as outside a session: there is no key to sign with."""
    return not frame.flags
