"""Sums of exponentials: what a chain of first-order compartments does while its inflow is constant, exactly."""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, inf

_HALVINGS = 60

Term = tuple[float, float]
"""(coefficient, rate an hour): coefficient * e^(-rate * hours). A constant has rate 0."""


class Curve:
    """A sum of terms, no two of the same rate."""

    __slots__ = ("terms",)

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = terms

    def at(self, hours: float) -> float:
        """The value after `hours`, 0 or more."""
        value = 0.0
        for coefficient, rate in self.terms:
            value += coefficient * exp(-rate * hours)
        return value

    def plus(self, other: "Curve", factor: float = 1.0) -> "Curve":
        """This one plus `factor` times another."""
        by_rate = {rate: coefficient for coefficient, rate in self.terms}
        for coefficient, rate in other.terms:
            by_rate[rate] = by_rate.get(rate, 0.0) + factor * coefficient
        return Curve([(coefficient, rate) for rate, coefficient in by_rate.items()])

    def followed(self, rate: float, start: float) -> "Curve":
        """The solution of y' = rate * (this - y) that begins at `start`. No term of this may have that rate.

        1 (a constant) followed at a rate of 0.5 from 0: 1 - e^(-0.5 t).
        """
        terms = []
        for coefficient, own in self.terms:
            coefficient *= rate / (rate - own)
            start -= coefficient
            terms.append((coefficient, own))
        terms.append((start, rate))
        return Curve(terms)

    def signs(self, hours: float) -> list[tuple[float, float, bool]]:
        """(from, to, not below zero) of each part of 0 to `hours` in which the sign does not change."""
        edges = [0.0, *self.crossings(hours), hours]
        return [(a, b, self.at((a + b) / 2) >= 0) for a, b in pairwise(edges)]

    def crossings(self, hours: float) -> list[float]:
        """Where the sign changes between 0 and `hours`, in order: at fewer places than there are terms.

        The slowest term is made a constant by multiplying by its inverse, which changes no sign; the slope then has one
        term less, and between two of its crossings there is one change at most. So 1 - 3 e^-t + 2 e^-3t, whose slope
        changes its sign where 3 e^-t = 6 e^-3t, at 0.35 h, is looked through before and after that.
        """
        if len(self.terms) < 2 or self._keeps_its_sign(hours):
            return []
        slowest = min([rate for _, rate in self.terms])
        level = Curve([(coefficient, rate - slowest) for coefficient, rate in self.terms])
        slope = Curve([(-coefficient * rate, rate) for coefficient, rate in level.terms if rate])
        stops = [0.0, *slope.crossings(hours), hours]
        return [level._root(a, b) for a, b in pairwise(stops) if (level.at(a) < 0) != (level.at(b) < 0)]

    def _keeps_its_sign(self, hours: float) -> bool:
        """True if the terms' own extremes already say so: as they nearly always do, and cheaper than a search."""
        least, most = self.bounds(hours)
        return least >= 0 or most < 0

    def bounds(self, hours: float) -> tuple[float, float]:
        """Two values between which it stays from 0 to `hours`: not the closest, and cheap."""
        least = most = 0.0
        for coefficient, rate in self.terms:
            last = coefficient * exp(-rate * hours)
            if coefficient > last:
                least += last
                most += coefficient
            else:
                least += coefficient
                most += last
        return least, most

    def _root(self, low: float, high: float) -> float:
        below = self.at(low) < 0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if (self.at(middle) < 0) == below:
                low = middle
            else:
                high = middle
        return high


def constant(value: float) -> Curve:
    """A curve that is the same all the time."""
    return Curve([(value, 0.0)])


NOTHING = Curve(())


def first_above(curve: Curve, hours: float) -> float:
    """The hour, from 0 to `hours`, from which a curve is not below zero; inf where it never is."""
    return next((since for since, _, above in curve.signs(hours) if above), inf)
