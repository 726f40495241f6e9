"""Flex programs as a clinician writes them: exact on the wire, and refused in words that name the value."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.programmer.errors import BadValue, Refused
from host_tools.programmer.flex import DAYS, check_flex, clock_time, flex_program, minutes
from host_tools.programmer.program import check_change, simple_program

STATUS = {
    "therapy": "running",
    "concentration_mcg_per_ml": 2000,
    "limits": {"max_dose_mcg_per_day": 1000, "min_rate_nl_per_day": 48_000, "max_rate_nl_per_day": 24_000_000}
    | {"soft_min_dose_mcg_per_day": None, "soft_max_dose_mcg_per_day": None},
}
EVEN = [("00:00", 300)]


def check(day, status=STATUS):
    check_flex(flex_program({"default": day}, 2000), status)


@given(minute=st.integers(0, 1439))
def test_times_of_day_come_back(minute):
    assert minutes(clock_time(minute)) == minute


@pytest.mark.parametrize("text", ["24:00", "7:30", "07:60", "0730", "07:3", "", "-1:00", "07:30:00", "ab:cd"])
def test_what_is_no_time_of_day_is_named(text):
    with pytest.raises(BadValue, match="no time of day"):
        minutes(text)


def test_a_day_without_an_entry_uses_the_default():
    program = flex_program({"default": EVEN, "sat": [("00:00", 240)]}, 2000)
    doses = [sum(step.dose_ng for step in day) for day in program.days]
    assert doses == [300_000] * 5 + [240_000, 300_000]
    assert program.head.dose_ng_per_day == (6 * 300_000 + 240_000) // 7


@given(doses=st.lists(st.integers(1, 300_000), min_size=1, max_size=13))
def test_each_rate_is_that_of_its_dose_to_the_nearest_nanolitre(doses):
    steps = [(clock_time(60 * hour), Decimal(dose) / 1000) for hour, dose in enumerate(doses)]
    day = flex_program({"default": steps}, 500).days[0]
    for index, (step, dose_ng) in enumerate(zip(day, doses, strict=True)):
        minutes_long = 60 if index + 1 < len(doses) else 1440 - 60 * index
        assert step.dose_ng == dose_ng
        assert abs(step.rate_nl_per_day * 500 * minutes_long - dose_ng * 1000 * 1440) * 2 <= 500 * minutes_long


def test_a_good_day_passes():
    check([("00:00", 150), ("07:00", 100), ("21:30", 50)])


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({"someday": EVEN}, "'someday' does not exist"),
        (dict.fromkeys(DAYS[:6], EVEN), "says nothing of sun"),
        ({"default": [("00:00", Decimal("0.0001"))]}, "dose_mcg"),
    ],
)
def test_a_schedule_that_is_none_is_named(schedule, words):
    with pytest.raises(BadValue, match=words):
        flex_program(schedule, 2000)


@given(dose_mcg=st.integers(1, 100_000), lasts_min=st.integers(1, 1440), mcg_per_ml=st.integers(1, 50_000))
def test_an_interval_with_a_rate_that_no_wire_carries_is_named(dose_mcg, lasts_min, mcg_per_ml):
    """32 bits of nL/day: 5000 mcg of 50 mcg/mL within 15 min are 9.6 L/day, which no pump can be told."""
    day = [("00:00", 1)] if lasts_min == 1440 else [("00:00", dose_mcg), (clock_time(lasts_min), 1)]
    rate_nl_per_day = dose_mcg * 10**6 * 1440 / (mcg_per_ml * lasts_min)
    if len(day) > 1 and rate_nl_per_day >= 2**32 - 1:
        with pytest.raises(BadValue, match=f"{dose_mcg} mcg of {mcg_per_ml} mcg/mL"):
            flex_program({"default": day}, mcg_per_ml)
    elif rate_nl_per_day < 2**32 - 2:
        program = flex_program({"default": day}, mcg_per_ml)
        assert all(step.rate_nl_per_day < 2**32 - 1 for step in program.days[0])


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ([], "begins at 00:00"),
        ([("01:00", 300)], "begins at 00:00"),
        ([("00:00", 100), ("08:00", 100), ("06:00", 100)], "from 06:00 stands behind the one from 08:00"),
        ([("00:00", 0)], "without a dose"),
    ],
)
def test_a_bad_day_is_named(day, words):
    with pytest.raises(BadValue, match=f"mon: .*{words}"):
        check(day)


@pytest.mark.parametrize(
    ("day", "reason", "words"),
    [
        ([(clock_time(60 * hour), 20) for hour in range(14)], "too_many_steps", "mon has 14 steps"),
        ([("00:00", 1001)], "dose_limit", "1001 mcg"),
        ([("00:00", 10), ("12:00", 300)], "rate_limit", "mon 00:00: 10 mcg are 0.01 mL/day"),
    ],
)
def test_what_the_pump_would_refuse_is_said_with_its_reason(day, reason, words):
    with pytest.raises(Refused, match=words) as refusal:
        check(day)
    assert refusal.value.reason == reason


def test_an_unfilled_pump_takes_no_week():
    with pytest.raises(Refused) as refusal:
        check(EVEN, STATUS | {"therapy": "unfilled"})
    assert refusal.value.reason == "not_filled"


@given(least=st.integers(1, 999), most=st.integers(1, 999), dose=st.integers(1, 999))
def test_a_soft_limit_says_a_range_only_where_there_is_one(least, most, dose):
    limits = STATUS["limits"] | {"soft_min_dose_mcg_per_day": least, "soft_max_dose_mcg_per_day": most}
    if least <= dose <= most:
        check_change(simple_program(dose, 2000), limits)
        return
    with pytest.raises(Refused) as refused:
        check_change(simple_program(dose, 2000), limits)
    assert (f"{least} to {most} mcg/day" in str(refused.value)) == (least <= most)
    assert "--override" in str(refused.value)
