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
    """One programmer on one port. Until `proved` it may only read what anybody may, and be proved; once `closed` it
    only repeats itself."""

    def __init__(self, number, port, role, key, asked, nonce):
        self.number = number
        self.port = port
        self.role = role
        self.proved = False
        self.closed = False
        self.staged = None  # the firmware.staging.Staged that lies ready
        self.asked = asked  # (role, host nonce) of the OPEN
        self.nonce = nonce
        self._key = key
        self._sequence = 0
        self._last_request = self._last_answer = b""

    @property
    def heard(self):
        """Whether a frame of it came."""
        return self._sequence > 0

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
            return request == wire.REQ_PROVE or request not in wire.ROLE_OF
        return _RANK[self.role] >= _RANK[wire.ROLE_OF.get(request, wire.ROLE_OBSERVER)]

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
    """The session that is open, and on each port one that waits for its proof. A proof ends the session before it."""

    def __init__(self, config, uptime, state, log, head, entropy):
        self._idle_s = config.session_idle_s
        self._serial = padded(config.serial)
        self._uptime = uptime
        self._state = state
        self._log = log
        self._head = head
        self._entropy = entropy
        self._there = False  # whether the head was there when last looked for
        self._entered_seq = 0  # of the log, after it was told so
        self._used = state.sessions
        self._failures = 0
        self._deaf_until_s = 0
        self._current = None
        self.held = ()  # those there are
        self.due_s = NEVER

    @property
    def open(self):
        """Whether a proved session is open."""
        return self.due_s != NEVER

    @property
    def privileged(self):
        """Whether one is open that may change anything."""
        return self.open and self._current is not None and self._current.role != wire.ROLE_OBSERVER

    def on(self, port):
        """The session that reads on this port: the open one, or one that needs no proof for it; or None."""
        current = self._current
        if current is not None and self.open and current.port is port:
            return current
        for session in self.held:
            if session.port is port and session.heard and not session.proved:
                return session
        return None

    def challenge(self, port, role, host_nonce):
        """(number, nonce) of a new session waiting for its proof; None without a head."""
        if not self._head.present():
            return None
        for session in self.held:
            if session.port is port and not session.proved and session.asked == (role, host_nonce):
                return session.number, session.nonce  # the same request again, its answer was lost
        if self._used == self._state.sessions:
            self._state.sessions += _RESERVE
            if not self._state.keep(self._uptime.now_s):
                self._state.accept()  # a stop must get through: numbers may come again after a reset, keys do not
        self._used += 1
        nonce = self._entropy.random_bytes(16)
        key = crypto.role_key(crypto.TEST_KEY, role)
        key = crypto.session_key(key, self._serial, role, self._used, host_nonce, nonce)
        others = [session for session in self.held if session is self._current or session.port is not port]
        self.held = tuple(others) + (Session(self._used, port, role, key, (role, host_nonce), nonce),)
        return self._used, nonce

    def prove(self, session):
        """Open the session that was proved; returns after how many idle seconds it ends."""
        self.close()
        session.proved = True
        self.held = tuple([one for one in self.held if one is not self._current])
        self._current = session
        self.due_s = self._uptime.now_s + self._idle_s
        self._log.add(wire.EVENT_SESSION_OPEN, session.role, session.number)
        return self._idle_s

    def close(self, event=wire.EVENT_SESSION_CLOSE):
        """End the open session; what it staged is forgotten."""
        current = self._current
        if current is not None and self.open:
            self._log.add(event, current.number)
            current.close()
            self.due_s = NEVER

    def hang_up(self, port):
        """Forget the sessions of this port, where nobody is any more."""
        if self._current is not None and self._current.port is port:
            self.close()
            self._current = None
        self.held = tuple([session for session in self.held if session.port is not port])

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
        for session in self.held:
            if session.number == frame.session and session.port is port:
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
