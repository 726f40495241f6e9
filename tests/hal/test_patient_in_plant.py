"""The patient behind a plant's catheter: looking, restoring, and what the rotor's steps come to."""

import json

import pytest

from hal.plant.patient import HOUR_MS, SYMPTOMS, Body
from hal.plant.plant import Plant

DAY_H = 24


def live(looks):
    """Ten days at 500 mcg/day, then a stall of 30 h; looked at or not; the truth and what is kept of it."""
    plant = Plant()
    plant.admit(Body(dependent=True))
    plant.begin_therapy(500_000)
    plant.refill(20_000_000, 2000)
    plant.drivetrain.order(0, 60_000, 34_560, 34_560, 1 << 40, 27)
    for at_ms in [*looks, 10 * DAY_H * HOUR_MS]:
        plant.advance(at_ms)
        plant.truth()
    plant.apply_fault("motor_stall", plant.now_ms + 30 * HOUR_MS)
    plant.advance(12 * DAY_H * HOUR_MS)
    return plant.truth(), json.loads(json.dumps(plant.snapshot()))


def test_looking_changes_nothing():
    assert live(range(0, 200 * HOUR_MS, 7_777_777)) == live([])


def test_a_restored_patient_goes_on():
    truth, state = live([])
    other = Plant()
    other.restore(state)
    assert other.truth() == truth
    other.advance(other.now_ms + 100 * HOUR_MS)
    assert other.truth()["risk"] == "emergency"
    assert other.truth()["symptoms"] == list(SYMPTOMS["emergency"])


def infused(*orders):
    """A plant whose motor was given (from_h, hours, period_ms), one order after another."""
    plant = Plant()
    plant.admit(Body(dependent=True))
    plant.implant("new", 0, 0)
    plant.refill(20_000_000, 2000)
    plant.begin_therapy(500_000)
    for from_h, hours, period_ms in orders:
        plant.advance(from_h * HOUR_MS)
        assert plant.drivetrain.order(plant.now_ms, hours * HOUR_MS // period_ms, period_ms, period_ms, 1 << 40, 27)
    return plant


def test_what_comes_after_the_last_step_is_nothing():
    plant = infused((0, 240, 34_560))
    plant.advance(260 * HOUR_MS)
    assert plant.truth()["risk"] == "high"
    plant.drivetrain.order(plant.now_ms, 1, 34_560, 34_560, 1 << 40, 27)
    plant.advance(260 * HOUR_MS + 60_000)
    assert plant.truth()["risk"] == "high"


def test_the_body_follows_each_rate():
    plant = infused((0, 240, 34_560), (240, 72, 69_120))
    plant.advance(312 * HOUR_MS)
    assert plant.truth()["effect_ng_per_ml"] == pytest.approx(694 / 2, abs=2)


@pytest.mark.parametrize("settled", [False, True])
def test_a_runaway_that_is_inhibited_gives_nothing(settled):
    plant = infused()
    plant.apply_fault("runaway")
    plant.advance(10 * HOUR_MS)
    plant.drivetrain.halt(plant.now_ms)
    plant.drivetrain.inhibit(True)
    plant.advance(60 * HOUR_MS)
    if settled:
        plant.settle()
    plant.drivetrain.settle(plant.now_ms)
    plant.drivetrain.inhibit(False)
    plant.advance(60 * HOUR_MS + 1_800_000)
    steady_ng_per_ml = 3600 * 100 * 2000 / 1e6 / 30 * 1000
    assert plant.truth()["csf_ng_per_ml"] == pytest.approx(steady_ng_per_ml * (1 - 0.5 ** (1 / 3)), rel=0.01)


def test_a_folder_of_an_earlier_version_goes_on():
    """In which the effect was compared with that of the orders: what was ordered is what the body is used to."""
    _, state = live([])
    state["flow"]["patient"] = {
        "at_ms": state["flow"]["patient"]["at_ms"],
        "csf": 694.0,
        "effect": 600.0,
        "ordered_csf": 694.0,
        "ordered_effect": 690.0,
        "ordered_mcg_per_h": 20.8,
        "effective_since_ms": 40.0 * HOUR_MS,
        "lowest_since_ms": None,
    }
    other = Plant()
    other.restore(json.loads(json.dumps(state)))
    truth = other.truth()
    assert (truth["effect_ng_per_ml"], truth["used_to_ng_per_ml"], truth["risk"]) == (600, 690, "normal")
    assert not truth["dependent"]
    other.begin_therapy(50_000)
    assert other.truth()["used_to_ng_per_ml"] == 690
    other.advance(other.now_ms + 100 * DAY_H * HOUR_MS)
    assert other.truth()["risk"] == "normal"
