"""The parts of a pump, by name. firmware/builders.py makes them."""

from firmware.therapy.delivery import Delivery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.checks.battery import BatteryForecast
    from firmware.checks.batterywatch import BatteryWatch
    from firmware.checks.clockwatch import ClockWatch
    from firmware.checks.keys import Keys
    from firmware.checks.selftest import SelfTest
    from firmware.checks.sensors import Sensors
    from firmware.clock import PumpClock
    from firmware.comms.sessions import Sessions
    from firmware.comms.telemetrybudget import TelemetryBudget
    from firmware.records.eventlog import EventLog
    from firmware.records.ledger import Ledger
    from firmware.records.patientrecord import PatientRecord
    from firmware.records.state import State
    from firmware.records.titration import TitrationHistory
    from firmware.safety.alarms import Alarms
    from firmware.safety.monitor import Monitor
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.books import Books
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.dosewindow import DoseWindow
    from firmware.therapy.extras import Extras
    from firmware.therapy.forecast import Forecast
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.motorwatch import MotorWatch
    from firmware.therapy.orders import Orders
    from firmware.therapy.program import CommittedProgram
    from firmware.therapy.reservoir import Reservoir


class Parts:
    """Each part is handed what it uses; nothing is handed all of them but what makes the parts and the lines."""

    delivery_class = Delivery

    clock: "PumpClock"
    log: "EventLog"
    ledger: "Ledger"
    state: "State"
    dose_window: "DoseWindow"
    patient_record: "PatientRecord"
    titration: "TitrationHistory"
    reservoir: "Reservoir"
    battery: "BatteryForecast"
    alarms: "Alarms"
    keys: "Keys"
    catheter: "Catheter"
    bolus: "Bolus"
    monitor: "Monitor"
    delivery: "Delivery"
    program: "CommittedProgram"
    orders: "Orders"
    watch: "MotorWatch"
    books: "Books"
    extras: "Extras"
    infusion: "Infusion"
    battery_watch: "BatteryWatch"
    clock_watch: "ClockWatch"
    forecast: "Forecast"
    selftest: "SelfTest"
    sessions: "Sessions"
    sensors: "Sensors"
    telemetry_budget: "TelemetryBudget"
