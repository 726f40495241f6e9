"""The battery, ERI and end of service.

ERI comes 90 days before the end that can be foreseen: seven years after first power-up, or the charge's end by the
design curve of docs/sources.md (DF-17) at today's rate; a worn cell's voltage brings it at once. It latches. End of
service follows at most those 90 days later, at seven years, or when the cell cannot turn the motor any more.

A cell that is good at rest and sags under the motor's load is another matter: a film on its electrode (RC-2). Then the
pump falls back to the least that the motor can be asked for, and goes on by a programmer's order.
"""

from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.state import State
    from hal.contract import Battery

_DAY_S = 86400
_PPB = 1_000_000_000
_NO_READING = -1
FORECAST_S = _DAY_S  # how long a forecast is good: stalls and stops change it slowly


class BatteryForecast:
    """Times are pump uptime in seconds, voltages mV (-1: no reading)."""

    def __init__(self, config: "Config", battery: "Battery", state: "State") -> None:
        self._config = config
        self._battery = battery
        self._state = state
        self._eri_mv = config.eri_mv
        self._eos_mv = config.eos_mv
        self.life_s = config.life_days * _DAY_S
        self.eri_forecast_s = self.life_s
        self.stale_s = 0
        self.rate_nl_per_day = -1
        self.rest_mv = self.load_mv = _NO_READING
        self.due_s = 0
        self.handles_sag = True  # at a boot: the alarm may be on

    def sample(self) -> bool:
        """Measure the cell, at rest and under load. True if anything is to be done about it."""
        self.rest_mv = rest_mv = self._battery.rest_mv()
        self.load_mv = load_mv = self._battery.load_mv()
        return _NO_READING < rest_mv < self._eri_mv or _NO_READING < load_mv < self._eos_mv or self.handles_sag

    @property
    def worn(self) -> bool:
        """True if the cell is low at rest."""
        return _NO_READING < self.rest_mv < self._eri_mv

    @property
    def sags(self) -> bool:
        """True if the cell gives way under the motor's load, and not because it is worn."""
        return _NO_READING < self.load_mv < self._eos_mv and not self.worn

    def forecast(self, now_s: int, rate_nl_per_day: int, delivered_nl: int) -> None:
        """Work out when ERI will come if the pump goes on at this rate, unless that is known already."""
        self.stale_s = now_s + FORECAST_S
        self.rate_nl_per_day = rate_nl_per_day
        config = self._config
        state = self._state
        if state.eos_s != NEVER:
            self.due_s = NEVER
            return
        if state.eri_s != NEVER:
            self.eri_forecast_s = state.eri_s
            self.due_s = min(self.life_s, state.eri_s + config.eri_days * _DAY_S)
            return
        used_ppb = (now_s * config.battery_idle_ppb_per_day // _DAY_S) + (
            delivered_nl * config.battery_ppb_per_ml // 1_000_000
        )
        ppb_per_day = config.battery_idle_ppb_per_day + rate_nl_per_day * config.battery_ppb_per_ml // 1_000_000
        end_s = now_s + max(0, _PPB - used_ppb) * _DAY_S // ppb_per_day
        self.eri_forecast_s = min(self.life_s, end_s) - config.eri_days * _DAY_S
        self.due_s = max(now_s, self.eri_forecast_s)

    def reached(self, now_s: int) -> None:
        """Take the forecast to be out of date: ERI or the end has come."""
        self.stale_s = now_s

    def eri_reached(self, now_s: int) -> bool:
        """True if the pump is to be replaced soon, and nobody was told yet."""
        if self._state.eri_s != NEVER:
            return False
        return now_s >= self.eri_forecast_s or self.worn

    def end_reached(self, now_s: int) -> bool:
        """True if service ends now."""
        state = self._state
        if state.eri_s != NEVER and now_s >= state.eri_s + self._config.eri_days * _DAY_S:
            return True
        return now_s >= self.life_s or (self.worn and _NO_READING < self.load_mv < self._eos_mv)
