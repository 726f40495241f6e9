"""Infusion: what was ordered becomes what the motor does, and what the motor did is booked.

What a stall, a stop or a cut made the patient miss is never made up for: that would be a bolus nobody ordered.
"""

from firmware import wire
from firmware.records.state import NEVER
from firmware.safety.monitor import REVERSE
from firmware.therapy.delivery import MIN_MISSED_STEPS
from firmware.therapy.motorwatch import SILENT_S
from firmware.therapy.orders import STAND_BY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.ledger import Ledger
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.safety.monitor import Monitor
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.books import Books
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.delivery import Delivery
    from firmware.therapy.dosewindow import DoseWindow
    from firmware.therapy.extras import Extras
    from firmware.therapy.motorwatch import MotorWatch
    from firmware.therapy.orders import Orders
    from firmware.therapy.program import CommittedProgram
    from firmware.therapy.reservoir import Reservoir
    from firmware.therapy.week import Week

DAY_S = 86400


class Infusion:
    """The batches of one pump: `basal_nl_per_day` is what is, or after a prime will be, delivered without boluses."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        ledger: "Ledger",
        reservoir: "Reservoir",
        monitor: "Monitor",
        alarms: "Alarms",
        catheter: "Catheter",
        bolus: "Bolus",
        dose_window: "DoseWindow",
        log: "EventLog",
        program: "CommittedProgram",
        orders: "Orders",
        watch: "MotorWatch",
        delivery: "Delivery",
        books: "Books",
        extras: "Extras",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._reservoir = reservoir
        self._monitor = monitor
        self._alarms = alarms
        self._catheter = catheter
        self._bolus = bolus
        self._dose_window = dose_window
        self._log = log
        self._program = program
        self._orders = orders
        self._watch = watch
        self.delivery = delivery
        self._books = books
        self._extras = extras
        self.basal_nl_per_day = 0
        self._mcg_per_ml = 0  # of the steps being made
        self._extra = False  # while a prime or bolus is on, or another drug is to come: which all may end a batch

    @property
    def flowing_nl_per_day(self) -> int:
        """The rate that leaves the pump: none while it is idle, halted or stalled."""
        return self.delivery.rate_nl_per_day if self._watch.stall_s == NEVER else 0

    @property
    def mean_nl_per_day(self) -> int:
        """The basal rate being delivered, taken over the week where there is one."""
        program = self._program
        return program.mean_nl_per_day if program.step >= 0 else self.basal_nl_per_day

    @property
    def dose_ng_per_day(self) -> int:
        """The daily dose being delivered, boluses aside; of a week, today's."""
        basal_nl_per_day = 0 if self._watch.stalled else self.basal_nl_per_day
        if basal_nl_per_day and self._state.therapy == wire.THERAPY_RUNNING:
            return self._program.dose_today_ng
        return basal_nl_per_day * self._catheter.mcg_per_ml // 1000

    @property
    def operation(self) -> int:
        """OPERATION code: what the machine does."""
        if not self.delivery.rate_nl_per_day:
            return wire.OPERATION_HALTED if self._orders.rate_nl_per_day else wire.OPERATION_IDLE
        if self._watch.stalled:
            return wire.OPERATION_STALLED
        if self._catheter.prime_steps:
            return wire.OPERATION_PRIMING
        if self._catheter.bridging:
            return wire.OPERATION_BRIDGE
        return wire.OPERATION_BOLUS if self._bolus.active else wire.OPERATION_BASAL

    def begin(self) -> None:
        """After a boot: deliver what is ordered, with nothing carried over."""
        self.delivery.begin(self._clock.now_s)
        if self._bolus.active:
            self._extras.cancel_cut_bolus()
        unknown_steps = self._ledger.recovered_steps
        if unknown_steps:
            mcg_per_ml = self._catheter.last_mcg_per_ml
            self._ledger.book_recovered(mcg_per_ml)
            self._count_extra(unknown_steps, mcg_per_ml)
            self._catheter.blur(unknown_steps)
        if self._state.unbooked == wire.FLAG_YES:
            self._books.assume()
        self._monitor.set_prime_allowance(self._catheter.prime_steps)
        self._watch.begin()
        self._follow_orders()

    def account_steps(self) -> None:
        """Book what the motor did since the last call, and act on what that shows."""
        delivery = self.delivery
        ledger = self._ledger
        watch = self._watch
        moved = bool(delivery.settle())
        if delivery.missed_run or watch.unconfirmed_since_s != NEVER:
            watch.note_unconfirmed()
        stalled = watch.stall_s != NEVER
        if moved:
            ledger.book(delivery.confirmed, delivery.missed, self._mcg_per_ml)
            if stalled and delivery.confirmed:  # which the windows take to give nothing
                self._count_extra(delivery.confirmed, self._mcg_per_ml)
                self._note_dose()
            if self._reservoir.low:
                self._books.watch_reservoir()
        monitor = self._monitor
        now_s = self._clock.now_s
        monitor.watch(now_s)
        if monitor.tripped:
            self._obey_monitor()
        if moved or not delivery.rate_nl_per_day:
            watch.moved_s = now_s
        suspect = delivery.missed_run >= MIN_MISSED_STEPS or now_s - watch.moved_s > SILENT_S
        if (suspect or watch.stall_s != NEVER) and watch.turns(moved):
            self._note_dose()
            watch.note_stop()
            if watch.stalled and self._bolus.active:
                self._extras.cancel_bolus()
                self.replan()
            elif not watch.stalled and self._orders.lapsed:
                self._orders.fall_back()
                self.replan()
        if moved and (delivery.missed or watch.lost_steps.watching):
            watch.count_losses(stalled)

    def next_batch(self) -> None:
        """The running batch is over: write down its result and the next one's size, then order it."""
        now_s = self._clock.now_s
        local_s = self._clock.local_s
        day, second = divmod(local_s, DAY_S)
        if day != self._ledger.day:
            self._ledger.turn_day(day)
        if self._extra:
            self._extras.end_due(self._mcg_per_ml)
            self._follow_orders()
        horizon_s = DAY_S - second
        week = self._program.week
        if week is not None:
            horizon_s = min(horizon_s, self._follow_week(week, now_s, local_s))
        self._books.watch_reservoir()
        room_steps = self._reservoir.deliverable_steps
        if not room_steps and self.delivery.rate_nl_per_day:
            self.replan()
            return
        edge_steps = room_steps
        if self._extra:
            horizon_s, room_steps, edge_steps = self._extras.limit(horizon_s, room_steps)
        steps = self.delivery.plan(now_s, horizon_s, room_steps, edge_steps)
        self._books.keep(steps)
        if steps:
            self.delivery.order(now_s, self._watch.stalled)

    def replan(self) -> None:
        """The orders, or what forbids them, changed: end the running batch and go by the new ones."""
        self.account_steps()
        if self._reservoir.low:
            self._books.watch_reservoir()
        self._program.step = -1
        was_delivering = self.delivery.rate_nl_per_day
        self.delivery.halt(self._clock.now_s)
        if not was_delivering:
            self.delivery.begin(self._clock.now_s)
        self._follow_orders()
        self.next_batch()

    def _follow_week(self, week: "Week", now_s: int, local_s: int) -> int:
        """Take up the interval of the week that it is time for; seconds until the next look."""
        program = self._program
        delivering = self.delivery.rate_nl_per_day
        if delivering and not self._catheter.prime_steps:
            self.delivery.add_remainder(program.remainder(now_s))
        before = program.step, program.held
        left_s = program.follow(week, now_s, local_s)
        if program.held and self._bolus.active:
            self._extras.cancel_bolus()
        if delivering and (program.step, program.held) != before:
            if self._orders.rate_nl_per_day != self.basal_nl_per_day:
                self._set_rate()
            if program.step >= 0:
                self._log.add(wire.EVENT_RATE_STEP, program.step, self.basal_nl_per_day)
            elif program.held:
                self._log.add(wire.EVENT_DOSE_HELD, self.basal_nl_per_day)
        return left_s

    def _follow_orders(self) -> None:
        self._take_strength()
        self._orders.log_change()
        self._extras.cancel()
        self._set_rate()
        self._watch.note_stop()

    def _set_rate(self) -> None:
        """Work out what the motor is to do from the next batch on, and with what drug."""
        line = self._catheter
        priming = line.prime_steps
        self._extra = bool(priming or line.edge_steps or self._bolus.active)
        halted = self._orders.halted
        self.basal_nl_per_day = rate_nl_per_day = 0 if halted else self._orders.rate_nl_per_day
        if priming and not halted:
            rate_nl_per_day = self._config.max_rate_nl_per_day
        elif self._extra:
            rate_nl_per_day += self._bolus.rate_nl_per_day
        self.delivery.set_rate(rate_nl_per_day)
        self._reservoir.set_rate(self.mean_nl_per_day)
        self._mcg_per_ml = line.given_mcg_per_ml
        self._monitor.set_drug(line.mcg_per_ml)
        self._note_dose()

    def _take_strength(self) -> None:
        """Run the program with the drug that stands at the tip: the dose stays. Where it cannot be made of that, the
        pump is not trusted; where the drug is out, it goes on at the minimum rate."""
        state = self._state
        mcg_per_ml = self._catheter.mcg_per_ml
        if not self._program.set_strength(mcg_per_ml):
            self._orders.fault(wire.REGION_PROGRAM)
        if state.therapy != wire.THERAPY_RUNNING:
            return
        if not mcg_per_ml:
            self._orders.take(STAND_BY)
        elif not self._program.can_pass([mcg_per_ml]):
            self._orders.fault(wire.REGION_BRIDGE)
        elif state.program_confirmed != wire.FLAG_YES and not self._catheter.edge_steps:
            now_s = self._clock.now_s
            strengths = (state.concentration_mcg_per_ml, mcg_per_ml)
            self._alarms.raise_alarm(wire.ALARM_PROGRAM_UNCONFIRMED, now_s, *strengths)

    def _count_extra(self, steps: int, mcg_per_ml: int) -> None:
        """Let the windows know of steps that the rates they were told do not account for."""
        self._dose_window.add(self._clock.now_s, steps * self._config.step_nl * mcg_per_ml)

    def _note_dose(self) -> None:
        now_s = self._clock.now_s
        rate_nl_per_day = self.flowing_nl_per_day
        if not self._dose_window.note(now_s, rate_nl_per_day * self._mcg_per_ml):
            self._alarms.raise_alarm(wire.ALARM_MEMORY_CRITICAL, now_s, wire.REGION_WINDOWS)

    def _obey_monitor(self) -> None:
        monitor = self._monitor
        alarm = wire.ALARM_STEP_MISMATCH if monitor.tripped == REVERSE else wire.ALARM_OVERSPEED
        if monitor.untold:  # another trip than the one that the alarm may be on for: a reset released the motor
            monitor.untold = False
            self._alarms.clear_condition(alarm)
        self._alarms.raise_alarm(alarm, self._clock.now_s, monitor.steps, monitor.budget_steps)
        if self.delivery.rate_nl_per_day:
            self._orders.fault(wire.REGION_PROGRAM)
            self.delivery.halt(self._clock.now_s)
            self._follow_orders()
