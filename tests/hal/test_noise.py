"""A bad line, and a bad sensor: so bad as they are said to be, and the same in every run of one seed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.contract import NO_READING
from hal.mock.body import MockBody
from hal.mock.entropy import Prng
from hal.mock.noise import ImpairedLine
from hal.mock.recorder import Recorder
from hal.plant.crystal import Crystal
from hal.plant.impairment import LinkImpairment
from hal.plant.plant import Plant

FRAMES = b"".join(bytes([1 + n % 255, 7, 9, 0]) for n in range(1000))


def carried(seed=0, **percent):
    impairment = LinkImpairment()
    for name, value in percent.items():
        setattr(impairment, name, value)
    return ImpairedLine(impairment, Prng(seed, "line")).carry(FRAMES)


def test_a_good_line_changes_nothing():
    assert carried() == FRAMES


@pytest.mark.parametrize("percent", [1, 20, 60, 100])
def test_so_many_frames_are_lost_corrupted_or_doubled(percent):
    expected, spread = 10 * percent, 4 * (10 * percent * (100 - percent) / 100) ** 0.5
    assert abs(1000 - len(carried(drop_percent=percent)) // 4 - expected) <= spread
    assert abs(len(carried(duplicate_percent=percent)) // 4 - 1000 - expected) <= spread
    noisy = carried(noise_percent=percent)
    assert len(noisy) == len(FRAMES)
    corrupted = sum(noisy[at : at + 4] != FRAMES[at : at + 4] for at in range(0, len(FRAMES), 4))
    assert abs(corrupted - expected) <= spread + 0.02 * expected  # three changes may undo one another


@pytest.mark.parametrize(("depth_mm", "percent"), [(0, 0), (25, 0), (26, 10), (30, 50), (31, 60), (255, 60)])
def test_a_pump_that_sits_deeper_than_telemetry_reaches_loses_so_many_frames(depth_mm, percent):
    lost = 1000 - len(carried(depth_mm=depth_mm)) // 4
    assert abs(lost - 10 * percent) <= 4 * (10 * percent * (100 - percent) / 100) ** 0.5


def test_the_seed_draws_it():
    one, again, other = (carried(seed, noise_percent=30, drop_percent=10) for seed in (1, 1, 2))
    assert one == again != other


@pytest.mark.shows("FI-41")
def test_both_ways_of_a_lost_line_are_lost():
    body = MockBody(Plant(), Recorder())
    body.power.up()
    (link,) = body.links
    body.plant.apply_fault("link_lost", 1000)
    assert link.host_send(b"to the pump") == len(b"to the pump")
    link.write(b"from the pump")
    assert (link.read(), link.host_receive()) == (b"", b"")
    body.plant.advance(1000)
    link.host_send(b"to the pump")
    link.write(b"from the pump")
    assert (link.read(), link.host_receive()) == (b"to the pump", b"from the pump")


@given(st.integers(1, 1000))
def test_a_doubled_frame_does_not_overrun_the_receiver(length):
    body = MockBody(Plant(), Recorder())
    body.power.up()
    (link,) = body.links
    body.plant.apply_fault("link_duplicate", percent=100)
    link.host_send(bytes(range(1, 200)) * 6)
    link.host_send(b"x" * length)
    assert len(link.read() or b"") <= 512


@given(st.integers(1, 5_000_000), st.integers(0, 10**9))
def test_a_noisy_sensor_is_off_by_no_more_than_it_is_said(noise_nl, at_ms):
    body = MockBody(Plant(), Recorder(), fill_sensor=True)
    body.power.up()
    body.plant.refill(10_000_000, 2000)
    body.plant.apply_fault("sensor_noise", nl=noise_nl)
    body.plant.advance(at_ms)
    assert body.fill_sensor is not None
    readings = {body.fill_sensor.volume_nl() for _ in range(3)}
    assert len(readings) == 1
    assert abs(readings.pop() - 10_000_000) <= noise_nl
    body.plant.apply_fault("sensor_dead")
    assert body.fill_sensor.volume_nl() == NO_READING


def test_interference_looks_like_a_head():
    body = MockBody(Plant(), Recorder())
    body.power.up()
    body.plant.apply_fault("emi", 1000)
    assert body.head.present()
    body.plant.advance(1000)
    assert not body.head.present()


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(-(10**7), 10**7)), max_size=9), st.integers(-9999, 9999))
def test_the_timer_drifts_and_never_jumps(jumps, ppm):
    crystal, at_ms = Crystal(), 0
    crystal.drift(0, ppm)
    for wait_ms, by_ms in jumps:
        at_ms += wait_ms
        crystal.jump(at_ms, by_ms)
        assert abs(crystal.timer_ms(at_ms) - at_ms * (1_000_000 + ppm) / 1_000_000) <= len(jumps)
    other = Crystal()
    other.restore(crystal.snapshot())
    assert other.timer_ms(at_ms + 5000) == crystal.timer_ms(at_ms + 5000)
