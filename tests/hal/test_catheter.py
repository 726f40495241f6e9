"""Plug flow: beside a catheter that is a list of single nL."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.plant.catheter import Catheter
from hal.plant.plant import Plant

HOUR_MS = 3_600_000
DEAD_NL = 140_000 + 89 * 2200

NL = st.integers(0, 60)
MCG_PER_ML = st.sampled_from([0, 500, 2000])
OPERATIONS = st.one_of(
    st.tuples(st.just("push"), st.integers(-9, 60), MCG_PER_ML),
    st.tuples(st.sampled_from(["fit", "resize"]), NL, NL, MCG_PER_ML),
    st.tuples(st.just("connect"), NL, MCG_PER_ML),
    st.tuples(st.just("aspirate"), NL),
    st.tuples(st.just("inject"), NL, MCG_PER_ML),
)


class SingleNl:
    """The line as a list of single nL, from the tip back. Each operation returns what came out, one by one."""

    def __init__(self):
        self.line, self.tubing_nl, self.backward_nl = [0] * 140, 140, 0

    def push(self, volume_nl, mcg_per_ml):
        forward_nl = max(0, volume_nl - self.backward_nl)
        self.backward_nl = max(0, self.backward_nl - volume_nl)
        self.line += [mcg_per_ml] * forward_nl
        out, self.line = self.line[:forward_nl], self.line[forward_nl:]
        return out

    def fit(self, catheter_nl, tubing_nl, mcg_per_ml):
        self.line = [0] * catheter_nl + [0] * self.tubing_nl
        self.connect(tubing_nl, mcg_per_ml)

    def connect(self, tubing_nl, mcg_per_ml):
        self.line = self.line[: len(self.line) - self.tubing_nl] + [mcg_per_ml] * tubing_nl
        self.tubing_nl, self.backward_nl = tubing_nl, 0

    def resize(self, catheter_nl, tubing_nl, mcg_per_ml):
        longer_nl = catheter_nl + tubing_nl - len(self.line)
        tip = [*self.line, mcg_per_ml][0]
        self.line = [tip] * longer_nl + self.line[max(0, -longer_nl) :]
        self.tubing_nl = tubing_nl

    def aspirate(self, volume_nl):
        port = len(self.line) - self.tubing_nl
        line = [0] * volume_nl + self.line[:port]
        self.line = line[:port] + self.line[port:]
        return line[port:][::-1]

    def inject(self, volume_nl, mcg_per_ml):
        port = len(self.line) - self.tubing_nl
        line = self.line[:port] + [mcg_per_ml] * volume_nl
        self.line = line[volume_nl:] + self.line[port:]
        return line[:volume_nl]


def singly(parcels):
    assert all(nl > 0 for nl, _ in parcels)
    return [mcg_per_ml for nl, mcg_per_ml in parcels for _ in range(nl)]


@given(st.lists(OPERATIONS, max_size=30))
def test_the_line_is_as_a_list_of_single_nl(operations):
    catheter, naive, tip = Catheter(0, 140), SingleNl(), 0
    for name, *arguments in operations:
        expected = getattr(naive, name)(*arguments)
        got = getattr(catheter, name)(*arguments)
        assert expected is None or singly(got) == expected
        tip += sum(expected or []) if name in ("push", "inject") else 0
        assert singly(catheter.contents) == naive.line
        assert (catheter.dead_nl, catheter.tubing_nl) == (len(naive.line), naive.tubing_nl)
        assert catheter.tip_hundredths == tip * 100
    other = Catheter()
    other.restore(json.loads(json.dumps(catheter.snapshot())))
    assert other.push(1000, 7) == catheter.push(1000, 7)


def drug(parcels):
    return sum(nl * mcg_per_ml for nl, mcg_per_ml in parcels)


PUSHES = st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from([0, 500, 2000]), st.booleans()), max_size=20)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 100), PUSHES)
def test_of_drug_that_mixes_in_the_line_nothing_is_lost(catheter_nl, tubing_nl, percent, pushes):
    catheter = Catheter(catheter_nl, tubing_nl)
    catheter.mixing_percent = percent
    pushed = out = 0
    for volume_nl, mcg_per_ml, priming in pushes:
        parcels = catheter.push(volume_nl, mcg_per_ml, priming)
        pushed += volume_nl * mcg_per_ml
        out += drug(parcels)
        assert sum(nl for nl, _ in parcels) == volume_nl
        assert sum(nl for nl, _ in catheter.contents) == catheter.dead_nl
        assert all(nl > 0 <= strength <= 2000 for nl, strength in [*parcels, *catheter.contents])
        assert pushed == out + drug(catheter.contents)
    assert catheter.tip_hundredths == out * 100


def test_in_a_prime_that_mixes_drug_comes_early_and_diluted():
    """335.8 uL of water stand in the line, the last 167.9 of them stirred; 251.85 are pushed, and 335.8 after them."""
    plain, mixing = Catheter(195_800), Catheter(195_800)
    mixing.mixing_percent = 50
    for catheter in (plain, mixing):
        catheter.push(251_850, 1000, priming=True)
    assert plain.tip_mcg == 0
    # 84 uL of drug came into the stirred part: 83.95 - 167.9 * (1 - exp(-83.95 / 167.9)) = 17.9 mcg left it
    assert mixing.tip_mcg == 17
    assert mixing.contents[0][1] == 393  # 1000 * (1 - exp(-0.5))
    for catheter in (plain, mixing):
        catheter.push(335_800, 1000)
    assert plain.tip_mcg == 251
    assert mixing.tip_mcg == 251  # once all of it came out there is no difference


def test_drug_mixes_at_the_speed_of_a_prime_alone():
    out = []
    for period_ms in (360, 3600):
        plant = Plant()
        plant.implant("new", 195_800, 140_000)
        plant.refill(20_000_000, 1000)
        plant.apply_fault("prime_mixing", percent=50)
        plant.drivetrain.order(0, 2518, period_ms, period_ms, 1 << 40, 27)
        plant.advance(2518 * 3600)
        out.append(plant.truth()["tip_mcg"])
    assert out == [17, 0]


def pumping(nl_per_day, mcg_per_ml):
    """A full plant with a catheter of 89 cm and an order without end."""
    plant = Plant()
    plant.implant("new", DEAD_NL, 0)
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


def line_of(plant):
    return plant.flow.catheter.contents


def test_a_new_catheter_is_empty_even_one_of_the_same_length():
    plant = Plant()
    plant.implant("new", 195_800, 140_000)
    plant.refill(20_000_000, 500)
    plant.flow.catheter.push(400_000, 500)
    assert line_of(plant) == [(335_800, 500)]
    plant.implant("new", 195_800, 140_000)
    assert line_of(plant) == [(335_800, 0)]


def test_the_same_catheter_is_cut_or_stretched_at_the_tip():
    plant = Plant()
    plant.implant("new", 195_800, 140_000)
    plant.flow.catheter.push(300_000, 500)
    plant.implant("same", 195_800, 140_000)
    assert line_of(plant) == [(35_800, 0), (300_000, 500)]
    plant.implant("same", 205_800, 140_000)
    assert line_of(plant) == [(45_800, 0), (300_000, 500)]
    plant.implant("same", 145_800, 100_000)
    assert line_of(plant) == [(245_800, 500)]
    assert plant.flow.catheter.tip_mcg == 0


@pytest.mark.parametrize(("primed", "tubing_mcg_per_ml"), [(False, 0), (True, 2000)])
def test_the_tubing_of_a_pump_is_empty_or_primed_with_its_first_filling(primed, tubing_mcg_per_ml):
    plant = Plant()
    plant.implant("new", 195_800, 140_000)
    plant.flow.catheter.push(400_000, 500)
    plant.replace_pump()
    plant.implant("kept", 195_800, 100_000, primed=primed)
    assert line_of(plant) == [(195_800, 500), (100_000, 0)]
    later = Plant()
    later.restore(json.loads(json.dumps(plant.snapshot())))
    for one in (plant, later):
        one.refill(20_000_000, 2000)
        assert line_of(one) == [(195_800, 500), (100_000, tubing_mcg_per_ml)]
        one.refill(20_000_000, 1000)
        assert line_of(one) == [(195_800, 500), (100_000, tubing_mcg_per_ml)]
        one.implant("new", 50_000, 100_000, primed=primed)
        assert line_of(one) == ([(50_000, 0), (100_000, 1000)] if primed else [(150_000, 0)])


def test_a_pump_that_keeps_a_catheter_which_is_not_there_gets_a_new_one():
    plant = Plant()
    plant.implant("kept", 195_800, 140_000)
    assert line_of(plant) == [(335_800, 0)]


def test_what_is_aspirated_at_the_side_port_is_taken_from_the_catheter_and_not_from_the_tubing():
    plant = pumping(600_000, 500)
    plant.implant("new", 195_800, 140_000)
    plant.advance(48 * HOUR_MS)
    before = plant.truth()
    assert plant.aspirate_line(150_000) == [(150_000, 500)]
    assert line_of(plant) == [(150_000, 0), (185_800, 500)]
    assert plant.aspirate_line(195_800) == [(45_800, 500), (150_000, 0)]
    assert line_of(plant) == [(195_800, 0), (140_000, 500)]
    assert plant.truth() == before


def test_what_is_injected_at_the_side_port_pushes_the_catheters_drug_into_the_patient_at_once():
    plant = pumping(600_000, 500)
    plant.implant("new", 195_800, 140_000)
    plant.advance(48 * HOUR_MS)
    before = plant.truth()
    plant.inject_line(200_000, 0)
    after = plant.truth()
    assert line_of(plant) == [(195_800, 0), (140_000, 500)]
    assert after["tip_mcg"] - before["tip_mcg"] == 98  # 195.8 uL of 500 mcg/mL
    assert after["csf_ng_per_ml"] > before["csf_ng_per_ml"]
    assert after["delivered_nl"] == before["delivered_nl"]


def test_nothing_passes_the_side_port_of_a_closed_catheter():
    plant = pumping(600_000, 500)
    plant.apply_fault("catheter_kink")
    assert plant.aspirate_line(100_000) == []
    plant.inject_line(1_000_000, 500)
    assert plant.truth()["tip_mcg"] == 0
    plant.apply_fault("catheter_kink", percent=99)
    assert plant.aspirate_line(100_000) == [(100_000, 0)]
