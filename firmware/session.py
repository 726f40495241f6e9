"""Who may do what: one session at a time, proved with a key, its messages signed and never taken twice.

What was not proved costs nothing that was: a challenge belongs to its line, and neither a key is derived nor a number
used up before a proof comes. There is no lock-out after forgeries, which would lock out the clinician
(docs/protocol.md).
"""

from firmware import crypto, framing, wire
from firmware.state import NEVER

_RESERVE = 64  # session numbers taken from the store at a time, so that polling does not wear it out
_LAST_NUMBER = wire.NONE32 - 1
_PROOF_S = 3  # how long a challenge waits for its proof; the first of them may be nearly over

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
        if not self.proved or request == wire.REQ_PROVE:
            return not self.proved and request == wire.REQ_PROVE
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


class Challenge:
    """What a line was given for its proof, which is taken before `until_s`."""

    def __init__(self, role, host_nonce, nonce, until_s):
        self.role = role
        self.host_nonce = host_nonce
        self.nonce = nonce
        self.until_s = until_s


class Sessions:
    """The session that is open, and the challenges that the lines were given. A proof ends the session before it."""

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
        self._current = None
        self._idle_until_s = NEVER
        self._challenged_until_s = NEVER  # on any line
        self.held = ()  # those there are
        self.due_s = NEVER

    @property
    def open(self):
        """Whether a proved session is open."""
        return self._idle_until_s != NEVER

    def on(self, port):
        """The open session on this port, or None."""
        current = self._current
        return current if current is not None and self.open and current.port is port else None

    def challenge(self, port, role, host_nonce):
        """(number, nonce) of a session to be proved on this port; None without a head.

        A port keeps its number until that was proved, so that strangers use none up.
        """
        if not self._head.present():
            return None
        now_s = self._uptime.now_s
        waiting = port.challenge
        if waiting is None or now_s >= waiting.until_s or (waiting.role, waiting.host_nonce) != (role, host_nonce):
            port.challenge = Challenge(role, host_nonce, self._entropy.random_bytes(16), now_s + _PROOF_S)
            self._challenged_until_s = now_s + _PROOF_S
            self._plan()
        if not port.session_number:
            port.session_number = self._next_number()
        return port.session_number, port.challenge.nonce

    def _next_number(self):
        if self._used == self._state.sessions:
            if self._used > _LAST_NUMBER - _RESERVE:
                self._used = self._state.sessions = 0  # once more from the beginning: the nonces keep keys apart
            self._state.sessions += _RESERVE
            if not self._state.keep(self._uptime.now_s):
                self._state.accept()  # a stop must get through: numbers may come again after a reset, keys do not
        self._used += 1
        return self._used

    def prove(self, session):
        """Open the session that was proved; returns after how many idle seconds it ends."""
        self.close()
        session.proved = True
        self._current = session
        self.held = (session,)
        self._idle_until_s = self._uptime.now_s + self._idle_s
        self._challenged_until_s = NEVER
        self._plan()
        self._log.add(wire.EVENT_SESSION_OPEN, session.role, session.number)
        return self._idle_s

    def close(self, event=wire.EVENT_SESSION_CLOSE):
        """End the open session; what it staged is forgotten."""
        current = self._current
        if current is not None and self.open:
            self._log.add(event, current.number)
            current.close()
            self._idle_until_s = NEVER
            self._plan()

    def watch_head(self):
        """Log that a head came, which is what turns telemetry on. One that comes and goes is logged once."""
        there = self._head.present()
        if there and not self._there and self._log.next_seq != self._entered_seq:
            self._log.add(wire.EVENT_TELEMETRY_MODE_ENTER)
            self._entered_seq = self._log.next_seq
        self._there = there

    def expire(self, now_s):
        """End a session that was idle for too long, or whose head was taken away."""
        if now_s >= self._idle_until_s:
            self.close(wire.EVENT_SESSION_TIMEOUT)
        elif self.open and not self._head.present():
            self.close()
        if now_s >= self._challenged_until_s:
            self._challenged_until_s = NEVER
            self._plan()

    def find(self, port, frame):
        """The session that signed this frame, or None: then it is no session's, or forged."""
        current = self._current
        if current is not None and current.number == frame.session and current.port is port:
            session = current
        elif frame.code == wire.REQ_PROVE and frame.session == port.session_number:
            session = self._challenged(port)
        else:
            return None
        if session is None:
            return None
        if not session.genuine(frame):
            port.forgeries.add(1)
            return None
        if session is not current:
            port.session_number = 0
        return session

    def _challenged(self, port):
        """The session of the port's challenge, which serves for one proof; None when there is none in time."""
        waiting, port.challenge = port.challenge, None
        if waiting is None or self._uptime.now_s >= waiting.until_s:
            return None
        number, role = port.session_number, waiting.role
        key = crypto.role_key(crypto.TEST_KEY, role)
        key = crypto.session_key(key, self._serial, role, number, waiting.host_nonce, waiting.nonce)
        return Session(number, port, role, key)

    def take(self, session, frame):
        """Accept a frame's number, which must rise, and let the open session idle anew; False for one used up."""
        if not session.take(frame):
            return False
        if session is self._current:
            self._idle_until_s = self._uptime.now_s + self._idle_s
            self._plan()
        return True

    def _plan(self):
        self.due_s = min(self._idle_until_s, self._challenged_until_s)


def padded(text):
    """A text in the 12 bytes that names have on the wire."""
    data = text.encode()
    return data + bytes(12 - len(data))
