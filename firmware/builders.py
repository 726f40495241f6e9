"""Makes the parts of a pump, each of those before it, and hands each what it uses by name.

Nothing of this is needed once they are made: the board then forgets it (hal/rp2040/run.py).
"""

from firmware import wire
from firmware.checks.battery import BatteryForecast
from firmware.checks.batterywatch import BatteryWatch
from firmware.checks.clockwatch import ClockWatch
from firmware.checks.fillsensor import FillSensorCheck
from firmware.checks.keys import Keys
from firmware.checks.selftest import SelfTest
from firmware.checks.sensors import Sensors
from firmware.clock import PumpClock
from firmware.comms.sessions import Sessions
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
from firmware.therapy.books import Books
from firmware.therapy.catheter import Catheter
from firmware.therapy.delivery import MAX_BATCH_NL
from firmware.therapy.dosewindow import DoseWindow
from firmware.therapy.extras import Extras
from firmware.therapy.forecast import Forecast
from firmware.therapy.infusion import Infusion
from firmware.therapy.motorwatch import MotorWatch
from firmware.therapy.orders import Orders
from firmware.therapy.program import CommittedProgram
from firmware.therapy.reservoir import Reservoir

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.parts import Parts
    from hal.contract import Hal


def build(parts: "Parts", hal: "Hal", config: "Config") -> None:
    """Make all parts. That reads the records that the store holds; nothing is done yet."""
    _read_records(parts, hal, config)
    _build_therapy(parts, hal, config)
    _build_orders(parts, hal, config)
    _build_checks(parts, config)
    _build_sessions(parts, hal, config)


def _read_records(parts: "Parts", hal: "Hal", config: "Config") -> None:
    parts.clock = PumpClock(hal.clock)
    parts.log = EventLog(hal.store, parts.clock)
    parts.ledger = Ledger(hal.store, MAX_BATCH_NL // config.step_nl)
    others = [slot for place in slots.RECORDS if place not in (slots.LEDGER, slots.STATE) for slot in place[0]]
    others_found = parts.ledger.found or parts.log.next_seq > 1 or any_whole(hal.store, others)
    parts.state = State(hal.store, config, others_found)
    lived = parts.state.lived == wire.FLAG_YES
    parts.ledger.lost = lived and not parts.ledger.found
    if lived:
        parts.log.expect()
    largest_mcg_per_day = prescription.largest_mcg_per_day(parts.state)
    parts.dose_window = DoseWindow(hal.store, largest_mcg_per_day * 1_000_000, lived)
    newest_s = max(parts.ledger.uptime_s, parts.state.uptime_s, parts.log.newest_s, parts.dose_window.newest_s)
    parts.clock.start(newest_s, parts.state)
    parts.patient_record = PatientRecord(hal.store)
    parts.titration = TitrationHistory(hal.store, parts.state)


def _build_therapy(parts: "Parts", hal: "Hal", config: "Config") -> None:
    parts.reservoir = Reservoir(config, parts.state, parts.ledger)
    parts.battery = BatteryForecast(config, hal.battery, parts.state)
    parts.alarms = Alarms(hal.buzzer, parts.state, parts.log)
    parts.keys = Keys(
        head=hal.head,
        store=hal.store,
        wait_s=config.key_reset_s,
        clock=parts.clock,
        state=parts.state,
        log=parts.log,
        alarms=parts.alarms,
    )
    parts.catheter = Catheter(config, parts.state, parts.ledger)
    parts.bolus = Bolus(config, parts.state, parts.ledger)
    parts.monitor = Monitor(
        hal.motor,
        config.step_nl,
        prescription.largest_mcg_per_day(parts.state),
        config.monitor_percent,
        MAX_BATCH_NL,
    )
    parts.delivery = parts.delivery_class(hal.motor, config.step_nl)


def _build_orders(parts: "Parts", hal: "Hal", config: "Config") -> None:
    parts.program = CommittedProgram(
        config,
        clock=parts.clock,
        state=parts.state,
        bolus=parts.bolus,
        dose_window=parts.dose_window,
        store=hal.store,
    )
    parts.program.set_strength(parts.catheter.mcg_per_ml)
    parts.orders = Orders(
        config,
        clock=parts.clock,
        state=parts.state,
        program=parts.program,
        reservoir=parts.reservoir,
        monitor=parts.monitor,
        alarms=parts.alarms,
        log=parts.log,
    )
    _build_motion(parts, config)


def _build_motion(parts: "Parts", config: "Config") -> None:
    parts.watch = MotorWatch(
        config,
        clock=parts.clock,
        state=parts.state,
        ledger=parts.ledger,
        delivery=parts.delivery,
        monitor=parts.monitor,
        alarms=parts.alarms,
        log=parts.log,
    )
    parts.books = Books(
        clock=parts.clock,
        state=parts.state,
        ledger=parts.ledger,
        reservoir=parts.reservoir,
        catheter=parts.catheter,
        alarms=parts.alarms,
        orders=parts.orders,
    )
    parts.extras = Extras(
        config,
        clock=parts.clock,
        state=parts.state,
        ledger=parts.ledger,
        alarms=parts.alarms,
        catheter=parts.catheter,
        bolus=parts.bolus,
        program=parts.program,
        orders=parts.orders,
        delivery=parts.delivery,
        log=parts.log,
    )
    _build_infusion(parts, config)


def _build_infusion(parts: "Parts", config: "Config") -> None:
    parts.infusion = Infusion(
        config,
        clock=parts.clock,
        state=parts.state,
        ledger=parts.ledger,
        reservoir=parts.reservoir,
        monitor=parts.monitor,
        alarms=parts.alarms,
        catheter=parts.catheter,
        bolus=parts.bolus,
        dose_window=parts.dose_window,
        log=parts.log,
        program=parts.program,
        orders=parts.orders,
        watch=parts.watch,
        delivery=parts.delivery,
        books=parts.books,
        extras=parts.extras,
    )


def _build_checks(parts: "Parts", config: "Config") -> None:
    parts.battery_watch = BatteryWatch(
        parts.battery,
        clock=parts.clock,
        state=parts.state,
        reservoir=parts.reservoir,
        alarms=parts.alarms,
        catheter=parts.catheter,
        orders=parts.orders,
        infusion=parts.infusion,
    )
    parts.clock_watch = ClockWatch(
        clock=parts.clock, state=parts.state, alarms=parts.alarms, infusion=parts.infusion, log=parts.log
    )
    parts.forecast = Forecast(
        config,
        clock=parts.clock,
        state=parts.state,
        catheter=parts.catheter,
        bolus=parts.bolus,
        program=parts.program,
        orders=parts.orders,
        infusion=parts.infusion,
    )


def _build_sessions(parts: "Parts", hal: "Hal", config: "Config") -> None:
    parts.selftest = SelfTest(
        hal,
        config,
        clock=parts.clock,
        state=parts.state,
        ledger=parts.ledger,
        alarms=parts.alarms,
        program=parts.program,
        orders=parts.orders,
        infusion=parts.infusion,
        dose_window=parts.dose_window,
        patient_record=parts.patient_record,
        titration=parts.titration,
        keys=parts.keys,
        log=parts.log,
    )
    parts.sessions = Sessions(
        config,
        clock=parts.clock,
        state=parts.state,
        log=parts.log,
        head=hal.head,
        entropy=hal.entropy,
        keys=parts.keys,
    )
    sensor = hal.fill_sensor
    check = FillSensorCheck(config, sensor, parts.state, parts.reservoir, parts.alarms, parts.log) if sensor else None
    parts.sensors = Sensors(config, hal.thermometer, check, parts.log)
    parts.telemetry_budget = TelemetryBudget(config, parts.log)
