"""Commands of primes and boluses: what may be asked for when, and how much of it.

Refusals come in the wire's order of reasons.
"""

from firmware import wire
from firmware.comms.commands.change import ALIVE, Change
from firmware.records.state import NEVER
from firmware.therapy import prescription
from firmware.therapy.bolus import DAY_S
from firmware.therapy.dosewindow import with_bolus
from firmware.therapy.week import volume_nl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.comms.commands.change import Handlers, Order, Prepared
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.safety.monitor import Monitor
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.dosewindow import DoseWindow
    from firmware.therapy.extras import Extras
    from firmware.therapy.forecast import Forecast
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.orders import Orders
    from firmware.therapy.program import CommittedProgram
    from firmware.therapy.reservoir import Reservoir


def is_possible(_config: "Config", dose_ng: int, over_s: int, _lockout_s: int, per_day: int) -> bool:
    """True if a patient's bolus from the wire has a dose and a time, where one is allowed."""
    return not per_day or bool(dose_ng and over_s)


class BolusCommands:
    """Handlers for the command table."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        reservoir: "Reservoir",
        monitor: "Monitor",
        alarms: "Alarms",
        catheter: "Catheter",
        bolus: "Bolus",
        dose_window: "DoseWindow",
        program: "CommittedProgram",
        orders: "Orders",
        infusion: "Infusion",
        extras: "Extras",
        forecast: "Forecast",
        log: "EventLog",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._reservoir = reservoir
        self._monitor = monitor
        self._alarms = alarms
        self._catheter = catheter
        self._bolus = bolus
        self._dose_window = dose_window
        self._program = program
        self._orders = orders
        self._infusion = infusion
        self._extras = extras
        self._forecast = forecast
        self._log = log

    def handlers(self) -> "Handlers":
        """Request: its handler, in any therapy that has not ended."""
        return {
            wire.REQ_PRIME: (self._prime, ALIVE),
            wire.REQ_BOLUS: (self._single, ALIVE),
            wire.REQ_PATIENT_BOLUS: (self._patient, ALIVE),
            wire.REQ_SET_PATIENT_BOLUS: (self._set_patient, ALIVE),
            wire.REQ_CANCEL_BOLUS: (self._cancel, ALIVE),
        }

    def prime_refusal(self, prime_nl: int) -> int | None:
        """Why so much cannot be primed in any state, as a REASON code, or None."""
        if self._state.last_refill_s == NEVER:
            return wire.REASON_NOT_FILLED
        return None if 0 < prime_nl <= self._catheter.unprimed_nl else wire.REASON_BOLUS_LIMIT

    def _prime(self, _order: "Order", prime_nl: int) -> "Prepared":
        if self._busy() or self._state.therapy == wire.THERAPY_SAFE_STATE or self._alarms.critical:
            return wire.REASON_STATE
        if prime_nl > self._room_nl():
            return wire.REASON_BOLUS_LIMIT
        self._infusion.account_steps()
        self._catheter.begin_prime(prime_nl)

        def apply() -> None:
            over_s = prime_nl * DAY_S // self._config.max_rate_nl_per_day
            self._log.add(wire.EVENT_BOLUS_START, wire.BOLUS_PRIME, prime_nl, over_s)
            self._monitor.set_prime_allowance(self._catheter.prime_steps)
            self._infusion.replan()

        return Change(apply)

    def _single(self, _order: "Order", dose_ng: int, over_s: int) -> "Prepared":
        reason = self._refusal(dose_ng, over_s)
        return self._give(wire.BOLUS_SINGLE, dose_ng, over_s) if reason is None else reason

    def _patient(self, _order: "Order") -> "Prepared":
        state = self._state
        dose_ng = state.patient_dose_ng
        over_s = state.patient_over_s
        reason = self._refusal(dose_ng, over_s) if state.patient_per_day else wire.REASON_STATE
        if self._bolus.locked_out(self._clock.now_s) and reason not in (wire.REASON_STATE, wire.REASON_NOT_FILLED):
            reason = wire.REASON_LOCKOUT
        if reason is None:
            return self._give(wire.BOLUS_PATIENT, dose_ng, over_s)
        self._log.add(wire.EVENT_BOLUS_DENIED, wire.BOLUS_PATIENT, reason)
        return reason

    def _give(self, kind: int, dose_ng: int, over_s: int) -> Change:
        bolus_nl = volume_nl(dose_ng, self._catheter.given_mcg_per_ml)
        self._infusion.account_steps()
        self._bolus.begin(kind, dose_ng, bolus_nl, over_s, self._clock.now_s)

        def apply() -> None:
            self._log.add(wire.EVENT_BOLUS_START, kind, bolus_nl, over_s)
            self._infusion.replan()

        return Change(apply)

    def _set_patient(self, _order: "Order", dose_ng: int, over_s: int, lockout_s: int, per_day: int) -> "Prepared":
        state = self._state
        if dose_ng > state.max_bolus_mcg * 1000:
            return wire.REASON_BOLUS_LIMIT
        state.patient_dose_ng = dose_ng
        state.patient_over_s = over_s
        state.patient_lockout_s = lockout_s
        state.patient_per_day = per_day
        return Change(lambda: self._log.add(wire.EVENT_PATIENT_BOLUS_SET, dose_ng, lockout_s, per_day))

    def _cancel(self, _order: "Order") -> "Prepared":
        if not self._bolus.active:
            return wire.REASON_STATE
        self._infusion.account_steps()
        ended = self._extras.end_bolus()

        def apply() -> None:
            self._log.add(*ended)
            self._infusion.replan()

        return Change(apply, less=True)

    def _busy(self) -> bool:
        return self._bolus.active or bool(self._catheter.prime_steps)

    def _outruns_tip(self, bolus_nl: int, until_s: int) -> bool:
        """True if a bolus, with the basal rate beneath it, takes more than is left of the drug at the tip."""
        edge_steps = self._catheter.edge_steps
        if not edge_steps:
            return False
        basal_s = self._forecast.basal_seconds_for(edge_steps * self._config.step_nl - bolus_nl)
        return basal_s < until_s - self._clock.now_s

    def _refusal(self, dose_ng: int, over_s: int) -> int | None:
        """Why a bolus cannot be given now, as a REASON code, or None."""
        state = self._state
        week = self._program.week
        if state.last_refill_s == NEVER:
            return wire.REASON_NOT_FILLED
        if state.therapy != wire.THERAPY_RUNNING or self._busy() or self._orders.halted or self._alarms.critical:
            return wire.REASON_STATE
        mcg_per_ml = self._catheter.given_mcg_per_ml
        if not (mcg_per_ml and state.drug_mcg_per_ml):
            return wire.REASON_STATE if state.drug_mcg_per_ml else wire.REASON_INCONSISTENT
        bolus_nl = volume_nl(dose_ng, mcg_per_ml)
        if self._outruns_tip(bolus_nl, self._clock.now_s + over_s):
            return wire.REASON_STATE
        if not bolus_nl or dose_ng > state.max_bolus_mcg * 1000 or bolus_nl > self._room_nl():
            return wire.REASON_BOLUS_LIMIT
        bolus_nl_per_day = bolus_nl * DAY_S // over_s
        now_s = self._clock.now_s
        until_s = now_s + over_s
        to_come = with_bolus(self._forecast.basal(until_s + DAY_S), bolus_nl_per_day * mcg_per_ml, until_s)
        if not self._dose_window.allow(now_s, to_come, until_s, state.max_dose_mcg_per_day):
            return wire.REASON_DOSE_LIMIT
        basal_nl_per_day = week.highest_nl_per_day() if week else self._orders.rate_nl_per_day
        hour_nl = min(over_s, 3600) * bolus_nl // over_s + basal_nl_per_day // 24
        too_strong = 24 * hour_nl > prescription.fastest_nl_per_day(state.max_dose_mcg_per_day, mcg_per_ml)
        if too_strong or basal_nl_per_day + bolus_nl_per_day > self._config.max_rate_nl_per_day:
            return wire.REASON_RATE_LIMIT
        return None

    def _room_nl(self) -> int:
        return self._reservoir.deliverable_steps * self._config.step_nl
