"""The command of a refill: what was in the reservoir was drawn out, and it holds what was filled in."""

from firmware import wire
from firmware.comms.commands.change import ALIVE, Change
from firmware.records.state import NEVER
from firmware.therapy import orders
from firmware.therapy.dosewindow import DAY_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.comms.commands.change import Answer, Handlers, Order, Prepared
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.ledger import Ledger
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.extras import Extras
    from firmware.therapy.forecast import Forecast
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.orders import Orders
    from firmware.therapy.reservoir import Reservoir


class RefillCommand:
    """Handler for the command table. Volumes in nL, 2^32-1 where one was not measured."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        ledger: "Ledger",
        reservoir: "Reservoir",
        alarms: "Alarms",
        catheter: "Catheter",
        bolus: "Bolus",
        orders: "Orders",
        infusion: "Infusion",
        extras: "Extras",
        forecast: "Forecast",
        log: "EventLog",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._reservoir = reservoir
        self._alarms = alarms
        self._catheter = catheter
        self._bolus = bolus
        self._orders = orders
        self._infusion = infusion
        self._extras = extras
        self._forecast = forecast
        self._log = log

    def handlers(self) -> "Handlers":
        """Request: its handler, in any therapy that has not ended."""
        return {wire.REQ_REFILL: (self._refill, ALIVE)}

    def _refill(
        self, _order: "Order", volume_nl: int, mcg_per_ml: int, aspirated_nl: int, bridge: int, drug: bytes
    ) -> "Prepared":
        self._infusion.account_steps()
        state = self._state
        if self._told_again(volume_nl, mcg_per_ml, aspirated_nl, drug):
            return _refilled(state.refill_expected_nl, state.refill_last_filled_nl)
        if volume_nl > self._config.reservoir_nl:
            self._log.add(wire.EVENT_REFILL_REJECTED, volume_nl, wire.REASON_OVERFILL)
            return wire.REASON_OVERFILL
        old_mcg_per_ml, filled_before = state.drug_mcg_per_ml, state.last_refill_s != NEVER
        expected_nl = self._reservoir.volume_nl
        last_filled_nl = state.filled_nl if filled_before else wire.NONE32
        ended = self._end_extras()
        if self._orders.lapsed or (filled_before and mcg_per_ml and drug != state.drug):
            self._orders.take(orders.STAND_BY)
        forgotten = not old_mcg_per_ml and not any(state.drug)  # with lost orders: what is in the line has a strength
        self._reservoir.fill(volume_nl, mcg_per_ml, self._clock.now_s)
        if filled_before:
            self._catheter.fill(old_mcg_per_ml, bridge != wire.FLAG_YES or forgotten)
        if mcg_per_ml != old_mcg_per_ml and state.mode != wire.MODE_NONE:
            state.program_confirmed = wire.FLAG_NO
        state.drug = drug
        self._orders.take(orders.FILL)
        state.refill_aspirated_nl = aspirated_nl
        state.refill_expected_nl, state.refill_last_filled_nl = expected_nl, last_filled_nl

        def apply() -> "Answer":
            self._reservoir.filled()
            for entry in ended:
                self._log.add(*entry)
            self._log.add(wire.EVENT_REFILL, expected_nl, aspirated_nl, volume_nl)
            self._orders.conclude(orders.FILL)
            if mcg_per_ml != old_mcg_per_ml:  # another change than the one that the alarm may be on for
                self._alarms.clear_condition(wire.ALARM_PROGRAM_UNCONFIRMED, by_programmer=True)
            self._infusion.replan()
            if filled_before and mcg_per_ml != old_mcg_per_ml:
                self._log_change(old_mcg_per_ml, mcg_per_ml, bridge)
            self._orders.conclude_stop()
            return _refilled(expected_nl, last_filled_nl)

        return Change(apply)

    def _told_again(self, volume_nl: int, mcg_per_ml: int, aspirated_nl: int, drug: bytes) -> bool:
        """True for what the newest refill was told as, within a day of it and before much of it was used: its answer
        was lost. Taken for another one, what was drawn out would count twice, and what was used not at all. Of a
        reservoir that was used it is another one: taken for the same, the pump would not know of the drug in it."""
        state = self._state
        if state.last_refill_s == NEVER or self._clock.now_s - state.last_refill_s > DAY_S:
            return False
        if self._reservoir.used_much:
            return False
        newest = state.filled_nl, state.drug_mcg_per_ml, state.refill_aspirated_nl, state.drug
        return (volume_nl, mcg_per_ml, aspirated_nl, drug) == newest

    def _end_extras(self) -> "list[tuple[int, ...]]":
        """Nothing flows while a needle is in the reservoir: end a bolus and a prime; their log entries."""
        ended = []
        if self._bolus.active:
            ended.append(self._extras.end_bolus())
        if self._catheter.prime_steps:
            ended.append(self._extras.end_prime())
        return ended

    def _log_change(self, old_mcg_per_ml: int, mcg_per_ml: int, bridge: int) -> None:
        log = self._log
        bridge_nl = self._catheter.before_reservoir_steps * self._config.step_nl if self._catheter.bridging else 0
        log.add(wire.EVENT_CONCENTRATION_CHANGED, old_mcg_per_ml, mcg_per_ml, bridge_nl)
        if bridge_nl:
            log.add(wire.EVENT_BOLUS_START, wire.BOLUS_BRIDGE, bridge_nl, self._forecast.seconds_for(bridge_nl) or 0)
        elif bridge != wire.FLAG_YES and self._ledger.booked_steps:
            log.add(wire.EVENT_NO_BRIDGE, old_mcg_per_ml, mcg_per_ml)


def _refilled(expected_nl: int, last_filled_nl: int) -> "Answer":
    return wire.ANS_REFILLED, wire.pack_refilled(expected_nl, last_filled_nl)
