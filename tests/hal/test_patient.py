"""The patient: the model's published numbers, a step-by-step reference, and the levels of risk."""

import json
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.plant.effectsite import CLEARANCE_ML_PER_H, DELAY_PER_H, ELIMINATION_PER_H, VOLUME_ML, EffectSite
from hal.plant.patient import HOUR_MS, SYMPTOMS, Patient
from hal.plant.plant import Plant

DAY_H = 24


@pytest.mark.parametrize(("mcg_per_day", "ng_per_ml"), [(90, 125), (300, 417), (703, 976), (1000, 1389)])
def test_steady_state(mcg_per_day, ng_per_ml):
    site = EffectSite()
    site.advance(1000, mcg_per_day / DAY_H)
    assert round(site.csf) == round(site.effect) == ng_per_ml


@pytest.mark.parametrize(("hours", "percent"), [(4, 21), (6, 35), (8, 48), (24, 92), (48, 99.5)])
def test_the_effect_rises(hours, percent):
    site = EffectSite()
    site.advance(hours, 10)
    assert site.effect / (10_000 / CLEARANCE_ML_PER_H) * 100 == pytest.approx(percent, abs=0.5)


@pytest.mark.parametrize(("hours", "percent"), [(4.5, 75), (8.4, 50), (14.5, 25), (22.4, 10), (24, 8), (48, 0.5)])
def test_the_effect_washes_out(hours, percent):
    site = EffectSite(100, 100)
    site.advance(hours, 0)
    assert site.effect == pytest.approx(percent, abs=0.5)


def test_a_bolus_is_greatest_after_four_hours():
    site = EffectSite()
    site.add_bolus(50)
    curve = site.curve(0)
    assert site.csf == pytest.approx(50_000 / VOLUME_ML)
    assert max(range(1, 1000), key=lambda tenth: curve.at(tenth / 10)) == 40


def euler(csf, effect, spans, step_h=0.002):
    """The two equations, in small steps."""
    for hours, mcg_per_h in spans:
        for _ in range(round(hours / step_h)):
            effect += DELAY_PER_H * (csf - effect) * step_h
            csf += (mcg_per_h * 1000 / VOLUME_ML - ELIMINATION_PER_H * csf) * step_h
    return csf, effect


@given(st.lists(st.tuples(st.integers(1, 10), st.integers(0, 50)), max_size=4))
def test_the_closed_form_is_the_solution(spans):
    site = EffectSite(500, 200)
    for hours, mcg_per_h in spans:
        site.advance(hours, mcg_per_h)
    csf, effect = euler(500, 200, spans)
    assert site.csf == pytest.approx(csf, rel=0.005, abs=1)
    assert site.effect == pytest.approx(effect, rel=0.005, abs=1)


@given(
    st.floats(0, 2000), st.floats(0, 2000), st.floats(0, 2000), st.floats(0, 2000), st.floats(0, 50), st.floats(0, 50)
)
def test_parts_of_one_sign(csf, effect, other_csf, other_effect, mcg_per_h, other_mcg_per_h):
    mine, other = EffectSite(csf, effect).curve(mcg_per_h), EffectSite(other_csf, other_effect).curve(other_mcg_per_h)
    difference = mine.minus(other, 0.75)
    parts = difference.signs(100)
    assert parts[0][0] == 0
    assert parts[-1][1] == 100
    for since, until, enough in parts:
        for share in (0.01, 0.3, 0.7, 0.99):
            value = difference.at(since + share * (until - since))
            assert (value >= 0) == enough or isclose(value, 0, abs_tol=1e-6)


def treated(days):
    """In a steady state, as ordered."""
    patient = Patient()
    patient.ordered_mcg_per_h = 20.0
    patient.advance(days * DAY_H * HOUR_MS, 20.0)
    return patient


STOPPED = [(4.4, "normal"), (4.6, "watch"), (8.3, "watch"), (8.5, "elevated"), (14.4, "elevated"), (14.6, "high")]
STOPPED += [(38.3, "high"), (38.7, "emergency"), (1000, "emergency")]


@pytest.mark.shows("SEED-19")
@pytest.mark.parametrize(("hours", "risk"), STOPPED)
@pytest.mark.parametrize("looks", [1, 50])
def test_the_risk_after_a_stop_at_the_tip(hours, risk, looks):
    patient = treated(10)
    stop_ms = 10 * DAY_H * HOUR_MS
    for look in range(1, looks + 1):
        patient.advance(stop_ms + hours * HOUR_MS * look / looks, 0.0)
    assert patient.risk == risk


def test_an_emergency_is_a_day_without_a_break():
    patient = treated(10)
    now_ms = 10 * DAY_H * HOUR_MS
    for hours, mcg_per_h, risk in [(30, 0, "high"), (10, 20, "watch"), (20, 0, "high"), (24, 0, "emergency")]:
        now_ms += hours * HOUR_MS
        patient.advance(now_ms, mcg_per_h)
        assert patient.risk == risk
    patient.advance(now_ms + 48 * HOUR_MS, 20.0)
    assert patient.risk == "normal"


def test_a_new_patient_is_no_finding():
    patient = Patient()
    patient.ordered_mcg_per_h = 20.0
    patient.advance(40 * HOUR_MS, 0.0)
    assert patient.risk == "normal"
    patient.advance(43 * HOUR_MS, 20.0)
    assert patient.risk == "normal"


def test_a_taper_is_no_finding():
    patient = treated(10)
    patient.ordered_mcg_per_h = 8.0
    for hour in range(1, 48):
        patient.advance((240 + hour) * HOUR_MS, 8.0)
        assert patient.risk == "normal"


@pytest.mark.parametrize(
    ("share", "risk"), [(1.45, "normal"), (1.55, "overdose_watch"), (2.45, "overdose_watch"), (2.55, "overdose_high")]
)
def test_too_much(share, risk):
    patient = treated(10)
    patient.advance(20 * DAY_H * HOUR_MS, 20.0 * share)
    assert patient.risk == risk
    patient.advance(25 * DAY_H * HOUR_MS, 20.0)
    assert patient.risk == "normal"


@pytest.mark.shows("SEED-53")
def test_dependence_takes_three_months():
    assert not treated(90).dependent
    assert treated(92).dependent


@pytest.mark.shows("SEED-54", "SEED-55")
def test_every_risk_has_its_signs_and_none_is_blood_pressure():
    assert set(SYMPTOMS) == {"normal", "watch", "elevated", "high", "emergency", "overdose_watch", "overdose_high"}
    assert all(bool(signs) == (risk != "normal") for risk, signs in SYMPTOMS.items())
    assert not any("blood" in sign or "pressure" in sign for signs in SYMPTOMS.values() for sign in signs)


def live(looks):
    """Ten days at 500 mcg/day, then a stall of 30 h; looked at or not; the truth and what is kept of it."""
    plant = Plant()
    plant.prescribe(500_000)
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
    other.prescribe(500_000)
    other.advance(other.now_ms + 100 * HOUR_MS)
    assert other.truth()["risk"] == "emergency"
    assert other.truth()["symptoms"] == list(SYMPTOMS["emergency"])


def infused(*orders):
    """A plant whose motor was given (from_h, hours, period_ms), one order after another."""
    plant = Plant()
    plant.implant("new", 0, 0)
    plant.refill(20_000_000, 2000)
    plant.prescribe(500_000)
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
