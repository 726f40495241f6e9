"""The patient: the effect of the drug at the tip beside that of the ordered dose. A simulation, not clinical.

The indicator is a heuristic: the effect as a share of what the same model has under the ordered programs, whose
faults, stalls and stops are left out. It says nothing about any person.
"""

from typing import Any

from hal.plant.effectsite import Curve, EffectSite

HOUR_MS = 3_600_000
EFFECTIVE, LOW, LOWEST = 0.75, 0.50, 0.25  # of the ordered effect
HIGH, HIGHEST = 1.5, 2.5
EMERGENCY_MS = 24 * HOUR_MS  # below LOWEST for so long
DEPENDENT_MS = 90 * 24 * HOUR_MS  # of exposure
ORAL_MCG_PER_TIP_MCG = 1000  # a tablet's drug that does as much as 1 mcg at the tip: a choice
TRACE_NG_PER_ML = 1.0  # an effect below this is none

SYMPTOMS: dict[str, tuple[str, ...]] = {
    "normal": (),
    "watch": ("return of spasticity",),
    "elevated": ("return of spasticity", "itching", "tingling", "lightheadedness"),
    "high": ("marked spasticity", "muscle stiffness", "high fever", "changed mental status"),
    "emergency": ("high fever", "changed mental status", "muscle stiffness", "failing organs", "danger to life"),
    "overdose_watch": ("drowsiness", "dizziness", "lightheadedness", "low muscle tone"),
    "overdose_high": (
        "respiratory depression",
        "slowed heart rate",
        "hypothermia",
        "seizures",
        "loss of consciousness",
    ),
}
"""Risk -> what documents for patients name as its signs. Blood pressure is not there: they disagree about it."""


class Patient:
    """Lives from one change of inflow to the next. Times are plant time in ms, fractions included."""

    __slots__ = (
        "_at_ms",
        "_effective_since_ms",
        "_lowest_since_ms",
        "body",
        "oral_mg_per_day",
        "ordered",
        "ordered_mcg_per_h",
    )

    def __init__(self) -> None:
        self.body = EffectSite()
        self.ordered = EffectSite()  # of a body to which everything came as ordered
        self.ordered_mcg_per_h = 0.0
        self.oral_mg_per_day = 0  # in tablets
        self._at_ms = 0.0
        self._effective_since_ms: float | None = None  # since the effect was first there
        self._lowest_since_ms: float | None = None

    def advance(self, to_ms: float, tip_mcg_per_h: float) -> None:
        """Go on to `to_ms` with a constant inflow from the tip."""
        hours = (to_ms - self._at_ms) / HOUR_MS
        if hours <= 0:
            return
        mcg_per_h = tip_mcg_per_h + self.oral_mg_per_day * 1000 / ORAL_MCG_PER_TIP_MCG / 24
        self._update_onsets(self.body.curve(mcg_per_h), self.ordered.curve(self.ordered_mcg_per_h), hours)
        self.body.advance(hours, mcg_per_h)
        self.ordered.advance(hours, self.ordered_mcg_per_h)
        self._at_ms = to_ms

    def _update_onsets(self, effect: Curve, ordered: Curve, hours: float) -> None:
        """Note when the effect first came, and since when it is nearly gone."""
        if self._effective_since_ms is None:
            for since, until, enough in effect.minus(ordered, EFFECTIVE).signs(hours):
                if enough and ordered.at(until) > TRACE_NG_PER_ML:
                    self._effective_since_ms = self._at_ms + since * HOUR_MS
                    break
            else:
                return
        for since, _, enough in effect.minus(ordered, LOWEST).signs(hours):
            if enough:
                self._lowest_since_ms = None
            elif self._lowest_since_ms is None:
                self._lowest_since_ms = max(self._effective_since_ms, self._at_ms + since * HOUR_MS)

    @property
    def risk(self) -> str:
        """One of the keys of SYMPTOMS."""
        effect, ordered = self.body.effect, self.ordered.effect
        if effect > HIGH * max(ordered, TRACE_NG_PER_ML):
            return "overdose_high" if effect > HIGHEST * max(ordered, TRACE_NG_PER_ML) else "overdose_watch"
        if self._effective_since_ms is None or effect >= EFFECTIVE * ordered:
            return "normal"
        if effect >= LOW * ordered:
            return "watch"
        if effect >= LOWEST * ordered or self._lowest_since_ms is None:
            return "elevated"
        return "emergency" if self._at_ms - self._lowest_since_ms >= EMERGENCY_MS else "high"

    @property
    def dependent(self) -> bool:
        """True if the exposure was long enough for an abrupt end to be dangerous."""
        return self._effective_since_ms is not None and self._at_ms - self._effective_since_ms > DEPENDENT_MS

    def snapshot(self) -> dict[str, float | None]:
        return {
            "at_ms": self._at_ms,
            "csf": self.body.csf,
            "effect": self.body.effect,
            "ordered_csf": self.ordered.csf,
            "ordered_effect": self.ordered.effect,
            "ordered_mcg_per_h": self.ordered_mcg_per_h,
            "effective_since_ms": self._effective_since_ms,
            "lowest_since_ms": self._lowest_since_ms,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._at_ms = state["at_ms"]
        self.body = EffectSite(state["csf"], state["effect"])
        self.ordered = EffectSite(state["ordered_csf"], state["ordered_effect"])
        self.ordered_mcg_per_h = state["ordered_mcg_per_h"]
        self._effective_since_ms = state["effective_since_ms"]
        self._lowest_since_ms = state["lowest_since_ms"]
