"""The pump: all parts put together, and the one function that its body calls."""

from firmware import chart, doses, keys, prescription, schedule, windows, wire
from firmware.alarms import Alarms
from firmware.bolus import Bolus
from firmware.bolusorders import BolusOrders
from firmware.budget import Budget
from firmware.chart import Chart
from firmware.commands import Commands
from firmware.delivery import MAX_BATCH_NL, Delivery
from firmware.desk import Desk
from firmware.doses import Doses
from firmware.eventlog import EventLog
from firmware.gauge import Gauge
from firmware.guard import Guard
from firmware.infusion import Infusion
from firmware.keeper import Keeper
from firmware.keys import Keys
from firmware.ledger import Ledger
from firmware.line import Line
from firmware.monitor import Monitor
from firmware.outlook import Outlook
from firmware.port import Port
from firmware.power import Power
from firmware.record import any_whole
from firmware.report import Report
from firmware.reservoir import Reservoir
from firmware.selftest import SelfTest
from firmware.senses import Senses
from firmware.session import Sessions
from firmware.state import NEVER, State
from firmware.uptime import Uptime
from firmware.windows import Windows


class Pump:
    """A pump in the body `hal` (hal/contract.py). Construction is a boot; then `poll` whenever it is due.

    The firmware is tickless: nothing in it sleeps, waits or looks at a clock in a loop.
    """

    delivery_class = Delivery

    def __init__(self, hal, config):
        self._watchdog = hal.watchdog
        self._watchdog.arm()
        self.uptime = Uptime(hal.clock)
        self.log = EventLog(hal.store, self.uptime)
        self.ledger = Ledger(hal.store, MAX_BATCH_NL // config.step_nl)
        others = windows.SLOTS + chart.SLOTS + doses.SLOTS + keys.SLOTS
        others += tuple([slot for pair in schedule.SLOTS for slot in pair])
        others_found = self.ledger.found or self.log.next_seq > 1 or any_whole(hal.store, others)
        self.state = State(hal.store, config, others_found)
        lived = self.state.lived == wire.FLAG_YES
        self.ledger.lost = lived and not self.ledger.found
        if lived:
            self.log.expect()
        largest_mcg_per_day = prescription.largest_mcg_per_day(self.state)
        self.windows = Windows(hal.store, largest_mcg_per_day * 1_000_000, lived)
        newest_s = max(self.ledger.uptime_s, self.state.uptime_s, self.log.newest_s, self.windows.newest_s)
        self.uptime.start(newest_s, self.state)
        self.chart = Chart(hal.store)
        self.doses = Doses(hal.store, self.state)
        self.reservoir = Reservoir(config, self.state, self.ledger)
        self.power = Power(config, hal.battery, self.state)
        self.alarms = Alarms(hal.buzzer, self.state, self.log)
        self.keys = Keys(hal, config, self)
        self.line = Line(config, self.state, self.ledger)
        self.bolus = Bolus(config, self.state, self.ledger)
        self.monitor = Monitor(hal.motor, config.step_nl, largest_mcg_per_day, config.monitor_percent, MAX_BATCH_NL)
        self.infusion = Infusion(config, self, self.delivery_class(hal.motor, config.step_nl), hal.store)
        self.outlook = Outlook(config, self)
        self.selftest = SelfTest(hal, config, self)
        self.sessions = Sessions(config, self.uptime, self.state, self.log, hal.head, hal.entropy, self.keys)
        sensor = hal.fill_sensor
        gauge = Gauge(config, sensor, self.state, self.reservoir, self.alarms, self.log) if sensor else None
        self.senses = Senses(config, hal.thermometer, gauge, self.log)
        self.budget = Budget(config, self.log)
        report = Report(config, hal, self)
        self.keeper = Keeper(self)
        commands = Commands(config, self, BolusOrders(config, self))
        desk = Desk(config, self.uptime, self.sessions, report, commands, self.log, self.keys)
        self.ports = [Port(link, desk, hal.clock, self.budget, self.log) for link in hal.links]
        report.ports = self.ports
        self._with_deadlines = (self.infusion, self.alarms, self.power, self.sessions, self.selftest, self.keys)
        self._with_deadlines += tuple(self.ports)
        self._boot()
        self._rules = Guard(((wire.REGION_WORKING, config),))  # which never change
        self._work = Guard(self._workers())
        self._lines = Guard(self._liners())
        self._held = self.sessions.held
        self._watchdog.pause()

    def _workers(self):
        """What holds the numbers that delivery, clock, thresholds and alarms rest on, and the REGION of each."""
        parts = (self.uptime, self.reservoir, self.power, self.alarms, self.monitor, self.selftest, self.infusion)
        parts += (self.keys, self.infusion.losses) + self.senses.parts
        parts = tuple([(wire.REGION_WORKING, part) for part in parts])
        return parts + ((wire.REGION_RATE, self.infusion.delivery), (wire.REGION_LEDGER, self.ledger))

    def _liners(self):
        """What holds those that only the lines change."""
        parts = (self.budget, self.sessions) + self.sessions.held
        for port in self.ports:
            parts += port.parts
        return tuple([(wire.REGION_WORKING, part) for part in parts])

    @property
    def session_open(self):
        """Whether a privileged session is open, or a programmer is opening one."""
        return self.sessions.privileged or self.sessions.challenging

    def _boot(self):
        state = self.state
        now_s = self.uptime.now_s
        self.selftest.note_rollback()
        self.log.add(wire.EVENT_BOOT, self.ledger.boots, self.ledger.recovered_steps)
        self.selftest.power_on()
        self._lose_clock(now_s)
        if self.ledger.lost:
            self.reservoir.assume_low()
        spoilt_program = state.lost or not self.infusion.load_week()
        if spoilt_program or self.ledger.lost:
            self.selftest.records_lost(wire.REGION_PROGRAM if spoilt_program else wire.REGION_LEDGER)
        if state.lived != wire.FLAG_YES:
            self._write_first_records(now_s)
        self.selftest.check_records()
        self.alarms.resume(now_s)
        self.keys.resume(now_s)
        self.infusion.begin()
        self.infusion.open_books()
        self._forecast()
        if state.changed:  # a pump that hangs in its first wake, too, is to know at the next boot
            self._keep(now_s)

    def _write_first_records(self, now_s):
        """A new pump writes every record once: one that is missing later on was lost."""
        begun = self.chart.begin() and self.doses.begin() and self.keys.begin()
        if begun and self.windows.rewrite() and self.ledger.keep(now_s, 0):
            self.state.lived = wire.FLAG_YES
            self.state.changed = True

    def poll(self):
        """Do all that is due, and return when to be called next, in whole seconds of the body's `Clock.seconds`.

        The body calls it then, and earlier when bytes came in, a line has room again, the head moved, or the motor
        missed as many steps in a row as its order allowed.
        """
        self._watchdog.arm()
        region = self._rules.mend()
        region = self._work.mend() or region
        region = self._lines.mend() or region
        now_s = self.uptime.tick()
        infusion = self.infusion
        delivery = infusion.delivery
        power = self.power
        selftest = self.selftest
        quiet = now_s >= delivery.until_s and self.sessions.due_s == NEVER  # nobody talks to the pump
        if not quiet:
            self.log.mend()
        if region:
            self.log.add(wire.EVENT_MEM_CORRECTED, region)
        if not self.state.intact:
            selftest.mend_state()
        if infusion.week is not None:
            selftest.look_at_week(quiet)
        if not quiet:
            selftest.look_at_windows()
        if self.uptime.jumped_s:
            self._heed_jump(now_s)
        infusion.settle()
        weak = False
        if now_s >= delivery.until_s:
            weak = power.sample()
            if now_s >= self.senses.due_s:
                self.senses.look(now_s)
            infusion.next_batch()
            if delivery.until_s > selftest.due_s:  # with this batch, rather than in a wake of its own
                selftest.hourly(now_s)
        else:
            self.sessions.watch_head()
            if now_s >= selftest.due_s:
                selftest.hourly(now_s)
        if weak or now_s >= power.due_s:
            self._watch_power(now_s)
        if now_s >= infusion.due_s:
            infusion.watch_stop()
        if self.sessions.due_s != NEVER:
            self.sessions.expire(now_s)
        if self.state.changed:
            self._keep(now_s)
        for port in self.ports:
            if port.serve(now_s):
                quiet = False
        if self.state.changed:
            self._keep(now_s)
        if now_s >= power.stale_s or infusion.mean_nl_per_day != power.rate_nl_per_day:
            self._forecast()
        if now_s >= self.keys.due_s:
            self.keys.watch(now_s)
        if now_s >= self.alarms.due_s:
            self.alarms.sound(now_s)
        due_s = delivery.until_s
        for other in self._with_deadlines:
            if other.due_s < due_s:
                due_s = other.due_s
        self._work.take()
        if self.sessions.held is not self._held:
            self._held = self.sessions.held
            self._lines.watch(self._liners())
        elif not quiet:
            self._lines.take()
        self._watchdog.pause()
        return due_s - self.uptime.base_s

    def _keep(self, now_s):
        if not self.state.keep(now_s):
            self.alarms.occur(wire.ALARM_MEMORY_CRITICAL, now_s, wire.REGION_PROGRAM)
            self.state.accept()

    def _forecast(self):
        self.power.forecast(self.uptime.now_s, self.infusion.mean_nl_per_day, self.reservoir.delivered_nl)

    def _heed_jump(self, now_s):
        """One of the body's clocks leapt: therapy goes on, but what day it is nobody knows any more."""
        jumped_s, self.uptime.jumped_s = self.uptime.jumped_s, 0
        self.log.add(wire.EVENT_CLOCK_CHANGED, max(0, jumped_s), max(0, -jumped_s))
        if self._lose_clock(now_s):
            self.infusion.change()

    def _lose_clock(self, now_s):
        """The wall clock is not to be trusted; whether it was, until now."""
        state = self.state
        if state.clock != wire.FLAG_YES:
            return False
        state.clock = wire.FLAG_NO
        state.changed = True
        self.alarms.occur(wire.ALARM_CLOCK_LOST, now_s)
        return True

    def _watch_sag(self, now_s):
        """A supply that gives way under the motor: the least there is to deliver, and what was stopped stays so."""
        power = self.power
        sags = power.sags and self.state.therapy != wire.THERAPY_END_OF_SERVICE
        if sags:
            self.alarms.occur(wire.ALARM_LOW_BATTERY_RESET, now_s, power.load_mv, max(0, power.rest_mv))
            running = self.state.therapy == wire.THERAPY_RUNNING
            if running:
                self.infusion.enter_safe_state(wire.REGION_BATTERY)
            if running or self.line.prime_steps:
                self.infusion.change()
        elif self.alarms.active(wire.ALARM_LOW_BATTERY_RESET):
            self.alarms.over(wire.ALARM_LOW_BATTERY_RESET)
        power.heeds_sag = sags

    def _watch_power(self, now_s):
        state = self.state
        power = self.power
        if power.heeds_sag or power.sags:
            self._watch_sag(now_s)
        if power.eri_reached(now_s):
            state.eri_s = now_s
            state.changed = True
            power.reached(now_s)
            self.alarms.occur(wire.ALARM_ERI, now_s, max(0, power.rest_mv), max(0, power.load_mv))
        if power.end_reached(now_s) and state.therapy != wire.THERAPY_END_OF_SERVICE:
            state.eos_s = now_s
            self.infusion.set_therapy(wire.THERAPY_END_OF_SERVICE)
            self.infusion.change()
            power.reached(now_s)
            self.alarms.occur(wire.ALARM_END_OF_SERVICE, now_s, max(0, power.rest_mv), max(0, power.load_mv))
