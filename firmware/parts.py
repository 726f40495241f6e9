"""The parts of a pump, each made of those before it and handed what it uses by name."""

from firmware import wire
from firmware.checks.battery import Power
from firmware.checks.batterywatch import BatteryWatch
from firmware.checks.clockwatch import ClockWatch
from firmware.checks.fillsensor import Gauge
from firmware.checks.keys import Keys
from firmware.checks.selftest import SelfTest
from firmware.checks.sensors import Senses
from firmware.clock import Uptime
from firmware.comms.session import Sessions
from firmware.comms.telemetrybudget import Budget
from firmware.records import slots
from firmware.records.eventlog import EventLog
from firmware.records.ledger import Ledger
from firmware.records.patientrecord import Chart
from firmware.records.record import any_whole
from firmware.records.state import State
from firmware.records.titration import Doses
from firmware.safety.alarms import Alarms
from firmware.safety.monitor import Monitor
from firmware.therapy import prescription
from firmware.therapy.bolus import Bolus
from firmware.therapy.catheter import Line
from firmware.therapy.delivery import MAX_BATCH_NL, Delivery
from firmware.therapy.dosewindow import Windows
from firmware.therapy.forecast import Outlook
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
        self.uptime = Uptime(hal.clock)
        self.log = EventLog(hal.store, self.uptime)
        self.ledger = Ledger(hal.store, MAX_BATCH_NL // config.step_nl)
        others = [slot for place in slots.RECORDS if place not in (slots.LEDGER, slots.STATE) for slot in place[0]]
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

    def _build_therapy(self, hal: "Hal", config: "Config") -> None:
        self.reservoir = Reservoir(config, self.state, self.ledger)
        self.power = Power(config, hal.battery, self.state)
        self.alarms = Alarms(hal.buzzer, self.state, self.log)
        self.keys = Keys(
            head=hal.head,
            store=hal.store,
            wait_s=config.key_reset_s,
            uptime=self.uptime,
            state=self.state,
            log=self.log,
            alarms=self.alarms,
        )
        self.line = Line(config, self.state, self.ledger)
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
            uptime=self.uptime,
            state=self.state,
            line=self.line,
            bolus=self.bolus,
            windows=self.windows,
            store=hal.store,
        )
        self.orders = Orders(
            config,
            uptime=self.uptime,
            state=self.state,
            line=self.line,
            program=self.program,
            reservoir=self.reservoir,
            monitor=self.monitor,
            alarms=self.alarms,
            log=self.log,
        )
        self.watch = MotorWatch(
            config,
            uptime=self.uptime,
            state=self.state,
            ledger=self.ledger,
            delivery=self.delivery,
            monitor=self.monitor,
            alarms=self.alarms,
            log=self.log,
        )
        self.infusion = Infusion(
            config,
            uptime=self.uptime,
            state=self.state,
            ledger=self.ledger,
            reservoir=self.reservoir,
            monitor=self.monitor,
            alarms=self.alarms,
            line=self.line,
            bolus=self.bolus,
            windows=self.windows,
            log=self.log,
            program=self.program,
            orders=self.orders,
            watch=self.watch,
            delivery=self.delivery,
        )

    def _build_checks(self, hal: "Hal", config: "Config") -> None:
        self.battery = BatteryWatch(
            self.power,
            uptime=self.uptime,
            state=self.state,
            reservoir=self.reservoir,
            alarms=self.alarms,
            line=self.line,
            orders=self.orders,
            infusion=self.infusion,
        )
        self.clock = ClockWatch(
            uptime=self.uptime, state=self.state, alarms=self.alarms, infusion=self.infusion, log=self.log
        )
        self.outlook = Outlook(
            config,
            uptime=self.uptime,
            state=self.state,
            line=self.line,
            bolus=self.bolus,
            program=self.program,
            orders=self.orders,
            infusion=self.infusion,
        )
        self.selftest = SelfTest(
            hal,
            config,
            uptime=self.uptime,
            state=self.state,
            ledger=self.ledger,
            alarms=self.alarms,
            program=self.program,
            orders=self.orders,
            infusion=self.infusion,
            windows=self.windows,
            chart=self.chart,
            doses=self.doses,
            keys=self.keys,
            log=self.log,
        )
        self.sessions = Sessions(
            config,
            uptime=self.uptime,
            state=self.state,
            log=self.log,
            head=hal.head,
            entropy=hal.entropy,
            keys=self.keys,
        )
        sensor = hal.fill_sensor
        gauge = Gauge(config, sensor, self.state, self.reservoir, self.alarms, self.log) if sensor else None
        self.senses = Senses(config, hal.thermometer, gauge, self.log)
        self.budget = Budget(config, self.log)
