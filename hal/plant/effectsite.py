"""Drug in the CSF, at its effect site, in tissue, and the level that the body is used to. A simulation, not clinical.

docs/patient.md has the equations, and for each number its source or that it is a choice. While the inflow is constant
every level is a sum of exponentials, so any span of time is one exact step. Levels are in ng/mL, times in hours.
"""

from math import log
from typing import NamedTuple

from hal.plant.exponentials import NOTHING, Curve, constant

CLEARANCE_ML_PER_H = 30.0
HALF_LIFE_H = 1.5  # of drug in the lumbar CSF
EFFECT_HALF_LIFE_H = log(2) / 0.1155  # of the way to the effect site, 6 h: a bolus acts most after 4 h
NEEDLE_SPREAD_ML = 120.0  # of CSF, in which a dose by needle is at once
NEEDLE_EFFECT_HALF_LIFE_H = log(2) / 0.3  # 2.3 h
TISSUE_HALF_LIFE_H = 3.0  # of drug in a pocket around the pump, or beside the catheter
TISSUE_MCG_PER_TIP_MCG = 100  # of drug in tissue that do as much as 1 mcg at the tip
HABIT_HALF_LIFE_H = 5 * 24.0
TOLERANCE_HALF_LIFE_H = 60 * 24.0


class Kinetics(NamedTuple):
    """Numbers of one body: mL an hour, and half-lives in hours. No two half-lives of a model may be the same."""

    clearance_ml_per_h: float = CLEARANCE_ML_PER_H
    half_life_h: float = HALF_LIFE_H
    effect_half_life_h: float = EFFECT_HALF_LIFE_H

    @property
    def volume_ml(self) -> float:
        """Of lumbar CSF, 64.9 mL."""
        return self.clearance_ml_per_h * self.half_life_h / log(2)


class Inflow(NamedTuple):
    """Drug, in mcg an hour: out of the catheter's tip (or as good as that), and into tissue."""

    tip_mcg_per_h: float = 0.0
    tissue_mcg_per_h: float = 0.0


class Levels(NamedTuple):
    """Each level as a curve: of drug in tissue in mcg, of all others in ng/mL.

    `effect` is that of both ways together.
    """

    tissue_mcg: Curve
    csf: Curve
    needle_csf: Curve
    tip_effect: Curve
    needle_effect: Curve
    used_to: Curve
    grown: Curve
    effect: Curve


LEVELS = Levels._fields[:-1]
"""Those that are kept."""

_TISSUE_UPTAKE_PER_H = log(2) / TISSUE_HALF_LIFE_H
_NEEDLE_EFFECT_PER_H = log(2) / NEEDLE_EFFECT_HALF_LIFE_H
_HABIT_PER_H = log(2) / HABIT_HALF_LIFE_H
_TOLERANCE_PER_H = log(2) / TOLERANCE_HALF_LIFE_H


class EffectSite:
    """The levels now. A CSF leak of `leak_ml_per_h` clears drug beside the body's own clearance.

    `used_to` is the level that the body is used to; `grown` follows the effect more slowly, for a body that `grows`
    tolerant.
    """

    __slots__ = (*LEVELS, "_effect_per_h", "clearance_ml_per_h", "grows", "leak_ml_per_h", "volume_ml")

    def __init__(self, kinetics: Kinetics, grows: bool = False) -> None:
        self.clearance_ml_per_h = kinetics.clearance_ml_per_h
        self.volume_ml = kinetics.volume_ml
        self._effect_per_h = log(2) / kinetics.effect_half_life_h
        self.grows = grows
        self.leak_ml_per_h = 0
        self.tissue_mcg = 0.0
        self.csf = self.needle_csf = self.tip_effect = self.needle_effect = 0.0
        self.used_to = self.grown = 0.0

    @property
    def effect(self) -> float:
        """At the effect site, in ng/mL, whichever way it came."""
        return self.tip_effect + self.needle_effect

    def steady(self, mcg_per_h: float) -> float:
        """The level, in ng/mL, at which so much comes and goes, without a leak."""
        return mcg_per_h * 1000 / self.clearance_ml_per_h

    def levels(self, inflow: Inflow) -> Levels:
        """The levels from now on, while it flows like that. What is nowhere to be found costs nothing."""
        clearance_ml_per_h = self.clearance_ml_per_h + self.leak_ml_per_h
        elimination_per_h = clearance_ml_per_h / self.volume_ml
        drive, tissue = constant(inflow.tip_mcg_per_h * 1000 / clearance_ml_per_h), NOTHING
        if inflow.tissue_mcg_per_h or self.tissue_mcg:
            steady_mcg = inflow.tissue_mcg_per_h / _TISSUE_UPTAKE_PER_H
            tissue = constant(steady_mcg).followed(_TISSUE_UPTAKE_PER_H, self.tissue_mcg)
            tip_per_h = _TISSUE_UPTAKE_PER_H / TISSUE_MCG_PER_TIP_MCG
            drive = drive.plus(tissue, tip_per_h * 1000 / clearance_ml_per_h)
        csf = drive.followed(elimination_per_h, self.csf)
        effect = tip_effect = csf.followed(self._effect_per_h, self.tip_effect)
        needle_csf = needle_effect = NOTHING
        if self.needle_csf or self.needle_effect:
            needle_csf = Curve([(self.needle_csf, elimination_per_h)])
            needle_effect = needle_csf.followed(_NEEDLE_EFFECT_PER_H, self.needle_effect)
            effect = tip_effect.plus(needle_effect)
        used_to = effect.followed(_HABIT_PER_H, self.used_to)
        grown = effect.followed(_TOLERANCE_PER_H, self.grown) if self.grows else NOTHING
        return Levels(tissue, csf, needle_csf, tip_effect, needle_effect, used_to, grown, effect)

    def advance(self, hours: float, levels: Levels) -> None:
        """Go on for so long, as `levels` said."""
        self.csf = levels.csf.at(hours)
        self.tip_effect = levels.tip_effect.at(hours)
        self.used_to = levels.used_to.at(hours)
        self.tissue_mcg = levels.tissue_mcg.at(hours)
        self.needle_csf = levels.needle_csf.at(hours)
        self.needle_effect = levels.needle_effect.at(hours)
        self.grown = levels.grown.at(hours)

    # At once

    def add_at_tip(self, mcg: float) -> None:
        """Drug out of the catheter's tip."""
        self.csf += mcg * 1000 / self.volume_ml

    def add_by_needle(self, mcg: float) -> None:
        """Drug by a needle into the CSF, in a volume that spreads it."""
        self.needle_csf += mcg * 1000 / NEEDLE_SPREAD_ML

    def add_to_tissue(self, mcg: float) -> None:
        """Drug beside its way."""
        self.tissue_mcg += mcg

    def snapshot(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in LEVELS}

    def restore(self, state: dict[str, float]) -> None:
        for name in LEVELS:
            setattr(self, name, state.get(name, 0.0))
