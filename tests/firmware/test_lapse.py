"""A pump that goes to the minimum rate by itself says so, until somebody orders; a dose that was accepted after 48
hours without one is given."""

from itertools import product

import pytest

from .body import Body
from .clinic import Clinic
from .test_stall import held

HOUR_S = 3600
DOSE_NG = 300_000
ORDER = {
    "program": lambda clinic: clinic.program(DOSE_NG, override="yes"),
    "resume": lambda clinic: clinic.command("RESUME", override="yes"),
    "minimum_rate": lambda clinic: clinic.command("MINIMUM_RATE"),
}


def stalled(hours):
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program(DOSE_NG)
    clinic.run(12 * HOUR_S)
    held(clinic, True)
    clinic.run(hours * HOUR_S)
    return clinic


def silence(clinic):
    clinic.command("SILENCE", alarm="all")


def turn(clinic):
    """The rotor turns again, and the pump has seen it."""
    held(clinic, False)
    clinic.run(3 * HOUR_S)


def sounds(clinic):
    tones = len(clinic.body.tones)
    clinic.run(2 * HOUR_S)
    return len(clinic.body.tones) > tones


@pytest.mark.shows("R3.1", "DF-12", "FI-01")
def test_a_dose_that_was_accepted_runs_or_the_pump_says_that_it_does_not():
    """An order while the rotor stands holds for 48 hours of it, unless a power cut forgets it; with all silenced."""
    said = {True: 0, False: 0}
    for order, before, after, cut in product(("program", "resume"), (50, 90), (1, 40, 60, 130), (False, True)):
        clinic = stalled(before)
        ORDER[order](clinic)
        silence(clinic)
        clinic.run(after * HOUR_S)
        if cut:
            clinic.boot()
            silence(clinic)
        silence(clinic)
        turn(clinic)
        case = order, before, after, cut
        status = clinic.status()
        runs = str(status.therapy) == "running"
        assert runs == (after < 48 and not cut), case
        assert status.rate_nl_per_day == (150_000 if runs else 6_000), case
        assert ("program_unconfirmed" in clinic.alarms()) == (not runs), case
        assert sounds(clinic) == (not runs), case
        said[runs] += 1
    assert min(said.values()) > 0


@pytest.mark.parametrize("order", ORDER)
@pytest.mark.parametrize("boots", [0, 1, 2])
@pytest.mark.parametrize("silenced", [False, True])
def test_that_it_fell_back_is_said_until_the_next_order(order, boots, silenced):
    clinic = stalled(50)
    turn(clinic)
    if silenced:
        silence(clinic)
    for _ in range(boots):
        clinic.boot()
        clinic.run(HOUR_S)
    told = clinic.alarms()["program_unconfirmed"]
    assert (str(told.condition), str(told.silenced)) == ("active", "yes" if silenced else "no")
    ORDER[order](clinic)
    assert "program_unconfirmed" not in clinic.alarms()
    assert str(clinic.status().therapy) == ("minimum" if order == "minimum_rate" else "running")


def test_a_program_for_an_old_strength_is_said_of_whatever_else_was():
    """The alarm that asks for a program of the new drug is on, and silenced, when the pump falls back: it sounds again,
    and only a program ends it."""
    clinic = stalled(0)
    held(clinic, False)
    clinic.refill(mcg_per_ml=1000)
    clinic.run(60 * HOUR_S)
    assert "program_unconfirmed" in clinic.alarms()
    silence(clinic)
    held(clinic, True)
    clinic.run(50 * HOUR_S)
    silence(clinic)
    assert not sounds(clinic)
    turn(clinic)
    assert str(clinic.status().therapy) == "minimum"
    assert sounds(clinic)
    for order in ("minimum_rate", "resume"):
        ORDER[order](clinic)
        assert "program_unconfirmed" in clinic.alarms(), order
    clinic.program(DOSE_NG, 1000, override="yes")
    assert "program_unconfirmed" not in clinic.alarms()


@pytest.mark.shows("R1.11", "SEED-39")
@pytest.mark.parametrize(
    "refill", [{"drug": b"morphine"}, {"mcg_per_ml": 0}, {}], ids=["another drug", "no drug", "after 48 hours"]
)
def test_a_refill_that_leads_to_the_minimum_rate_is_no_alarm(refill):
    """Whoever refills is at the pump, and looks."""
    clinic = stalled(0 if refill else 60)
    clinic.command("SILENCE", alarm="all")
    held(clinic, False)
    clinic.refill(**refill)
    clinic.run(60 * HOUR_S)
    assert str(clinic.status().therapy) == "minimum"
    assert set(clinic.alarms()) <= {"motor_stall"}
