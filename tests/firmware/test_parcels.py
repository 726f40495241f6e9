"""The parcels of the line: how they are cut, blurred and merged, against the same worked out point by point."""

from itertools import accumulate, pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from firmware.config import Config
from firmware.records.statefields import PARCELS
from firmware.therapy.catheter import Catheter

from .body import Body
from .clinic import DAY_S, Clinic, Refused
from .test_line import HOUR_S, LINE_NL, reason

STRENGTHS = st.sampled_from([0, 500, 1000, 2000, 4000])


def line_of(parcels, drug, booked_steps=0, dead_nl=335_800) -> Any:
    """A line that holds (mcg/mL, end) parcels, and the reservoir's drug behind them."""
    state: Any = SimpleNamespace(line=list(parcels), drug_mcg_per_ml=drug, tubing_nl=dead_nl, catheter_mm=0)
    state.last_refill_s = state.filled_at_steps = state.line_unknown_steps = 0
    return Catheter(Config(), state, SimpleNamespace(booked_steps=booked_steps, unknown_steps=0))  # type: ignore[arg-type]


def strength_at(parcels, drug, step):
    """Of the step with this number, counted from 1."""
    return next((mcg_per_ml for mcg_per_ml, end in parcels if step <= end), drug)


@st.composite
def lines(draw, most=PARCELS):
    lengths = draw(st.lists(st.integers(1, 12), max_size=most))
    ends = [sum(lengths[: i + 1]) for i in range(len(lengths))]
    return [(draw(STRENGTHS), end) for end in ends]


@given(parcels=lines(), drug=STRENGTHS, steps=st.integers(1, 15))
@example([(2000, 5), (500, 9)], 1000, 2)
def test_after_a_cut_each_point_has_the_strongest_strength_within_reach(parcels, drug, steps):
    line = line_of(parcels, drug)
    before = list(line._state.line)
    line.blur(steps)
    for step in range(1, 120):
        reach = [strength_at(before, drug, near) for near in range(max(1, step - steps), step + 1)]
        assert strength_at(line._state.line, drug, step) == max(reach), (before, line._state.line, step)


@given(parcels=lines(), drug=STRENGTHS, cuts=st.lists(st.integers(1, 200), min_size=1, max_size=8))
def test_whatever_is_unknown_nothing_stands_farther_than_the_line_is_long(parcels, drug, cuts):
    line = line_of(parcels, drug, dead_nl=12_000)
    for steps in cuts:
        line.blur(steps)
    assert all(end <= 120 for _, end in line._state.line)
    assert sum(nl for nl, _ in line.contents()) == 12_000
    for step in range(1, 121):
        reach = [strength_at(parcels, drug, near) for near in range(max(1, step - sum(cuts)), step + 1)]
        assert strength_at(line._state.line, drug, step) >= max(reach)


@given(parcels=lines(2 * PARCELS), drug=STRENGTHS)
def test_a_line_of_too_many_parcels_is_never_taken_for_weaker(parcels, drug):
    line = line_of([], drug)
    line._put(parcels)
    found = line._state.line
    assert len(found) <= PARCELS
    for step in range(1, 220):
        assert strength_at(found, drug, step) >= strength_at(parcels, drug, step)
    if len({mcg_per_ml for mcg_per_ml, _ in parcels}) <= 1 or len(parcels) <= PARCELS:
        assert [strength_at(found, drug, step) for step in range(1, 220)] == [
            strength_at(parcels, drug, step) for step in range(1, 220)
        ]


@given(
    contents=st.lists(st.tuples(st.integers(200, 100_000), STRENGTHS), max_size=PARCELS),
    drug=STRENGTHS,
    booked_steps=st.integers(0, 1 << 28),
)
def test_an_edge_falls_on_a_step_and_never_makes_drug_weaker_than_it_is(contents, drug, booked_steps):
    strengths = [mcg_per_ml for _, mcg_per_ml in contents] + [drug]
    assume(all(one != other for one, other in pairwise(strengths)))
    line = line_of([], drug, booked_steps, dead_nl=1_000_000)
    line.replace(contents)
    ends_nl = accumulate(volume_nl for volume_nl, _ in contents)
    expected = [
        end_nl // 100 if not now or following > now else -(-end_nl // 100)
        for end_nl, (now, following) in zip(ends_nl, pairwise(strengths), strict=True)
    ]
    assert [end - booked_steps for _, end in line._state.line] == expected


def test_what_stands_in_the_line_is_told_from_the_tip_back():
    clinic = Clinic(Body())
    clinic.implant_empty()
    assert clinic.line_contents() == [(LINE_NL, 0)]
    clinic.refill(mcg_per_ml=500)
    clinic.command("PRIME", volume_nl=100_000)
    clinic.run(HOUR_S)
    assert clinic.line_contents() == [(235_800, 0), (100_000, 500)]
    clinic.program(300_000, 500)
    clinic.run(DAY_S)
    clinic.refill(mcg_per_ml=2000)
    assert clinic.line_contents() == [(LINE_NL, 500)]
    clinic.run(3 * HOUR_S)
    ((old_nl, old), (new_nl, new)) = clinic.line_contents()
    assert (old, new, old_nl + new_nl) == (500, 2000, LINE_NL)
    assert abs(new_nl - 75_000) <= 100


# Implantations


def stopped(mcg_per_ml=2000):
    clinic = Clinic(Body())
    clinic.implant_empty()
    clinic.refill(mcg_per_ml=mcg_per_ml)
    clinic.command("PRIME", volume_nl=LINE_NL)
    clinic.run(HOUR_S)
    clinic.command("STOP")
    return clinic


def test_a_word_put_right_moves_no_drug_and_leaves_nothing_to_prime():
    clinic = stopped()
    clinic.implant_empty(catheter="same", site=b"left".ljust(24, b"\0"))
    assert clinic.line_contents() == [(LINE_NL, 2000)]
    assert reason(clinic.command, "PRIME", volume_nl=LINE_NL) == "bolus_limit"


@pytest.mark.parametrize(
    ("catheter_mm", "left"), [(990, [(357_800, 500)]), (800, [(316_000, 500)]), (0, [(140_000, 500)])]
)
def test_another_length_of_the_same_catheter_stretches_or_cuts_the_drug_at_the_tip(catheter_mm, left):
    clinic = stopped(500)
    clinic.refill(mcg_per_ml=2000)
    clinic.implant_empty(catheter="same", catheter_mm=catheter_mm)
    assert clinic.line_contents() == left


def test_the_same_catheter_before_any_is_on_record_is_inconsistent():
    clinic = Clinic(Body())
    assert reason(clinic.implant_empty, catheter="same") == "inconsistent"
    assert reason(clinic.implant_empty, parcels=[{"volume_nl": 1, "mcg_per_ml": 500}]) == "inconsistent"
    held = [{"volume_nl": 195_801, "mcg_per_ml": 500}]
    assert reason(clinic.implant_empty, catheter="kept", parcels=held) == "inconsistent"


def test_a_new_catheter_ends_a_bridge():
    clinic = stopped(500)
    clinic.refill(mcg_per_ml=2000)
    clinic.program(300_000)
    clinic.run(300)
    assert str(clinic.status().operation) == "bridge"
    clinic.command("STOP")
    clinic.implant_empty(catheter_mm=200)
    status = clinic.status()
    assert (str(status.bolus), clinic.unprimed_nl(), status.tip_mcg_per_ml) == ("none", 184_000, 2000)


@pytest.mark.parametrize(("tubing", "gap"), [("empty", [(140_000, 0)]), ("primed", [(140_000, 2000)])])
def test_a_kept_catheter_goes_on_at_the_old_dose_and_the_gap_behind_it_can_be_primed(tubing, gap):
    """300 mcg/day of 500 until 195,800 nL are out: 7.83 h; then a tubing of nothing, or of the new drug."""
    clinic = Clinic(Body())
    held = [{"volume_nl": 195_800, "mcg_per_ml": 500}]
    clinic.implant_empty(catheter="kept", parcels=held, tubing=tubing, dose_ng_per_day=300_000)
    clinic.refill(mcg_per_ml=2000)
    assert clinic.line_contents() == [(195_800, 500), *gap]
    assert reason(clinic.command, "PRIME", volume_nl=140_000) == "bolus_limit"
    clinic.program(300_000)
    assert clinic.status().rate_nl_per_day == 600_000
    clinic.run(195_800 * DAY_S // 600_000 + 1)
    assert clinic.status().rate_nl_per_day == 150_000
    assert clinic.unprimed_nl() == (140_000 if tubing == "empty" else 0)


def test_the_first_dose_of_a_new_pump_is_held_against_the_old_pumps():
    clinic = Clinic(Body())
    clinic.implant_empty(catheter="kept", dose_ng_per_day=300_000)
    clinic.refill()
    assert reason(clinic.program, 391_000) == "soft_limit"
    assert reason(clinic.program, 239_000) == "soft_limit"
    clinic.program(390_000)


# Corrections


def test_a_wrong_strength_put_right_changes_the_rate_at_once_and_bridges_nothing():
    """2000 is in the syringe and 500 was said: 300 mcg/day flowed at 600,000 nL/day, four times the dose."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=500)
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S + 6 * HOUR_S)
    assert clinic.status().delivered_today_ng == 75_000
    clinic.correct(2000)
    status = clinic.status()
    assert (status.rate_nl_per_day, status.dose_ng_per_day, str(status.operation)) == (150_000, 300_000, "basal")
    assert abs(status.delivered_today_ng - 300_000) <= 200
    assert clinic.alarms() == {}
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "RECORD_CORRECTED"]
    assert (event.a, event.b, event.c) == (500, 2000, 20_000_000)
    program = clinic.command("READ_PROGRAM")
    assert (program.concentration_mcg_per_ml, program.rate_nl_per_day) == (2000, 150_000)


def test_after_a_correction_the_day_before_counts_as_what_it_was():
    """Four times 300 mcg in the day before: no more than those, and 1000 mcg/day from now on at most by share."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=500)
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S)
    clinic.correct(2000)
    assert reason(clinic.program, 1_001_000, override="yes") == "dose_limit"
    clinic.program(1_000_000, override="yes")  # less than was, and at the limit from now on
    assert reason(clinic.command, "BOLUS", dose_ng=10_000, over_s=3600) == "dose_limit"


def test_what_came_from_an_earlier_filling_keeps_its_label():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=500)
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S)
    clinic.refill(mcg_per_ml=500)
    clinic.run(HOUR_S)
    clinic.correct(2000)
    assert clinic.line_contents() == [(LINE_NL - 25_000, 500), (25_000, 2000)]
    assert clinic.status().rate_nl_per_day == 600_000


def test_a_slip_of_more_than_four_times_is_asked_about():
    clinic = Clinic(Body())
    clinic.implant()
    assert reason(clinic.correct, 500) == "not_filled"
    clinic.refill()
    assert reason(clinic.correct, 499) == "soft_limit"
    assert reason(clinic.correct, 8001) == "soft_limit"
    assert reason(clinic.correct, 0) == "soft_limit"
    assert reason(clinic.correct, volume_nl=20_000_001) == "overfill"
    clinic.correct(499, override="yes")
    assert clinic.status().concentration_mcg_per_ml == 499


def test_a_correction_to_what_cannot_be_delivered_is_refused():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=2000)
    clinic.program(100_000)
    assert reason(clinic.correct, 50_000, override="yes") == "rate_limit"
    assert clinic.status().concentration_mcg_per_ml == 2000


def test_a_corrected_volume_moves_what_is_left():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(4 * DAY_S)
    clinic.correct(volume_nl=10_000_000)
    assert abs(clinic.status().reservoir_nl - 9_000_000) <= 200


def test_what_a_side_port_did_is_told_with_the_line():
    clinic = stopped()
    parcels = [{"volume_nl": 195_800, "mcg_per_ml": 0}]
    clinic.correct(parcels=parcels)
    assert clinic.line_contents() == [(195_800, 0), (140_000, 2000)]
    assert clinic.unprimed_nl() == 195_800
    assert reason(clinic.correct, parcels=[{"volume_nl": LINE_NL + 1, "mcg_per_ml": 0}]) == "inconsistent"


# 48 hours without any delivery


def empty(clinic):
    clinic.correct(volume_nl=1_400_000)
    clinic.run(49 * HOUR_S)
    clinic.refill()


def long_stall(clinic):
    clinic.body.motor.progress()
    clinic.body.stalled = True
    clinic.run(51 * HOUR_S)
    clinic.body.motor.progress()
    clinic.body.stalled = False
    clinic.run(2 * HOUR_S)


def long_stop(clinic):
    clinic.command("STOP")
    clinic.run(48 * HOUR_S)


LAPSES = {"empty": (empty, "minimum"), "stall": (long_stall, "minimum"), "stop": (long_stop, "stopped")}


@pytest.mark.parametrize("lapse", LAPSES)
@pytest.mark.parametrize("order", ["resume", "program"])
def test_after_48_hours_without_any_dose_none_comes_by_itself(lapse, order):
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(DAY_S)
    happens, therapy = LAPSES[lapse]
    happens(clinic)
    assert str(clinic.status().therapy) == therapy
    clinic.boot()

    def again(override):
        if order == "resume":
            clinic.command("RESUME", override=override)
        else:
            clinic.program(override=override)

    with pytest.raises(Refused, match="soft_limit"):
        again("no")
    clinic.command("MINIMUM_RATE")  # which is no dose
    with pytest.raises(Refused, match="soft_limit"):
        again("no")
    again("yes")
    assert str(clinic.status().therapy) == "running"
    clinic.command("STOP")
    clinic.run(HOUR_S)
    again("no")


# A warning by time


def test_a_reservoir_is_low_so_many_hours_before_it_is_empty():
    """2 mL/day: 24 hours are 2 mL, so it is low at 3.4 mL, 8.3 days after a fill of 20 mL."""
    clinic = Clinic(Body(), Config(low_warning_h=24))
    clinic.implant()
    clinic.refill(mcg_per_ml=500)
    clinic.program(1_000_000, 500)
    low_s = 16_600_000 * DAY_S // 2_000_000
    assert abs(clinic.status().low_reservoir_s - low_s) <= 60
    clinic.run(low_s - HOUR_S)
    assert clinic.alarms() == {}
    clinic.run(2 * HOUR_S)
    assert set(clinic.alarms()) == {"low_reservoir"}
    clinic.run(DAY_S - 2 * HOUR_S)
    assert set(clinic.alarms()) == {"low_reservoir"}
    clinic.run(2 * HOUR_S)
    assert set(clinic.alarms()) == {"low_reservoir", "reservoir_empty"}


# After a cut


def cut_in_bridge(old, new):
    """300 mcg/day; a batch of which nothing moved the line, by the pump's own books all of it."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=old)
    clinic.program(300_000, old)
    clinic.run(2 * DAY_S)
    clinic.refill(mcg_per_ml=new)
    clinic.body.motor.halt()
    clinic.boot()
    unknown_nl = clinic.pump.ledger.recovered_steps * 100
    assert unknown_nl > 10_000
    return clinic, unknown_nl


@pytest.mark.parametrize(
    ("old", "new", "corrected", "blurred", "right"),
    [
        (1000, 2000, 500, 0, 1),  # what follows is the weaker one after all: 1000 last longer by what is unknown
        (1000, 500, 2000, 1, 0),  # it is the stronger one: at once
        (1000, 500, 800, 1, 1),
        (1000, 2000, 4000, 0, 0),
    ],
)
def test_a_strength_put_right_after_a_cut_puts_the_edge_before_it_right(old, new, corrected, blurred, right):
    clinic, unknown_nl = cut_in_bridge(old, new)
    assert clinic.line_contents()[0] == (LINE_NL - (1 - blurred) * unknown_nl, old)
    clinic.correct(corrected)
    assert clinic.line_contents()[0] == (LINE_NL - (1 - right) * unknown_nl, old)


def test_after_a_cut_only_what_left_the_tip_of_the_newest_filling_is_counted_anew():
    """An hour of 1000 at 300,000 nL/day passed since the edge: 12.5 mcg, which were half; not the line's 336."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=500)
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S)
    clinic.refill(mcg_per_ml=1000)
    while clinic.status().tip_mcg_per_ml == 500:
        clinic.run(60)
    clinic.run(HOUR_S)
    clinic.boot()
    before_ng = clinic.status().delivered_today_ng
    clinic.correct(500)
    assert 6_000 <= before_ng - clinic.status().delivered_today_ng <= 6_250 + 20_000 * 500 // 1000


def test_a_bolus_too_small_for_the_drug_at_the_tip_is_refused():
    """1 ng of 4000 mcg/mL is a quarter of a nL."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=4000)
    clinic.program(300_000, 4000)
    assert reason(clinic.command, "BOLUS", dose_ng=1, over_s=60) == "bolus_limit"
    clinic.command("BOLUS", dose_ng=2, over_s=60)
    clinic.run(HOUR_S)
