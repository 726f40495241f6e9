"""The parts of a pump, each made of those before it and handed what it uses by name."""

from firmware import prescription, slots, wire
from firmware.alarms import Alarms
from firmware.batterywatch import BatteryWatch
from firmware.bolus import Bolus
from firmware.budget import Budget
from firmware.chart import Chart
from firmware.clockwatch import ClockWatch
from firmware.delivery import MAX_BATCH_NL, Delivery
from firmware.doses import Doses
from firmware.eventlog import EventLog
from firmware.gauge import Gauge
from firmware.infusion import Infusion
from firmware.keys import Keys
from firmware.ledger import Ledger
from firmware.line import Line
from firmware.monitor import Monitor
from firmware.motorwatch import MotorWatch
from firmware.orders import Orders
from firmware.outlook import Outlook
from firmware.power import Power
from firmware.program import CommittedProgram
from firmware.record import any_whole
from firmware.reservoir import Reservoir
from firmware.selftest import SelfTest
from firmware.senses import Senses
from firmware.session import Sessions
from firmware.state import State
from firmware.uptime import Uptime
from firmware.windows import Windows

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
