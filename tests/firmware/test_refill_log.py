"""A refill in the log: what was expected, what came out and what went in, however little. Beyond the capacity: none."""

import pytest

from firmware.config import Config

from .body import Body
from .clinic import DAY_S, Clinic, Refused

CAPACITIES_NL = (20_000_000, 40_000_000)
REST = {"concentration_mcg_per_ml": 2000, "bridge": "no", "drug": b"baclofen".ljust(12, b"\0")}


def running(capacity_nl):
    clinic = Clinic(Body(), Config(reservoir_nl=capacity_nl))
    clinic.implant()
    clinic.refill(capacity_nl)
    clinic.program()
    clinic.run(10 * DAY_S)
    return clinic


def refills(clinic):
    return [(entry.a, entry.b, entry.c) for entry in clinic.events() if str(entry.event) == "REFILL"]


@pytest.mark.shows("R2.4")
@pytest.mark.parametrize("capacity_nl", CAPACITIES_NL)
@pytest.mark.parametrize("missing_nl", [0, 1, 100, 5_000_000, 18_599_999])
def test_each_is_logged_with_what_it_lacks(capacity_nl, missing_nl):
    clinic = running(capacity_nl)
    expected_nl = clinic.status().reservoir_nl
    aspirated_nl = expected_nl + 700_000
    clinic.command("REFILL", volume_nl=capacity_nl - missing_nl, aspirated_nl=aspirated_nl, **REST)
    assert refills(clinic)[1:] == [(expected_nl, aspirated_nl, capacity_nl - missing_nl)]
    assert clinic.status().reservoir_nl == capacity_nl - missing_nl


@pytest.mark.shows("R2.4", "FI-17")
@pytest.mark.parametrize("capacity_nl", CAPACITIES_NL)
@pytest.mark.parametrize("beyond_nl", [1, 100, 1_000_000, 100_000_000])
def test_beyond_the_capacity_is_refused_and_changes_nothing(capacity_nl, beyond_nl):
    clinic = running(capacity_nl)
    before = clinic.status()
    with pytest.raises(Refused, match=r"overfill|malformed"):
        clinic.command("REFILL", volume_nl=capacity_nl + beyond_nl, aspirated_nl=0, **REST)
    assert clinic.status() == before
    assert len(refills(clinic)) == 1
