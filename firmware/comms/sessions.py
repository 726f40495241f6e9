"""The open session, and the challenges that the lines were given: one session at a time, a proof ends the one before.

What was not proved costs nothing that was: a challenge belongs to its line, and neither a key is derived nor a number
used up before a signed frame comes. There is no lock-out after forgeries, which would lock out the clinician. Who only
reads signs his questions and opens nothing (docs/protocol.md).
"""

from firmware import crypto, wire
from firmware.comms.session import Session, padded
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.checks.keys import Keys
    from firmware.clock import PumpClock
    from firmware.comms.channel import Channel
    from firmware.comms.framing import Frame
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from hal.contract import Entropy, Head

_RESERVE = 64  # session numbers taken from the store at a time, so that polling does not wear it out
_LAST_NUMBER = wire.NONE32 - 1
_PROOF_S = 3  # how long a challenge waits for what it is signed with; the first of them may be nearly over


class Challenge:
    """The challenge that a line was given for its first signed frame, valid until `until_s`."""

    def __init__(self, role: int, host_nonce: bytes, nonce: bytes, until_s: int) -> None:
        self.role = role
        self.host_nonce = host_nonce
        self.nonce = nonce
        self.until_s = until_s


class Sessions:
    """The session that is open, and the challenges that the lines were given. A proof ends the session before it."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        log: "EventLog",
        head: "Head",
        entropy: "Entropy",
        keys: "Keys",
    ) -> None:
        self._idle_s = config.session_idle_s
        self._serial = padded(config.serial)
        self._clock = clock
        self._state = state
        self._log = log
        self._head = head
        self._entropy = entropy
        self._keys = keys
        self._there = False  # whether the head was there when last looked for
        self._entered_seq = 0  # of the log, after it was told so
        self._used = state.sessions
        self._current: Session | None = None
        self._idle_until_s = NEVER
        self._asked: "tuple[Channel, ...]" = ()  # those with a challenge that waits
        self._challenged_until_s = NEVER  # by the last of them
        self.held: tuple[Session, ...] = ()  # the open one, and on each line the one that reads
        self.due_s = NEVER

    @property
    def open(self) -> bool:
        """True while a proved session is open."""
        return self._idle_until_s != NEVER

    @property
    def privileged(self) -> bool:
        """True while one is open that may change anything."""
        return self.open and self._current is not None and self._current.role != wire.ROLE_OBSERVER

    @property
    def challenging(self) -> bool:
        """True while a challenge waits on a line."""
        return self._challenged_until_s != NEVER

    def on(self, channel: "Channel") -> Session | None:
        """Return the session that signs what is pushed on this line: the open one, or the one that reads; or None."""
        current = self._current
        if current is not None and self.open and current.channel is channel:
            return current
        return self._reader(channel)

    def _reader(self, channel: "Channel") -> Session | None:
        for session in self.held:
            if session.channel is channel and session is not self._current:
                return session
        return None

    def _hold(self, channel: "Channel", *sessions: Session) -> None:
        """These are the sessions of this line from now on."""
        self.held = tuple([session for session in self.held if session.channel is not channel]) + sessions

    def challenge(self, channel: "Channel", role: int, host_nonce: bytes) -> tuple[int, bytes] | None:
        """Return (number, nonce) of a session to be proved on this line; None without a head, or a key.

        A line keeps its number until that was proved, so that strangers use none up.
        """
        if not self._head.present() or self._keys.corrupt:
            return None
        now_s = self._clock.now_s
        waiting = channel.challenge
        if waiting is None or now_s >= waiting.until_s or (waiting.role, waiting.host_nonce) != (role, host_nonce):
            waiting = Challenge(role, host_nonce, self._entropy.random_bytes(16), now_s + _PROOF_S)
            channel.challenge = waiting
            self._await((channel,))
        if not channel.session_number:
            channel.session_number = self._next_number()
        return channel.session_number, waiting.nonce

    def _next_number(self) -> int:
        if self._used == self._state.sessions:
            if self._used > _LAST_NUMBER - _RESERVE:
                self._used = self._state.sessions = 0  # once more from the beginning: the nonces keep keys apart
            self._state.sessions += _RESERVE
            if not self._state.commit(self._clock.now_s):
                self._state.continue_unsaved()  # a stop must get through; after a reset numbers may come again
        self._used += 1
        return self._used

    def prove(self, session: Session) -> int:
        """Open the session that was proved; returns after how many idle seconds it ends."""
        self.close()
        session.proved = True
        before, self._current = self._current, session
        self.held = tuple([one for one in self.held if one is not before])
        self._hold(session.channel, session)
        self._idle_until_s = self._clock.now_s + self._idle_s
        self._plan()
        self._log.add(wire.EVENT_SESSION_OPEN, session.role, session.number)
        self._keys.cancel_reset()
        return self._idle_s

    def close(self, event: int = wire.EVENT_SESSION_CLOSE) -> None:
        """End the open session; what it staged is forgotten."""
        current = self._current
        if current is not None and self.open:
            self._log.add(event, current.number)
            current.close()
            self._idle_until_s = NEVER
            self._plan()

    def hang_up(self, channel: "Channel") -> None:
        """Forget what this line was given and had open: nobody is there any more."""
        if self._current is not None and self._current.channel is channel:
            self.close()
            self._current = None
        self._hold(channel)
        channel.challenge = None
        self._await(())

    def end(self) -> None:
        """The key was changed: what was opened or offered with the old one ends."""
        self.close()
        self.held = () if self._current is None else (self._current,)
        for channel in self._asked:
            channel.challenge = None
        self._await(())

    def watch_head(self) -> None:
        """Log that a head came, which is what turns telemetry on. One that comes and goes is logged once."""
        there = self._head.present()
        if there and not self._there and self._log.next_seq != self._entered_seq:
            self._log.add(wire.EVENT_TELEMETRY_MODE_ENTER)
            self._entered_seq = self._log.next_seq
        self._there = there

    def expire(self, now_s: int) -> None:
        """End a session that was idle for too long, or whose head was taken away."""
        if now_s >= self._idle_until_s:
            self.close(wire.EVENT_SESSION_TIMEOUT)
        elif self.open and not self._head.present():
            self.close()
        if now_s >= self._challenged_until_s:
            for channel in self._asked:
                channel.challenge = None
            self._await(())

    def find(self, channel: "Channel", frame: "Frame") -> Session | None:
        """Return the session that signed this frame, or None: then it is no session's, or forged."""
        for session in self.held:
            if session.number == frame.session and session.channel is channel:
                return session if self._genuine(channel, session, frame) else None
        if not frame.session or frame.session != channel.session_number:
            return None
        session = self._challenged(channel)
        if session is None or not self._genuine(channel, session, frame):
            return None
        channel.session_number = 0  # used up
        current = self._current
        kept = (current,) if current is not None and current.channel is channel else ()
        self._hold(channel, *kept, session)
        return session

    def _genuine(self, channel: "Channel", session: Session, frame: "Frame") -> bool:
        valid = session.mac_valid(frame)
        if not valid:
            channel.forgeries.add(1)
        return valid

    def _challenged(self, channel: "Channel") -> Session | None:
        """Return the session of the line's challenge, which serves for one frame; None when there is none in time."""
        waiting, channel.challenge = channel.challenge, None
        self._await(())
        if waiting is None or self._clock.now_s >= waiting.until_s:
            return None
        number, role = channel.session_number, waiting.role
        role_key = self._keys.role_key(role)
        if role_key is None:
            return None
        key = crypto.session_key(role_key, self._serial, role, number, waiting.host_nonce, waiting.nonce)
        return Session(number, channel, role, key)

    def accept_sequence(self, session: Session, frame: "Frame") -> bool:
        """Accept a frame's number, which must rise, and let the open session idle anew; False for one used up."""
        if not session.accept_sequence(frame):
            return False
        if session is self._current:
            self._idle_until_s = self._clock.now_s + self._idle_s
            self._plan()
        return True

    def _await(self, channels: "tuple[Channel, ...]") -> None:
        """These have a challenge now; those that have none any more are forgotten."""
        others = [channel for channel in self._asked if channel.challenge is not None and channel not in channels]
        self._asked = tuple(others) + channels
        self._challenged_until_s = (
            max([channel.challenge.until_s for channel in self._asked if channel.challenge] or [0]) or NEVER
        )
        self._plan()

    def _plan(self) -> None:
        self.due_s = min(self._idle_until_s, self._challenged_until_s)
