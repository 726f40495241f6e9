"""The patient: published numbers, a step-by-step reference, the levels of risk, and courses of therapy."""

import random
from math import exp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.plant.effectsite import (
    EFFECT_HALF_LIFE_H,
    LEVELS,
    NEEDLE_SPREAD_ML,
    TISSUE_MCG_PER_TIP_MCG,
    EffectSite,
    Inflow,
    Kinetics,
)
from hal.plant.patient import HOUR_MS, SYMPTOMS, Body, Patient
from tests.hal.slowpatient import STEP_H, SlowPatient

DAY_H = 24
AVERAGE = Kinetics()


def lived(*spans, site=None):
    """An effect site after (hours, mcg an hour at the tip), one after another."""
    site = site or EffectSite(AVERAGE)
    for hours, mcg_per_h in spans:
        site.advance(hours, site.levels(Inflow(mcg_per_h)))
    return site


# What was published, as in docs/patient.md


@pytest.mark.parametrize(("mcg_per_day", "ng_per_ml"), [(90, 125), (300, 417), (703, 976), (1000, 1389)])
def test_steady_state(mcg_per_day, ng_per_ml):
    site = lived((1000, mcg_per_day / DAY_H))
    assert round(site.csf) == round(site.effect) == ng_per_ml


@pytest.mark.parametrize(("hours", "percent"), [(4, 21), (6, 35), (8, 48), (24, 92), (48, 99.5)])
def test_the_effect_rises(hours, percent):
    assert lived((hours, 10)).effect / (10_000 / 30) * 100 == pytest.approx(percent, abs=0.5)


@pytest.mark.parametrize(("hours", "percent"), [(4.5, 75), (8.4, 50), (14.5, 25), (22.4, 10), (24, 8), (48, 0.5)])
def test_the_effect_washes_out(hours, percent):
    site = EffectSite(AVERAGE)
    site.csf = site.tip_effect = 100
    assert lived((hours, 0), site=site).effect == pytest.approx(percent, abs=0.5)


def test_a_bolus_of_the_pump_is_greatest_after_four_hours():
    site = EffectSite(AVERAGE)
    site.add_at_tip(50)
    curve = site.levels(Inflow()).effect
    assert site.csf == pytest.approx(50_000 / 64.9, rel=1e-3)
    assert max(range(1, 1000), key=lambda tenth: curve.at(tenth / 10)) == 40


@pytest.mark.shows("SEED-56")
def test_the_strongest_licensed_test_dose_is_no_finding_and_ten_times_it_is():
    """A naive body, 50, 75, 100 mcg a day apart; the peak of 50 mcg is the steady effect of 87 mcg/day."""
    peaks = {}
    patient = Patient()
    now_h = 0
    for mcg in (50, 75, 100):
        patient.site.add_by_needle(mcg)
        levels = []
        for _ in range(24 * 20):
            now_h += 1 / 20
            patient.advance(now_h * HOUR_MS, Inflow())
            levels.append(patient.site.effect)
            assert patient.risk == "normal"
        peaks[mcg] = max(levels)
    assert peaks[50] == pytest.approx(87 / DAY_H / 30 * 1000, rel=0.02)
    assert peaks[100] == pytest.approx(240, rel=0.05)
    patient.site.add_by_needle(1000)
    patient.advance((now_h + 3) * HOUR_MS, Inflow())
    assert patient.risk == "overdose_high"


# The equations


def test_the_worked_numbers():
    assert AVERAGE.volume_ml == pytest.approx(64.9, abs=0.05)
    assert round(EFFECT_HALF_LIFE_H, 2) == 6.0


def kinetics_of(seed):
    """A body drawn from the published ranges: half-life 0.9 to 5 h, clearance 13 to 80 mL/h."""
    drawn = random.Random(seed)
    return Kinetics(drawn.uniform(13, 80), drawn.uniform(0.9, 5)), drawn


def course_of(drawn):
    """A course of therapy as (hours, mcg/h at the tip, mcg/h into tissue, bolus, needle, CSF leak) each."""
    dose = drawn.uniform(25, 400)
    for _ in range(drawn.randint(4, 12)):
        hours = round(drawn.choice([1, 6, 24, 48, 120]) * drawn.uniform(0.3, 1) / STEP_H) * STEP_H
        yield (
            hours,
            drawn.choice([dose, dose, 0, dose * 10, dose / 10]) / DAY_H,
            drawn.choice([0, 0, 0, drawn.uniform(0, 20_000)]),
            drawn.choice([0, 0, drawn.uniform(0, 200)]),
            drawn.choice([0, 0, drawn.choice([50, 75, 100])]),
            drawn.choice([0, 0, drawn.randint(1, 100)]),
        )
        dose *= drawn.choice([1, 1.05, 1.15, 1.3, 0.8])


def area(curve, hours):
    """The integral of a sum of exponentials from 0 on, term by term."""
    return sum(c * hours if not rate else c * (1 - exp(-rate * hours)) / rate for c, rate in curve.terms)


def test_a_hundred_courses_are_the_solution_and_nothing_is_lost():
    """Each level against small steps of time; all drug that came in is there, or was cleared, to 1e-9."""
    compared = 0
    for seed in range(100):
        kinetics, drawn = kinetics_of(seed)
        site = EffectSite(kinetics, grows=True)
        slow = SlowPatient(clearance=kinetics.clearance_ml_per_h, half_life=kinetics.half_life_h)
        given_mcg = cleared_mcg = 0.0
        for hours, tip, tissue, bolus, needle, leak in course_of(drawn):
            site.leak_ml_per_h = leak
            slow.leak_csf(leak)
            site.add_at_tip(bolus)
            site.add_by_needle(needle)
            slow.bolus(bolus)
            slow.needle(needle)
            levels = site.levels(Inflow(tip, tissue))
            clearance = kinetics.clearance_ml_per_h + leak
            needle_clearance = clearance * NEEDLE_SPREAD_ML / kinetics.volume_ml
            cleared_mcg += area(levels.csf, hours) * clearance / 1000
            cleared_mcg += area(levels.needle_csf, hours) * needle_clearance / 1000
            given_mcg += bolus + needle + (tip + tissue / TISSUE_MCG_PER_TIP_MCG) * hours
            site.advance(hours, levels)
            slow.live(hours, tip, tissue)
            held = [slow.tissue, slow.csf, slow.needle_csf, slow.effect, slow.needle_effect, slow.habit, slow.grown]
            for name, value in zip(LEVELS, held, strict=True):
                assert getattr(site, name) == pytest.approx(value, rel=1e-9, abs=1e-9), (seed, name)
                compared += 1
        in_csf_mcg = (site.csf * kinetics.volume_ml + site.needle_csf * NEEDLE_SPREAD_ML) / 1000
        there_mcg = in_csf_mcg + site.tissue_mcg / TISSUE_MCG_PER_TIP_MCG
        assert there_mcg + cleared_mcg == pytest.approx(given_mcg, rel=1e-9), seed
    print(f"100 courses, {compared} levels compared")


spans = st.lists(st.tuples(st.integers(1, 300), st.floats(0, 100), st.floats(0, 5000)), min_size=1, max_size=5)


@given(spans, spans)
def test_levels_add_up(one, other):
    """Two courses at once are the sum of each alone."""
    length = min(len(one), len(other))
    sites = [EffectSite(AVERAGE, grows=True) for _ in range(3)]
    for (hours, tip, tissue), (_, other_tip, other_tissue) in zip(one[:length], other[:length], strict=True):
        inflows = Inflow(tip, tissue), Inflow(other_tip, other_tissue), Inflow(tip + other_tip, tissue + other_tissue)
        for site, inflow in zip(sites, inflows, strict=True):
            site.advance(hours, site.levels(inflow))
    for name in LEVELS:
        first, second, both = (getattr(site, name) for site in sites)
        assert first + second == pytest.approx(both, rel=1e-9, abs=1e-9)


@given(spans, st.lists(st.floats(0.01, 0.99), max_size=4))
def test_a_level_is_the_same_however_often_one_looks(course, looks):
    patients = Patient(Body(tolerance_percent=40)), Patient(Body(tolerance_percent=40))
    now_ms = 0.0
    for patient in patients:
        patient.begin_therapy(300)
        patient.site.add_by_needle(50)
    for hours, tip, tissue in course:
        for look in sorted(looks):
            patients[1].advance(now_ms + look * hours * HOUR_MS, Inflow(tip, tissue))
        now_ms += hours * HOUR_MS
        for patient in patients:
            patient.advance(now_ms, Inflow(tip, tissue))
        for name in LEVELS:
            one, other = (getattr(patient.site, name) for patient in patients)
            assert one == pytest.approx(other, rel=1e-9, abs=1e-9)


# The indicator


@st.composite
def lives(draw):
    """A patient, and what happens to one: mostly much too little or too much, for long and for short."""
    used_to = draw(st.sampled_from([None, 0, 20, 60, 100, 300, 500]))
    options = draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from([0, 0, 50]))
    dose = draw(st.sampled_from([20, 50, 100, 300, 800]))
    hours = st.sampled_from([1, 4, 10, 16, 30, 60, 240, 800])
    event = st.tuples(hours, st.sampled_from([0, 0.1, 0.5, 1, 1, 1, 2, 10]), st.sampled_from([0, 0, 0, 50, 1000]))
    before_h = draw(st.sampled_from([0, 0, 5, 200]))  # the first program
    return used_to, *options, before_h, dose, draw(st.lists(event, min_size=1, max_size=8))


def look(patient, slow, looks):
    """Compare the two, but at the very edge of a rule."""
    looks["all"] += 1
    if slow.near_an_edge:
        looks["at an edge"] += 1
    else:
        assert (patient.risk, patient.dependent) == (slow.risk, slow.dependent)


def test_the_risk_is_that_of_the_table():
    """Against small steps of time, and the rules read anew after each."""
    looks = {"all": 0, "at an edge": 0}

    @settings(max_examples=100)
    @given(lives())
    def live(life):
        used_to, dependent, prone, tolerance_percent, before_h, dose, events = life
        patient = Patient(Body(used_to, dependent, prone, tolerance_percent))
        slow = SlowPatient(used_to, dependent, prone, tolerance_percent / 100)
        patient.advance(before_h * HOUR_MS, Inflow())
        slow.live(before_h)
        patient.begin_therapy(dose)
        slow.begin_therapy(dose)
        now_h = before_h
        for hours, share, needle in events:
            patient.site.add_by_needle(needle)
            slow.needle(needle)
            for _ in range(3):
                now_h += hours
                patient.advance(now_h * HOUR_MS, Inflow(dose * share / DAY_H))
                slow.live(hours, dose * share / DAY_H)
                look(patient, slow, looks)

    live()
    print(looks)
    assert looks["at an edge"] < 0.1 * looks["all"]


def treated(days, body=Body(500, dependent=True)):  # noqa: B008
    """Used to 500 mcg/day, which came."""
    patient = Patient(body)
    patient.site.csf = patient.site.tip_effect = patient.site.used_to
    patient.advance(days * DAY_H * HOUR_MS, Inflow(500 / DAY_H))
    return patient


STOPPED = [(4.4, "normal"), (4.7, "watch"), (8.3, "watch"), (8.6, "elevated"), (14.6, "elevated"), (15.0, "high")]
STOPPED += [(38.6, "high"), (39.0, "emergency"), (300, "emergency"), (360, "elevated"), (700, "normal")]


@pytest.mark.shows("SEED-19")
@pytest.mark.parametrize(("hours", "risk"), STOPPED)
@pytest.mark.parametrize("looks", [1, 50])
def test_the_risk_after_a_stop_at_the_tip(hours, risk, looks):
    """What the body is used to halves in five days: 694 ng/mL are below 100 after 14 days, below 20 after 26."""
    patient = treated(10)
    stop_ms = 10 * DAY_H * HOUR_MS
    for look in range(1, looks + 1):
        patient.advance(stop_ms + hours * HOUR_MS * look / looks, Inflow())
    assert patient.risk == risk


@pytest.mark.shows("SEED-53")
@pytest.mark.parametrize("hours", [20, 60, 200])
def test_without_dependence_a_stop_is_never_worse_than_elevated(hours):
    patient = treated(10, Body(500))
    patient.advance((240 + hours) * HOUR_MS, Inflow())
    assert patient.risk == "elevated"


def test_an_emergency_is_a_day_without_a_break():
    patient = treated(10)
    now_ms = 10 * DAY_H * HOUR_MS
    for hours, mcg_per_h, risk in [(30, 0, "high"), (9, 20, "watch"), (20, 0, "high"), (24, 0, "emergency")]:
        now_ms += hours * HOUR_MS
        patient.advance(now_ms, Inflow(mcg_per_h))
        assert patient.risk == risk
    patient.advance(now_ms + 48 * HOUR_MS, Inflow(20.0))
    assert patient.risk == "normal"


@pytest.mark.shows("SEED-59")
def test_who_is_prone_to_withdrawal_is_sooner_in_danger():
    """No 90 days are needed, and 12 hours are enough."""
    patient = treated(10, Body(500, prone=True))
    patient.advance((240 + 26) * HOUR_MS, Inflow())
    assert patient.risk == "high"
    patient.advance((240 + 28) * HOUR_MS, Inflow())
    assert patient.risk == "emergency"


def test_a_new_patient_is_no_finding():
    """The drug is on its way for 40 hours: who was titrated before feels it when it has come."""
    patient = Patient()
    patient.begin_therapy(480)
    patient.advance(40 * HOUR_MS, Inflow())
    assert patient.risk == "normal"
    patient.advance(43 * HOUR_MS, Inflow(20.0))
    assert patient.risk == "normal"


def test_only_the_first_program_is_what_the_body_is_used_to():
    patient = Patient()
    patient.begin_therapy(100)
    patient.begin_therapy(1000)
    assert patient.site.used_to == pytest.approx(139, abs=0.5)
    told = Patient(Body(300))
    told.begin_therapy(1000)
    assert told.site.used_to == pytest.approx(417, abs=0.5)


@pytest.mark.shows("DD-10")
@pytest.mark.parametrize("percent", [5, 10, 15, 20])
@pytest.mark.parametrize("dose", [1000, 500, 300, 100])
@pytest.mark.parametrize("seed", [None, 1, 2, 3])
def test_a_label_s_taper_is_never_grave(percent, dose, seed):
    """Down by so much every two days to nearly nothing, of a dependent body: felt, and never worse than elevated."""
    kinetics = AVERAGE if seed is None else kinetics_of(seed)[0]
    patient = Patient(Body(dose, dependent=True), kinetics)
    now_h, mcg_per_day = 10 * DAY_H, dose
    patient.advance(now_h * HOUR_MS, Inflow(mcg_per_day / DAY_H))
    while mcg_per_day > 5:
        mcg_per_day *= 1 - percent / 100
        for _ in range(16):
            now_h += 3
            patient.advance(now_h * HOUR_MS, Inflow(mcg_per_day / DAY_H))
            assert patient.risk in ("normal", "watch", "elevated")


TITRATIONS = [(percent, days) for percent in (5, 10, 15, 20, 30) for days in (1, 2, 7)]


@pytest.mark.shows("DD-04")
@pytest.mark.parametrize(("percent", "days"), TITRATIONS)
@pytest.mark.parametrize("dose", [25, 50, 100, 200, 400])
def test_a_licensed_titration_is_never_an_overdose(percent, days, dose):
    """Up by 5 to 30 % once a day or less to 1000 mcg/day: at most a watch.

    But for 30 % on more than five days in a row: there the indicator and the label part (docs/patient.md).
    """
    patient = Patient(Body(dose))
    now_h, mcg_per_day, times = 10 * DAY_H, dose, 0
    patient.site.csf = patient.site.tip_effect = patient.site.used_to
    patient.advance(now_h * HOUR_MS, Inflow(mcg_per_day / DAY_H))
    while mcg_per_day * (1 + percent / 100) <= 1000 and not (percent == 30 and days == 1 and times == 5):
        mcg_per_day *= 1 + percent / 100
        times += 1
        for _ in range(8 * days):
            now_h += 3
            patient.advance(now_h * HOUR_MS, Inflow(mcg_per_day / DAY_H))
            assert patient.risk in ("normal", "overdose_watch")


@pytest.mark.shows("SEED-50", "SEED-52")
@pytest.mark.parametrize("dose", [150, 300, 500, 1000])
@pytest.mark.parametrize("days", [91, 200])
def test_a_tenth_of_the_dose_by_a_slip_harms(dose, days):
    """However it came about, and though it was ordered."""
    patient = Patient()
    patient.begin_therapy(dose)
    patient.advance(days * DAY_H * HOUR_MS, Inflow(dose / DAY_H))
    patient.begin_therapy(dose / 10)
    patient.advance((days * DAY_H + 30) * HOUR_MS, Inflow(dose / 10 / DAY_H))
    assert patient.risk == "high"


@pytest.mark.shows("SEED-50", "SEED-51")
@pytest.mark.parametrize("dose", [60, 100, 200, 500])
def test_ten_times_the_dose_by_a_slip_harms(dose):
    patient = Patient()
    patient.begin_therapy(dose)
    patient.advance(30 * DAY_H * HOUR_MS, Inflow(dose / DAY_H))
    patient.begin_therapy(dose * 10)
    patient.advance(31 * DAY_H * HOUR_MS, Inflow(dose * 10 / DAY_H))
    assert patient.risk == "overdose_high"


def test_dependence_takes_three_months_and_ends_with_the_habit():
    assert not treated(89, Body(500)).dependent
    patient = treated(91, Body(500))
    assert patient.dependent
    patient.advance((91 + 25) * DAY_H * HOUR_MS, Inflow())
    assert patient.dependent
    patient.advance((91 + 27) * DAY_H * HOUR_MS, Inflow())
    assert not patient.dependent
    patient.advance((91 + 40) * DAY_H * HOUR_MS, Inflow(500 / DAY_H))
    assert not patient.dependent


@pytest.mark.parametrize(("after_h", "dependent"), [(-1, False), (1, True)])
def test_the_three_months_count_from_the_first_effect(after_h, dependent):
    """Though nobody looked in between: the drug was on its way for 40 h, and acted ten hours later."""
    patient, slow = Patient(), SlowPatient()
    for one in (patient, slow):
        one.begin_therapy(500)
    slow.live(40)
    hours = 40.0
    while not slow.effective:
        slow.live(STEP_H, 500 / DAY_H)
        hours += STEP_H
    assert hours == pytest.approx(50, abs=STEP_H)
    patient.advance(40 * HOUR_MS, Inflow())
    patient.advance((hours + 90 * DAY_H + after_h) * HOUR_MS, Inflow(500 / DAY_H))
    assert patient.dependent == dependent


def test_tolerance_asks_for_more():
    """After a year 40 % more are needed for the same, of which 1 / 1.4 is there; a dose raised by 40 % helps."""
    patient = treated(365, Body(500, tolerance_percent=40))
    assert patient.risk == "watch"
    assert treated(20, Body(500, tolerance_percent=40)).risk == "normal"
    patient.advance(367 * DAY_H * HOUR_MS, Inflow(700 / DAY_H))
    assert patient.risk == "normal"


@pytest.mark.shows("SEED-54", "SEED-55")
def test_every_risk_has_its_signs_and_none_is_blood_pressure():
    assert set(SYMPTOMS) == {"normal", "watch", "elevated", "high", "emergency", "overdose_watch", "overdose_high"}
    assert all(bool(signs) == (risk != "normal") for risk, signs in SYMPTOMS.items())
    assert not any("blood" in sign or "pressure" in sign for signs in SYMPTOMS.values() for sign in signs)
