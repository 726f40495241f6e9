"""The patient: the level at the effect site beside the one that the body is used to. A simulation, not clinical.

The indicator is a heuristic (docs/patient.md). It knows nothing of any order, so a wrong one hurts as a fault does. It
says nothing about any person.
"""

from math import inf, isfinite
from typing import Any, NamedTuple

from hal.plant.effectsite import EffectSite, Inflow, Kinetics
from hal.plant.exponentials import Curve, constant, first_above

HOUR_MS = 3_600_000
EFFECTIVE, LOW, LOWEST = 0.75, 0.50, 0.25  # of what the body is used to
HIGH, HIGHEST = 1.5, 2.5
HIGH_NG_PER_ML, HIGHEST_NG_PER_ML = 350, 700  # a body that is used to nothing stands so much
USED_NG_PER_ML = 20  # a body that is used to less is used to nothing
GRAVE_NG_PER_ML = 100  # a body that is used to less suffers no grave withdrawal
EMERGENCY_MS = 24 * HOUR_MS  # below LOWEST for so long
PRONE_EMERGENCY_MS = 12 * HOUR_MS
DEPENDENT_MS = 90 * 24 * HOUR_MS  # of exposure
ORAL_MCG_PER_TIP_MCG = 1000  # a tablet's drug that does as much as 1 mcg at the tip: a choice

SYMPTOMS: dict[str, tuple[str, ...]] = {
    "normal": (),
    "watch": ("return of spasticity",),
    "elevated": ("return of spasticity", "itching", "tingling", "lightheadedness", "sweating", "irritability"),
    "high": ("marked spasticity", "muscle stiffness", "high fever", "changed mental status", "hallucination"),
    "emergency": ("high fever", "changed mental status", "muscle stiffness", "failing organs", "danger to life"),
    "overdose_watch": ("drowsiness", "dizziness", "lightheadedness", "low muscle tone"),
    "overdose_high": (
        "respiratory depression",
        "slowed heart rate",
        "difficult waking",
        "hypothermia",
        "seizures",
        "loss of consciousness",
    ),
}
"""Risk -> what documents for patients name as its signs. Blood pressure is not there: they disagree about it."""


class Body(NamedTuple):
    """A patient at the beginning, as a scenario may describe one.

    `used_to_mcg_per_day` (of baclofen at the tip): None for the first program's dose. `prone`: at more risk of
    withdrawal. After long, `tolerance_percent` more than the body is used to are needed for the same.
    """

    used_to_mcg_per_day: float | None = None
    dependent: bool = False
    prone: bool = False
    tolerance_percent: int = 0


AVERAGE = Body()
AVERAGE_KINETICS = Kinetics()


class Patient:
    """Lives from one change of inflow to the next. Times are plant time in ms, fractions included."""

    __slots__ = (
        "_at_ms",
        "_dependent",
        "_effective",
        "_exposed_since_ms",
        "_habit_known",
        "_lowest_since_ms",
        "oral_mg_per_day",
        "prone",
        "site",
        "tolerance",
    )

    def __init__(self, body: Body = AVERAGE, kinetics: Kinetics = AVERAGE_KINETICS) -> None:
        self.prone = body.prone
        self.tolerance = body.tolerance_percent / 100
        self.site = EffectSite(kinetics, grows=bool(self.tolerance))
        self.oral_mg_per_day = 0  # in tablets
        self._at_ms = 0.0
        self._dependent = body.dependent
        self._habit_known = self._effective = body.used_to_mcg_per_day is not None
        self._exposed_since_ms: float | None = None  # to an effect that the body is used to
        self._lowest_since_ms: float | None = None
        if body.used_to_mcg_per_day is not None:
            self._get_used_to(body.used_to_mcg_per_day)

    def begin_therapy(self, mcg_per_day: float) -> None:
        """A program was committed. Of a patient whose habit is unknown the first one's dose is it: titrated before."""
        if not self._habit_known:
            self._habit_known = True
            self._effective = False
            self._get_used_to(mcg_per_day)

    def _get_used_to(self, mcg_per_day: float) -> None:
        self.site.used_to = self.site.steady(mcg_per_day / 24)

    def advance(self, to_ms: float, inflow: Inflow) -> None:
        """Go on to `to_ms` while it flows like that."""
        hours = (to_ms - self._at_ms) / HOUR_MS
        if hours <= 0:
            return
        oral_mcg_per_h = self.oral_mg_per_day * 1000 / ORAL_MCG_PER_TIP_MCG / 24
        levels = self.site.levels(inflow._replace(tip_mcg_per_h=inflow.tip_mcg_per_h + oral_mcg_per_h))
        needed = levels.used_to.plus(levels.grown, self.tolerance) if self.tolerance else levels.used_to
        self._update_onsets(levels.effect, levels.used_to, needed, hours)
        self.site.advance(hours, levels)
        self._at_ms = to_ms

    def _update_onsets(self, effect: Curve, used_to: Curve, needed: Curve, hours: float) -> None:
        """Note when the effect first came, since when the body is exposed, and since when the effect is nearly gone."""
        effective_h = 0.0
        if not self._effective:
            effective_h = first_above(effect.plus(needed, -EFFECTIVE), hours)
            if not isfinite(effective_h):
                return
            self._effective = True
        if self._exposed_since_ms is None or used_to.bounds(hours)[0] < USED_NG_PER_ML:
            self._update_exposure(used_to, effective_h, hours)
        if self._lowest_since_ms is not None or effect.at(hours) < LOWEST * needed.at(hours):
            self._update_lowest(effect.plus(needed, -LOWEST), effective_h, hours)

    def _update_exposure(self, used_to: Curve, effective_h: float, hours: float) -> None:
        for since, until, used in used_to.plus(constant(-USED_NG_PER_ML)).signs(hours):
            if not used:
                self._forget()
            elif self._exposed_since_ms is None and until >= effective_h:
                self._exposed_since_ms = self._at_ms + max(since, effective_h) * HOUR_MS

    def _update_lowest(self, above_lowest: Curve, effective_h: float, hours: float) -> None:
        for since, until, enough in above_lowest.signs(hours):
            if enough:
                self._lowest_since_ms = None
            elif self._lowest_since_ms is None and until >= effective_h:
                self._lowest_since_ms = self._at_ms + max(since, effective_h) * HOUR_MS

    def _forget(self) -> None:
        """The body is used to nothing any more."""
        if self._exposed_since_ms is not None:
            self._exposed_since_ms = None
            self._dependent = False

    @property
    def risk(self) -> str:
        """One of the keys of SYMPTOMS."""
        site = self.site
        effect, needed = site.effect, site.used_to + self.tolerance * site.grown
        if effect > max(HIGH * needed, HIGH_NG_PER_ML):
            return "overdose_high" if effect > max(HIGHEST * needed, HIGHEST_NG_PER_ML) else "overdose_watch"
        if not self._effective or site.used_to < USED_NG_PER_ML or effect >= EFFECTIVE * needed:
            return "normal"
        if effect >= LOW * needed:
            return "watch"
        if effect >= LOWEST * needed or not self.dependent or site.used_to < GRAVE_NG_PER_ML:
            return "elevated"
        return "emergency" if self._lowest_ms >= (PRONE_EMERGENCY_MS if self.prone else EMERGENCY_MS) else "high"

    @property
    def _lowest_ms(self) -> float:
        return -inf if self._lowest_since_ms is None else self._at_ms - self._lowest_since_ms

    @property
    def dependent(self) -> bool:
        """True if an abrupt end would be dangerous: at the start, or after long exposure, until the habit is gone."""
        if self._dependent:
            return True
        exposed_since_ms = self._exposed_since_ms
        return exposed_since_ms is not None and (self.prone or self._at_ms - exposed_since_ms >= DEPENDENT_MS)

    def snapshot(self) -> dict[str, Any]:
        return {
            "at_ms": self._at_ms,
            "site": self.site.snapshot(),
            "prone": self.prone,
            "tolerance": self.tolerance,
            "dependent": self._dependent,
            "habit_known": self._habit_known,
            "effective": self._effective,
            "exposed_since_ms": self._exposed_since_ms,
            "lowest_since_ms": self._lowest_since_ms,
        }

    def restore(self, state: dict[str, Any]) -> None:
        if "site" not in state:
            state = _since_levels_are_remembered(state)
        self._at_ms = state["at_ms"]
        self.site.restore(state["site"])
        self.prone = state["prone"]
        self.tolerance = state["tolerance"]
        self.site.grows = bool(self.tolerance)
        self._dependent = state["dependent"]
        self._habit_known = state["habit_known"]
        self._effective = state["effective"]
        self._exposed_since_ms = state["exposed_since_ms"]
        self._lowest_since_ms = state["lowest_since_ms"]


def _since_levels_are_remembered(state: dict[str, Any]) -> dict[str, Any]:
    """The state of a folder of an earlier version, in which the effect was compared with that of the orders."""
    effective_since_ms = state["effective_since_ms"]
    return {
        "at_ms": state["at_ms"],
        "site": {"csf": state["csf"], "tip_effect": state["effect"], "used_to": state["ordered_effect"]},
        "prone": False,
        "tolerance": 0.0,
        "dependent": False,
        "habit_known": state["ordered_mcg_per_h"] > 0,
        "effective": effective_since_ms is not None,
        "exposed_since_ms": effective_since_ms,
        "lowest_since_ms": state["lowest_since_ms"],
    }
