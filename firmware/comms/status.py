"""Builds the answers to reading: identity, status, telemetry and log, in the wire's own bytes."""

from firmware import VERSION, wire
from firmware.comms.session import padded
from firmware.records.state import NEVER
from firmware.therapy import softlimit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.checks.battery import BatteryForecast
    from firmware.checks.keys import Keys
    from firmware.checks.selftest import SelfTest
    from firmware.checks.sensors import Sensors
    from firmware.clock import PumpClock
    from firmware.comms.channel import Channel
    from firmware.comms.telemetrybudget import TelemetryBudget
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.ledger import Ledger
    from firmware.records.state import State
    from firmware.records.titration import TitrationHistory
    from firmware.safety.alarms import Alarms
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.forecast import Forecast
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.motorwatch import MotorWatch
    from firmware.therapy.orders import Orders
    from firmware.therapy.reservoir import Reservoir
    from hal.contract import Hal

_RUNTIME_BYTES = 32
LOG_ENTRIES = 12  # as many as fit into a frame
DOSE_ENTRIES = 10
_MOST_ADVISORIES = 5  # more do not fit into a frame; the last one is said by the missing wall time as well
_NO_MV = 0xFFFF


class StatusBuilder:
    """Reads the parts of the pump; changes none."""

    def __init__(
        self,
        hal: "Hal",
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        ledger: "Ledger",
        reservoir: "Reservoir",
        battery: "BatteryForecast",
        alarms: "Alarms",
        catheter: "Catheter",
        bolus: "Bolus",
        orders: "Orders",
        infusion: "Infusion",
        watch: "MotorWatch",
        forecast: "Forecast",
        log: "EventLog",
        titration: "TitrationHistory",
        sensors: "Sensors",
        telemetry_budget: "TelemetryBudget",
        selftest: "SelfTest",
        keys: "Keys",
        channels: "list[Channel]",
    ) -> None:
        self._config = config
        self._fill_sensor = hal.fill_sensor
        self._memory = hal.memory
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._reservoir = reservoir
        self._battery = battery
        self._alarms = alarms
        self._catheter = catheter
        self._bolus = bolus
        self._orders = orders
        self._infusion = infusion
        self._watch = watch
        self._forecast = forecast
        self._log = log
        self._titration = titration
        self._sensors = sensors
        self._telemetry_budget = telemetry_budget
        self._selftest = selftest
        self._keys = keys
        self._channels = channels

    def hello(self) -> bytes:
        """ANS_HELLO's payload."""
        config = self._config
        return wire.pack_hello(
            padded(config.serial),
            padded(config.model),
            padded(VERSION),
            wire.VERSION,
            wire.FINGERPRINT,
            self._keys.key,
        )

    def diagnostics(self) -> bytes:
        """ANS_DIAGNOSTICS's payload."""
        runtime = self._memory.runtime().encode()[:_RUNTIME_BYTES]
        free_bytes = self._memory.free_bytes()
        padding = bytes(_RUNTIME_BYTES - len(runtime))
        return wire.pack_diagnostics(runtime + padding, wire.NONE32 if free_bytes < 0 else free_bytes)

    def log(self, first_seq: int, last_seq: int) -> bytes:
        """ANS_LOG's payload."""
        entries = self._log.read(first_seq, last_seq, LOG_ENTRIES)
        return wire.pack_log(self._log.oldest_seq, self._log.next_seq, entries)

    def doses(self, first: int) -> bytes:
        """ANS_DOSES's payload."""
        return wire.pack_doses(self._state.commits, self._titration.read(first, DOSE_ENTRIES))

    def faults(self, first_seq: int, last_seq: int) -> bytes:
        """ANS_FAULTS's payload."""
        faults = self._log.faults
        return wire.pack_faults(faults.oldest_seq, faults.next_seq, faults.read(first_seq, last_seq, LOG_ENTRIES))

    def telemetry(self, channel: "Channel") -> bytes:
        """PUSH_TELEMETRY's payload."""
        return wire.pack_telemetry(
            uptime_s=self._clock.now_s,
            therapy=self._state.therapy,
            operation=self._infusion.operation,
            revision=self._state.revision,
            rate_nl_per_day=self._infusion.flowing_nl_per_day,
            reservoir_nl=self._reservoir.volume_nl,
            delivered_nl=self._reservoir.delivered_nl,
            delivered_today_ng=self.delivered_today_ng,
            battery_mv=_mv(self._battery.rest_mv),
            dropped=channel.dropped,
        )

    def status(self, channel: "Channel") -> bytes:
        """ANS_STATUS's payload."""
        config = self._config
        state = self._state
        low_s, refill_by_s = self._refill_dates()
        bolus, bolus_left_nl = self._extra()
        delivered_ng = self._bolus.last_delivered_ng(self._clock.now_s, self._infusion.delivery.rate_nl_per_day)
        soft_ng_per_day = softlimit.soft_range(state, config, self._clock.now_s) or (0, 0)
        return wire.pack_status(
            uptime_s=self._clock.now_s,
            wall_s=self._clock.wall_s,
            boots=self._ledger.boots,
            therapy=state.therapy,
            operation=self._infusion.operation,
            mode=state.mode,
            rate_nl_per_day=self._infusion.flowing_nl_per_day,
            ordered_rate_nl_per_day=self._infusion.delivery.rate_nl_per_day or self._orders.rate_nl_per_day,
            dose_ng_per_day=self._infusion.dose_ng_per_day,
            concentration_mcg_per_ml=state.drug_mcg_per_ml,
            reservoir_nl=self._reservoir.volume_nl,
            sensor_nl=self._sensor_nl(),
            delivered_nl=self._reservoir.delivered_nl,
            delivered_today_ng=self.delivered_today_ng,
            low_reservoir_s=low_s,
            refill_by_s=refill_by_s,
            last_refill_s=state.last_refill_s,
            implanted_wall_s=state.implanted_wall_s,
            battery_mv=_mv(self._battery.rest_mv),
            battery_load_mv=_mv(self._battery.load_mv),
            eri_s=state.eri_s,
            eos_s=state.eos_s,
            eri_forecast_s=self._battery.eri_forecast_s,
            stopped_s=self._watch.stopped_s,
            telemetry_dropped=channel.dropped,
            comms_errors=sum([other.errors for other in self._channels]),
            max_dose_mcg_per_day=state.max_dose_mcg_per_day,
            max_bolus_mcg=state.max_bolus_mcg,
            max_change_percent=state.max_change_percent,
            soft_min_dose_ng_per_day=soft_ng_per_day[0],
            soft_max_dose_ng_per_day=soft_ng_per_day[1],
            min_rate_nl_per_day=config.lowest_program_rate_nl_per_day,
            max_rate_nl_per_day=config.max_rate_nl_per_day,
            capacity_nl=config.reservoir_nl,
            low_reservoir_nl=state.low_reservoir_nl,
            drug=state.drug,
            tip_mcg_per_ml=self._catheter.mcg_per_ml,
            bolus=bolus,
            bolus_left_nl=bolus_left_nl,
            last_bolus=state.last_bolus,
            last_bolus_ng=state.last_bolus_ng,
            last_bolus_delivered_ng=delivered_ng,
            last_bolus_s=state.last_bolus_s,
            patient_boluses_left=self._bolus.patient_left(self._clock.now_s),
            critical_interval_s=state.critical_interval_s,
            non_critical_interval_s=state.non_critical_interval_s,
            stopped_after_s=state.stopped_after_s,
            advisories=self._advisories(),
            alarms=self._alarms.entries(),
        )

    def line(self) -> bytes:
        """ANS_LINE's payload."""
        state = self._state
        refills = state.last_refill_s != NEVER
        return wire.pack_line(
            line_nl=self._catheter.dead_nl,
            unprimed_nl=self._catheter.unprimed_nl,
            refill_expected_nl=state.refill_expected_nl if refills else wire.NONE32,
            refill_aspirated_nl=state.refill_aspirated_nl if refills else wire.NONE32,
            refill_last_filled_nl=state.refill_last_filled_nl if refills else wire.NONE32,
            parcels=self._catheter.contents(),
        )

    @property
    def delivered_today_ng(self) -> int:
        """Dose confirmed since midnight. 1 nL of 1 mcg/mL is 1/1000 ng."""
        return self._ledger.today_step_mcg_per_ml * self._config.step_nl // 1000

    def patient_bolus(self) -> bytes:
        """ANS_PATIENT_BOLUS_SETTINGS' payload."""
        state = self._state
        return wire.pack_patient_bolus_settings(
            state.patient_dose_ng, state.patient_over_s, state.patient_lockout_s, state.patient_per_day
        )

    def _extra(self) -> tuple[int, int]:
        """BOLUS code and nL left of what is delivered on top or in place of the basal rate."""
        line = self._catheter
        step_nl = self._config.step_nl
        if line.prime_steps:
            return wire.BOLUS_PRIME, line.prime_steps * step_nl
        if line.bridging:
            return wire.BOLUS_BRIDGE, line.before_reservoir_steps * step_nl
        return self._state.bolus, self._bolus.left_nl(self._clock.now_s)

    def _advisories(self) -> list[int]:
        found = [] if self._keys.due_s == NEVER else [wire.ADVISORY_KEY_RESET]
        found += self._sensors.advisories
        if self._telemetry_budget.passed(self._clock.now_s):
            found.append(wire.ADVISORY_TELEMETRY_BUDGET)
        if self._selftest.buzzer_failed:
            found.append(wire.ADVISORY_BUZZER_FAULT)
        if self._state.clock != wire.FLAG_YES:
            found.append(wire.ADVISORY_CLOCK_UNSET)
        return found[:_MOST_ADVISORIES]

    def _sensor_nl(self) -> int:
        if self._fill_sensor is None:
            return wire.NONE32
        volume_nl = self._fill_sensor.volume_nl()
        return wire.NONE32 if volume_nl < 0 else volume_nl

    def _refill_dates(self) -> tuple[int, int]:
        """Uptimes of the low reservoir and of the refill to plan: a week before, or when the drug is too old."""
        left_s = self._forecast.seconds_for(self._reservoir.above_low_nl)
        if left_s is None or self._state.last_refill_s == NEVER:
            return NEVER, NEVER
        low_s = self._clock.now_s + left_s
        expires_s = self._state.last_refill_s + self._config.max_fill_days * 86400
        return low_s, min(max(0, low_s - 7 * 86400), expires_s)


def _mv(reading_mv: int) -> int:
    return _NO_MV if reading_mv < 0 else reading_mv
