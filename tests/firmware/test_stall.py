"""Stalls of any length, at any moment: one alarm, the right status while they last, and books that are the truth."""

from random import Random

import pytest

from .body import Body
from .clinic import DAY_S, Clinic

SEED = 7
CASES = 150
RATES_NL_PER_DAY = (60_000, 150_000, 250_000, 600_000, 2_000_000)


def held(clinic, is_held):
    """The rotor is held, or let go, from the next pulse on."""
    clinic.body.motor.progress()
    clinic.body.stalled = is_held


def seconds_missed(rate_nl_per_day):
    """How long a rotor must stand until the pump says so: 900 s, or eight steps, and the step that was running."""
    step_s = 100 * DAY_S // rate_nl_per_day + 1
    return max(900, 8 * step_s) + step_s


@pytest.mark.shows("FI-01", "FI-02", "R3.3")
def test_a_stall_is_one_alarm_and_status_says_what_flows():
    draw = Random(SEED)
    print(f"{CASES} stalls, seed {SEED}")
    for _ in range(CASES):
        rate = draw.choice(RATES_NL_PER_DAY)
        clinic = Clinic(Body())
        clinic.implant()
        clinic.refill(mcg_per_ml=500)
        clinic.program(dose_ng_per_day=rate // 2, mcg_per_ml=500)
        clinic.run(draw.randint(1, 8000))
        held(clinic, True)
        began_s = clinic.status().uptime_s
        step_s = 100 * DAY_S // rate + 1
        clinic.run(seconds_missed(rate) + draw.randint(1, 3 * 3600))
        status = clinic.status()
        case = (rate, began_s)
        assert (str(status.operation), status.rate_nl_per_day, status.dose_ng_per_day) == ("stalled", 0, 0), case
        assert status.ordered_rate_nl_per_day == rate, case
        assert status.low_reservoir_s == status.refill_by_s == 2**32 - 1, case
        assert 0 <= status.uptime_s - began_s - status.stopped_s <= 2 * step_s, case
        clinic.run(draw.randint(1, 3600))
        held(clinic, False)
        clinic.run(DAY_S)
        status = clinic.status()
        assert set(clinic.alarms()) <= {"motor_stall", "stopped"}, case
        assert (str(status.operation), status.rate_nl_per_day, status.stopped_s) == ("basal", rate, 0), case
        assert status.delivered_nl == clinic.body.motor.progress()[1] * 100, case
