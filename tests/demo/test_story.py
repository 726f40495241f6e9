"""The story itself, once: a real emulator process, the real programmer, pyserial between them."""

from itertools import pairwise

import pytest

from host_tools.demo.life import run_story
from host_tools.demo.record import DAY_S, Life
from host_tools.demo.summary import differences, summary

SLACK_NL = 27 * 100  # steps on their way when it was looked


@pytest.fixture(scope="module")
def life() -> Life:
    return run_story(lambda uptime_s: None)


def test_comes_out_as_told(life: Life) -> None:
    assert differences(summary(life)) == []


def test_time_only_goes_forward_and_is_looked_at_often(life: Life) -> None:
    gaps_s = [after.at_s - before.at_s for before, after in pairwise(life.samples)]
    assert min(gaps_s) >= 0
    assert max(gaps_s) <= 8 * DAY_S


def test_belief_is_truth_but_for_the_share_of_each_step_that_the_fault_keeps_back(life: Life) -> None:
    """40 % of 0.25 mL/day is 0.1 mL/day, from ten days after refill 29 to refill 30, 55 days later: 5.5 mL."""
    hidden = life.hidden
    assert hidden
    assert hidden.found_s - hidden.begin_s == 55 * DAY_S
    refilled_s = life.refills()[30][0]["t_s"]
    assert refilled_s == hidden.found_s
    for sample in life.samples:
        missing_nl = min(max(0, sample.at_s - hidden.begin_s), 55 * DAY_S) * 100_000 // DAY_S
        assert abs(sample.delivered_nl - sample.truth_delivered_nl - missing_nl) <= SLACK_NL
        back_nl = missing_nl if sample.at_s < refilled_s else 0
        if sample.at_s != refilled_s:  # looked at before and after the refill
            assert abs(sample.truth_reservoir_nl - sample.reservoir_nl - back_nl) <= SLACK_NL


def test_the_needle_alone_finds_it(life: Life) -> None:
    (found,) = life.discrepancies()
    assert found[0] == 30
    assert abs((found[1].discrepancy_nl or 0) - 5_500_000) <= SLACK_NL
    assert life.hidden
    during = [event for event in life.events if life.hidden.begin_s <= event["t_s"] <= life.hidden.found_s]
    assert {event["severity"] for event in during} == {"info"}


def test_the_effect_falls_by_the_same_share_and_comes_back(life: Life) -> None:
    """500 mcg/day into a clearance of 30 mL/h settle at 694 ng/mL."""
    assert life.hidden
    settled_s = 4 * DAY_S
    for sample in life.samples:
        since_s = sample.at_s - life.hidden.begin_s
        if settled_s <= since_s < 55 * DAY_S:
            assert abs(sample.effect_ng_per_ml - 694 * 60 // 100) <= 1
        elif -settled_s < since_s <= 0 or 59 * DAY_S < since_s < 100 * DAY_S:
            assert abs(sample.effect_ng_per_ml - 694) <= 1


def test_the_log_is_whole(life: Life) -> None:
    assert [event["seq"] for event in life.events] == list(range(1, len(life.events) + 1))


def test_only_one_refill_is_late_and_the_stall_lasts_hours(life: Life) -> None:
    assert len(life.named("LOW_RESERVOIR")) == 1
    (stall,) = life.named("MOTOR_STALL_RECOVERY")
    assert 2 * 3600 < stall["data"]["duration_s"] < 12 * 3600
