"""Pump time against wall time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.emulator.pacing import Pacer, parse_speed

END_MS = 1 << 50


class WallClock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


STEPS_S = st.lists(st.floats(0, 5, allow_subnormal=False), max_size=50)


@given(speed=st.sampled_from([0.0, 0.5, 1.0, 60.0, 86_400.0]), steps_s=STEPS_S)
def test_pump_time_is_wall_time_times_speed(speed: float, steps_s: list[float]) -> None:
    wall = WallClock()
    pacer = Pacer(speed, wall)
    now_ms = 0
    for step_s in steps_s:
        wall.now_s += step_s
        now_ms = pacer.target_ms(now_ms, END_MS, most=math.inf)
    assert now_ms == pytest.approx((wall.now_s - 1000) * 1000 * speed, abs=1.01)


@pytest.mark.parametrize(("speed", "in_session_ms"), [(0, 0), (0.5, 500), (1, 1000), (1e6, 1000), (math.inf, 1000)])
def test_a_session_slows_time_to_real_time_at_most(speed: float, in_session_ms: int) -> None:
    wall = WallClock()
    pacer = Pacer(speed, wall)
    wall.now_s += 1
    assert pacer.target_ms(5000, END_MS, most=1) == 5000 + in_session_ms


def test_what_the_computer_was_too_slow_for_is_not_caught_up() -> None:
    wall = WallClock()
    pacer = Pacer(1000, wall)
    wall.now_s += 10
    assert pacer.target_ms(0, END_MS, most=math.inf) == 10_000_000
    assert pacer.target_ms(400, END_MS, most=math.inf) == 400


def test_time_ends_where_the_pumps_clock_does() -> None:
    wall = WallClock()
    pacer = Pacer(math.inf, wall)
    assert pacer.target_ms(0, END_MS, most=math.inf) == END_MS
    pacer.speed = 1
    wall.now_s += 10
    assert pacer.target_ms(END_MS - 1, END_MS, most=math.inf) == END_MS


@pytest.mark.parametrize(
    ("speed", "most", "delay_s"),
    [
        (0, math.inf, math.inf),
        (1, math.inf, 6),
        (60, math.inf, 0.1),
        (60, 1, 6),
        (math.inf, math.inf, 0),
        (math.inf, 1, 6),
        (math.inf, 0, math.inf),
    ],
)
def test_the_delay_to_the_next_wake(speed: float, most: float, delay_s: float) -> None:
    assert Pacer(speed).delay_s(1000, 7000, most) == pytest.approx(delay_s)


@pytest.mark.parametrize(("text", "speed"), [("0", 0), ("0.001", 0.001), ("1", 1), ("1e9", 1e9), ("max", math.inf)])
def test_speeds(text: str, speed: float) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["", "fast", "-1", "nan", "inf", "1x", "1e308", "1e400", "1.1e9", "5e-324", "-1e308"])
def test_no_speed(text: str) -> None:
    with pytest.raises(ValueError, match="is no speed"):
        parse_speed(text)
