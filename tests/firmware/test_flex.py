"""Flex dosing: every step gets its volume to the motor step, every week its sum, whatever the clock does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware import wire
from firmware.config import Config
from firmware.therapy.week import Week, day_refusal, well_formed

from .body import Body
from .clinic import DAY_S, MONDAY_S, Clinic, Refused, _day_rows

WEEK_S = 7 * DAY_S
NIGHT = [(0, 150_000), (420, 100_000), (1290, 50_000)]
EVEN = [(0, 300_000)]


def filled(wall_s=MONDAY_S):
    clinic = Clinic(Body())
    clinic.implant(wall_s)
    clinic.refill()
    return clinic


@st.composite
def days(draw):
    """A day that the pump accepts at 2000 mcg/mL: up to 13 steps of legal rates, no 24 hours over the limit."""
    starts = sorted(draw(st.sets(st.integers(1, 1439), max_size=12)) | {0})
    ends = [*starts[1:], 1440]
    weights = [draw(st.integers(100, 300)) for _ in starts]
    scale = 330_000 / sum(weight * (end - start) for weight, start, end in zip(weights, starts, ends, strict=True))
    return [
        (start, round(weight * (end - start) * scale)) for weight, start, end in zip(weights, starts, ends, strict=True)
    ]


def motor_steps(clinic):
    return clinic.body.motor.progress()[1]


@pytest.mark.shows("SEED-32", "SEED-34")
@settings(max_examples=40)
@given(week=st.lists(days(), min_size=7, max_size=7))
def test_each_step_gets_its_volume_and_the_week_its_sum(week):
    clinic = filled()
    clinic.flex(week)
    before = motor_steps(clinic)
    given_nl = 0
    for day in week:
        ends_min = [step[0] for step in day[1:]] + [1440]
        for (from_min, dose_ng), end_min in zip(day, ends_min, strict=True):
            clinic.run((end_min - from_min) * 60)
            given_nl += (dose_ng * 1000 + 1000) // 2000
            assert abs((motor_steps(clinic) - before) * 100 - given_nl) <= 100
    assert motor_steps(clinic) - before == given_nl // 100


def test_no_drift_in_a_year_of_odd_doses():
    week = [[(0, 133_333), (401, 99_999), (1111, 77_777)]] * 7
    clinic = filled()
    clinic.flex(week)
    week_nl = 7 * sum((dose_ng * 1000 + 1000) // 2000 for _, dose_ng in week[0])
    before = motor_steps(clinic)
    for _ in range(52):
        clinic.run(WEEK_S)
        if clinic.status().reservoir_nl < 4_000_000:
            clinic.refill()
    assert motor_steps(clinic) - before == 52 * week_nl // 100


def test_today_is_what_the_status_says():
    clinic = filled()
    clinic.flex([NIGHT] * 5 + [EVEN, [(0, 480_000)]])
    clinic.run(8 * 3600)
    status = clinic.status()
    assert status.mode == "flex"
    assert status.dose_ng_per_day == 300_000
    assert status.rate_nl_per_day == 50_000 * 1440 // (1290 - 420)
    clinic.run(6 * DAY_S)
    assert clinic.status().dose_ng_per_day == 480_000


def test_each_change_of_rate_is_logged():
    clinic = filled()
    clinic.flex([NIGHT] * 7)
    clinic.run(3 * DAY_S - 1)
    assert [str(entry.event) for entry in clinic.events()].count("RATE_STEP") == 9


@pytest.mark.shows("R4.6", "FI-37")
@pytest.mark.parametrize("jump_s", [-3600, 3600, 7200])
def test_a_clock_change_re_derives_the_step(jump_s):
    clinic = filled()
    clinic.flex([NIGHT] * 7)
    clinic.run(6 * 3600 + 1800)
    before = motor_steps(clinic)
    clinic.command("SET_CLOCK", wall_s=MONDAY_S + 6 * 3600 + 1800 + jump_s)
    clinic.run(600)
    night_nl, day_nl = 75_000 * 1440 // 420, 50_000 * 1440 // 870
    assert clinic.status().rate_nl_per_day == (night_nl if jump_s < 1800 else day_nl)
    assert motor_steps(clinic) - before <= night_nl * 600 // DAY_S // 100 + 1


def test_without_a_clock_the_mean_of_the_week_goes_on():
    clinic = filled()
    clinic.flex([NIGHT] * 6 + [[(0, 650_000)]])
    clinic.run(DAY_S)
    clinic.boot()
    status = clinic.status()
    assert status.therapy == "running"
    assert status.rate_nl_per_day == round((6 * 300 + 650) / 7 * 500) or abs(status.rate_nl_per_day - 175_000) <= 1
    assert "clock_lost" in clinic.alarms()
    clinic.command("SET_CLOCK", wall_s=MONDAY_S + 9 * 3600)
    assert clinic.status().rate_nl_per_day == 50_000 * 1440 // 870


def test_a_corrupt_week_is_the_safe_state():
    clinic = filled()
    clinic.flex([NIGHT] * 7)
    clinic.run(DAY_S)
    for slot in (4, 5, 24, 25, 26, 27):
        if slot in clinic.body.store.slots:
            clinic.body.store.slots[slot] = clinic.body.store.slots[slot][:-1]
    clinic.boot()
    assert clinic.status().therapy == "safe_state"


@pytest.mark.shows("FI-32")
@pytest.mark.parametrize("swapped", [((25, 5),), ((25, 5), (4, 26)), ((25, 26), (4, 5))])
def test_another_week_in_the_place_of_the_one_in_force_is_the_safe_state(swapped):
    """All weeks are records of one kind: which is whose, the dose of the program tells."""
    clinic = filled()
    clinic.flex([NIGHT] * 7)
    clinic.flex([[(0, 310_000)]] * 7, override="yes")
    clinic.boot()
    store = clinic.body.store.slots
    assert clinic.status().therapy == "running"
    for a, b in swapped:
        store[a], store[b] = store[b], store[a]
    clinic.boot()
    assert clinic.status().therapy == "safe_state"
    assert "safe_state" in clinic.alarms()


def test_simple_after_flex_and_back():
    clinic = filled()
    clinic.flex([NIGHT] * 7)
    clinic.run(DAY_S)
    clinic.program(dose_ng_per_day=250_000)
    assert clinic.status().mode == "simple"
    assert clinic.status().rate_nl_per_day == 125_000
    clinic.run(DAY_S)
    clinic.flex([EVEN] * 7)
    assert clinic.status().rate_nl_per_day == 150_000


def read(clinic, name, **fields):
    """An observer's request; it must be one that less than a clinician may send."""
    clinic.open("observer")
    try:
        return clinic.signed(name, **fields)
    finally:
        clinic.signed("CLOSE")


@given(week=st.lists(days(), min_size=7, max_size=7))
@settings(max_examples=5)
def test_the_committed_week_is_read_as_it_was_ordered_after_a_reset_too(week):
    clinic = filled()
    clinic.flex(week)
    clinic.boot()
    head = read(clinic, "READ_PROGRAM")
    assert (head.mode, head.concentration_mcg_per_ml) == ("flex", 2000)
    assert head.dose_ng_per_day == sum(step[1] for day in week for step in day) // 7
    for day, steps in enumerate(week):
        answer = read(clinic, "READ_PROGRAM_DAY", day=day)
        assert answer.day == day
        assert [(step.from_min, step.dose_ng, step.rate_nl_per_day) for step in answer.steps] == _day_rows(steps, 2000)


def test_what_is_not_there_is_not_read():
    clinic = filled()
    for name, fields in (("READ_PROGRAM", {}), ("READ_PROGRAM_DAY", {"day": 0})):
        with pytest.raises(Refused, match="state"):
            read(clinic, name, **fields)
        with pytest.raises(Refused, match="auth"):
            clinic.ask(name, **fields)
    clinic.program(dose_ng_per_day=400_000)
    assert read(clinic, "READ_PROGRAM").rate_nl_per_day == 200_000
    with pytest.raises(Refused, match="state"):
        read(clinic, "READ_PROGRAM_DAY", day=0)
    clinic.flex([EVEN] * 7, override="yes")
    with pytest.raises(Refused, match="malformed"):
        read(clinic, "READ_PROGRAM_DAY", day=7)
    clinic.command("STOP")
    assert read(clinic, "READ_PROGRAM").mode == "flex"


@pytest.mark.shows("SEED-24", "R2.1")
def test_the_low_reservoir_date_follows_the_week():
    clinic = filled()
    clinic.flex([[(0, 100_000)]] * 6 + [[(0, 900_000)]])
    expected_s = 0
    left_nl = 18_000_000
    day = 0
    while left_nl:
        day_nl = 450_000 if day % 7 == 6 else 50_000
        taken_nl = min(day_nl, left_nl)
        expected_s += taken_nl * DAY_S // day_nl
        left_nl -= taken_nl
        day += 1
    assert abs(clinic.status().low_reservoir_s - expected_s) <= 2
    clinic.run(expected_s - 3600)
    assert "low_reservoir" not in clinic.alarms()
    clinic.run(7200)
    assert "low_reservoir" in clinic.alarms()


BAD_DAYS = {
    "empty": ([], "malformed"),
    "late": ([(60, 300_000)], "malformed"),
    "unsorted": ([(0, 100_000), (700, 100_000), (600, 100_000)], "malformed"),
    "twice": ([(0, 100_000), (0, 100_000)], "malformed"),
    "nothing": ([(0, 0)], "malformed"),
    "beyond midnight": ([(0, 100_000), (1440, 100_000)], "malformed"),
    "fourteen": ([(i * 60, 20_000) for i in range(14)], "too_many_steps"),
    "too much": ([(0, 1_000_001)], "dose_limit"),
    "too slow": ([(0, 10_000), (720, 300_000)], "rate_limit"),
    "too fast": ([(0, 100_000), (60, 800_000), (61, 99_000)], "rate_limit"),
}


@pytest.mark.parametrize("name", BAD_DAYS)
def test_a_bad_day_is_refused_and_changes_nothing(name):
    day, reason = BAD_DAYS[name]
    config = Config()
    ends_min = [step[0] for step in day[1:]] + [1440]
    rows = [
        (start, dose, round(dose * 720 / max(1, end - start)))
        for (start, dose), end in zip(day, ends_min[: len(day)], strict=True)
    ]
    if reason == "malformed":
        assert not well_formed(config, 0, rows) or day[-1][0] == 1440
    else:
        assert day_refusal(rows, 2000, 1000, config) == getattr(wire, f"REASON_{reason.upper()}")
    clinic = filled()
    clinic.program()
    clinic.open()
    fields = {"mode": "flex", "concentration_mcg_per_ml": 2000, "dose_ng_per_day": 300_000, "rate_nl_per_day": 150_000}
    clinic.signed("STAGE", **fields)
    steps = [{"from_min": start, "dose_ng": dose, "rate_nl_per_day": rate} for start, dose, rate in rows]
    with pytest.raises(Refused, match=reason):
        clinic.signed("STAGE_DAY", day=0, steps=steps)
    clinic.signed("CLOSE")
    assert clinic.status().dose_ng_per_day == 500_000


@pytest.mark.shows("R7.3", "FI-44")
def test_a_rate_that_does_not_fit_its_dose_is_inconsistent():
    assert day_refusal([(0, 300_000, 150_002)], 2000, 1000, Config()) == wire.REASON_INCONSISTENT
    assert day_refusal([(0, 300_000, 150_001)], 2000, 1000, Config()) is None


def test_an_incomplete_week_is_not_committed():
    clinic = filled()
    clinic.open()
    fields = {"mode": "flex", "concentration_mcg_per_ml": 2000, "dose_ng_per_day": 300_000, "rate_nl_per_day": 150_000}
    clinic.signed("STAGE", **fields)
    with pytest.raises(Refused, match="state"):
        clinic.commit("no")


def test_a_limit_lowered_below_a_running_week_trips_nothing():
    clinic = filled()
    clinic.flex([[(0, 900_000)], *[EVEN] * 6])
    clinic.command("LIMITS", max_dose_mcg_per_day=400, max_bolus_mcg=2**32 - 1, max_change_percent=2**32 - 1)
    clinic.run(WEEK_S + DAY_S)
    assert clinic.status().therapy == "running"
    clinic.command("STOP")
    with pytest.raises(Refused, match="dose_limit"):
        clinic.command("RESUME")


@pytest.mark.shows("R7.1")
def test_the_daily_limit_holds_over_any_24_hours():
    evening = [(0, 50_000), (720, 950_000)]
    morning = [(0, 950_000), (720, 50_000)]
    clinic = filled()
    clinic.flex([evening] * 7)
    with pytest.raises(Refused, match="dose_limit"):
        clinic.flex([evening, morning] * 3 + [evening])


@given(week=st.lists(days(), min_size=7, max_size=7), from_min=st.integers(0, 7 * 1440 - 1))
def test_the_highest_dose_is_that_of_the_worst_window(week, from_min):
    schedule = Week([_day_rows(day, 2000) for day in week], 2000)
    per_minute = []
    for day in week:
        ends_min = [step[0] for step in day[1:]] + [1440]
        for (start, dose_ng), end_min in zip(day, ends_min, strict=True):
            per_minute += [dose_ng / (end_min - start)] * (end_min - start)
    window_ng = sum((per_minute * 2)[from_min : from_min + 1440])
    assert window_ng <= schedule.highest_dose_ng() + 1


@pytest.mark.shows("R1.3", "R4.6")
@pytest.mark.parametrize("bolus_ng", [0, 5_000])
def test_a_burst_that_the_clock_brings_nearer_waits_until_the_day_has_room_for_it(bolus_ng):
    """900 mcg from 20:00 on, and the clock set to 20:00 when it is noon."""
    clinic = filled()
    clinic.flex([[(0, 90_000), (1200, 450_000), (1320, 450_000)]] * 7)
    clinic.run(36 * 3600)
    if bolus_ng:
        clinic.command("BOLUS", dose_ng=bolus_ng, over_s=DAY_S)
    before = clinic.body.motor.progress()[1]
    clinic.command("SET_CLOCK", wall_s=clinic.status().wall_s + 8 * 3600)
    assert (clinic.status().rate_nl_per_day, str(clinic.status().bolus)) == (6_000, "none")
    assert "DOSE_HELD" in [str(event.event) for event in clinic.events()]
    clinic.run(8 * 3600)
    assert (clinic.body.motor.progress()[1] - before) * 100 * 2000 <= 100 * 1_000_000
    clinic.run(DAY_S)
    assert clinic.status().rate_nl_per_day > 6_000


def test_a_bolus_that_is_taken_after_the_clock_was_set_is_given():
    clinic = filled()
    clinic.flex([EVEN] * 7)
    clinic.run(DAY_S)
    clinic.command("SET_CLOCK", wall_s=clinic.status().wall_s + 60)
    clinic.command("BOLUS", dose_ng=100_000, over_s=300)
    clinic.run(299)
    assert str(clinic.status().bolus) == "single"
    clinic.run(3600)
    assert "BOLUS_DONE" in [str(event.event) for event in clinic.events()]


def test_a_clock_that_is_set_right_holds_nothing_of_a_week_that_leaves_room():
    clinic = filled()
    clinic.flex([[(0, 90_000), (1200, 200_000), (1320, 200_000)]] * 7)
    clinic.run(12 * 3600)
    for by_s in (3600, -3600, 120):
        clinic.command("SET_CLOCK", wall_s=clinic.status().wall_s + by_s)
        clinic.run(2 * DAY_S)
    assert "DOSE_HELD" not in [str(event.event) for event in clinic.events()]


@pytest.mark.shows("R1.3", "R4.6")
def test_without_a_clock_the_mean_waits_until_the_day_has_room_for_it():
    clinic = filled()
    clinic.flex([[(0, 450_000), (120, 450_000), (240, 90_000)]] * 7)
    clinic.run(4 * 3600)
    clinic.boot()
    clinic.run(60)
    assert clinic.status().rate_nl_per_day == 6_000
    assert "DOSE_HELD" in [str(event.event) for event in clinic.events()]
    steps = clinic.body.motor.counts[1]
    clinic.run(20 * 3600)
    assert (clinic.body.motor.counts[1] - steps) * 100 * 2000 <= 100 * 1_000_000 + 5_000_000
    clinic.run(DAY_S)
    assert clinic.status().rate_nl_per_day == 495_000


@pytest.mark.parametrize("bit", [0, 9, 19, 31])
def test_a_flipped_bit_in_the_strength_of_a_week_changes_no_rate(bit):
    clinic = filled()
    clinic.flex([NIGHT] * 7)
    clinic.run(DAY_S)
    before = motor_steps(clinic)
    week = clinic.pump.program.week
    assert week is not None
    week.mcg_per_ml ^= 1 << bit
    clinic.run(DAY_S)
    assert abs((motor_steps(clinic) - before) * 100 - 150_000) <= 200
