"""The device key: which key opens sessions, how another takes its place, and the way back when it is lost.

It lives in its record alone and is read there at every use, so that what opens a session is what a checksum guards.
Both copies are the same: either alone is all there is, and no older key can come back.
"""

from firmware import crypto, wire
from firmware.records import slots
from firmware.records.record import Record
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from firmware.clock import PumpClock
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from hal.contract import Head, Store

    class Sessions(Protocol):
        """The part of the sessions that a way back to the test key needs."""

        @property
        def open(self) -> bool: ...
        def end(self) -> None: ...


_KEY_BYTES = 32
_LAYOUT = "B32sI"  # which key opens the pump, the device key, and since when the way back is asked for
_NO_KEY = bytes(_KEY_BYTES)
_TELL_S = 3600  # between two tones while the way back is asked for


class Keys:
    """`due_s` is when the next tone of a way back asked for is due, NEVER while nobody asks."""

    def __init__(
        self,
        *,
        head: "Head",
        store: "Store",
        wait_s: int,
        clock: "PumpClock",
        state: "State",
        log: "EventLog",
        alarms: "Alarms",
    ) -> None:
        """`wait_s` is how long the way back takes."""
        self._head = head
        self._wait_s = wait_s
        self._clock = clock
        self._state = state
        self._log = log
        self._alarms = alarms
        self._record = Record(store, slots.KEY, _LAYOUT)
        self.due_s = NEVER

    def begin(self) -> bool:
        """A new pump opens with the test key: write so where there is no record. False when the store failed."""
        return self._record.load() is not None or self._record.save_both(wire.KEY_TEST, _NO_KEY, NEVER)

    def resume(self, now_s: int) -> None:
        """After a reset, a way back that was asked for is told of again at once."""
        key, device_key, since_s = self._load()
        if since_s == NEVER:
            return
        if since_s > now_s:  # the pump lost its other records, and its age with them
            self._record.save_both(key, device_key, now_s)
        self.due_s = now_s

    @property
    def key(self) -> int:
        """KEY code of what opens the pump."""
        return self._load()[0]

    def role_key(self, role: int) -> bytes | None:
        """Return the key that opens sessions in a role; None when it is lost, and nothing does."""
        key, device_key, _ = self._load()
        if key == wire.KEY_LOST:
            return None
        return crypto.role_key(device_key if key == wire.KEY_DEVICE else crypto.TEST_KEY, role)

    def _load(self) -> tuple[int, bytes, int]:
        """A record that is missing is the test key's only in a pump that never came so far as to write it."""
        values = self._record.load()
        if values is not None:
            return tuple(values)
        return (wire.KEY_LOST if self._state.lived == wire.FLAG_YES else wire.KEY_TEST), _NO_KEY, NEVER

    def keep(self, device_key: bytes) -> bool:
        """Write another device key. False when the store failed, and the old one still opens the pump."""
        return self._state.lived == wire.FLAG_YES and self._record.save_both(wire.KEY_DEVICE, device_key, NEVER)

    # The way back

    def reset(self, sessions: "Sessions") -> tuple[int | None, int | None]:
        """Somebody with a head, and no key, asks for the test key. (REASON, None), or (None, seconds left to wait).

        The first time begins the waiting. Asking again renews nothing; when the waiting is over, and for as long
        again, it makes the test key open the pump.
        """
        if not self._head.present():
            return wire.REASON_AUTH, None
        if sessions.open:
            return wire.REASON_STATE, None
        key, device_key, since_s = self._load()
        if key == wire.KEY_TEST:
            return None, 0
        now_s = self._clock.now_s
        if since_s == NEVER or now_s - since_s >= 2 * self._wait_s:
            return self._ask(key, device_key, now_s)
        left_s = self._wait_s - (now_s - since_s)
        if left_s > 0:
            return None, left_s
        if not self._record.save_both(wire.KEY_TEST, _NO_KEY, NEVER):
            return wire.REASON_STORE, None
        self.changed(wire.KEY_TEST)
        sessions.end()
        return None, 0

    def _ask(self, key: int, device_key: bytes, now_s: int) -> tuple[int | None, int | None]:
        if not self._record.save_both(key, device_key, now_s):
            return wire.REASON_STORE, None
        self._log.add(wire.EVENT_KEY_RESET_REQUESTED, self._wait_s)
        self._alarms.announce(now_s)
        self._tell_at(now_s + _TELL_S)
        return None, self._wait_s

    def cancel_reset(self) -> None:
        """Somebody proved to have the key: nobody needs a way back."""
        if self.due_s != NEVER:
            self._give_up(self._clock.now_s)

    def watch(self, now_s: int) -> None:
        """Tell of a way back asked for, until nobody has taken it for so long that it is void."""
        since_s = self._load()[2]
        if since_s == NEVER or now_s - since_s >= 2 * self._wait_s:
            self._give_up(now_s)
        else:
            self._alarms.announce(now_s)
            self.due_s = min(now_s + _TELL_S, since_s + 2 * self._wait_s)

    def _give_up(self, now_s: int) -> None:
        key, device_key, since_s = self._load()
        if since_s == NEVER:  # its record was corrupt since
            self._tell_at(NEVER)
        elif self._record.save_both(key, device_key, NEVER):
            self._tell_at(NEVER)
            self._log.add(wire.EVENT_KEY_RESET_CANCELLED, now_s - since_s)
        else:
            self.due_s = now_s + _TELL_S

    def _tell_at(self, due_s: int) -> None:
        self.due_s = due_s
        self._state.changed = True  # so that whoever follows the telemetry asks for the status anew

    def changed(self, key: int) -> None:
        """Tell of a key that was changed: in the log, and by a tone."""
        self._tell_at(NEVER)
        self._log.add(wire.EVENT_KEY_CHANGED, key)
        self._alarms.announce(self._clock.now_s)

    # For the self-test

    @property
    def corrupt(self) -> bool:
        """True if no key opens the pump."""
        return self._load()[0] == wire.KEY_LOST

    @property
    def valid(self) -> bool:
        """True if both copies are there, as they were written, and say the same."""
        return self._record.load() is not None and self._record.paired

    def rewrite(self) -> bool:
        """Write both copies anew from the one that is valid. False when there is none, or the store failed."""
        return self._record.rewrite()
