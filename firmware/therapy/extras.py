"""Boluses and primes that end, on time or before: what rides on the basal rate, or takes its place."""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.ledger import Ledger
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.delivery import Delivery
    from firmware.therapy.orders import Orders
    from firmware.therapy.program import CommittedProgram


class Extras:
    """Ends them, in the state and in the log; the caller has the infusion go by that."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        ledger: "Ledger",
        alarms: "Alarms",
        catheter: "Catheter",
        bolus: "Bolus",
        program: "CommittedProgram",
        orders: "Orders",
        delivery: "Delivery",
        log: "EventLog",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._alarms = alarms
        self._catheter = catheter
        self._bolus = bolus
        self._program = program
        self._orders = orders
        self._delivery = delivery
        self._log = log

    def end_bolus(self) -> "tuple[int, ...]":
        """Take the bolus that is being given out of the state; the log entry for it, which the caller logs."""
        return (wire.EVENT_BOLUS_CANCELLED,) + self._bolus.end(self._clock.now_s, self._delivery.rate_nl_per_day)

    def end_prime(self) -> "tuple[int, ...]":
        """The same of the prime."""
        return (wire.EVENT_BOLUS_CANCELLED, wire.BOLUS_PRIME) + self._catheter.end_prime()

    def cancel_bolus(self) -> None:
        """End the bolus that is being given, and log it."""
        self._log.add(*self.end_bolus())

    def cancel_cut_bolus(self) -> None:
        """A reset ended the bolus: of the batch whose end nobody saw, its share is taken as delivered."""
        week = self._program.week
        basal_nl_per_day = week.lowest_nl_per_day() if week else self._program.mean_nl_per_day
        total_nl_per_day = basal_nl_per_day + self._bolus.rate_nl_per_day
        ledger = self._ledger
        ended = self._bolus.end(ledger.uptime_s, total_nl_per_day, ledger.recovered_steps)
        self._log.add(wire.EVENT_BOLUS_CANCELLED, *ended)

    def cancel(self) -> None:
        """End a bolus when the therapy does not run (R1.7); a prime ends when the pump trusts nothing, or
        not its supply."""
        therapy = self._state.therapy
        if self._bolus.active and (therapy != wire.THERAPY_RUNNING or self._orders.halted):
            self.cancel_bolus()
        distrusted = therapy in (wire.THERAPY_SAFE_STATE, wire.THERAPY_END_OF_SERVICE)
        weak = self._alarms.active(wire.ALARM_LOW_BATTERY_RESET)
        if self._state.prime_until_steps and (distrusted or weak or self._orders.halted):
            self._log.add(*self.end_prime())

    def end_due(self, old_mcg_per_ml: int) -> None:
        """Between two batches, the last one of that drug: end what is over."""
        line = self._catheter
        bolus = self._bolus
        now_s = self._clock.now_s
        if self._state.prime_until_steps and not line.prime_steps:
            self._log.add(wire.EVENT_BOLUS_DONE, wire.BOLUS_PRIME, *line.end_prime())
        if bolus.active and now_s >= bolus.until_s:
            self._delivery.add_remainder(bolus.rounding_remainder)
            self._log.add(wire.EVENT_BOLUS_DONE, *bolus.end(now_s, self._delivery.rate_nl_per_day))
        if line.given_mcg_per_ml != old_mcg_per_ml:
            self._pass_edge(old_mcg_per_ml)

    def _pass_edge(self, old_mcg_per_ml: int) -> None:
        """Another drug is at the tip: a bolus that a faster basal rate made too long for the one before is over."""
        state = self._state
        if self._bolus.active:
            self.cancel_bolus()
        if old_mcg_per_ml and not self._catheter.bridging:
            volume_nl = (self._ledger.booked_steps - state.filled_at_steps) * self._config.step_nl
            self._log.add(wire.EVENT_BOLUS_DONE, wire.BOLUS_BRIDGE, volume_nl, volume_nl)

    def limit(self, horizon_s: int, room_steps: int) -> tuple[int, int, int]:
        """Return (horizon_s, room_steps, edge_steps) of a batch that is to end where a bolus or prime does, or the drug
        at the tip."""
        prime_steps = self._catheter.prime_steps
        edge_steps = self._catheter.edge_steps
        if self._bolus.active:
            horizon_s = min(horizon_s, self._bolus.until_s - self._clock.now_s)
        left_steps = prime_steps or edge_steps
        turns = self._delivery.rate_nl_per_day and not self._delivery.missed_run  # one that stands makes no storm
        if left_steps and turns:
            horizon_s = min(horizon_s, self._delivery.seconds_for(left_steps))
        return horizon_s, min(room_steps, prime_steps or room_steps), edge_steps or room_steps
