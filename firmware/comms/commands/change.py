"""The shape of every command: prepare, keep, apply.

A command's handler only prepares: it refuses, or puts the change into the state record and returns it. Here the change
is kept, and only then applied: what could not be kept is refused with `store`, and neither log nor machine knows of it.
"""

from firmware import wire
from firmware.records.statefields import THERAPIES
from firmware.therapy import orders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from firmware.clock import PumpClock
    from firmware.comms.framing import Frame
    from firmware.comms.session import Session
    from firmware.records.ledger import Ledger
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms

    Answer = tuple[int, bytes]
    """An answer's code and its payload."""
    Prepared: TypeAlias = "int | Answer | Change"
    """A REASON to refuse, the answer to what only reads, or a change."""
    Handler = Callable[..., "Prepared"]
    """Called with the order and the request's fields."""
    Handlers = dict[int, tuple[Handler, tuple[int, ...]]]
    """By request: the handler, and the therapy's states in which it is run."""

ALIVE = orders.ALIVE
ANY = THERAPIES


class Order:
    """A request that may be run: the `session` that it came in, and its `frame`."""

    def __init__(self, session: "Session", frame: "Frame") -> None:
        self.session = session
        self.frame = frame


class Change:
    """`apply` has the machine go by what was kept, logs it, and may return an answer; without one it is DONE.

    `keep` writes what belongs into a record other than the state's, and is False where that failed. An order to deliver
    `less` is obeyed even if it cannot be kept; then a reset undoes it. `in_state` is False for what is in no record.
    """

    def __init__(
        self,
        apply: "Callable[[], Answer | None]",
        *,
        keep: "Callable[[], bool] | None" = None,
        less: bool = False,
        in_state: bool = True,
    ) -> None:
        self.apply = apply
        self.keep = keep
        self.less = less
        self.in_state = in_state


class Keeper:
    """The one place that makes an order permanent."""

    def __init__(self, *, clock: "PumpClock", state: "State", ledger: "Ledger", alarms: "Alarms") -> None:
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._alarms = alarms

    def carry_out(self, change: Change) -> "tuple[int | None, Answer | None]":
        """Keep the change, then apply it: (None, answer), or (REASON_STORE, None) and all is as before, but for an
        order to deliver less, which holds until a reset and is kept as soon as the store takes something again."""
        if change.keep is not None and not change.keep():
            self._state.revert()
            return wire.REASON_STORE, None
        kept = not change.in_state or self._write()
        if not kept:
            if not change.less:
                self._state.revert()
                return wire.REASON_STORE, None
            self._alarms.raise_alarm(wire.ALARM_MEMORY_CRITICAL, self._clock.now_s, wire.REGION_PROGRAM)
            self._state.continue_unsaved()
        answer = self._apply(change)
        return (None, answer) if kept else (wire.REASON_STORE, None)

    def _apply(self, change: Change) -> "Answer | None":
        """Have the machine go by the change. It was a programmer's: an alarm whose condition that ends is silenced."""
        alarms = self._alarms
        held = [alarm for alarm in orders.ENDED_BY_ANY if alarms.active(alarm)]
        answer = change.apply()
        for alarm in held:
            if not alarms.active(alarm):
                alarms.clear_condition(alarm, by_programmer=True)
        return answer

    def _write(self) -> bool:
        """Write the state record, which ends a loss of memory."""
        state = self._state
        was_lost = state.lost
        state.lost = False
        if state.commit(self._clock.now_s):
            self._ledger.lost = False
            return True
        state.lost = was_lost
        return False
