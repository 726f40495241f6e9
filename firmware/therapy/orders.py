"""The therapy as one table: its states, what moves it from one to another, and the alarms that this raises and ends.

Nothing else sets the state. `take` puts the next one into the state, for the caller to keep; when that is done, the
caller has the infusion go by it, and `conclude` raises and ends the alarms. docs/therapy.md is made from the table.
"""

from firmware import wire
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.safety.monitor import Monitor
    from firmware.therapy.program import CommittedProgram
    from firmware.therapy.reservoir import Reservoir

FILL = 1
COMMIT = 2
STOP = 3
MINIMUM_RATE = 4
RESUME = 5
FALL_BACK = 6
FAULT = 7
END = 8
STAND_BY = 9

_UNFILLED = wire.THERAPY_UNFILLED
_STOPPED = wire.THERAPY_STOPPED
_MINIMUM = wire.THERAPY_MINIMUM
_RUNNING = wire.THERAPY_RUNNING
_SAFE = wire.THERAPY_SAFE_STATE
_END = wire.THERAPY_END_OF_SERVICE

_FILLED = (_STOPPED, _MINIMUM, _RUNNING, _SAFE)
ALIVE = (_UNFILLED,) + _FILLED
_SAME = 0  # as the next state: the one that was

_STOPS = (wire.ALARM_STOPPED, wire.ALARM_STOPPED_48H)  # over once something flows
ENDED_BY_ANY = _STOPS + (wire.ALARM_RESERVOIR_EMPTY, wire.ALARM_LOW_RESERVOIR)
"""Alarms whose condition any order may end: books and motor watch see it."""

_TRUSTED = (
    wire.ALARM_SAFE_STATE,
    wire.ALARM_OVERSPEED,
    wire.ALARM_STEP_MISMATCH,
    wire.ALARM_SELF_TEST,
    wire.ALARM_MEMORY_CRITICAL,
    wire.ALARM_PROGRAM_UNCONFIRMED,
)
_REFILL = (wire.ALARM_RESERVOIR_EMPTY, wire.ALARM_LOW_RESERVOIR, wire.ALARM_RESERVOIR_MISMATCH)

TABLE = (
    # event, in these states, if, next state, alarm raised, alarms ended
    (FILL, (_UNFILLED,), "", _STOPPED, 0, _REFILL),
    (FILL, _FILLED, "", _SAME, 0, _REFILL),
    (COMMIT, _FILLED, "", _RUNNING, 0, _TRUSTED),
    (STOP, _FILLED, "", _STOPPED, 0, (wire.ALARM_SAFE_STATE,)),
    (MINIMUM_RATE, _FILLED, "", _MINIMUM, 0, _TRUSTED),
    (RESUME, _FILLED, "has_program", _RUNNING, 0, _TRUSTED),
    (FALL_BACK, (_RUNNING,), "", _MINIMUM, wire.ALARM_PROGRAM_UNCONFIRMED, ()),
    (STAND_BY, (_RUNNING,), "", _MINIMUM, 0, ()),
    (FAULT, _FILLED, "", _SAFE, wire.ALARM_SAFE_STATE, ()),
    (FAULT, (_UNFILLED, _END), "", _SAME, wire.ALARM_SAFE_STATE, ()),
    (END, ALIVE, "", _END, wire.ALARM_END_OF_SERVICE, ()),
)


class Orders:
    """The order in force, and what forbids it.

    `locked_by_selftest`: nothing is delivered before an order that comes after a test that passed. `memory_fault`: what
    was ordered was lost, and nobody has ordered anew. Both end with the next order that is trusted.
    """

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        program: "CommittedProgram",
        reservoir: "Reservoir",
        monitor: "Monitor",
        alarms: "Alarms",
        log: "EventLog",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._program = program
        self._reservoir = reservoir
        self._monitor = monitor
        self._alarms = alarms
        self._log = log
        self._logged = state.therapy
        self.locked_by_selftest = False
        self.memory_fault = False

    @property
    def halted(self) -> bool:
        """True while something forbids what is ordered."""
        return self.locked_by_selftest or bool(self._monitor.tripped) or not self._reservoir.deliverable_steps

    @property
    def rate_nl_per_day(self) -> int:
        """The basal rate that the therapy asks for."""
        therapy = self._state.therapy
        if therapy == _RUNNING:
            return self._program.rate_nl_per_day
        return self._config.standby_rate_nl_per_day if therapy in (_MINIMUM, _SAFE) else 0

    @property
    def lapsed(self) -> bool:
        """True if nothing was delivered for 48 hours, and no order since accepted that: the patient is used to no dose
        any more."""
        return self._state.lapsed == wire.FLAG_YES

    # Guards: the conditions that the table names

    @property
    def has_program(self) -> bool:
        """A program was committed."""
        return self._state.mode != wire.MODE_NONE

    # Moving through the table

    def allows(self, event: int) -> bool:
        """True if the event may happen in the state as it is."""
        return self._row(event) is not None

    def take(self, event: int) -> None:
        """Put the next state into the state record, for the caller to keep. The event must be allowed."""
        row = self._row(event)
        if row is not None and row[3] not in (_SAME, self._state.therapy):
            self._state.therapy = row[3]
            self._state.changed = True

    def conclude(self, event: int, a: int = 0, b: int = 0, cause: int | None = None) -> None:
        """Raise and end the event's alarms; `a` and `b` go into the log with the one raised."""
        for row in TABLE:
            if row[0] == event:
                if row[4]:
                    self._alarms.raise_alarm(row[4], self._clock.now_s, a, b, cause=cause)
                for alarm in row[5]:
                    if self._over(alarm):
                        self._alarms.clear_condition(alarm, by_programmer=True)
                return

    def conclude_stop(self) -> None:
        """After any order: where something flows again, the alarms of a stopped pump end."""
        if self._state.stopped_since_s == NEVER:
            for alarm in _STOPS:
                self._alarms.clear_condition(alarm, by_programmer=True)

    def resume(self) -> None:
        """After a boot: end the alarms that the order in force ended. It is kept before they are, the power may have
        gone between the two, and one that stays silenced would be silent the next time."""
        therapy = self._state.therapy
        if therapy in (_STOPPED, _MINIMUM, _RUNNING):
            self._alarms.clear_condition(wire.ALARM_SAFE_STATE)
        if therapy in (_MINIMUM, _RUNNING):
            self._alarms.clear_condition(wire.ALARM_SELF_TEST)
        self._alarms.clear_condition(wire.ALARM_OVERSPEED)  # a reset releases the motor, in the safe state, too
        if therapy == _RUNNING and self._over(wire.ALARM_PROGRAM_UNCONFIRMED):
            self._alarms.clear_condition(wire.ALARM_PROGRAM_UNCONFIRMED)
        for alarm in (wire.ALARM_PROGRAM_UNCONFIRMED, wire.ALARM_RESERVOIR_MISMATCH):
            if alarm == wire.ALARM_PROGRAM_UNCONFIRMED and therapy == _MINIMUM:
                continue  # it says that the pump went there by itself
            if self._alarms.active(alarm) and self._alarms.since_s(alarm) < self._state.last_refill_s:
                self._alarms.clear_condition(alarm)  # of the filling before: what holds of this one rises anew

    def fault(self, reason: int, cause: int | None = None) -> None:
        """Enter the safe state: minimum rate (nothing when unfilled, empty or inhibited), until somebody orders."""
        self.take(FAULT)
        self.conclude(FAULT, reason, 0 if self.halted else self.rate_nl_per_day, cause)

    def fall_back(self) -> None:
        """Go to the minimum rate until somebody orders, and say so: by itself the pump gives no dose where none may be
        given, and nobody may be there to see it."""
        if self.allows(FALL_BACK):
            self.take(FALL_BACK)
            self.conclude_fall_back()

    def conclude_fall_back(self) -> None:
        """Say that a program that was ordered does not run, though it may have been said of its drug already."""
        self._alarms.clear_condition(wire.ALARM_PROGRAM_UNCONFIRMED)
        self.conclude(FALL_BACK, self._state.concentration_mcg_per_ml, self._program.mcg_per_ml)

    def log_change(self) -> None:
        """Log the therapy's state where it is another than when it was last logged."""
        old, self._logged = self._logged, self._state.therapy
        if old == self._logged:
            return
        self._log.add(wire.EVENT_THERAPY_STATE_CHANGED, old, self._logged)
        if old == _SAFE:
            self._log.add(wire.EVENT_SAFE_STATE_EXIT, self.rate_nl_per_day)

    def _row(self, event: int) -> "tuple | None":
        therapy = self._state.therapy
        for row in TABLE:
            if row[0] == event and therapy in row[1] and (not row[2] or getattr(self, row[2])):
                return row
        return None

    def _over(self, alarm: int) -> bool:
        """True if what the alarm is about is over, now that the order is in force."""
        if alarm == wire.ALARM_PROGRAM_UNCONFIRMED:
            return self._state.program_confirmed == wire.FLAG_YES
        if alarm == wire.ALARM_RESERVOIR_EMPTY:
            return bool(self._reservoir.deliverable_steps)
        return alarm != wire.ALARM_LOW_RESERVOIR or not self._reservoir.low
