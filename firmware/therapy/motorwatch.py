"""Watches what the motor does of its orders: a stall, steps that get lost, and a pump that delivers nothing."""

from firmware import wire
from firmware.records.state import NEVER
from firmware.safety.loststeps import LostSteps
from firmware.therapy.delivery import RECOVERY_STEPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.ledger import Ledger
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.safety.monitor import Monitor
    from firmware.therapy.delivery import Delivery

DAY_S = 86400
SILENT_S = 7200  # a motor that was ordered to turn and gives no pulse for so long, and for 8 steps, stands
SILENT_STEPS = 8
LAPSE_S = 48 * 3600  # without any delivery: the dose that was is too much then (docs/sources.md, DF-12)


class MotorWatch:
    """Judges the steps that `delivery` found confirmed and missed.

    `unconfirmed_since_s` is when the first of those missed in a row up to now was due, `stall_s` when the stall that is
    on was seen, NEVER without one. `moved_s` is when the motor last gave a pulse, or had no reason to. `due_s` is when
    a stopped pump is looked at next.
    """

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        ledger: "Ledger",
        delivery: "Delivery",
        monitor: "Monitor",
        alarms: "Alarms",
        log: "EventLog",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._delivery = delivery
        self._monitor = monitor
        self._alarms = alarms
        self._log = log
        self.stall_s = NEVER
        self.unconfirmed_since_s = NEVER
        self.moved_s = 0
        self._missed_before = 0
        self._stalls_s: list[int] = []  # when those of the last 24 hours began
        self.lost_steps = LostSteps()
        self.due_s = NEVER
        self._accepted_s = 0  # when somebody accepted the dose after a lapse; a reset forgets it, and it lapses again

    def begin(self) -> None:
        """After a boot: a stall outlives a reset until the rotor turns again."""
        self.moved_s = self._clock.now_s
        self.lost_steps.begin(not self._alarms.active(wire.ALARM_STEP_MISMATCH))
        if self._alarms.active(wire.ALARM_MOTOR_STALL):
            self.stall_s = self._clock.now_s
            self._missed_before = self._ledger.missed_steps

    @property
    def stalled(self) -> bool:
        """True while the motor is ordered to turn and does not."""
        return self.stall_s != NEVER

    @property
    def stopped_s(self) -> int:
        """Seconds since the stop or the first unconfirmed step; 0 while something is delivered."""
        since_s = self._state.stopped_since_s
        return 0 if since_s == NEVER else self._clock.now_s - since_s

    # Steps

    def note_unconfirmed(self) -> None:
        """Note when the first of the steps missed in a row was due."""
        delivery = self._delivery
        if not delivery.missed_run:
            self.unconfirmed_since_s = NEVER
        elif self.unconfirmed_since_s == NEVER:
            lasting_ms = (delivery.missed_run - 1) * delivery.period_ms
            self.unconfirmed_since_s = max(0, self._clock.now_s - lasting_ms // 1000)

    def turns(self, moved: bool) -> bool:
        """Judge what the motor did since the last call. True if a stall began or ended."""
        return self._stalls() if self.stall_s == NEVER else self._recovers(moved)

    def _stalls(self) -> bool:
        delivery = self._delivery
        if delivery.missed_run < delivery.miss_limit and not self._silent:
            return False
        now_s = self._clock.now_s
        self.stall_s = now_s
        self._missed_before = self._ledger.missed_steps - delivery.missed_run
        self._stalls_s[:] = [at_s for at_s in self._stalls_s if now_s - at_s < DAY_S] + [now_s]
        self._alarms.raise_alarm(wire.ALARM_MOTOR_STALL, now_s, delivery.missed_run, len(self._stalls_s))
        return True

    def _recovers(self, moved: bool) -> bool:
        if not moved or self._delivery.confirmed_run < RECOVERY_STEPS:
            return False
        missed = self._ledger.missed_steps - self._missed_before
        self._log.add(wire.EVENT_MOTOR_STALL_RECOVERY, missed, self._clock.now_s - self.stall_s)
        self.stall_s = NEVER
        self._alarms.clear_condition(wire.ALARM_MOTOR_STALL)
        return True

    @property
    def _silent(self) -> bool:
        """True if the motor gives no pulses: more is amiss than a rotor that stands."""
        silent_ms = max(SILENT_S * 1000, SILENT_STEPS * self._delivery.period_ms)
        return (self._clock.now_s - self.moved_s) * 1000 > silent_ms

    def count_losses(self, was_stalled: bool) -> None:
        """Steps lost one by one. Delivery goes on: stopping would lose all the others too. Those missed up to a stall's
        end are the stall's, whenever that is seen."""
        delivery = self._delivery
        losses = self.lost_steps
        lossy = self._alarms.active(wire.ALARM_STEP_MISMATCH)
        if was_stalled or self.stalled:
            losses.begin(not lossy)
            return
        losses.add(delivery.confirmed, delivery.missed, delivery.missed_run)
        if losses.many:
            numbers = (losses.missed_steps, losses.steps)
            self._alarms.raise_alarm(wire.ALARM_STEP_MISMATCH, self._clock.now_s, *numbers, cause=wire.EVENT_STEP_LOSS)
        elif lossy and losses.few and not self._monitor.tripped:
            self._alarms.clear_condition(wire.ALARM_STEP_MISMATCH)

    # A pump that delivers nothing

    def accept_lapse(self) -> None:
        """Somebody orders the dose whatever the stop was: it lapses anew only with another 48 hours of it."""
        self._accepted_s = self._clock.now_s

    def note_stop(self) -> None:
        """Keep the time since which nothing is delivered that should be."""
        state = self._state
        idle = self.stalled or not self._delivery.rate_nl_per_day
        counts = state.mode != wire.MODE_NONE and state.therapy != wire.THERAPY_END_OF_SERVICE
        if idle and counts:
            if state.stopped_since_s == NEVER:
                since_s = min(self.unconfirmed_since_s, self.moved_s)
                state.stopped_since_s = since_s if self.stalled else self._clock.now_s
                state.changed = True
        elif state.stopped_since_s != NEVER:
            state.stopped_since_s = NEVER
            state.changed = True
        self.watch_stop()

    def watch_stop(self) -> None:
        """Note a lapse, see to the alarms of a stopped pump, and plan the next look."""
        state = self._state
        since_s = state.stopped_since_s
        self.due_s = NEVER
        if since_s != NEVER and state.lapsed != wire.FLAG_YES:
            lapses_s = max(since_s, self._accepted_s) + LAPSE_S
            if self._clock.now_s >= lapses_s:
                state.lapsed = wire.FLAG_YES
                state.changed = True
            else:
                self.due_s = lapses_s
        self._follow_stop(wire.ALARM_STOPPED, state.stopped_after_s)
        self._follow_stop(wire.ALARM_STOPPED_48H, self._config.stopped_critical_alarm_after_s)

    def _follow_stop(self, alarm: int, after_s: int) -> None:
        """Raise the alarm when it is due. Its condition ends when something flows, or when it is to come later."""
        since_s = self._state.stopped_since_s
        stopped_s = self.stopped_s
        if since_s != NEVER and stopped_s >= after_s:
            self._alarms.raise_alarm(alarm, self._clock.now_s, stopped_s)
            return
        if since_s != NEVER:
            self.due_s = min(self.due_s, since_s + after_s)
        if self._alarms.active(alarm):
            self._alarms.clear_condition(alarm)
