"""Acts on a wall clock that is not valid any more."""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.therapy.infusion import Infusion


class ClockWatch:
    """Therapy goes on without a clock: a week is delivered as its mean, until somebody sets it."""

    def __init__(
        self, *, clock: "PumpClock", state: "State", alarms: "Alarms", infusion: "Infusion", log: "EventLog"
    ) -> None:
        self._clock = clock
        self._state = state
        self._alarms = alarms
        self._infusion = infusion
        self._log = log

    def note_jump(self, now_s: int) -> None:
        """One of the body's clocks leapt: what day it is nobody knows any more."""
        jumped_s, self._clock.jumped_s = self._clock.jumped_s, 0
        self._log.add(wire.EVENT_CLOCK_CHANGED, max(0, jumped_s), max(0, -jumped_s))
        if self.lose(now_s):
            self._infusion.replan()

    def lose(self, now_s: int) -> bool:
        """Trust the wall clock no more. True if it was trusted until now."""
        state = self._state
        if state.clock != wire.FLAG_YES:
            return False
        state.clock = wire.FLAG_NO
        state.changed = True
        self._alarms.clear_condition(wire.ALARM_CLOCK_LOST)  # of a loss before: the clock was set since
        self._alarms.raise_alarm(wire.ALARM_CLOCK_LOST, now_s)
        return True
