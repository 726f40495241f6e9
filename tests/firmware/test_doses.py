"""The titration history: the newest committed doses, in order, whatever power and store do."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.records import slots
from firmware.records.titration import MOST
from protocol import codes

from .body import Body
from .clinic import DAY_S, MONDAY_S, Clinic, Refused
from .test_power_cut import CuttingBody, PowerLost


def history(clinic):
    """All that the pump tells, asked for piece by piece."""
    found = []
    while True:
        answer = clinic.ask("DOSES", first=found[-1].number + 1 if found else 1)
        if not answer.doses:
            return found
        found += answer.doses


def clinic_of(body=None):
    clinic = Clinic(body or Body())
    clinic.implant()
    clinic.refill()
    return clinic


@settings(max_examples=15)
@given(doses=st.lists(st.integers(100_000, 900_000), max_size=3), more=st.sampled_from([0, 9, 10, 70]))
@pytest.mark.shows("SEED-31")
def test_the_newest_doses_are_told_in_order_with_the_one_before(doses, more):
    clinic = clinic_of()
    doses += [300_000 + 7 * number for number in range(more)]
    for dose in doses:
        clinic.program(dose, override="yes")
    told = history(clinic)
    assert [entry.dose_ng_per_day for entry in told] == doses[-MOST:]
    assert [entry.old_dose_ng_per_day for entry in told] == ([0, *doses][:-1])[-MOST:]
    assert [entry.number for entry in told] == list(range(len(doses) + 1))[1:][-MOST:]
    assert all(entry.concentration_mcg_per_ml == 2000 for entry in told)


def test_times_and_overrides_are_told():
    clinic = clinic_of()
    clinic.program(300_000)
    clinic.run(3 * DAY_S)
    clinic.program(500_000, override="yes")
    clinic.program(500_000, override="yes")  # within the limits by now? no: 300 was in force within 24 h
    clinic.run(2 * DAY_S)
    clinic.program(500_000, override="yes")
    told = history(clinic)
    assert [str(entry.overridden) for entry in told] == ["no", "yes", "yes", "no"]
    assert [entry.uptime_s for entry in told] == [0, 3 * DAY_S, 3 * DAY_S, 5 * DAY_S]
    assert told[-1].wall_s == MONDAY_S + 5 * DAY_S


def test_a_refused_program_is_no_history():
    clinic = clinic_of()
    clinic.program(300_000)
    with pytest.raises(Refused):
        clinic.program(900_000)
    assert len(history(clinic)) == 1


@pytest.mark.parametrize("keep", [0.0, 0.5, 1.0])
def test_after_a_cut_the_history_has_exactly_the_doses_that_were_in_force(keep):
    at, cuts = 0, 0
    while cuts == at:
        at += 1
        clinic = clinic_of(CuttingBody())
        clinic.program(300_000)
        store: Any = clinic.body.store
        store.cut_at, store.keep = at, keep
        try:
            clinic.program(330_000)
        except PowerLost:
            cuts += 1
        store.cut_at, store.on = 0, True
        clinic.boot()
        state: Any = clinic.pump.state
        in_force = state.dose_ng_per_day
        assert [entry.dose_ng_per_day for entry in history(clinic)] == [300_000, 330_000][: 1 + (in_force == 330_000)]
        clinic.program(310_000)
        told = history(clinic)
        assert [entry.number for entry in told] == list(range(1, len(told) + 1))
        assert told[-1].old_dose_ng_per_day == in_force
    assert cuts > 5


def test_a_corrupt_history_is_an_alarm_until_the_next_dose_begins_another():
    clinic = clinic_of()
    clinic.program(300_000)
    for slot in slots.DOSES[0]:
        clinic.body.store.write(slot, b"\x55" * 100)
    clinic.boot()
    assert "memory" in clinic.alarms()
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "MEM_ERROR_NONCRIT"]
    assert event.a == codes.REGION["doses"]
    assert history(clinic) == []
    assert str(clinic.status().therapy) == "running"
    clinic.program(330_000)
    assert "memory" not in clinic.alarms()
    assert [(entry.number, entry.dose_ng_per_day) for entry in history(clinic)] == [(2, 330_000)]


def test_a_history_outlives_the_loss_of_the_state():
    clinic = clinic_of()
    clinic.program(300_000)
    for slot in (2, 3):
        clinic.body.store.write(slot, b"\x55" * 100)
    clinic.boot()
    assert str(clinic.status().therapy) == "safe_state"
    assert [entry.dose_ng_per_day for entry in history(clinic)] == [300_000]
    clinic.refill()
    clinic.program(310_000)
    assert [(entry.number, entry.dose_ng_per_day) for entry in history(clinic)] == [(1, 300_000), (2, 310_000)]
