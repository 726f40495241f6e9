"""Self-tests: all of the pump at power-on, before any infusion, and its memory again and again while it works.

What can be put right from a copy is put right and logged, not alarmed; what cannot is alarmed, and what the dose
depends on brings the safe state.
"""

from binascii import crc32

from firmware import wire
from firmware.records import slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from firmware.checks.keys import Keys
    from firmware.clock import PumpClock
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.ledger import Ledger
    from firmware.records.patientrecord import PatientRecord
    from firmware.records.state import State
    from firmware.records.titration import TitrationHistory
    from firmware.safety.alarms import Alarms
    from firmware.therapy.dosewindow import DoseWindow
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.orders import Orders
    from firmware.therapy.program import CommittedProgram
    from hal.contract import Hal

    class Part(Protocol):
        """A part with a record in two copies."""

        @property
        def valid(self) -> bool: ...
        def rewrite(self) -> bool: ...

    class Spoilable(Part, Protocol):
        """A guarded record of which both copies may be corrupt."""

        @property
        def corrupt(self) -> bool: ...


HOUR_S = 3600
_OK = 0
_NO_READING = -1
_KNOWN_TEXT = b"123456789"
_KNOWN_CRC = 0xCBF43926  # of that text, by the CRC's published check value
_RECENT_FAULTS = 64  # among which watchdog resets are looked for


class SelfTest:
    """`failed` is whether this boot's power-on test found a fault, `due_s` when the next hourly test is, and
    `buzzer_failed` what the last test of the buzzer said."""

    def __init__(
        self,
        hal: "Hal",
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        ledger: "Ledger",
        alarms: "Alarms",
        program: "CommittedProgram",
        orders: "Orders",
        infusion: "Infusion",
        dose_window: "DoseWindow",
        patient_record: "PatientRecord",
        titration: "TitrationHistory",
        keys: "Keys",
        log: "EventLog",
    ) -> None:
        self._hal = hal
        self._config = config
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._alarms = alarms
        self._program = program
        self._orders = orders
        self._infusion = infusion
        self._dose_window = dose_window
        self._patient_record = patient_record
        self._titration = titration
        self._keys = keys
        self._log = log
        self._dose_critical = (self._mend_program, self._mend_ledger, self._mend_week)  # one of which is, too
        # and one of these every third hour
        self._others = (self._mend_windows, self._mend_chart, self._mend_doses, self._mend_keys)
        self._reported = []  # REGIONs of which no copy is valid, and it was said
        self._turn = 0
        self.failed = False
        self.buzzer_failed = False
        self.due_s = 0

    # At power-on

    def power_on(self) -> None:
        """Why the pump was reset, and whether it may be used. A failure bars infusion until a programmer's order,
        which is taken after a boot that passes."""
        hal = self._hal
        now_s = self._clock.now_s
        self.due_s = now_s + HOUR_S
        self._test_buzzer()
        region = self._failing()
        if region is None:
            devices = (
                (wire.REGION_BATTERY, hal.battery.rest_mv() != _NO_READING),
                (wire.REGION_WATCHDOG, hal.watchdog.self_test() == _OK),
                (wire.REGION_CLOCK, hal.clock.self_test() == _OK),
            )
            region = next((device for device, good in devices if not good), None)
        self._orders.locked_by_selftest = region is not None or self._alarms.active(wire.ALARM_SELF_TEST)
        if region is None:
            self._log.add(wire.EVENT_POST_PASS)
        else:
            self.failed = True
            self._alarm(wire.ALARM_SELF_TEST, region)  # which may be on from the last boot
            self._orders.fault(region)
        if hal.watchdog.caused_reset():
            self._count_resets(now_s)

    def check_records(self) -> None:
        """At power-on, too: a copy that a cut or a flipped bit corrupt is written anew from the other."""
        if self._dose_window.lost:
            self._log_corrupt(wire.REGION_WINDOWS)
            self._dose_window.rewrite()
        for repair in self._dose_critical + self._others:
            repair()
        if not self._reported:  # an order wrote it anew: see Orders.resume
            self._alarms.clear_condition(wire.ALARM_MEMORY)
        if self._log.corrupt:
            self._log_corrupt(wire.REGION_LOG)
        if self._log.faults.corrupt:
            self._log_corrupt(wire.REGION_FAULT_LOG)

    def records_lost(self, region: int) -> None:
        """No copy of a record is valid: the safe state, as its own alarm says."""
        self._log.add(wire.EVENT_POST_FAIL, region)
        self._orders.fault(region)

    def _count_resets(self, now_s: int) -> None:
        """A watchdog's reset resumes therapy; too many within an hour do not."""
        log = self._log
        faults = log.faults
        recent = faults.read(max(1, faults.next_seq - _RECENT_FAULTS), faults.next_seq, _RECENT_FAULTS)
        resets = 1 + len([e for e in recent if e[3] == wire.EVENT_WATCHDOG_RESET and e[1] + HOUR_S > now_s])
        log.add(wire.EVENT_WATCHDOG_RESET, resets)
        if resets >= self._config.reset_loop_count:
            self._orders.fault(resets, wire.EVENT_RESET_LOOP)

    # At the start of a wake, before anything is used

    def look_at_week(self, quiet: bool) -> None:
        """The week is what was committed: where nobody asks, the steps by which it is delivered are looked at."""
        week = self._program.week
        if week is not None and not (week.intact if quiet else week.valid):
            self._mend_week(False)

    def look_at_windows(self) -> None:
        """The dose windows are what was noted."""
        self._dose_window.repair()
        if self._dose_window.repaired:
            self._dose_window.repaired = False
            if self._dose_window.lost:
                self._log_corrupt(wire.REGION_WINDOWS)
            else:
                self._log.add(wire.EVENT_MEM_CORRECTED, wire.REGION_WINDOWS)

    def repair_state(self) -> None:
        """The state is not as the last wake left it: put it back from the record."""
        if self._state.restore():
            self._log.add(wire.EVENT_MEM_CORRECTED, wire.REGION_PROGRAM)
        else:
            self._forget(wire.REGION_PROGRAM)

    def _forget(self, region: int) -> None:
        self._state.forget()
        self._program.week = None
        self._enter_memory_fault(region)

    def _enter_memory_fault(self, region: int) -> None:
        """Raise the alarm for a dose-critical record that cannot be repaired; safe state until somebody orders anew."""
        orders = self._orders
        self._alarms.raise_alarm(wire.ALARM_MEMORY_CRITICAL, self._clock.now_s, region)
        if not orders.memory_fault:
            orders.memory_fault = True
            orders.fault(region)
            self._infusion.replan()

    # Every hour

    def hourly(self, now_s: int) -> None:
        """Look at the processor, the code, the RAM, the buzzer, the records in turn, and one slot of the logs."""
        self.due_s = now_s + HOUR_S
        region = self._failing()
        if region is not None:
            self._enter_memory_fault(region)
        self._test_buzzer()
        turn = self._turn
        self._turn = (turn + 1) % (len(slots.LOG) + len(slots.FAULT_LOG))
        self._dose_critical[turn % 3]()
        if turn % 3 == 2:
            self._others[turn // 3 % len(self._others)]()
        region = self._log.corrupt_in(turn)
        if region:
            self._log_corrupt(region)

    def _failing(self) -> int | None:
        """REGION of what is wrong with what runs the firmware, None for nothing."""
        if crc32(_KNOWN_TEXT) != _KNOWN_CRC:
            return wire.REGION_CPU
        if self._hal.memory.check_code() != _OK:
            return wire.REGION_CODE
        if self._hal.memory.check_ram() != _OK:
            return wire.REGION_RAM
        return None

    def _test_buzzer(self) -> None:
        """A pump that cannot be heard goes on: status and log say so."""
        failed = self._hal.buzzer.self_test() != _OK
        if failed != self.buzzer_failed:
            self.buzzer_failed = failed
            self._state.changed = True
            if failed:
                self._log.add(wire.EVENT_ALARM_DEVICE_FAULT)

    def _mend(self, region: int, part: "Part") -> bool:
        """True if both copies of a record are valid, now or again."""
        if part.valid:
            return True
        repaired = part.rewrite()
        if repaired:
            self._log.add(wire.EVENT_MEM_CORRECTED, region)
        return repaired

    def _mend_program(self) -> None:
        self._mend(wire.REGION_PROGRAM, self._state)

    def _mend_ledger(self) -> None:
        self._mend(wire.REGION_LEDGER, self._ledger)

    def _mend_windows(self) -> None:
        self.look_at_windows()
        self._mend(wire.REGION_WINDOWS, self._dose_window)

    def _mend_chart(self) -> None:
        self._mend_or_alarm(wire.REGION_PATIENT, self._patient_record)

    def _mend_doses(self) -> None:
        self._mend_or_alarm(wire.REGION_DOSES, self._titration)

    def _mend_keys(self) -> None:
        self._mend_or_alarm(wire.REGION_KEY, self._keys)

    def _mend_or_alarm(self, region: int, part: "Spoilable") -> None:
        """Raise the alarm for a record without a valid copy, which no RAM holds; once, until it is written anew, by an
        order that ends the alarm or without one."""
        if self._mend(region, part):
            if region in self._reported:
                self._reported.remove(region)
                if not self._reported and self._alarms.active(wire.ALARM_MEMORY):
                    self._alarms.clear_condition(wire.ALARM_MEMORY)
        elif part.corrupt and (region not in self._reported or not self._alarms.active(wire.ALARM_MEMORY)):
            if region not in self._reported:
                self._reported.append(region)
            self._alarm(wire.ALARM_MEMORY, region)

    def _mend_week(self, sound: bool = True) -> None:
        repaired = self._program.repair_week(sound)
        if repaired is None:
            self._forget(wire.REGION_WEEK)
        elif repaired:
            self._log.add(wire.EVENT_MEM_CORRECTED, wire.REGION_WEEK)

    def _log_corrupt(self, region: int) -> None:
        """Entries are lost, and nothing else: reading leaves them out."""
        if self._alarm(wire.ALARM_MEMORY, region):
            self._alarms.clear_condition(wire.ALARM_MEMORY)

    def _alarm(self, alarm: int, region: int) -> bool:
        """Raise it. Where it is on for another's sake already it is only logged, and this is False."""
        raised = not self._alarms.active(alarm)
        if raised:
            self._alarms.raise_alarm(alarm, self._clock.now_s, region)
        else:
            self._log.add(wire.ALARM_EVENT[alarm], region)
        return raised
