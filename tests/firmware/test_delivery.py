"""Delivery against the integral of the ordered rates, over years and any schedule of changes."""

from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from firmware.therapy.delivery import Delivery
from hal.contract import Motor
from host_tools.machines.configuration import PumpConfigError, pump_config

DAY_S = 86400


class IdealMotor(Motor):
    """Steps exactly as ordered, in whole milliseconds of a clock that the test moves."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.done = 0
        self.pulse_ms: list[int] = []  # when each step of the running order falls

    def order(self, steps: int, first_ms: int, period_ms: int, give_up_ms: int, miss_limit: int) -> int:
        """Refuses what the motor's contract refuses (hal/contract.py)."""
        assert 1 <= steps <= 65_535
        assert first_ms >= 0
        assert period_ms >= 360
        assert first_ms + (steps - 1) * period_ms <= give_up_ms
        assert miss_limit >= 8
        self.advance(self.now_ms)
        assert not self.pulse_ms, "ordered while an order is running"
        self.pulse_ms = [self.now_ms + first_ms + step * period_ms for step in range(steps)]
        return 0

    def advance(self, to_ms: int) -> None:
        self.now_ms = to_ms
        due = sum(at_ms <= to_ms for at_ms in self.pulse_ms)
        self.done += due
        self.pulse_ms = self.pulse_ms[due:]

    def halt(self) -> int:
        self.pulse_ms = []
        return 0

    def progress(self) -> tuple[int, int, int, int, int]:
        return self.done, self.done, 0, 0, 0


class Bench:
    """A delivery on an ideal motor, and the exact volume that was ordered since the last start."""

    def __init__(self, step_nl: int) -> None:
        self.motor = IdealMotor()
        self.delivery = Delivery(self.motor, step_nl)
        self.step_nl = step_nl
        self.now_s = 0
        self.owed_nl = Fraction(0)
        self.start(0)

    def start(self, rate_nl_per_day: int) -> None:
        """A new start: what was not delivered yet never will be."""
        self.delivery.settle()
        self.delivery.halt(self.now_s)
        self.delivery.begin(self.now_s)
        self.delivery.set_rate(rate_nl_per_day)
        self.owed_nl = Fraction(0)
        self.done_at_start = self.motor.done
        self._next()

    def change(self, rate_nl_per_day: int) -> None:
        self.delivery.settle()
        self.delivery.halt(self.now_s)
        self.delivery.set_rate(rate_nl_per_day)
        self._next()

    def _next(self) -> None:
        if self.delivery.plan(self.now_s, DAY_S, 1 << 29, 1 << 29):
            self.delivery.order(self.now_s)

    def run(self, seconds: int) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            to_s = min(end_s, self.delivery.until_s)
            self.owed_nl += Fraction(self.delivery.rate_nl_per_day * (to_s - self.now_s), DAY_S)
            self.now_s = to_s
            self.motor.advance(to_s * 1000)
            self.delivery.settle()
            if to_s == self.delivery.until_s:
                assert self.steps == self.owed_nl // self.step_nl
                self._next()
            else:
                assert abs(self.steps - self.owed_nl / self.step_nl) <= 1

    @property
    def steps(self) -> int:
        return self.motor.done - self.done_at_start


rates = st.one_of(st.integers(48_000, 24_000_000), st.just(6_000), st.integers(48_000, 600_000))
changes = st.lists(st.tuples(rates, st.integers(1, 40_000)), min_size=1, max_size=6)


@pytest.mark.shows("SEED-30")
@given(schedule=changes, step_nl=st.sampled_from([100, 250, 1000]))
def test_steps_are_the_floor_of_the_integral_through_any_changes(schedule, step_nl):
    bench = Bench(step_nl)
    for rate_nl_per_day, seconds in schedule:
        bench.change(rate_nl_per_day)
        bench.run(seconds)


@given(rate_nl_per_day=st.integers(48_000, 400_000))
def test_no_drift_in_a_month(rate_nl_per_day):
    bench = Bench(100)
    bench.start(rate_nl_per_day)
    bench.run(30 * DAY_S)
    assert bench.steps == rate_nl_per_day * 30 // 100


def test_no_drift_in_seven_years():
    rate_nl_per_day = 123_457
    bench = Bench(1000)
    bench.start(rate_nl_per_day)
    bench.run(2557 * DAY_S)
    assert bench.steps == rate_nl_per_day * 2557 // 1000


@given(schedule=changes)
def test_a_new_start_owes_nothing(schedule):
    bench = Bench(100)
    for rate_nl_per_day, seconds in schedule:
        bench.start(rate_nl_per_day)
        bench.run(seconds)


@pytest.mark.shows("R2.2")
@given(rate_nl_per_day=rates, room_steps=st.integers(1, 5000))
def test_never_more_than_there_is_room_for(rate_nl_per_day, room_steps):
    motor = IdealMotor()
    delivery = Delivery(motor, 100)
    delivery.set_rate(rate_nl_per_day)
    now_s = 0
    while motor.done < room_steps:
        if delivery.plan(now_s, DAY_S, room_steps - motor.done, 1 << 29):
            delivery.order(now_s)
        now_s = delivery.until_s
        motor.advance(now_s * 1000)
        delivery.settle()
    assert motor.done == room_steps


def test_a_batch_is_at_most_an_hour_and_20_microlitres():
    for rate_nl_per_day in (6_000, 250_000, 480_000, 481_000, 24_000_000):
        delivery = Delivery(IdealMotor(), 100)
        delivery.set_rate(rate_nl_per_day)
        steps = delivery.plan(0, DAY_S, 1 << 29, 1 << 29)
        assert delivery.until_s <= 3600
        assert steps * 100 <= 20_000


@pytest.mark.shows("R1.3")
def test_a_wake_that_comes_too_late_is_not_made_up_for():
    motor = IdealMotor()
    delivery = Delivery(motor, 100)
    delivery.set_rate(240_000)
    delivery.order(0) if delivery.plan(0, DAY_S, 1 << 29, 1 << 29) else None
    late_s = delivery.until_s + 5 * 3600
    motor.advance(late_s * 1000)
    delivery.settle()
    done = motor.done
    assert delivery.plan(late_s, DAY_S, 1 << 29, 1 << 29) == done


class Life:
    """A delivery through batches, halts, cut batches and late wakes; `most_nl` is what may have been delivered at most
    since the last start."""

    def __init__(self, step_nl: int) -> None:
        self.motor = IdealMotor()
        self.delivery = Delivery(self.motor, step_nl)
        self.step_nl = step_nl
        self.now_s = 0
        self.most_nl = Fraction(0)
        self.room_steps = self.edge_steps = 1 << 29

    def set_rate(self, rate_nl_per_day: int) -> None:
        self.delivery.settle()
        self.delivery.halt(self.now_s)
        self.delivery.set_rate(rate_nl_per_day)
        self._next(MAX_HORIZON_S)

    def extra(self, rate_nl_per_day: int, steps: int) -> None:
        """So many steps at a rate, as a prime: batches that end where they do."""
        basal_nl_per_day = self.delivery.rate_nl_per_day
        self.delivery.settle()
        self.delivery.halt(self.now_s)
        self.delivery.set_rate(rate_nl_per_day)
        done = self.motor.done
        while steps > self.motor.done - done:
            self.room_steps = steps - (self.motor.done - done)
            self._next(self.delivery.seconds_for(self.room_steps))
            self._wait(self.delivery.until_s - self.now_s)
        assert self.motor.done - done == steps
        self.room_steps = 1 << 29
        self.delivery.set_rate(basal_nl_per_day)
        self._next(MAX_HORIZON_S)

    def edge(self, steps: int, rate_nl_per_day: int) -> None:
        """Another drug comes to the tip after so many steps, and another rate with it: nothing is lost or gained."""
        self.delivery.settle()
        self.delivery.halt(self.now_s)
        done = self.motor.done
        while steps > self.motor.done - done:
            self.edge_steps = steps - (self.motor.done - done)
            self._next(min(MAX_HORIZON_S, self.delivery.seconds_for(self.edge_steps)))
            self._wait(self.delivery.until_s - self.now_s)
        assert self.motor.done - done == steps
        self.edge_steps = 1 << 29
        self.delivery.set_rate(rate_nl_per_day)
        self._next(MAX_HORIZON_S)

    def owe(self, part: int) -> None:
        """What rounding left of a bolus or of a flex interval, at the end of a batch."""
        self._wait(self.delivery.until_s - self.now_s)
        self.delivery.add_remainder(part)
        self.most_nl += Fraction(part, DAY_S)
        self._next(MAX_HORIZON_S)

    def late(self, seconds: int) -> None:
        """The next batch is taken up late."""
        self._wait(self.delivery.until_s - self.now_s + seconds)
        self._next(MAX_HORIZON_S)

    def run(self, seconds: int) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self._wait(min(end_s, self.delivery.until_s) - self.now_s)
            if self.now_s == self.delivery.until_s:
                self._next(MAX_HORIZON_S)

    def _wait(self, seconds: int) -> None:
        self.now_s += seconds
        self.most_nl += Fraction(self.delivery.rate_nl_per_day * seconds, DAY_S)
        self.motor.advance(self.now_s * 1000)
        self.delivery.settle()
        assert self.motor.done * self.step_nl <= self.most_nl + self.step_nl

    def _next(self, horizon_s: int) -> None:
        if self.delivery.plan(self.now_s, horizon_s, self.room_steps, self.edge_steps):
            self.delivery.order(self.now_s)
        assert self.delivery.until_s > self.now_s


MAX_HORIZON_S = DAY_S
_least, _most = 1_000, 24_000_000  # nL/day, below every minimum rate and up to the highest
any_rate = st.one_of(st.integers(_least, _most), st.integers(_least, 100_000), st.just(_most), st.just(6_000))
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("set_rate"), any_rate),
        st.tuples(st.just("extra"), st.one_of(st.just(_most), any_rate), st.integers(1, 400)),
        st.tuples(st.just("edge"), st.integers(1, 400), any_rate),
        st.tuples(st.just("owe"), st.integers(0, DAY_S - 1)),
        st.tuples(st.just("late"), st.integers(1, 90)),
        st.tuples(st.just("run"), st.one_of(st.integers(1, 7200), st.integers(1, 30))),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.shows("R1.1", "R1.3")
@given(first_nl_per_day=any_rate, story=happenings, step_nl=st.sampled_from([100, 101, 137, 250, 1000, 2000]))
@example(50_000, [("extra", 24_000_000, 3204), ("run", 7200)], 100)  # a prime of 82 cm, and 100 mcg/day of 2000
@example(24_000_000, [("owe", DAY_S - 1), ("run", 300)], 100)
@example(24_000_000, [("late", 59), ("run", 300)], 100)
def test_no_order_is_one_that_the_motor_refuses_and_none_gives_more_than_is_owed(first_nl_per_day, story, step_nl):
    life = Life(step_nl)
    life.set_rate(first_nl_per_day)
    for name, *values in story:
        getattr(life, name)(*values)
    life.run(2 * 3600)


@given(rate_nl_per_day=any_rate, steps=st.integers(1, 300), after_nl_per_day=any_rate)
def test_what_follows_a_cut_batch_owes_nothing_of_it(rate_nl_per_day, steps, after_nl_per_day):
    life = Life(100)
    life.set_rate(after_nl_per_day)
    life.extra(rate_nl_per_day, steps)
    began_s, done = life.now_s, life.motor.done
    life.run(3600)
    life.run(life.delivery.until_s - life.now_s)  # to the end of a batch: within it a step may be a moment early
    assert life.motor.done - done == after_nl_per_day * (life.now_s - began_s) // DAY_S // 100


any_key = st.one_of(st.integers(1, 200), st.integers(1, 10_000), st.integers(1, 1 << 30))


@given(step_nl=any_key, most=any_key, least=any_key, standby=any_key, late_s=st.integers(0, 90))
def test_no_configuration_that_is_accepted_makes_an_order_that_the_motor_refuses(step_nl, most, least, standby, late_s):
    settings = {"step_nl": step_nl, "max_rate_nl_per_day": most}
    settings |= {"lowest_program_rate_nl_per_day": least, "standby_rate_nl_per_day": standby}
    try:
        config = pump_config(settings)
    except PumpConfigError:
        assume(False)
        return
    life = Life(config.step_nl)
    for rate_nl_per_day in (most, least, standby):
        life.set_rate(rate_nl_per_day)
        life.run(300)
        life.late(late_s)
