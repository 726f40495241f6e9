"""Acts on the state of the battery: the alarms of ERI and end of service, and a supply that sags under the motor."""

from firmware import wire
from firmware.therapy.orders import END

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.checks.battery import BatteryForecast
    from firmware.clock import PumpClock
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.orders import Orders
    from firmware.therapy.reservoir import Reservoir


class BatteryWatch:
    """Acts on what `power` measures."""

    def __init__(
        self,
        battery: "BatteryForecast",
        *,
        clock: "PumpClock",
        state: "State",
        reservoir: "Reservoir",
        alarms: "Alarms",
        catheter: "Catheter",
        orders: "Orders",
        infusion: "Infusion",
    ) -> None:
        self._battery = battery
        self._clock = clock
        self._state = state
        self._reservoir = reservoir
        self._alarms = alarms
        self._catheter = catheter
        self._orders = orders
        self._infusion = infusion

    def forecast(self) -> None:
        """Work out anew when ERI will come."""
        self._battery.forecast(self._clock.now_s, self._infusion.mean_nl_per_day, self._reservoir.delivered_nl)

    def watch(self, now_s: int) -> None:
        """Raise what is due of the battery's alarms, and have the therapy go by it."""
        state = self._state
        power = self._battery
        if power.handles_sag or power.sags:
            self._watch_sag(now_s)
        if power.eri_reached(now_s):
            state.eri_s = now_s
            state.changed = True
            power.reached(now_s)
            self._alarms.raise_alarm(wire.ALARM_ERI, now_s, max(0, power.rest_mv), max(0, power.load_mv))
        if power.end_reached(now_s) and self._orders.allows(END):
            state.eos_s = now_s
            self._orders.take(END)
            self._infusion.replan()
            power.reached(now_s)
            self._orders.conclude(END, max(0, power.rest_mv), max(0, power.load_mv))

    def _watch_sag(self, now_s: int) -> None:
        """A supply that gives way under the motor: the least there is to deliver, and what was stopped stays so."""
        power = self._battery
        sags = power.sags and self._orders.allows(END)
        if sags:
            self._alarms.raise_alarm(wire.ALARM_LOW_BATTERY_RESET, now_s, power.load_mv, max(0, power.rest_mv))
            running = self._state.therapy == wire.THERAPY_RUNNING
            if running:
                self._orders.fault(wire.REGION_BATTERY)
            if running or self._catheter.prime_steps:
                self._infusion.replan()
        elif self._alarms.active(wire.ALARM_LOW_BATTERY_RESET):
            self._alarms.clear_condition(wire.ALARM_LOW_BATTERY_RESET)
        power.handles_sag = sags
