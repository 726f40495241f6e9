"""Commands of limits and alarms."""

from firmware import wire
from firmware.comms import alarmsettings
from firmware.comms.commands.change import ALIVE, ANY, Change
from firmware.records.state import NEVER
from firmware.therapy import prescription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.comms.commands.change import Handlers, Order, Prepared
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.safety.monitor import Monitor
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.reservoir import Reservoir


class SettingsCommands:
    """Handlers for the command table."""

    def __init__(
        self,
        *,
        clock: "PumpClock",
        state: "State",
        reservoir: "Reservoir",
        monitor: "Monitor",
        alarms: "Alarms",
        infusion: "Infusion",
        log: "EventLog",
    ) -> None:
        self._clock = clock
        self._state = state
        self._reservoir = reservoir
        self._monitor = monitor
        self._alarms = alarms
        self._infusion = infusion
        self._log = log

    def handlers(self) -> "Handlers":
        """Request: its handler, and where it is run."""
        return {
            wire.REQ_LIMITS: (self._limits, ALIVE),
            wire.REQ_ALARM_SETTINGS: (self._alarm_settings, ALIVE),
            wire.REQ_SILENCE: (self._silence, ANY),
            wire.REQ_DEMO_ALARM: (self._demo_alarm, ANY),
        }

    def _limits(self, _order: "Order", *limits: int) -> "Prepared":
        state = self._state
        new = [state.max_dose_mcg_per_day, state.max_bolus_mcg, state.max_change_percent]
        for i in range(len(new)):
            if limits[i] != wire.NONE32:
                new[i] = limits[i]
        state.max_dose_mcg_per_day, state.max_bolus_mcg, state.max_change_percent = new

        def apply() -> None:
            self._log.add(wire.EVENT_LIMITS_CHANGED, *new)
            self._monitor.set_limit(prescription.largest_mcg_per_day(state))

        return Change(apply)

    def _alarm_settings(self, _order: "Order", *wanted: int) -> "Prepared":
        changes = alarmsettings.change(self._state, wanted)

        def apply() -> None:
            for change in changes:
                self._log.add(wire.EVENT_ALARM_CONFIG_CHANGED, *change)
            self._alarms.reschedule_tones(self._clock.now_s)
            if self._state.last_refill_s != NEVER:
                self._reservoir.plan()
                self._infusion.replan()

        return Change(apply)

    def _silence(self, _order: "Order", alarm: int) -> "Prepared":
        listed = [entry[0] for entry in self._alarms.entries()]
        if alarm != wire.ALL_ALARMS and alarm not in listed:
            return wire.REASON_STATE
        silenced = self._alarms.silence(listed if alarm == wire.ALL_ALARMS else [alarm])

        def apply() -> None:
            for entry in silenced:
                self._log.add(*entry)

        return Change(apply, less=True)

    def _demo_alarm(self, _order: "Order", alarm_class: int) -> "Prepared":
        if self._state.last_refill_s == NEVER:  # it makes no tone at all
            return wire.REASON_NOT_FILLED
        return Change(lambda: self._alarms.demonstrate(alarm_class, self._clock.now_s), in_state=False)
