"""Commands that stop therapy, keep it at the minimum rate, and let it go on."""

from firmware import wire
from firmware.comms.commands.change import ALIVE, Change
from firmware.records.state import NEVER
from firmware.therapy import orders, prescription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.comms.commands.change import Handlers, Order, Prepared
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.safety.monitor import Monitor
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.delivery import Delivery
    from firmware.therapy.extras import Extras
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.motorwatch import MotorWatch
    from firmware.therapy.orders import Orders
    from firmware.therapy.program import CommittedProgram


class TherapyCommands:
    """Handlers for the command table."""

    def __init__(
        self,
        config: "Config",
        *,
        state: "State",
        monitor: "Monitor",
        catheter: "Catheter",
        program: "CommittedProgram",
        orders: "Orders",
        delivery: "Delivery",
        infusion: "Infusion",
        extras: "Extras",
        watch: "MotorWatch",
        log: "EventLog",
    ) -> None:
        self._config = config
        self._state = state
        self._monitor = monitor
        self._catheter = catheter
        self._program = program
        self._orders = orders
        self._delivery = delivery
        self._infusion = infusion
        self._extras = extras
        self._watch = watch
        self._log = log

    def handlers(self) -> "Handlers":
        """Request: its handler; the table of orders.py says where it is run."""
        return {
            wire.REQ_STOP: (self._stop, ALIVE),
            wire.REQ_MINIMUM_RATE: (self._minimum_rate, ALIVE),
            wire.REQ_RESUME: (self._resume, ALIVE),
        }

    def _refusal(self, event: int) -> int | None:
        if self._state.last_refill_s == NEVER:
            return wire.REASON_NOT_FILLED
        return None if self._orders.allows(event) else wire.REASON_STATE

    def _stop(self, _order: "Order") -> "Prepared":
        reason = self._refusal(orders.STOP)
        if reason is not None:
            return reason
        self._infusion.account_steps()
        self._orders.take(orders.STOP)
        ended = self._extras.end_prime() if self._catheter.prime_steps else None  # what is left can be primed later

        def apply() -> None:
            if ended:
                self._log.add(*ended)
            self._orders.conclude(orders.STOP)
            self._infusion.replan()

        return Change(apply, less=True)

    def _minimum_rate(self, _order: "Order") -> "Prepared":
        reason = self._refusal(orders.MINIMUM_RATE)
        if reason is not None:
            return reason
        less = self._delivery.rate_nl_per_day > self._config.standby_rate_nl_per_day
        self._orders.take(orders.MINIMUM_RATE)
        return Change(lambda: self.trust(orders.MINIMUM_RATE), less=less)

    def _resume(self, _order: "Order", override: int) -> "Prepared":
        reason = self._refusal(orders.RESUME)
        if reason is not None:
            return reason
        state = self._state
        if not state.drug_mcg_per_ml or state.program_drug != state.drug:
            return wire.REASON_INCONSISTENT
        if (
            state.highest_dose_ng > state.max_dose_mcg_per_day * 1000 or not self._program.within_daily_limit
        ):  # lowered since
            return wire.REASON_DOSE_LIMIT
        if not self._program.can_pass(self._catheter.line_strengths + [state.drug_mcg_per_ml]):
            return wire.REASON_RATE_LIMIT
        lapsed = self._orders.lapsed
        if lapsed and override != wire.FLAG_YES:
            return wire.REASON_SOFT_LIMIT
        state.lapsed = wire.FLAG_NO
        self._orders.take(orders.RESUME)

        def apply() -> None:
            if lapsed:
                self._log.add(wire.EVENT_LIMIT_OVERRIDE, state.dose_ng_per_day, 0, 0)
            self.trust(orders.RESUME, lapsed)

        return Change(apply)

    def trust(self, event: int, lapsed: bool = False) -> None:
        """End what stood against therapy, and silence it: a programmer's order put it right. `lapsed`: and accepts the
        dose after 48 hours without one."""
        if lapsed:
            self._watch.accept_lapse()
        self._monitor.set_limit(prescription.largest_mcg_per_day(self._state))
        self._monitor.release()
        self._orders.locked_by_selftest = self._orders.memory_fault = False
        self._infusion.replan()
        self._watch.lost_steps.begin(True)
        self._orders.conclude(event)
        self._orders.conclude_stop()
