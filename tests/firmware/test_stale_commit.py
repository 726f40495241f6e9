"""A program that was compared with an older one than is in force is not committed, whoever committed in between."""

from itertools import permutations

import pytest

from tests.firmware.body import Body
from tests.firmware.clinic import Clinic, Refused

NEVER_YET = (0, 1, 3, 2**31, 2**32 - 1)
ORDERS = {"A": ("A looks", "A commits"), "B": ("B looks", "B commits")}


def running(commits=2):
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    for n in range(commits):
        clinic.program(dose_ng_per_day=300_000 + 1000 * n)
    return clinic


def newest(clinic):
    return clinic.ask("DOSES", first=2**32 - 2).newest


def order(clinic, dose_ng_per_day, after_commit):
    """Whether the pump took a program that was made after that commit."""
    fields = {"mode": "simple", "concentration_mcg_per_ml": 2000, "dose_ng_per_day": dose_ng_per_day}
    clinic.open()
    try:
        clinic.signed("STAGE", **fields, rate_nl_per_day=dose_ng_per_day // 2)
        clinic.commit("yes", after_commit)
    except Refused as refused:
        if str(refused) != "inconsistent":
            raise
        return False
    finally:
        clinic.signed("CLOSE")
    return True


@pytest.mark.parametrize("after_commit", NEVER_YET)
def test_a_commit_after_any_other_than_the_newest_one_is_inconsistent_and_changes_nothing(after_commit):
    clinic = running()
    before = clinic.status().dose_ng_per_day, newest(clinic)
    assert not order(clinic, 310_000, after_commit)
    assert (clinic.status().dose_ng_per_day, newest(clinic)) == before
    assert order(clinic, 310_000, 2)


def orders_of_two():
    """Every way in which two clinicians can look and commit, each looking first."""
    for steps in permutations((*ORDERS["A"], *ORDERS["B"])):
        if all(steps.index(looks) < steps.index(commits) for looks, commits in ORDERS.values()):
            yield steps


@pytest.mark.parametrize("reset", [False, True], ids=["", "with a reset after each step"])
def test_of_two_who_looked_at_the_same_program_one_commits(reset):
    tried = 0
    for steps in orders_of_two():
        clinic = running()
        looked, committed, expected = {}, [], {}
        for step in steps:
            who, _, does = step.partition(" ")
            if does == "looks":
                looked[who] = newest(clinic)
                expected[who] = len(committed)
            else:
                taken = order(clinic, {"A": 310_000, "B": 320_000}[who], looked[who])
                assert taken == (expected[who] == len(committed)), steps
                committed += [who] * taken
            if reset:
                clinic.boot()
        assert clinic.status().dose_ng_per_day == {"A": 310_000, "B": 320_000}[committed[-1]]
        tried += 1
    print(f"{tried} orders of two clinicians")
    assert tried == 6


def test_a_program_that_waits_for_a_bridge_counts_as_a_commit():
    clinic = running()
    clinic.run(86_400)
    clinic.refill(mcg_per_ml=1000)
    fields = {"mode": "simple", "concentration_mcg_per_ml": 1000, "dose_ng_per_day": 310_000}
    for after_commit, taken in ((2, True), (2, False), (3, True)):
        clinic.open()
        clinic.signed("STAGE", **fields, rate_nl_per_day=310_000)
        if taken:
            clinic.commit("yes", after_commit)
        else:
            with pytest.raises(Refused, match="inconsistent"):
                clinic.commit("yes", after_commit)
        clinic.signed("CLOSE")
