from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.scenario.expect import find, parse_expected


def met(expected, actual):
    return parse_expected(expected).met_by(actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (5, 5),
        (Decimal("95.9"), 95.9),
        (500, 500.0),
        ("running", "running"),
        (None, None),
        (True, True),
        ([], []),
        (["eri", "stopped"], ["stopped", "eri"]),
        ({"min": 5}, 5),
        ({"max": 5}, 5),
        ({"min": 1, "max": 5}, 3),
        ({"approx": 100, "within": 5}, 95),
        ({"approx": 100, "within": 5}, 105),
        ({"approx": -200, "within": "1%"}, -202),
    ],
)
def test_met(expected, actual):
    assert met(expected, actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (5, 6),
        (5, "5"),
        (1, True),
        (True, 1),
        (None, 0),
        ("running", None),
        ([], ["eri"]),
        (["eri"], []),
        (["eri"], "eri"),
        ({"min": 5}, 4),
        ({"max": 5}, 6),
        ({"min": 1}, None),
        ({"min": 0}, True),
        ({"approx": 100, "within": 5}, 106),
        ({"approx": 200, "within": "1%"}, 203),
    ],
)
def test_not_met(expected, actual):
    assert not met(expected, actual)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"min": "a"},
        {"min": 1, "mx": 2},
        {"approx": 3},
        {"within": 3},
        {"approx": 1, "within": -1},
        {"approx": 1, "within": "x%"},
        {"approx": 1, "within": "nan%"},
    ],
)
def test_no_expectation(value):
    with pytest.raises(ValueError, match="expected"):
        parse_expected(value)


NUMBERS = st.integers(-(2**64), 2**64)


@given(NUMBERS, NUMBERS.map(abs), NUMBERS)
def test_approx_is_a_range_around_its_centre(centre, within, actual):
    assert met({"approx": centre, "within": within}, actual) == (abs(actual - centre) <= within)


def test_paths_go_through_mappings_and_lists():
    document = {"status": {"alarm_list": [{"name": "eri"}]}}
    assert find(document, "status.alarm_list.0.name") == "eri"
    for missing in ("status.alarm_list.1.name", "status.nothing", "status.alarm_list.x", "status.alarm_list.0.name.x"):
        with pytest.raises(KeyError):
            find(document, missing)
