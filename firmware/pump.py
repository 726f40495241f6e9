"""The pump: all parts put together, and the one function that its body calls."""

from firmware import wire
from firmware.comms.commands.staging import note_rollback
from firmware.guard import Guard
from firmware.parts import Parts
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from hal.contract import Hal


class Pump(Parts):
    """A pump in the body `hal` (hal/contract.py). Construction is a boot; then `poll` whenever it is due.

    The firmware is tickless: nothing in it sleeps, waits or looks at a clock in a loop.
    """

    def __init__(self, hal: "Hal", config: "Config") -> None:
        self._watchdog = hal.watchdog
        self._watchdog.arm()
        from firmware import builders, connections  # here, so that the board can forget them when the pump is made

        builders.build(self, hal, config)
        self.ports = connections.connected(hal, config, self)
        self._with_deadlines = (self.watch, self.alarms, self.battery, self.sessions, self.selftest, self.keys)
        self._with_deadlines += tuple([port.channel for port in self.ports])
        self._boot()
        self._rules = Guard(((wire.REGION_WORKING, config),))  # which never change
        self._work = Guard(self._workers())
        self._lines = Guard(self._liners())
        self._held = self.sessions.held
        self._watchdog.pause()

    def _workers(self) -> "tuple[tuple[int, object], ...]":
        """List what holds the numbers that delivery, clock, thresholds and alarms rest on, and the REGION of each."""
        parts: "tuple[object, ...]" = (
            self.clock,
            self.reservoir,
            self.battery,
            self.alarms,
            self.monitor,
            self.selftest,
            self.infusion,
        )
        parts += (self.keys, self.watch.lost_steps, self.watch, self.program, self.orders) + self.sensors.parts
        working = tuple([(wire.REGION_WORKING, part) for part in parts])
        return working + ((wire.REGION_RATE, self.delivery), (wire.REGION_LEDGER, self.ledger))

    def _liners(self) -> "tuple[tuple[int, object], ...]":
        """List what holds those that only the lines change."""
        parts: "tuple[object, ...]" = (self.telemetry_budget, self.sessions) + self.sessions.held
        for port in self.ports:
            parts += port.parts
        return tuple([(wire.REGION_WORKING, part) for part in parts])

    @property
    def session_open(self) -> bool:
        """True while a privileged session is open, or a programmer is opening one."""
        return self.sessions.privileged or self.sessions.challenging

    def _boot(self) -> None:
        state = self.state
        now_s = self.clock.now_s
        note_rollback(self.log, self.state)
        self.log.add(wire.EVENT_BOOT, self.ledger.boots, self.ledger.recovered_steps)
        self.orders.resume()
        self.selftest.power_on()
        self.clock_watch.lose(now_s)
        if self.ledger.lost:
            self.books.assume()
        program_corrupt = state.lost or not self.program.load_week()
        if program_corrupt or self.ledger.lost:
            self.selftest.records_lost(wire.REGION_PROGRAM if program_corrupt else wire.REGION_LEDGER)
        if state.lived != wire.FLAG_YES:
            self._write_first_records(now_s)
        self.selftest.check_records()
        self.alarms.resume(now_s)
        self.keys.resume(now_s)
        self.infusion.begin()
        if state.changed:  # before the ledger forgets what the line was told of: a cut in between tells it again
            self._keep(now_s)
        self.books.open()
        self.battery_watch.forecast()
        if state.changed:  # a pump that hangs in its first wake, too, is to know at the next boot
            self._keep(now_s)

    def _write_first_records(self, now_s: int) -> None:
        """A new pump writes every record once: one that is missing later on was lost."""
        begun = self.patient_record.begin() and self.titration.begin() and self.keys.begin()
        if begun and self.dose_window.rewrite() and self.ledger.keep(now_s, 0):
            self.state.lived = wire.FLAG_YES
            self.state.changed = True

    def poll(self) -> int:
        """Do all that is due, and return when to be called next, in whole seconds of the body's `Clock.seconds`.

        The body calls it then, and earlier when bytes came in, a line has room again, the head moved, or the motor
        missed as many steps in a row as its order allowed.
        """
        self._watchdog.arm()
        region = self._rules.repair()
        region = self._work.repair() or region
        region = self._lines.repair() or region
        now_s = self.clock.tick()
        quiet = now_s >= self.delivery.until_s and self.sessions.due_s == NEVER  # nobody talks to the pump
        self._look_at_memory(region, quiet)
        if self.clock.jumped_s:
            self.clock_watch.note_jump(now_s)
        self._deliver(now_s)
        if now_s >= self.watch.due_s:
            self.watch.watch_stop()
        if self.sessions.due_s != NEVER:
            self.sessions.expire(now_s)
        if self.state.changed:
            self._keep(now_s)
        for port in self.ports:
            if port.serve(now_s):
                quiet = False
        if self.state.changed:
            self._keep(now_s)
        battery = self.battery
        if now_s >= battery.stale_s or self.infusion.mean_nl_per_day != battery.rate_nl_per_day:
            self.battery_watch.forecast()
        if now_s >= self.keys.due_s:
            self.keys.watch(now_s)
        if now_s >= self.alarms.due_s:
            self.alarms.sound(now_s)
        due_s = self.delivery.until_s
        for other in self._with_deadlines:
            if other.due_s < due_s:
                due_s = other.due_s
        self._take_copies(quiet)
        self._watchdog.pause()
        return due_s - self.clock.base_s

    def _look_at_memory(self, region: int, quiet: bool) -> None:
        """Before anything is used: log what was put right in RAM, a number of REGION or 0, and look at the rest."""
        selftest = self.selftest
        if not quiet:
            self.log.repair()
        if region:
            self.log.add(wire.EVENT_MEM_CORRECTED, region)
        if not self.state.intact:
            selftest.repair_state()
        if self.program.week is not None:
            selftest.look_at_week(quiet)
        if not quiet:
            selftest.look_at_windows()

    def _deliver(self, now_s: int) -> None:
        """Book what the motor did; where its batch is over, order the next one, with what is looked at once a batch."""
        delivery = self.delivery
        battery = self.battery
        selftest = self.selftest
        self.infusion.account_steps()
        weak = False
        if now_s >= delivery.until_s:
            weak = battery.sample()
            if now_s >= self.sensors.due_s:
                self.sensors.look(now_s)
            self.infusion.next_batch()
            if delivery.until_s > selftest.due_s:  # with this batch, rather than in a wake of its own
                selftest.hourly(now_s)
        else:
            self.sessions.watch_head()
            if now_s >= selftest.due_s:
                selftest.hourly(now_s)
        if weak or now_s >= battery.due_s:
            self.battery_watch.watch(now_s)

    def _take_copies(self, quiet: bool) -> None:
        """The numbers in RAM are right: copy them for the next wake to compare."""
        self._work.take()
        if self.sessions.held is not self._held:
            self._held = self.sessions.held
            self._lines.watch(self._liners())
        elif not quiet:
            self._lines.take()

    def _keep(self, now_s: int) -> None:
        if not self.state.commit(now_s):
            self.alarms.raise_alarm(wire.ALARM_MEMORY_CRITICAL, now_s, wire.REGION_PROGRAM)
            self.state.continue_unsaved()
