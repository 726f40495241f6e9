"""Boluses on the basal rate: exact to the motor step, one at a time, and gone with whatever fails."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from firmware.records.statefields import FIELDS

from .body import Body
from .clinic import DAY_S, Clinic, Refused

HOUR_S = 3600
SINGLE = {"dose_ng": 50_000, "over_s": 2 * HOUR_S}
PATIENT = {"dose_ng": 10_000, "over_s": 300, "lockout_s": 2 * HOUR_S, "per_day": 3}


@pytest.fixture
def clinic():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(DAY_S)
    return clinic


def kept(clinic):
    """All of its state but the sessions' count."""
    state = clinic.pump.state
    return [getattr(state, name) for name, _ in FIELDS if name != "sessions"] + state.patient_boluses_s


def refused(clinic, name, **fields):
    """The pump's reason; a refusal changes nothing that it keeps."""
    before = kept(clinic)
    with pytest.raises(Refused) as refusal:
        clinic.command(name, **fields)
    assert kept(clinic) == before
    return str(refusal.value)


def last(clinic, name):
    return [event for event in clinic.events() if str(event.event) == name][-1]


@example(dose_ng=40_000, over_s=7000, wait_s=0, basal_ng=432_000)  # whole steps, and a rate that is none
@settings(deadline=None, max_examples=60)
@given(
    dose_ng=st.integers(1, 200_000),
    over_s=st.integers(1800, DAY_S),
    wait_s=st.integers(0, 2 * HOUR_S),
    basal_ng=st.integers(100_000, 500_000),
)
def test_basal_and_bolus_are_exact_to_the_step(dose_ng, over_s, wait_s, basal_ng):
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program(basal_ng)
    basal = clinic.status().rate_nl_per_day
    clinic.run(wait_s)
    clinic.command("BOLUS", dose_ng=dose_ng, over_s=over_s)
    clinic.run(over_s)
    bolus_nl = (dose_ng * 1000 + 1000) // 2000
    status = clinic.status()
    assert (str(status.operation), status.rate_nl_per_day) == ("basal", basal)
    assert status.delivered_nl // 100 == (basal * (wait_s + over_s) + bolus_nl * DAY_S) // (100 * DAY_S)
    clinic.run(DAY_S)
    assert abs(clinic.status().delivered_nl - bolus_nl - basal * (wait_s + over_s + DAY_S) / DAY_S) <= 100


def stall(clinic):
    clinic.body.motor.progress()
    clinic.body.stalled = True
    clinic.run(HOUR_S)


def trip(clinic):
    clinic.body.motor.counts[2] += 1
    clinic.poll()


def end_service(clinic):
    clinic.poll()
    clinic.pump.battery.load_mv = 100
    clinic.pump.battery_watch.watch(clinic.pump.clock.now_s)
    clinic.pump._keep(clinic.pump.clock.now_s)
    clinic.believe()


def empty(clinic):
    clinic.pump.reservoir.empty_at_steps = clinic.pump.ledger.booked_steps
    clinic.pump.reservoir.low_at_steps = 0
    clinic.believe()
    clinic.run(HOUR_S)


FAILURES = {
    "stall": stall,
    "stop": lambda clinic: clinic.command("STOP"),
    "minimum rate": lambda clinic: clinic.command("MINIMUM_RATE"),
    "cut": lambda clinic: clinic.boot(),
    "refill": lambda clinic: clinic.refill(),
    "reverse step": trip,
    "end of service": end_service,
    "empty": empty,
    "cancel": lambda clinic: clinic.command("CANCEL_BOLUS"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_it_ends_with_whatever_fails_and_the_part_given_is_logged(clinic, failure):
    clinic.command("BOLUS", **SINGLE)
    clinic.run(HOUR_S)
    FAILURES[failure](clinic)
    status = clinic.status()
    assert (str(status.bolus), status.bolus_left_nl) == ("none", 0)
    event = last(clinic, "BOLUS_CANCELLED")
    assert event.b == 25_000
    if failure == "cut":  # what the batch that was cut gave is not known
        assert 12_000 <= event.c <= 25_000
    elif failure == "empty":
        assert 12_000 <= event.c < 25_000
    else:
        assert 12_000 <= event.c <= 13_000
    if failure not in ("cut", "cancel", "refill"):
        assert refused(clinic, "BOLUS", **SINGLE) == "state"
    assert refused(clinic, "CANCEL_BOLUS") == "state"


def test_one_at_a_time_and_not_over_the_highest_rate(clinic):
    clinic.command("BOLUS", **SINGLE)
    assert refused(clinic, "BOLUS", **SINGLE) == "state"
    clinic.run(3 * HOUR_S)
    fastest_s = 50_000 * 1000 * DAY_S // 2000 // (24_000_000 - 250_000) + 1
    assert refused(clinic, "BOLUS", dose_ng=50_000, over_s=fastest_s - 1) == "rate_limit"
    clinic.command("BOLUS", dose_ng=50_000, over_s=fastest_s)
    assert clinic.status().rate_nl_per_day <= 24_000_000


def test_a_program_committed_meanwhile_counts_the_bolus(clinic):
    clinic.command("BOLUS", dose_ng=100_000, over_s=10 * HOUR_S)
    with pytest.raises(Refused, match="dose_limit"):
        clinic.program(920_000, override="yes")
    clinic.program(890_000, override="yes")
    assert str(clinic.status().bolus) == "single"


def test_larger_than_what_the_reservoir_gives(clinic):
    clinic.refill(volume_nl=1_420_000)
    assert refused(clinic, "BOLUS", dose_ng=40_201, over_s=HOUR_S) == "bolus_limit"
    clinic.command("BOLUS", dose_ng=40_000, over_s=HOUR_S)


def test_the_patient_waits_for_lockout_and_count_through_a_cut(clinic):
    assert refused(clinic, "PATIENT_BOLUS") == "state"
    clinic.command("SET_PATIENT_BOLUS", **PATIENT)
    for _ in range(3):
        clinic.command("PATIENT_BOLUS")
        clinic.run(2 * HOUR_S - 1)
        assert refused(clinic, "PATIENT_BOLUS") == "lockout"
        clinic.run(1)
    clinic.boot()
    assert clinic.status().patient_boluses_left == 0
    assert refused(clinic, "PATIENT_BOLUS") == "lockout"
    assert last(clinic, "BOLUS_DENIED")
    clinic.run(18 * HOUR_S - 1)
    assert refused(clinic, "PATIENT_BOLUS") == "lockout"
    clinic.run(1 + HOUR_S)  # an outage counts as no time: the record was up to an hour old
    clinic.command("PATIENT_BOLUS")
