"""Sums of exponentials against what can be worked out by hand, and their changes of sign against fine steps."""

from bisect import bisect
from itertools import pairwise
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.plant.exponentials import Curve, constant, first_above

RATES = (0.0, 0.00578, 0.1155, 0.231, 0.3, 0.4621)
FINE = 4000  # looks


def test_the_worked_examples():
    assert constant(1).followed(0.5, 0).at(2) == pytest.approx(1 - 2.718281828**-1)
    curve = Curve([(1, 0), (-3, 1), (2, 3)])
    crossings = curve.crossings(10)  # (1 - x)^2 (1 + 2x), x = e^-t: zero at 0 alone
    assert all(curve.at(at) == pytest.approx(0, abs=1e-9) for at in crossings)
    assert curve.at(5) > 0


def test_followed_is_the_solution():
    """y' = rate * (drive - y), by its own difference quotient."""
    drive = Curve([(5, 0), (-3, 0.4), (2, 0.05)])
    solution = drive.followed(0.2, 7)
    assert solution.at(0) == pytest.approx(7)
    for hours in (0.1, 1, 3, 20):
        slope = (solution.at(hours + 1e-5) - solution.at(hours - 1e-5)) / 2e-5
        assert slope == pytest.approx(0.2 * (drive.at(hours) - solution.at(hours)), rel=1e-5, abs=1e-9)


curves = st.lists(
    st.tuples(st.floats(-1000, 1000).map(lambda number: round(number, 3)), st.sampled_from(RATES)),
    min_size=1,
    max_size=6,
    unique_by=lambda term: term[1],
).map(Curve)


@settings(max_examples=300)
@given(curves, st.sampled_from([1, 10, 100, 1000]))
def test_every_change_of_sign_is_found_and_no_other(curve, hours):
    """Between two crossings no fine step has the other sign; at each the value is next to nothing."""
    crossings = curve.crossings(hours)
    assert crossings == sorted(crossings)
    assert len(crossings) < max(2, len(curve.terms))
    edges = [0, *crossings, hours]
    signs = [above for _, _, above in curve.signs(hours)]
    size = max(abs(coefficient) for coefficient, _ in curve.terms)
    assert [a != b for a, b in pairwise(signs)] == [True] * (len(signs) - 1)
    for step in range(1, FINE):
        at = hours * step / FINE
        value = curve.at(at)
        part = min(bisect(edges, at), len(signs)) - 1
        assert (value >= 0) == signs[part] or abs(value) < 1e-9 * size
    least, most = curve.bounds(hours)
    assert all(least - 1e-9 * size <= curve.at(hours * n / 50) <= most + 1e-9 * size for n in range(51))


def test_as_many_changes_as_there_can_be():
    """A curve made to change its sign at four places that are known: a polynomial in e^-t."""
    roots = (0.9, 0.6, 0.4, 0.1)  # of x = e^-t
    coefficients = [1.0]
    for root in roots:
        longer = [0.0, *coefficients]
        for index, coefficient in enumerate(coefficients):
            longer[index] -= root * coefficient
        coefficients = longer
    curve = Curve([(coefficient, float(power)) for power, coefficient in enumerate(coefficients)])
    assert curve.crossings(10) == pytest.approx([-log(root) for root in roots], abs=1e-9)


@pytest.mark.parametrize(
    ("terms", "hour"), [([(-1, 0), (2, 1)], 0), ([(1, 0), (-2, 1)], 0.693147), ([(-1, 0)], float("inf"))]
)
def test_the_first_hour_above(terms, hour):
    assert first_above(Curve(terms), 100) == pytest.approx(hour, abs=1e-5)
