"""Forecasts, if all goes on as ordered: how long a volume lasts, and the rates of dose of the next days."""

from firmware import wire
from firmware.therapy import prescription

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.config import Config
    from firmware.records.state import State
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.dosewindow import Piece
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.orders import Orders
    from firmware.therapy.prescription import Program
    from firmware.therapy.program import CommittedProgram
    from firmware.therapy.week import Week

DAY_S = 86400


class Forecast:
    """Looks ahead for the dates of a refill (docs/sources.md, S8) and the dose windows of windows.py."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        catheter: "Catheter",
        bolus: "Bolus",
        program: "CommittedProgram",
        orders: "Orders",
        infusion: "Infusion",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._catheter = catheter
        self._bolus = bolus
        self._program = program
        self._orders = orders
        self._infusion = infusion

    def seconds_for(self, volume_nl: int) -> int | None:
        """Return how long it takes to deliver a volume, with the prime or bolus that is being given and the patient
        asking for all that is allowed; None while nothing is delivered."""
        infusion = self._infusion
        if not infusion.flowing_nl_per_day:
            return None
        prime_nl = self._catheter.prime_steps * self._config.step_nl
        if prime_nl:
            prime_s = min(volume_nl, prime_nl) * DAY_S // infusion.flowing_nl_per_day
            after_s = self._after_extras_s(max(0, volume_nl - prime_nl))
            return None if after_s is None else prime_s + after_s
        return self._after_extras_s(max(0, volume_nl - self._bolus.left_nl(self._clock.now_s)))

    def _after_extras_s(self, volume_nl: int) -> int | None:
        infusion = self._infusion
        rate_nl_per_day = infusion.basal_nl_per_day
        if not rate_nl_per_day:
            return None
        patient_nl_per_day = self._bolus.patient_nl_per_day
        if self._catheter.bridging and self._state.therapy == wire.THERAPY_RUNNING:
            if volume_nl <= self._bridge_nl:
                return self._basal_s(volume_nl)
            after_nl_per_day = self._after_bridge_nl_per_day + patient_nl_per_day
            return self._bridge_s + (volume_nl - self._bridge_nl) * DAY_S // after_nl_per_day
        week = self._program.week
        if week is not None and self._program.step >= 0:
            mean_nl_per_day = infusion.mean_nl_per_day
            volume_nl = volume_nl * mean_nl_per_day // (mean_nl_per_day + patient_nl_per_day)
            return week.seconds_for(volume_nl, self._clock.local_s)
        return volume_nl * DAY_S // (rate_nl_per_day + patient_nl_per_day)

    @property
    def _bridge_nl(self) -> int:
        return self._catheter.bridge_steps * self._config.step_nl

    @property
    def _bridge_s(self) -> int:
        """Return how long the bridge will take, by the schedule where there is one."""
        return self._basal_s(self._bridge_nl)

    def _basal_s(self, volume_nl: int) -> int:
        week = self._program.week
        if week is not None and self._program.step >= 0:
            return week.seconds_for(volume_nl, self._clock.local_s)
        return volume_nl * DAY_S // self._infusion.basal_nl_per_day

    @property
    def _after_bridge_nl_per_day(self) -> int:
        """The rate when the bridge is out; without a program for it, that of the same dose."""
        state = self._state
        if state.next_mode != wire.MODE_NONE:
            return state.next_rate_nl_per_day
        return prescription.rate_nl_per_day(state.dose_ng_per_day, state.drug_mcg_per_ml) or 1

    def basal(self, until_s: int) -> "list[Piece]":
        """(from_s, rate of dose) of the basal rate from now until then, as windows.py takes it."""
        week = self._program.week
        now_s = self._clock.now_s
        if self._state.therapy == wire.THERAPY_RUNNING and week is not None:
            return self._week(week, now_s, until_s)
        return [(now_s, self._orders.rate_nl_per_day * self._catheter.mcg_per_ml)]

    def program(self, program: "Program", week: "Week | None") -> "tuple[list[Piece], int]":
        """The same of a program about to be committed, and when it takes over: at once, or from one that runs a
        bridge."""
        from_s = self._clock.now_s
        before = []
        if self._orders.waits_for_bridge and self._infusion.basal_nl_per_day:
            from_s += self._bridge_s
            before = [piece for piece in self.basal(from_s) if piece[0] < from_s]
        after = self._week(week, from_s, from_s + 2 * DAY_S) if week else [(from_s, program[2] * 1000)]
        return before + after, from_s

    def _week(self, week: "Week", from_s: int, until_s: int) -> "list[Piece]":
        return week.pieces(from_s, until_s, self._clock.local_offset_s)
