"""Forecasts, if all goes on as ordered: how long a volume lasts, and the rates of dose of the next days."""

from firmware import wire

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
        asking for all that is allowed; None while nothing is delivered.

        The dose is the same all along the line, so a volume counts by its strength: in a bridge from 500 to 2000 mcg/mL
        100,000 nL of the new drug last as long as 400,000 nL of the old.
        """
        infusion = self._infusion
        if not infusion.flowing_nl_per_day or not infusion.basal_nl_per_day:
            return None
        prime_nl = min(volume_nl, self._catheter.prime_steps * self._config.step_nl)
        bolus_nl = min(volume_nl, self._bolus.left_nl(self._clock.now_s))
        prime_s = prime_nl * DAY_S // infusion.flowing_nl_per_day if prime_nl else 0
        now_mcg_per_ml = self._catheter.mcg_per_ml
        if self._state.therapy == wire.THERAPY_RUNNING and self._catheter.bridging:
            before_nl = prime_nl + bolus_nl
            volume = 0
            for part_nl, mcg_per_ml in self._catheter.passing(volume_nl):
                skipped_nl = min(before_nl, part_nl)
                before_nl -= skipped_nl
                volume += (part_nl - skipped_nl) * (mcg_per_ml or now_mcg_per_ml)
            return prime_s + self._basal_s(volume // now_mcg_per_ml)
        return prime_s + self._basal_s(volume_nl - prime_nl - bolus_nl)

    def basal_seconds_for(self, volume_nl: int) -> int:
        """Return how long the basal rate, as it is with the drug at the tip, takes for a volume; below 0 for none."""
        week = self._program.week
        if volume_nl <= 0:
            return -1
        if week is not None and self._program.step >= 0:
            return week.seconds_for(volume_nl, self._clock.local_s)
        return volume_nl * DAY_S // self._infusion.basal_nl_per_day

    def _basal_s(self, volume_nl: int) -> int:
        patient_nl_per_day = self._bolus.patient_nl_per_day
        mean_nl_per_day = self._infusion.mean_nl_per_day
        week = self._program.week
        if week is not None and self._program.step >= 0:
            volume_nl = volume_nl * mean_nl_per_day // (mean_nl_per_day + patient_nl_per_day)
            return week.seconds_for(volume_nl, self._clock.local_s)
        return volume_nl * DAY_S // (self._infusion.basal_nl_per_day + patient_nl_per_day)

    def basal(self, until_s: int) -> "list[Piece]":
        """(from_s, rate of dose) of the basal rate from now until then, as windows.py takes it."""
        week = self._program.week
        now_s = self._clock.now_s
        if self._state.therapy == wire.THERAPY_RUNNING and week is not None:
            return self._week(week, now_s, until_s)
        return [(now_s, self._orders.rate_nl_per_day * self._catheter.mcg_per_ml)]

    def program(self, program: "Program", week: "Week | None") -> "list[Piece]":
        """The same of a program about to be committed."""
        now_s = self._clock.now_s
        return self._week(week, now_s, now_s + 2 * DAY_S) if week else [(now_s, program[2] * 1000)]

    def _week(self, week: "Week", from_s: int, until_s: int) -> "list[Piece]":
        return week.pieces(from_s, until_s, self._clock.local_offset_s)
