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
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.forecast import Forecast
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.orders import Orders
    from firmware.therapy.program import CommittedProgram
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
        catheter: "Catheter",
        bolus: "Bolus",
        program: "CommittedProgram",
        orders: "Orders",
        infusion: "Infusion",
        forecast: "Forecast",
        log: "EventLog",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._reservoir = reservoir
        self._catheter = catheter
        self._bolus = bolus
        self._program = program
        self._orders = orders
        self._infusion = infusion
        self._forecast = forecast
        self._log = log

    def handlers(self) -> "Handlers":
        """Request: its handler, in any therapy that has not ended."""
        return {wire.REQ_REFILL: (self._refill, ALIVE)}

    def _refill(
        self, _order: "Order", volume_nl: int, mcg_per_ml: int, aspirated_nl: int, bridge_nl: int, drug: bytes
    ) -> "Prepared":
        self._infusion.account_steps()
        state = self._state
        if self._told_again(volume_nl, mcg_per_ml, aspirated_nl, drug):
            return _refilled(state.refill_expected_nl, state.refill_last_filled_nl)
        old_mcg_per_ml = state.drug_mcg_per_ml
        changes = old_mcg_per_ml not in (0, mcg_per_ml)
        bridges = changes and bridge_nl != wire.NONE32
        reason = self._refusal(volume_nl, bridge_nl if bridges else None)
        if reason is not None:
            self._log.add(wire.EVENT_REFILL_REJECTED, volume_nl, reason)
            return reason
        expected_nl = self._reservoir.volume_nl
        last_filled_nl = wire.NONE32 if state.last_refill_s == NEVER else state.filled_nl
        ended = self._end_extras()
        if changes:
            self._change_drug(mcg_per_ml, bridges)
        self._reservoir.fill(volume_nl, mcg_per_ml, self._clock.now_s)
        state.drug = drug
        self._orders.take(orders.FILL)
        state.refill_aspirated_nl = aspirated_nl
        state.refill_expected_nl, state.refill_last_filled_nl = expected_nl, last_filled_nl

        def apply() -> "Answer":
            self._reservoir.filled()
            for entry in ended:
                self._log.add(*entry)
            self._log.add(wire.EVENT_REFILL, expected_nl, aspirated_nl, volume_nl)
            if changes:
                self._log_change(old_mcg_per_ml, mcg_per_ml)
                self._program.load_week()
            self._orders.conclude(orders.FILL)
            self._infusion.replan()
            self._orders.conclude_stop()
            return _refilled(expected_nl, last_filled_nl)

        return Change(apply)

    def _told_again(self, volume_nl: int, mcg_per_ml: int, aspirated_nl: int, drug: bytes) -> bool:
        """True for what the newest refill was told as, within a day of it: its answer was lost. Taken for another one,
        what was drawn out would count twice. The bridge is no part of it: a programmer works it out from the status."""
        state = self._state
        if state.last_refill_s == NEVER or self._clock.now_s - state.last_refill_s > DAY_S:
            return False
        newest = state.filled_nl, state.drug_mcg_per_ml, state.refill_aspirated_nl, state.drug
        return (volume_nl, mcg_per_ml, aspirated_nl, drug) == newest

    def _refusal(self, volume_nl: int, bridge_nl: int | None) -> int | None:
        """The bridge that the programmer proposes has to be what the pump's own records make it."""
        if bridge_nl is not None and abs(bridge_nl - self._catheter.dead_nl) > self._config.step_nl:
            return wire.REASON_INCONSISTENT
        return wire.REASON_OVERFILL if volume_nl > self._config.reservoir_nl else None

    def _end_extras(self) -> "list[tuple[int, ...]]":
        """Nothing flows while a needle is in the reservoir: end a bolus and a prime; their log entries."""
        ended = []
        if self._bolus.active:
            ended.append(self._infusion.end_bolus())
        if self._catheter.prime_steps:
            ended.append(self._infusion.end_prime())
        return ended

    def _change_drug(self, mcg_per_ml: int, bridges: bool) -> None:
        """The line keeps the old drug, if any was delivered into it; a program that waited was for that drug."""
        state = self._state
        state.forget_next()
        if bridges and self._ledger.booked_steps:
            self._catheter.begin_bridge(state.drug_mcg_per_ml, mcg_per_ml)
        else:
            self._catheter.end_bridge()

    def _log_change(self, old_mcg_per_ml: int, mcg_per_ml: int) -> None:
        log = self._log
        bridge_nl = self._catheter.bridge_steps * self._config.step_nl
        log.add(wire.EVENT_CONCENTRATION_CHANGED, old_mcg_per_ml, mcg_per_ml, bridge_nl)
        if self._catheter.bridging:
            log.add(wire.EVENT_BOLUS_START, wire.BOLUS_BRIDGE, bridge_nl, self._forecast.seconds_for(bridge_nl) or 0)
        elif self._ledger.booked_steps:
            log.add(wire.EVENT_NO_BRIDGE, old_mcg_per_ml, mcg_per_ml)


def _refilled(expected_nl: int, last_filled_nl: int) -> "Answer":
    return wire.ANS_REFILLED, wire.pack_refilled(expected_nl, last_filled_nl)
