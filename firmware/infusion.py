"""Infusion: what was ordered becomes what the motor does, and what the motor did is booked.

What a stall, a stop or a cut made the patient miss is never made up for: that would be a bolus nobody ordered.
"""

from firmware import prescription, titration, wire
from firmware.delivery import MAX_BATCH_S, MIN_MISSED_STEPS, RECOVERY_STEPS
from firmware.losses import Losses
from firmware.monitor import REVERSE
from firmware.schedule import Week, WeekStore
from firmware.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.alarms import Alarms
    from firmware.bolus import Bolus
    from firmware.config import Config
    from firmware.delivery import Delivery
    from firmware.eventlog import EventLog
    from firmware.ledger import Ledger
    from firmware.line import Line
    from firmware.monitor import Monitor
    from firmware.reservoir import Reservoir
    from firmware.state import State
    from firmware.uptime import Uptime
    from firmware.windows import Windows
    from hal.contract import Store

DAY_S = 86400
_HOLD_S = 600  # a dose that is held waits so long at a time
_SILENT_S = 7200  # a motor that was ordered to turn and gives no pulse for so long, and for 8 steps, stands
_SILENT_STEPS = 8


class Infusion:
    """The therapy of one pump, between the parts that order and the parts that watch."""

    def __init__(
        self,
        config: "Config",
        *,
        uptime: "Uptime",
        state: "State",
        ledger: "Ledger",
        reservoir: "Reservoir",
        monitor: "Monitor",
        alarms: "Alarms",
        line: "Line",
        bolus: "Bolus",
        windows: "Windows",
        log: "EventLog",
        delivery: "Delivery",
        store: "Store",
    ) -> None:
        self._config = config
        self._uptime = uptime
        self._state = state
        self._ledger = ledger
        self._reservoir = reservoir
        self._monitor = monitor
        self._alarms = alarms
        self._line = line
        self._bolus = bolus
        self._windows = windows
        self._log = log
        self.delivery = delivery
        self._weeks = WeekStore(store)
        self.week = None  # of the committed flex program
        self.step = -1  # of the week, now running; -1 while none is
        self._step_since_s = 0
        self._held = False  # because the last day's dose leaves no room for what the week would have now
        self._offset_s = None  # of local time, by which the week is followed
        self._crowded_until_s = 0  # while 24 hours may hold more of the week than it was committed with
        self._therapy = state.therapy  # as last logged
        self._stall_s = NEVER
        self._unconfirmed_since_s = NEVER  # of the steps missed in a row up to now
        self._moved_s = 0  # when the motor last gave a pulse, or had no reason to
        self._missed_before = 0
        self._stalls_s = []  # when those of the last 24 hours began
        self.losses = Losses()
        self.due_s = NEVER
        self.basal_nl_per_day = 0  # what is, or after a prime will be, delivered without boluses
        self._mcg_per_ml = 0  # of the steps being made
        self._extra = False  # whether a prime, bridge or bolus is on, which may end
        self.barred = False  # the self-test failed: nothing is delivered before an order that comes after a good one
        self.memory_spoilt = False  # what was ordered was lost, and nobody has ordered anew

    @property
    def stalled(self) -> bool:
        """Whether the motor is ordered to turn and does not."""
        return self._stall_s != NEVER

    @property
    def flowing_nl_per_day(self) -> int:
        """The rate that leaves the pump: none while it is idle, halted or stalled."""
        return 0 if self.stalled else self.delivery.rate_nl_per_day

    @property
    def halted(self) -> bool:
        """Whether something forbids what was ordered."""
        return self.barred or bool(self._monitor.tripped) or not self._reservoir.room_steps

    @property
    def ordered_nl_per_day(self) -> int:
        """The basal rate that the therapy asks for."""
        therapy = self._state.therapy
        if therapy == wire.THERAPY_RUNNING:
            week = self.week
            if week is not None and self.step >= 0:
                return week.rate_nl_per_day(self.step)
            return self._config.minimum_rate_nl_per_day if self._held else self.program_nl_per_day
        if therapy in (wire.THERAPY_MINIMUM, wire.THERAPY_SAFE_STATE):
            return self._config.minimum_rate_nl_per_day
        return 0

    @property
    def _program_mcg_per_ml(self) -> int:
        """The concentration for which the program is run: during a bridge, that of the drug it runs out."""
        return self._line.mcg_per_ml if self._line.bridging else self._state.concentration_mcg_per_ml

    @property
    def program_nl_per_day(self) -> int:
        """The program's rate, of a week its mean."""
        state = self._state
        if not self._line.bridging or self._line.mcg_per_ml == state.concentration_mcg_per_ml:
            return state.rate_nl_per_day
        return prescription.rate_nl_per_day(state.dose_ng_per_day, self._line.mcg_per_ml)

    @property
    def mean_nl_per_day(self) -> int:
        """The basal rate being delivered, taken over the week where there is one."""
        return self.program_nl_per_day if self.step >= 0 else self.basal_nl_per_day

    @property
    def dose_ng_per_day(self) -> int:
        """The daily dose being delivered, boluses aside; of a week, today's."""
        basal_nl_per_day = 0 if self.stalled else self.basal_nl_per_day
        week = self.week
        if basal_nl_per_day and week is not None and self.step >= 0:
            return week.day_dose_ng(self._uptime.local_s)
        if basal_nl_per_day and self._state.therapy == wire.THERAPY_RUNNING:
            return self._state.dose_ng_per_day
        return basal_nl_per_day * self._line.mcg_per_ml // 1000

    @property
    def programmed_ng_per_day(self) -> int:
        """The rate of dose that the committed program has now, whatever keeps the pump from it."""
        week = self.week
        if week is not None and self.step >= 0:
            return week.rate_nl_per_day(self.step) * self._program_mcg_per_ml // 1000
        return self._state.dose_ng_per_day

    @property
    def waits_for_bridge(self) -> bool:
        """Whether a program committed now has to wait, the old one running on with the old drug."""
        state = self._state
        old = state.concentration_mcg_per_ml != state.drug_mcg_per_ml
        return self._line.bridging and old and state.therapy == wire.THERAPY_RUNNING

    @property
    def operation(self) -> int:
        """OPERATION code: what the machine does."""
        if not self.delivery.rate_nl_per_day:
            return wire.OPERATION_HALTED if self.ordered_nl_per_day else wire.OPERATION_IDLE
        if self.stalled:
            return wire.OPERATION_STALLED
        if self._line.prime_steps:
            return wire.OPERATION_PRIMING
        if self._line.bridging and self._state.therapy == wire.THERAPY_RUNNING:
            return wire.OPERATION_BRIDGE
        return wire.OPERATION_BOLUS if self._bolus.active else wire.OPERATION_BASAL

    @property
    def stopped_s(self) -> int:
        """How long ago the pump was stopped, or a step first went unconfirmed; 0 while something is delivered."""
        since_s = self._state.stopped_since_s
        return 0 if since_s == NEVER else self._uptime.now_s - since_s

    def begin(self) -> None:
        """After a boot: deliver what is ordered, with nothing carried over."""
        self._moved_s = self._uptime.now_s
        self.delivery.begin(self._uptime.now_s)
        if self._bolus.active:
            self._cancel_cut_bolus()
        self._monitor.allow(self._line.prime_steps)
        unknown_steps = self._ledger.recovered_steps
        if unknown_steps and not self._state.prime_until_steps:  # a prime's leave the tip empty
            self._ledger.book_recovered(self._line.mcg_per_ml)
            self._count_extra(unknown_steps, self._line.mcg_per_ml)
            self._line.extend_bridge(unknown_steps)
        self.losses.begin(not self._alarms.active(wire.ALARM_STEP_MISMATCH))
        if self._alarms.active(wire.ALARM_MOTOR_STALL):  # a stall outlives a reset until the rotor turns again
            self._stall_s = self._uptime.now_s
            self._missed_before = self._ledger.missed_steps
        self._follow_orders()

    def _cancel_cut_bolus(self) -> None:
        """A reset ended the bolus: of the batch whose end nobody saw, its share is taken as delivered."""
        basal_nl_per_day = self.week.lowest_nl_per_day() if self.week else self.program_nl_per_day
        total_nl_per_day = basal_nl_per_day + self._bolus.rate_nl_per_day
        ledger = self._ledger
        ended = self._bolus.end(ledger.uptime_s, total_nl_per_day, ledger.recovered_steps)
        self._log.add(wire.EVENT_BOLUS_CANCELLED, *ended)

    def open_books(self) -> None:
        """After a boot: book what it found. Where the store does not take that, or did not before, more was delivered
        than the ledger knows."""
        now_s = self._uptime.now_s
        if self._ledger.keep(now_s, 0) and self._state.unbooked != wire.FLAG_YES:
            return
        self._alarms.occur(wire.ALARM_MEMORY_CRITICAL, now_s, wire.REGION_LEDGER)
        if self._state.last_refill_s != NEVER:
            self._reservoir.assume_low()
            self._ledger.keep(now_s, 0)
            self._watch_reservoir()

    def load_week(self) -> bool:
        """Take up the week of the program in force. False when it is spoilt."""
        state = self._state
        days = self._weeks.load(state.week) if state.mode == wire.MODE_FLEX else None
        self.step = -1
        self.week = Week(days, self._program_mcg_per_ml) if days else None
        return days is not None or state.mode != wire.MODE_FLEX

    def mend_week(self, sound: bool) -> bool | None:
        """Mend the week in force from its record where it is not `sound`, and the record from it. False when nothing
        was wrong, None when both are spoilt."""
        week = self.week
        where = self._state.week
        if week is None or (sound and self._weeks.whole(where)):
            return False
        days = self._weeks.load(where)
        if days is None:
            if not week.whole:
                return None
            days = week.days
        self.week = Week(days, self._program_mcg_per_ml)
        return self._weeks.rewrite(days, where)

    @property
    def fits(self) -> bool:
        """Whether the committed program, from now on, keeps every 24 hours within the limit; what was looked at when it
        was committed may have been put off since."""
        now_s = self._uptime.now_s
        week = self.week
        if week is None:
            to_come = [(now_s, self.program_nl_per_day * self._line.mcg_per_ml)]
        else:
            to_come = week.pieces(now_s, now_s + 2 * DAY_S, self._uptime.local_offset_s)
        return self._windows.allow(now_s, to_come, now_s, prescription.largest_mcg_per_day(self._state))

    def keep_week(self, week: "Week | None") -> int:
        """Write a week beside those in use; where it is, 0 for no week and for a store that failed."""
        return self._weeks.save(week.days, (self._state.week, self._state.next_week)) if week else 0

    def settle(self) -> None:
        """Book what the motor did since the last call, and act on what that shows."""
        delivery = self.delivery
        ledger = self._ledger
        moved = delivery.settle()
        if delivery.missed_run or self._unconfirmed_since_s != NEVER:
            self._watch_unconfirmed()
        if moved:
            ledger.book(delivery.confirmed, delivery.missed, self._mcg_per_ml)
            if self.stalled and delivery.confirmed:  # which the windows take to give nothing
                self._count_extra(delivery.confirmed, self._mcg_per_ml)
                self._note_dose()
            if self._reservoir.low:
                self._watch_reservoir()
        monitor = self._monitor
        now_s = self._uptime.now_s
        monitor.watch(now_s)
        if monitor.tripped:
            self._heed_monitor()
        if moved or not delivery.rate_nl_per_day:
            self._moved_s = now_s
        stalled = self.stalled
        if stalled or delivery.missed_run >= MIN_MISSED_STEPS or now_s - self._moved_s > _SILENT_S:
            self._watch_stall(moved)
        if moved and (delivery.missed or self.losses.watching):
            self._watch_losses(delivery.confirmed, delivery.missed, stalled)

    def next_batch(self) -> None:
        """The running batch is over: write down its result and the next one's size, then order it."""
        now_s = self._uptime.now_s
        local_s = self._uptime.local_s
        day, second = divmod(local_s, DAY_S)
        if day != self._ledger.day:
            self._ledger.turn_day(day)
        if self._extra:
            self._end_extras(now_s)
        horizon_s = DAY_S - second
        week = self.week
        if week is not None:
            horizon_s = min(horizon_s, self._follow_week(week, now_s, local_s))
        room_steps = self._reservoir.room_steps
        if not room_steps and self.delivery.rate_nl_per_day:
            self.change()
            return
        if self._extra:
            horizon_s, room_steps = self._until_extras(now_s, horizon_s, room_steps)
        steps = self.delivery.plan(now_s, horizon_s, room_steps)
        self._keep_books(now_s, steps)
        if steps:
            self.delivery.order(now_s)

    def _keep_books(self, now_s: int, steps: int) -> None:
        """Write down what was delivered, and the next batch's size. A store that does not take it stops no therapy, but
        is an alarm, and what it missed is marked wherever it can be."""
        kept = self._ledger.keep(now_s, steps)
        state = self._state
        if not kept:
            self._alarms.occur(wire.ALARM_MEMORY_CRITICAL, now_s, wire.REGION_LEDGER)
        elif not self.memory_spoilt and self._alarms.active(wire.ALARM_MEMORY_CRITICAL):
            self._alarms.over(wire.ALARM_MEMORY_CRITICAL)
        unbooked = wire.FLAG_NO if kept else wire.FLAG_YES
        if unbooked != state.unbooked:
            state.unbooked = unbooked
            state.changed = True
        elif kept and state.unsaved:
            state.changed = True

    def change(self) -> None:
        """The orders, or what forbids them, changed: end the running batch and go by the new ones."""
        self.settle()
        if self._reservoir.low:
            self._watch_reservoir()
        self.step = -1
        was_delivering = self.delivery.rate_nl_per_day
        self.delivery.halt(self._uptime.now_s)
        if not was_delivering:
            self.delivery.begin(self._uptime.now_s)
        self._follow_orders()
        self.next_batch()

    def end_bolus(self) -> "tuple[int, ...]":
        """Take the bolus that is being given out of the state; the log entry for it, and the caller calls `change`."""
        return (wire.EVENT_BOLUS_CANCELLED,) + self._bolus.end(self._uptime.now_s, self.delivery.rate_nl_per_day)

    def end_prime(self) -> "tuple[int, ...]":
        """The same of the prime."""
        return (wire.EVENT_BOLUS_CANCELLED, wire.BOLUS_PRIME) + self._line.end_prime()

    def set_therapy(self, therapy: int) -> None:
        """Put a new therapy into the state; the caller keeps it, then calls `change`."""
        if therapy != self._state.therapy:
            self._state.therapy = therapy
            self._state.changed = True

    def enter_safe_state(self, reason: int, event: int | None = None) -> None:
        """Minimum rate (nothing when unfilled, empty or inhibited) and the critical alarm, until somebody orders."""
        if self._state.therapy not in (wire.THERAPY_UNFILLED, wire.THERAPY_END_OF_SERVICE):
            self.set_therapy(wire.THERAPY_SAFE_STATE)
        rate_nl_per_day = 0 if self.halted else self.ordered_nl_per_day
        self._alarms.occur(wire.ALARM_SAFE_STATE, self._uptime.now_s, reason, rate_nl_per_day, cause=event)

    def watch_stop(self) -> None:
        """Raise the alarms of a stopped pump when they are due, and plan the next look."""
        since_s = self._state.stopped_since_s
        self.due_s = NEVER
        if since_s == NEVER:
            return
        now_s = self._uptime.now_s
        for alarm, after_s in (
            (wire.ALARM_STOPPED, self._state.stopped_after_s),
            (wire.ALARM_STOPPED_48H, self._config.stopped_critical_s),
        ):
            if now_s - since_s >= after_s:
                self._alarms.occur(alarm, now_s, now_s - since_s)
            else:
                self.due_s = min(self.due_s, since_s + after_s)

    def _follow_week(self, week: "Week", now_s: int, local_s: int) -> int:
        """Run the step of the week that it is time for; seconds until the next look. Without a clock there are none:
        the program's mean rate goes on. Neither does while the doses before leave no room for it within the limit: the
        week's steps come closer to those before when the clock is set, and the mean may to a strong day."""
        delivering = self.delivery.rate_nl_per_day
        if self.step >= 0 and delivering and not self._line.prime_steps:
            self.delivery.owe(week.left_over(self.step, now_s - self._step_since_s))
        step = week.index_at(local_s, max(0, self.step))
        left_s = week.edges_s[step + 1] - local_s % (7 * DAY_S)
        ordered = self._state.therapy == wire.THERAPY_RUNNING
        timed = self._uptime.wall_s != NEVER
        if self._uptime.local_offset_s != self._offset_s:
            self._offset_s = self._uptime.local_offset_s
            self._crowded_until_s = now_s + DAY_S
        before, held = (self.step, self._held), False
        if ordered and not timed:
            held = not self.fits
        elif ordered and now_s < self._crowded_until_s:
            held = not self._has_room(week.rate_nl_per_day(step), now_s, min(left_s, MAX_BATCH_S))
            left_s = min(left_s, _HOLD_S) if held else left_s
        self._held = held
        running = ordered and timed and not held
        self.step = step if running else -1
        self._step_since_s = now_s
        if held and self._bolus.active:
            self._log.add(*self.end_bolus())
        if delivering and (self.step, held) != before:
            if self.ordered_nl_per_day != self.basal_nl_per_day:
                self._set_rate()
            if running:
                self._log.add(wire.EVENT_RATE_STEP, step, self.basal_nl_per_day)
            elif held:
                self._log.add(wire.EVENT_DOSE_HELD, self.basal_nl_per_day)
        return left_s

    def _has_room(self, rate_nl_per_day: int, now_s: int, lasting_s: int) -> bool:
        """Whether a rate, with the bolus that is being given, keeps the 24 hours that end within so long in the
        limit."""
        rate = (rate_nl_per_day + self._bolus.rate_nl_per_day) * self._line.mcg_per_ml
        if self._bolus.active:
            lasting_s = min(lasting_s, self._bolus.until_s - now_s)
        last_s = now_s - DAY_S + lasting_s
        return self._windows.allow(now_s, [(now_s, rate)], last_s, prescription.largest_mcg_per_day(self._state))

    def _follow_orders(self) -> None:
        if self._state.therapy != self._therapy:
            self._log_therapy()
        self._cancel_extras()
        self._set_rate()
        self._note_stop()

    def _set_rate(self) -> None:
        """Work out what the motor is to do from the next batch on, and with what drug."""
        line = self._line
        priming = line.prime_steps
        self._extra = bool(priming or line.bridging or self._bolus.active)
        self.basal_nl_per_day = rate_nl_per_day = 0 if self.halted else self.ordered_nl_per_day
        if priming and not self.halted:
            rate_nl_per_day = self._config.max_rate_nl_per_day
        elif self._extra:
            rate_nl_per_day += self._bolus.rate_nl_per_day
        self.delivery.set_rate(rate_nl_per_day)
        self._mcg_per_ml = 0 if priming else line.mcg_per_ml
        self._monitor.set_drug(line.mcg_per_ml)
        self._note_dose()

    def _count_extra(self, steps: int, mcg_per_ml: int) -> None:
        """Let the windows know of steps that the rates they were told do not account for."""
        self._windows.add(self._uptime.now_s, steps * self._config.step_nl * mcg_per_ml)

    def _note_dose(self) -> None:
        now_s = self._uptime.now_s
        rate_nl_per_day = 0 if self.stalled else self.delivery.rate_nl_per_day
        if not self._windows.note(now_s, rate_nl_per_day * self._mcg_per_ml):
            self._alarms.occur(wire.ALARM_MEMORY_CRITICAL, now_s, wire.REGION_WINDOWS)

    def _cancel_extras(self) -> None:
        """Whatever keeps the therapy from running ends a bolus (R1.7); a prime ends when the pump trusts nothing, or
        not its supply."""
        therapy = self._state.therapy
        if self._bolus.active and (therapy != wire.THERAPY_RUNNING or self.halted):
            self._log.add(*self.end_bolus())
        distrusted = therapy in (wire.THERAPY_SAFE_STATE, wire.THERAPY_END_OF_SERVICE)
        weak = self._alarms.active(wire.ALARM_LOW_BATTERY_RESET)
        if self._state.prime_until_steps and (distrusted or weak or self.halted):
            self._log.add(*self.end_prime())

    def _end_extras(self, now_s: int) -> None:
        """Between two batches: end what is over."""
        line = self._line
        bolus = self._bolus
        if self._state.prime_until_steps and not line.prime_steps:
            self._log.add(wire.EVENT_BOLUS_DONE, wire.BOLUS_PRIME, *line.end_prime())
        if bolus.active and now_s >= bolus.until_s:
            self.delivery.owe(bolus.left_over)
            self._log.add(wire.EVENT_BOLUS_DONE, *bolus.end(now_s, self.delivery.rate_nl_per_day))
        if line.bridging and not line.bridge_steps:
            self._end_bridge()
        self._follow_orders()

    def _end_bridge(self) -> None:
        """The old drug is out: the program for the new one takes over, and without one the pump is not trusted."""
        state = self._state
        volume_nl = self._line.end_bridge()
        if state.next_mode != wire.MODE_NONE:
            titration.replace(state, self._uptime.now_s)
            state.take_next()
            self._monitor.set_limit(prescription.largest_mcg_per_day(state))
        self._log.add(wire.EVENT_BOLUS_DONE, wire.BOLUS_BRIDGE, volume_nl, volume_nl)
        running = state.therapy == wire.THERAPY_RUNNING
        if not self.load_week():
            self.enter_safe_state(wire.REGION_PROGRAM)
        elif running and (state.concentration_mcg_per_ml != state.drug_mcg_per_ml or not self.fits):
            self.enter_safe_state(wire.REGION_BRIDGE)

    def _until_extras(self, now_s: int, horizon_s: int, room_steps: int) -> tuple[int, int]:
        """What is left of a batch that is to end where a bolus, prime or bridge does."""
        line = self._line
        if self._bolus.active:
            horizon_s = min(horizon_s, self._bolus.until_s - now_s)
        left_steps = line.prime_steps or line.bridge_steps
        if left_steps:
            room_steps = min(room_steps, left_steps)
            if self.delivery.rate_nl_per_day and not self.delivery.missed_run:  # a rotor that stands makes no storm
                horizon_s = min(horizon_s, self.delivery.seconds_for(left_steps))
        return horizon_s, room_steps

    def _log_therapy(self) -> None:
        old, self._therapy = self._therapy, self._state.therapy
        self._log.add(wire.EVENT_THERAPY_STATE_CHANGED, old, self._therapy)
        if old == wire.THERAPY_SAFE_STATE:
            self._log.add(wire.EVENT_SAFE_STATE_EXIT, self.ordered_nl_per_day)

    def _note_stop(self) -> None:
        """Keep the time since which nothing is delivered that should be."""
        state = self._state
        idle = self.stalled or not self.delivery.rate_nl_per_day
        counts = state.mode != wire.MODE_NONE and state.therapy != wire.THERAPY_END_OF_SERVICE
        if idle and counts:
            if state.stopped_since_s == NEVER:
                since_s = min(self._unconfirmed_since_s, self._moved_s)
                state.stopped_since_s = since_s if self.stalled else self._uptime.now_s
                state.changed = True
        elif state.stopped_since_s != NEVER:
            state.stopped_since_s = NEVER
            state.changed = True
            self._alarms.over(wire.ALARM_STOPPED)
            self._alarms.over(wire.ALARM_STOPPED_48H)
        self.watch_stop()

    def _watch_reservoir(self) -> None:
        now_s = self._uptime.now_s
        volume_nl = self._reservoir.volume_nl
        self._alarms.occur(wire.ALARM_LOW_RESERVOIR, now_s, volume_nl)
        if not self._reservoir.room_steps:
            self._alarms.occur(wire.ALARM_RESERVOIR_EMPTY, now_s, volume_nl)

    def _heed_monitor(self) -> None:
        monitor = self._monitor
        alarm = wire.ALARM_STEP_MISMATCH if monitor.tripped == REVERSE else wire.ALARM_OVERSPEED
        self._alarms.occur(alarm, self._uptime.now_s, monitor.steps, monitor.budget_steps)
        if self.delivery.rate_nl_per_day:
            self.enter_safe_state(wire.REGION_PROGRAM)
            self.delivery.halt(self._uptime.now_s)
            self._follow_orders()

    def _watch_unconfirmed(self) -> None:
        """Note when the first of the steps missed in a row was due."""
        delivery = self.delivery
        if not delivery.missed_run:
            self._unconfirmed_since_s = NEVER
        elif self._unconfirmed_since_s == NEVER:
            lasting_ms = (delivery.missed_run - 1) * delivery.period_ms
            self._unconfirmed_since_s = max(0, self._uptime.now_s - lasting_ms // 1000)

    @property
    def _silent(self) -> bool:
        """Whether the motor gives no pulses: more is amiss than a rotor that stands."""
        silent_ms = max(_SILENT_S * 1000, _SILENT_STEPS * self.delivery.period_ms)
        return (self._uptime.now_s - self._moved_s) * 1000 > silent_ms

    def _watch_stall(self, moved: bool) -> None:
        delivery = self.delivery
        now_s = self._uptime.now_s
        if not self.stalled and (delivery.missed_run >= delivery.miss_limit or self._silent):
            self._stall_s = now_s
            self._missed_before = self._ledger.missed_steps - delivery.missed_run
            self._stalls_s[:] = [at_s for at_s in self._stalls_s if now_s - at_s < DAY_S] + [now_s]
            self._alarms.occur(wire.ALARM_MOTOR_STALL, now_s, delivery.missed_run, len(self._stalls_s))
            self._note_dose()
            self._note_stop()
            if self._bolus.active:
                self._log.add(*self.end_bolus())
                self.change()
        elif self.stalled and moved and delivery.confirmed_run >= RECOVERY_STEPS:
            missed = self._ledger.missed_steps - self._missed_before
            self._log.add(wire.EVENT_MOTOR_STALL_RECOVERY, missed, now_s - self._stall_s)
            self._stall_s = NEVER
            self._alarms.over(wire.ALARM_MOTOR_STALL)
            self._note_dose()
            self._note_stop()

    def _watch_losses(self, confirmed: int, missed: int, was_stalled: bool) -> None:
        """Steps lost one by one. Delivery goes on: stopping would lose all the others too. Those missed up to a stall's
        end are the stall's, whenever that is seen."""
        losses = self.losses
        lossy = self._alarms.active(wire.ALARM_STEP_MISMATCH)
        if self.stalled or was_stalled:
            losses.begin(not lossy)
            return
        losses.add(confirmed, missed, self.delivery.missed_run)
        if losses.many:
            numbers = (losses.missed_steps, losses.steps)
            self._alarms.occur(wire.ALARM_STEP_MISMATCH, self._uptime.now_s, *numbers, cause=wire.EVENT_STEP_LOSS)
        elif lossy and losses.few and not self._monitor.tripped:
            self._alarms.over(wire.ALARM_STEP_MISMATCH)
