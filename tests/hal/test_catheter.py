"""Plug flow: beside a catheter that is a list of single nL."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.plant.catheter import Catheter
from hal.plant.plant import Plant

HOUR_MS = 3_600_000
DEAD_NL = 140_000 + 89 * 2200

PUSHES = st.lists(st.tuples(st.integers(-9, 60), st.sampled_from([0, 500, 2000])), max_size=30)


@given(st.integers(0, 70), PUSHES)
def test_what_goes_in_first_comes_out_first(dead_nl, pushes):
    catheter, line, out = Catheter(dead_nl), [0] * dead_nl, []
    backward_nl = 0
    for volume_nl, mcg_per_ml in pushes:
        forward_nl = max(0, volume_nl - backward_nl)
        backward_nl = max(0, backward_nl - volume_nl)
        line += [mcg_per_ml] * forward_nl
        out += line[:forward_nl]
        expected, line = line[:forward_nl], line[forward_nl:]
        got = catheter.push(volume_nl, mcg_per_ml)
        assert all(nl for nl, _ in got)
        assert [mcg_per_ml for nl, mcg_per_ml in got for _ in range(nl)] == expected
    assert catheter.tip_hundredths == sum(out) * 100
    other = Catheter()
    other.restore(json.loads(json.dumps(catheter.snapshot())))
    assert other.push(1000, 7) == catheter.push(1000, 7)


def pumping(nl_per_day, mcg_per_ml):
    """A full plant with a catheter of 89 cm and an order without end."""
    plant = Plant()
    plant.fit_catheter(DEAD_NL)
    plant.refill(20_000_000, mcg_per_ml)
    period_ms = 100 * 86_400_000 // nl_per_day
    plant.drivetrain.order(0, 200_000, period_ms, period_ms, 1 << 40, 27)
    return plant


@pytest.mark.shows("SEED-38", "SEED-39")
@pytest.mark.parametrize(
    ("nl_per_day", "mcg_per_ml", "hours"),
    [(200_000, 500, 40.3), (600_000, 500, 13.4), (150_000, 2000, 53.7), (400_000, 2000, 20.1), (1_600_000, 500, 5.0)],
)
def test_the_drug_takes_its_time_to_the_tip(nl_per_day, mcg_per_ml, hours):
    plant = pumping(nl_per_day, mcg_per_ml)
    plant.advance(round((hours - 0.1) * HOUR_MS))
    assert plant.truth()["tip_mcg"] == plant.truth()["csf_ng_per_ml"] == 0
    plant.advance(round((hours + 24) * HOUR_MS))
    expected = nl_per_day * mcg_per_ml / 1_000_000
    assert plant.truth()["tip_mcg"] == pytest.approx(expected, rel=0.005)


@pytest.mark.shows("SEED-39")
def test_old_drug_comes_first_at_its_own_strength():
    plant = pumping(600_000, 500)
    plant.advance(48 * HOUR_MS)
    before = plant.truth()
    assert before["tip_mcg"] == (before["delivered_nl"] - DEAD_NL) * 500 // 1_000_000
    plant.refill(20_000_000, 2000)
    plant.advance(100 * HOUR_MS)
    new_nl = plant.truth()["delivered_nl"] - before["delivered_nl"]
    expected = before["delivered_nl"] * 500 + (new_nl - DEAD_NL) * 2000
    assert plant.truth()["tip_mcg"] == expected // 1_000_000


def test_the_same_catheter_is_not_put_in_twice():
    plant = pumping(600_000, 500)
    plant.advance(48 * HOUR_MS)
    plant.fit_catheter(DEAD_NL)
    plant.advance(49 * HOUR_MS)
    before = plant.truth()["tip_mcg"]
    assert before > 0
    plant.fit_catheter(DEAD_NL + 1)
    plant.advance(50 * HOUR_MS)
    assert plant.truth()["tip_mcg"] == before
