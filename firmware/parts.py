"""The parts of a pump, each made of those before it and handed what it uses by name."""

from firmware import wire
from firmware.checks.battery import BatteryForecast
from firmware.checks.batterywatch import BatteryWatch
from firmware.checks.clockwatch import ClockWatch
from firmware.checks.fillsensor import FillSensorCheck
from firmware.checks.keys import Keys
from firmware.checks.selftest import SelfTest
from firmware.checks.sensors import Sensors
from firmware.clock import PumpClock
from firmware.comms.session import Sessions
from firmware.comms.telemetrybudget import TelemetryBudget
from firmware.records import slots
from firmware.records.eventlog import EventLog
from firmware.records.ledger import Ledger
from firmware.records.patientrecord import PatientRecord
from firmware.records.record import any_whole
from firmware.records.state import State
from firmware.records.titration import TitrationHistory
from firmware.safety.alarms import Alarms
from firmware.safety.monitor import Monitor
from firmware.therapy import prescription
from firmware.therapy.bolus import Bolus
from firmware.therapy.catheter import Catheter
from firmware.therapy.delivery import MAX_BATCH_NL, Delivery
from firmware.therapy.dosewindow import DoseWindow
from firmware.therapy.forecast import Forecast
from firmware.therapy.infusion import Infusion
from firmware.therapy.motorwatch import MotorWatch
from firmware.therapy.orders import Orders
from firmware.therapy.program import CommittedProgram
from firmware.therapy.reservoir import Reservoir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from hal.contract import Hal


class Parts:
    """Construction reads the records that the store holds; nothing is done yet."""

    delivery_class = Delivery

    def __init__(self, hal: "Hal", config: "Config") -> None:
        self._read_records(hal, config)
        self._build_therapy(hal, config)
        self._build_checks(hal, config)

    def _read_records(self, hal: "Hal", config: "Config") -> None:
        self.clock = PumpClock(hal.clock)
        self.log = EventLog(hal.store, self.clock)
        self.ledger = Ledger(hal.store, MAX_BATCH_NL // config.step_nl)
        others = [slot for place in slots.RECORDS if place not in (slots.LEDGER, slots.STATE) for slot in place[0]]
        others_found = self.ledger.found or self.log.next_seq > 1 or any_whole(hal.store, others)
        self.state = State(hal.store, config, others_found)
        lived = self.state.lived == wire.FLAG_YES
        self.ledger.lost = lived and not self.ledger.found
        if lived:
            self.log.expect()
        largest_mcg_per_day = prescription.largest_mcg_per_day(self.state)
        self.dose_window = DoseWindow(hal.store, largest_mcg_per_day * 1_000_000, lived)
        newest_s = max(self.ledger.uptime_s, self.state.uptime_s, self.log.newest_s, self.dose_window.newest_s)
        self.clock.start(newest_s, self.state)
        self.patient_record = PatientRecord(hal.store)
        self.titration = TitrationHistory(hal.store, self.state)

    def _build_therapy(self, hal: "Hal", config: "Config") -> None:
        self.reservoir = Reservoir(config, self.state, self.ledger)
        self.battery = BatteryForecast(config, hal.battery, self.state)
        self.alarms = Alarms(hal.buzzer, self.state, self.log)
        self.keys = Keys(
            head=hal.head,
            store=hal.store,
            wait_s=config.key_reset_s,
            clock=self.clock,
            state=self.state,
            log=self.log,
            alarms=self.alarms,
        )
        self.catheter = Catheter(config, self.state, self.ledger)
        self.bolus = Bolus(config, self.state, self.ledger)
        self.monitor = Monitor(
            hal.motor,
            config.step_nl,
            prescription.largest_mcg_per_day(self.state),
            config.monitor_percent,
            MAX_BATCH_NL,
        )
        self.delivery = self.delivery_class(hal.motor, config.step_nl)
        self.program = CommittedProgram(
            config,
            clock=self.clock,
            state=self.state,
            catheter=self.catheter,
            bolus=self.bolus,
            dose_window=self.dose_window,
            store=hal.store,
        )
        self.orders = Orders(
            config,
            clock=self.clock,
            state=self.state,
            catheter=self.catheter,
            program=self.program,
            reservoir=self.reservoir,
            monitor=self.monitor,
            alarms=self.alarms,
            log=self.log,
        )
        self.watch = MotorWatch(
            config,
            clock=self.clock,
            state=self.state,
            ledger=self.ledger,
            delivery=self.delivery,
            monitor=self.monitor,
            alarms=self.alarms,
            log=self.log,
        )
        self.infusion = Infusion(
            config,
            clock=self.clock,
            state=self.state,
            ledger=self.ledger,
            reservoir=self.reservoir,
            monitor=self.monitor,
            alarms=self.alarms,
            catheter=self.catheter,
            bolus=self.bolus,
            dose_window=self.dose_window,
            log=self.log,
            program=self.program,
            orders=self.orders,
            watch=self.watch,
            delivery=self.delivery,
        )

    def _build_checks(self, hal: "Hal", config: "Config") -> None:
        self.battery_watch = BatteryWatch(
            self.battery,
            clock=self.clock,
            state=self.state,
            reservoir=self.reservoir,
            alarms=self.alarms,
            catheter=self.catheter,
            orders=self.orders,
            infusion=self.infusion,
        )
        self.clock_watch = ClockWatch(
            clock=self.clock, state=self.state, alarms=self.alarms, infusion=self.infusion, log=self.log
        )
        self.forecast = Forecast(
            config,
            clock=self.clock,
            state=self.state,
            catheter=self.catheter,
            bolus=self.bolus,
            program=self.program,
            orders=self.orders,
            infusion=self.infusion,
        )
        self.selftest = SelfTest(
            hal,
            config,
            clock=self.clock,
            state=self.state,
            ledger=self.ledger,
            alarms=self.alarms,
            program=self.program,
            orders=self.orders,
            infusion=self.infusion,
            dose_window=self.dose_window,
            patient_record=self.patient_record,
            titration=self.titration,
            keys=self.keys,
            log=self.log,
        )
        self.sessions = Sessions(
            config,
            clock=self.clock,
            state=self.state,
            log=self.log,
            head=hal.head,
            entropy=hal.entropy,
            keys=self.keys,
        )
        sensor = hal.fill_sensor
        check = FillSensorCheck(config, sensor, self.state, self.reservoir, self.alarms, self.log) if sensor else None
        self.sensors = Sensors(config, hal.thermometer, check, self.log)
        self.telemetry_budget = TelemetryBudget(config, self.log)
