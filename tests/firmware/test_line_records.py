"""What a refill makes of the line where the strength before it, or the new one, is 0: saline, or lost orders.

By hand: 335,800 nL at 300 mcg/day of 500 mcg/mL, 600,000 nL/day, are through in 13.4 h; two days fill the line.
"""

import pytest

from .body import Body
from .clinic import DAY_S, Clinic, Refused

HOUR_S = 3600
LINE_NL = 335_800


@pytest.fixture
def clinic():
    """A line that is full of 500 mcg/mL, at 300 mcg/day."""
    clinic = Clinic(Body())
    clinic.implant_empty()
    clinic.refill(mcg_per_ml=500)
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S)
    return clinic


def test_a_refill_after_lost_orders_leaves_nothing_to_prime(clinic):
    state = clinic.pump.state
    state.forget()
    state.commit(clinic.pump.clock.now_s)
    clinic.believe()
    assert state.drug_mcg_per_ml == 0
    clinic.refill(mcg_per_ml=500)
    assert clinic.unprimed_nl() == 0
    with pytest.raises(Refused, match="bolus_limit"):
        clinic.command("PRIME", volume_nl=100)


def test_a_drug_after_saline_finds_saline_in_the_line(clinic):
    clinic.refill(mcg_per_ml=0)
    clinic.run(3 * DAY_S)
    clinic.refill(mcg_per_ml=500)
    assert clinic.unprimed_nl() == LINE_NL


@pytest.mark.parametrize("drug", [b"baclofen", b"saline"])
def test_saline_of_whatever_name_keeps_the_dose_that_the_line_holds(clinic, drug):
    clinic.refill(mcg_per_ml=0, drug=drug)
    status = clinic.status()
    assert (str(status.therapy), status.rate_nl_per_day) == ("running", 600_000)
    clinic.run(14 * HOUR_S)
    assert (str(clinic.status().therapy), clinic.alarms()) == ("minimum", {})


def test_no_bolus_is_begun_of_the_last_drug_before_saline(clinic):
    clinic.refill(mcg_per_ml=0)
    with pytest.raises(Refused, match="inconsistent"):
        clinic.command("BOLUS", dose_ng=1000, over_s=600)
