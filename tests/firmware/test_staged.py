"""A staged program that is not committed: whichever way its session ends it is forgotten, and the old one runs on."""

import pytest

from .body import HeadedBody
from .clinic import DAY_S, Clinic, Refused

STAGED = {"concentration_mcg_per_ml": 2000, "dose_ng_per_day": 600_000, "rate_nl_per_day": 300_000}
STEP = {"from_min": 0, "dose_ng": 600_000, "rate_nl_per_day": 300_000}


def running():
    clinic = Clinic(HeadedBody())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(DAY_S // 2)
    clinic.open()
    return clinic


def simple(clinic):
    clinic.signed("STAGE", mode="simple", **STAGED)
    return clinic.signed("READ_BACK").digest


def flex(clinic):
    clinic.signed("STAGE", mode="flex", **STAGED)
    for day in range(7):
        clinic.signed("STAGE_DAY", day=day, steps=[STEP])
    return clinic.signed("READ_BACK").digest


def idle(clinic):
    clinic.run(301)


def head_away(clinic):
    clinic.body.head_on = False
    clinic.poll()
    clinic.body.head_on = True


def reset(clinic):
    clinic.boot()


def hang_up(clinic):
    clinic.line.incoming = None
    clinic.poll()
    clinic.line.incoming = b""


def another_session(clinic):
    session, counter, key = clinic.session, clinic.counter, clinic.key
    clinic.open()
    clinic.signed("CLOSE")
    clinic.session, clinic.counter, clinic.key = session, counter, key


def close(clinic):
    clinic.signed("CLOSE")


WAYS = [idle, head_away, reset, hang_up, another_session, close]


def lost(way, stage):
    """A pump whose session ended so, with a program staged or not; what it did in the two days after it."""
    clinic = running()
    digest = stage(clinic) if stage else bytes(8)
    way(clinic)
    with pytest.raises(Refused, match="auth"):
        clinic.signed("COMMIT", digest=digest, override="yes", after_commit=1)
    clinic.open()
    with pytest.raises(Refused, match="state"):
        clinic.signed("READ_BACK")
    with pytest.raises(Refused, match="state"):
        clinic.signed("COMMIT", digest=digest, override="yes", after_commit=1)
    program = clinic.signed("READ_PROGRAM")
    clinic.signed("CLOSE")
    clinic.run(2 * DAY_S)
    return clinic.body.orders, clinic.body.motor.progress(), program, clinic.status()


@pytest.mark.shows("R7.5", "FI-40", "R8.6", "R1.2")
@pytest.mark.parametrize("stage", [simple, flex])
@pytest.mark.parametrize("way", WAYS)
def test_what_was_staged_goes_with_its_session_and_the_old_program_runs_on(way, stage):
    orders, steps, program, status = lost(way, stage)
    assert (program.dose_ng_per_day, status.dose_ng_per_day) == (500_000, 500_000)
    assert (str(status.therapy), str(status.mode)) == ("running", "simple")
    assert (orders, steps) == lost(way, None)[:2]


@pytest.mark.shows("R1.2")
@pytest.mark.parametrize("stage", [simple, flex])
def test_a_staged_program_delivers_nothing_until_it_is_committed(stage):
    clinic, twin = running(), running()
    stage(clinic)
    for one in (clinic, twin):
        one.run(299)
        one.signed("READ_PROGRAM")
    assert clinic.body.orders == twin.body.orders
    digest = clinic.signed("READ_BACK").digest
    clinic.signed("COMMIT", digest=digest, override="yes", after_commit=1)
    assert clinic.status().dose_ng_per_day == 600_000


@pytest.mark.shows("R7.4")
@pytest.mark.parametrize("stage", [simple, flex])
def test_no_other_digest_commits_it(stage):
    """Each that differs in one bit."""
    clinic = running()
    digest = int.from_bytes(stage(clinic), "little")
    for bit in range(64):
        other = (digest ^ 1 << bit).to_bytes(8, "little")
        with pytest.raises(Refused, match="inconsistent"):
            clinic.signed("COMMIT", digest=other, override="yes", after_commit=1)
    assert clinic.status().dose_ng_per_day == 500_000


@pytest.mark.shows("R8.9")
@pytest.mark.parametrize("role", ["observer", "patient", "clinician", "manufacturing"])
def test_without_a_head_no_session_opens_or_goes_on(role):
    clinic = running()
    clinic.open(role)
    clinic.body.head_on = False
    with pytest.raises(Refused, match="auth"):
        clinic.signed("READ_PROGRAM")
    with pytest.raises(Refused, match="auth"):
        clinic.open(role)
    clinic.body.head_on = True
    clinic.open(role)
    clinic.signed("READ_PROGRAM")
