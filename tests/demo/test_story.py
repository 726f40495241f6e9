"""The story itself, once: a real emulator process, the real programmer, pyserial between them."""

from itertools import pairwise

import pytest

from host_tools.demo.life import live
from host_tools.demo.record import DAY_S, Life, differences, summary


@pytest.fixture(scope="module")
def life() -> Life:
    return live(lambda uptime_s: None)


def test_comes_out_as_told(life: Life) -> None:
    assert differences(summary(life)) == []


def test_time_only_goes_forward_and_is_looked_at_often(life: Life) -> None:
    gaps_s = [after.at_s - before.at_s for before, after in pairwise(life.samples)]
    assert min(gaps_s) >= 0
    assert max(gaps_s) <= 8 * DAY_S


def test_belief_is_truth_where_nothing_interferes(life: Life) -> None:
    for sample in life.samples:
        assert abs(sample.delivered_nl - sample.truth_delivered_nl) <= 27 * 100
        assert abs(sample.reservoir_nl - sample.truth_reservoir_nl) <= 27 * 100


def test_the_log_is_whole(life: Life) -> None:
    assert [event["seq"] for event in life.events] == list(range(1, len(life.events) + 1))


def test_only_one_refill_is_late_and_the_stall_lasts_hours(life: Life) -> None:
    assert len(life.named("LOW_RESERVOIR")) == 1
    (stall,) = life.named("MOTOR_STALL_RECOVERY")
    assert 2 * 3600 < stall["data"]["duration_s"] < 12 * 3600
