"""The pump's age where its two clocks part."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import wire
from firmware.clock import PumpClock
from firmware.records.state import State
from hal.contract import Clock

from .body import Body
from .clinic import DAY_S, Clinic

TICKS_PERIOD_MS = 1 << 30


class Clocks(Clock):
    """`lead_s` is how far the seconds are ahead of the ticks."""

    def __init__(self, now_ms):
        self.now_ms = now_ms
        self.lead_s = 0

    def seconds(self):
        return self.now_ms // 1000 + self.lead_s

    def ticks_ms(self):
        return self.now_ms % TICKS_PERIOD_MS


class Knows(State):
    def __init__(self):
        self.clock = wire.FLAG_NO


waits = st.integers(0, 7_200_000)
leaps = st.sampled_from([0, 0, 0, 12, 60, 7200, 40_000_000])


@pytest.mark.shows("FI-35", "R4.6")
@given(st.integers(0, TICKS_PERIOD_MS), st.lists(st.tuples(waits, leaps), max_size=40))
def test_leaps_of_the_seconds_do_not_age_it(start_ms, history):
    clocks = Clocks(start_ms)
    uptime = PumpClock(clocks)
    uptime.start(1000, Knows())
    born_s, newest_s, leapt_s = uptime.now_s, uptime.now_s, 0
    for count, (wait_ms, leap_s) in enumerate(history, 1):
        clocks.now_ms += wait_ms
        clocks.lead_s += leap_s
        leapt_s += leap_s
        assert uptime.tick() >= newest_s
        newest_s = uptime.now_s
        assert abs(newest_s - born_s - (clocks.now_ms - start_ms) // 1000) <= 1 + count
        assert abs(uptime.jumped_s - leapt_s) <= count


@given(st.lists(st.integers(0, 3_000), min_size=10, max_size=200))
def test_seconds_that_stand_still_are_noticed_however_often_one_looks(waits_ms):
    clocks = Clocks(0)
    uptime = PumpClock(clocks)
    uptime.start(0, Knows())
    for wait_ms in waits_ms:
        clocks.now_ms += wait_ms
        clocks.lead_s = -(clocks.now_ms // 1000)
        uptime.tick()
        assert clocks.now_ms // 1000 - uptime.now_s <= 11


def test_a_week_goes_on_at_its_mean_when_nobody_knows_the_day():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.flex([[(0, 150_000), (720, 50_000)]] * 7)
    clinic.run(DAY_S // 4)
    assert clinic.status().rate_nl_per_day == 150_000
    seconds = clinic.body.seconds
    clinic.body.seconds = lambda: seconds() + 100_000
    clinic.poll()
    status = clinic.status()
    assert (status.wall_s, status.rate_nl_per_day, status.uptime_s) == (wire.NONE32, 100_000, DAY_S // 4)
    assert list(clinic.alarms()) == ["clock_lost"]
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "CLOCK_CHANGED"]
    assert (event.a, event.b) == (100_000, 0)


def test_an_unset_clock_cannot_be_lost():
    clinic = Clinic(Body())
    seconds = clinic.body.seconds
    clinic.body.seconds = lambda: seconds() + 100_000
    clinic.poll()
    assert clinic.alarms() == {}
    assert "CLOCK_CHANGED" in [str(entry.event) for entry in clinic.events()]
