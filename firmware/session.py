"""Who may do what: one session at a time, proved with a key, its messages signed and never taken twice.

Noise and strangers cost at most a few seconds of deafness to signed messages; delivery, alarms and what anybody may
read go on meanwhile (docs/protocol.md).
"""

from firmware import crypto, framing, wire
from firmware.state import NEVER

_RESERVE = 64  # session numbers taken from the store at a time, so that polling does not wear it out
_PATIENCE = 3  # forged messages in a row before the pump turns deaf
_DEAF_S = 5

_RANK = {
    wire.ROLE_OBSERVER: 1,
    wire.ROLE_PATIENT: 2,
    wire.ROLE_CLINICIAN: 3,
    wire.ROLE_MANUFACTURING: 4,
}


class Session:
    """One programmer on one port. Until `proved` it may only be proved; once `closed` it only repeats itself."""

    def __init__(self, number, port, role, key):
        self.number = number
        self.port = port
        self.role = role
        self.proved = False
        self.closed = False
        self.staged = None  # the firmware.staging.Staged that lies ready
        self._key = key
        self._sequence = 0
        self._last_request = self._last_answer = b""

    def genuine(self, frame):
        """Whether the frame's MAC is right."""
        return crypto.equal(frame.mac, crypto.hmac_sha256(self._key, frame.signed)[: crypto.MAC_BYTES])

    def repeated(self, frame):
        """The answer given before when this very frame came before, else None."""
        return self._last_answer if frame.raw == self._last_request else None

    def take(self, frame):
        """Accept a frame's number, which must rise; False for one that was used up."""
        if frame.sequence <= self._sequence:
            return False
        self._sequence = frame.sequence
        self._last_request = frame.raw
        return True

    def may(self, request):
        """Whether the role reaches for this request."""
        if not self.proved:
            return request == wire.REQ_PROVE
        return _RANK[self.role] >= _RANK[wire.ROLE_OF.get(request, wire.ROLE_OBSERVER)]

    def unmask(self, masked_key, sequence):
        """The device key that a frame with this number carries, which only who knows the session's key can read."""
        mask = crypto.key_mask(self._key, sequence)
        return bytes([masked_key[i] ^ mask[i] for i in range(len(mask))])

    def close(self):
        """Take no new frame any more."""
        self.closed = True
        self.staged = None

    def sign(self, code, sequence, payload):
        """A signed frame for the line."""
        body = framing.header(code, framing.AUTHENTICATED, self.number, sequence, len(payload)) + payload
        return framing.seal(body + crypto.hmac_sha256(self._key, body)[: crypto.MAC_BYTES])

    def answer(self, code, sequence, payload):
        """A signed answer, kept in case that the request comes again."""
        self._last_answer = self.sign(code, sequence, payload)
        return self._last_answer


class Sessions:
    """The session that is open, and one that waits for its proof. A proof ends the session before it."""

    def __init__(self, config, uptime, state, log, head, entropy, keys):
        self._idle_s = config.session_idle_s
        self._serial = padded(config.serial)
        self._uptime = uptime
        self._state = state
        self._log = log
        self._head = head
        self._entropy = entropy
        self._keys = keys
        self._there = False  # whether the head was there when last looked for
        self._entered_seq = 0  # of the log, after it was told so
        self._used = state.sessions
        self._failures = 0
        self._deaf_until_s = 0
        self._current = None
        self._waiting = None
        self.held = ()  # those there are
        self._offer = ()  # (port, role, host nonce, number, nonce) of the one that waits
        self.due_s = NEVER

    @property
    def open(self):
        """Whether a proved session is open."""
        return self.due_s != NEVER

    def on(self, port):
        """The open session on this port, or None."""
        current = self._current
        return current if current is not None and self.open and current.port is port else None

    def challenge(self, port, role, host_nonce):
        """(number, nonce) of a new session waiting for its proof; None without a head, or a key."""
        role_key = self._keys.role_key(role) if self._head.present() else None
        if role_key is None:
            return None
        if self._waiting is not None and self._offer[:3] == (port, role, host_nonce):
            return self._offer[3:]  # the same request again, its answer was lost
        if self._used == self._state.sessions:
            self._state.sessions += _RESERVE
            if not self._state.keep(self._uptime.now_s):
                self._state.accept()  # a stop must get through: numbers may come again after a reset, keys do not
        self._used += 1
        nonce = self._entropy.random_bytes(16)
        key = crypto.session_key(role_key, self._serial, role, self._used, host_nonce, nonce)
        self._waiting = Session(self._used, port, role, key)
        self._offer = (port, role, host_nonce, self._used, nonce)
        self.held = (self._waiting,) if self._current is None else (self._current, self._waiting)
        return self._used, nonce

    def prove(self, session):
        """Open the session that was proved; returns after how many idle seconds it ends."""
        self.close()
        session.proved = True
        self._current = session
        self._waiting = None
        self.held = (session,)
        self.due_s = self._uptime.now_s + self._idle_s
        self._log.add(wire.EVENT_SESSION_OPEN, session.role, session.number)
        self._keys.cancel_reset()
        return self._idle_s

    def close(self, event=wire.EVENT_SESSION_CLOSE):
        """End the open session; what it staged is forgotten."""
        current = self._current
        if current is not None and self.open:
            self._log.add(event, current.number)
            current.close()
            self.due_s = NEVER

    def end(self):
        """The key was changed: what was opened or offered with the old one ends."""
        self.close()
        self._waiting = None
        self.held = () if self._current is None else (self._current,)

    def watch_head(self):
        """Log that a head came, which is what turns telemetry on. One that comes and goes is logged once."""
        there = self._head.present()
        if there and not self._there and self._log.next_seq != self._entered_seq:
            self._log.add(wire.EVENT_TELEMETRY_MODE_ENTER)
            self._entered_seq = self._log.next_seq
        self._there = there

    def expire(self, now_s):
        """End a session that was idle for too long, or whose head was taken away."""
        if now_s >= self.due_s:
            self.close(wire.EVENT_SESSION_TIMEOUT)
        elif self.open and not self._head.present():
            self.close()

    def find(self, port, frame):
        """The session that signed this frame, or None: then it is no session's, forged, or the pump is deaf."""
        for session in (self._current, self._waiting):
            if session is not None and session.number == frame.session and session.port is port:
                return session if self._listen(session, frame) else None
        return None

    def _listen(self, session, frame):
        now_s = self._uptime.now_s
        if now_s < self._deaf_until_s:
            return False
        if not session.genuine(frame):
            self._failed(now_s)
            return False
        self._failures = 0
        if session is self._current and self.open:
            self.due_s = now_s + self._idle_s
        return True

    def _failed(self, now_s):
        self._failures += 1
        self._log.add(wire.EVENT_AUTH_FAIL, self._failures)
        if self._failures >= _PATIENCE:
            self._deaf_until_s = now_s + _DEAF_S
            self._log.add(wire.EVENT_COMMS_RATE_LIMIT, self._failures)


def padded(text):
    """A text in the 12 bytes that names have on the wire."""
    data = text.encode()
    return data + bytes(12 - len(data))
