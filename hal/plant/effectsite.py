"""Drug in the lumbar CSF and at its effect site: one compartment and a delayed effect. A simulation, not clinical.

The numbers are fitted to published half-lives (docs/sources.md). While the inflow is constant everything is a sum of
two exponentials, so any span of time is one exact step. Levels are in ng/mL, times in hours.
"""

from itertools import pairwise
from math import exp, log
from typing import NamedTuple

CLEARANCE_ML_PER_H = 30.0
ELIMINATION_PER_H = log(2) / 1.5
VOLUME_ML = CLEARANCE_ML_PER_H / ELIMINATION_PER_H
DELAY_PER_H = 0.1155  # half in 6 h: the effect of a bolus is greatest after 4 h

_GAIN = DELAY_PER_H / (DELAY_PER_H - ELIMINATION_PER_H)
_HALVINGS = 60


class Curve(NamedTuple):
    """steady + fast * e^(-elimination * t) + slow * e^(-delay * t)"""

    steady: float
    fast: float
    slow: float

    def at(self, hours: float) -> float:
        return self.steady + self.fast * exp(-ELIMINATION_PER_H * hours) + self.slow * exp(-DELAY_PER_H * hours)

    def minus(self, other: "Curve", factor: float) -> "Curve":
        """This one minus `factor` times another."""
        return Curve(
            self.steady - factor * other.steady, self.fast - factor * other.fast, self.slow - factor * other.slow
        )

    def signs(self, hours: float) -> list[tuple[float, float, bool]]:
        """(from, to, not below zero) of each part of 0 to `hours` in which the sign does not change."""
        if self.steady + min(0.0, self.fast) + min(0.0, self.slow) >= 0:
            return [(0.0, hours, True)]  # as it nearly always is, and found at a tenth of the cost
        edges = [0.0, *self._crossings(hours), hours]
        return [(a, b, self.at((a + b) / 2) >= 0) for a, b in pairwise(edges)]

    def _crossings(self, hours: float) -> list[float]:
        stops = [0.0, *self._extrema(hours), hours]
        return [self._root(a, b) for a, b in pairwise(stops) if (self.at(a) < 0) != (self.at(b) < 0)]

    def _extrema(self, hours: float) -> list[float]:
        """Hours at which the slope is zero: one place at most."""
        if self.fast * self.slow >= 0:
            return []
        ratio = -DELAY_PER_H * self.slow / (ELIMINATION_PER_H * self.fast)
        at = -log(ratio) / (ELIMINATION_PER_H - DELAY_PER_H)
        return [at] if 0 < at < hours else []

    def _root(self, low: float, high: float) -> float:
        below = self.at(low) < 0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if (self.at(middle) < 0) == below:
                low = middle
            else:
                high = middle
        return high


class EffectSite:
    """`csf` and `effect`, in ng/mL."""

    __slots__ = ("csf", "effect")

    def __init__(self, csf: float = 0.0, effect: float = 0.0) -> None:
        self.csf = csf
        self.effect = effect

    def curve(self, mcg_per_h: float) -> Curve:
        """The effect from now on, at this inflow."""
        steady = mcg_per_h * 1000 / CLEARANCE_ML_PER_H
        fast = (self.csf - steady) * _GAIN
        return Curve(steady, fast, self.effect - steady - fast)

    def advance(self, hours: float, mcg_per_h: float) -> None:
        curve = self.curve(mcg_per_h)
        self.effect = curve.at(hours)
        self.csf = curve.steady + (self.csf - curve.steady) * exp(-ELIMINATION_PER_H * hours)

    def add_bolus(self, mcg: float) -> None:
        """Add drug at once."""
        self.csf += mcg * 1000 / VOLUME_ML
