"""Drug that leaves its way: into tissue, out with the CSF, or held back at the tip; none is made and none is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hal.plant.effectsite import EffectSite, Kinetics
from hal.plant.plant import Plant
from tests.hal.test_faults import DAY_MS, HOUR_MS, MCG_PER_ML, turning, twins


def test_what_leaks_into_tissue_is_taken_up():
    """247 mcg/day of it: a hundredth counts, and 247 / 24 * 3 h / ln 2 are on their way."""
    one, twin = twins("reservoir_leak", nl_per_day=123_457)
    assert one["tissue_mcg"] == pytest.approx(247 / 24 * 3 / 0.693, abs=1)
    assert one["effect_ng_per_ml"] == pytest.approx(twin["effect_ng_per_ml"] + 2.47 / 24 / 30 * 1000, abs=1)


@pytest.mark.parametrize("at_rest", [False, True])
def test_a_leak_ends_when_the_reservoir_is_empty(at_rest):
    """With the rotor turning, and with it standing; the tissue has lost it all five days later."""
    plant = Plant() if at_rest else turning()
    plant.implant("new", 0, 0)
    plant.refill(20_000_000, MCG_PER_ML)
    plant.apply_fault("reservoir_leak", nl_per_day=5_000_000)
    days = 4 if at_rest else 20 / 5.25
    plant.advance(int(days * DAY_MS))
    assert plant.truth()["tissue_mcg"] > 1000
    plant.advance(int((days + 5) * DAY_MS))
    assert (plant.truth()["reservoir_nl"], plant.truth()["tissue_mcg"]) == (0, 0)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    ("reservoir_leak", {"nl_per_day": 700_000}),
                    ("catheter_leak", {"percent": 35}),
                    ("catheter_migration", {}),
                    ("catheter_holdup", {"percent": 60}),
                    ("catheter_kink", {"percent": 50}),
                    ("over_delivery", {"percent": 100}),
                    ("pocket_fill", {}),
                    ("motor_stall", {}),
                ]
            ),
            st.integers(1, 9 * 24),
            st.booleans(),
        ),
        max_size=7,
    )
)
def test_no_drug_is_made_and_none_is_lost(events):
    """All that was filled in is in reservoir, line, tissue or CSF, or went through one of the last two, to 1e-9."""
    plant, drug = turning(), Ledger()
    filled_mcg = 20 * MCG_PER_ML
    plant.flow.patient.site = drug
    for (name, fields), hours, refilled in events:
        plant.apply_fault(name, **fields)
        plant.advance(plant.now_ms + hours * HOUR_MS)
        if refilled:
            aspirated_nl = plant.refill(10_000_000, MCG_PER_ML)
            filled_mcg += (10_000_000 - aspirated_nl) * MCG_PER_ML / 1e6
        if hours % 2:
            plant.heal(name)
    plant.settle()
    held = plant.flow.reservoir.volume_nl * MCG_PER_ML + sum(nl * mcg for nl, mcg in plant.flow.catheter.contents)
    there_mcg = held / 1e6 + plant.flow.catheter.held_hundredths / 1e8 + drug.tip_mcg + drug.all_tissue_mcg
    assert there_mcg == pytest.approx(filled_mcg, rel=1e-9)
    assert drug.tip_mcg == pytest.approx(plant.flow.catheter.tip_hundredths / 1e8, rel=1e-9, abs=1e-9)


class Ledger(EffectSite):
    """Counts what comes to it."""

    __slots__ = ("_inflow", "all_tissue_mcg", "tip_mcg")

    def __init__(self):
        super().__init__(Kinetics())
        self.tip_mcg = self.all_tissue_mcg = 0.0

    def levels(self, inflow):
        self._inflow = inflow
        return super().levels(inflow)

    def advance(self, hours, levels):
        super().advance(hours, levels)
        self.tip_mcg += hours * self._inflow.tip_mcg_per_h
        self.all_tissue_mcg += hours * self._inflow.tissue_mcg_per_h

    def add_at_tip(self, mcg):
        self.tip_mcg += mcg

    def add_to_tissue(self, mcg):
        self.all_tissue_mcg += mcg


@pytest.mark.shows("SEED-51")
def test_a_catheter_that_held_drug_back_lets_go_at_once():
    """Half of 500 mcg/day for two days: 500 mcg come at once, more than all the CSF held."""
    plant = turning()
    plant.advance(10 * DAY_MS)
    plant.apply_fault("catheter_holdup", percent=50)
    plant.advance(12 * DAY_MS)
    assert plant.truth()["tip_mcg"] == 5500
    before = plant.truth()["csf_ng_per_ml"]
    plant.heal("catheter_holdup")
    assert plant.truth()["tip_mcg"] == 6000
    assert plant.truth()["csf_ng_per_ml"] == pytest.approx(before + 500_000 / 64.9, abs=5)
    plant.advance(plant.now_ms + 4 * HOUR_MS)
    assert plant.truth()["risk"] == "overdose_high"


@pytest.mark.parametrize("ml_per_h", [1, 15, 30, 100])
def test_a_leak_of_csf_takes_drug_along(ml_per_h):
    one, twin = twins("csf_leak", ml_per_h=ml_per_h)
    expected_ng_per_ml = twin["effect_ng_per_ml"] * 30 / (30 + ml_per_h)
    assert one["effect_ng_per_ml"] == pytest.approx(expected_ng_per_ml, abs=1)
    assert one["csf_ng_per_ml"] == pytest.approx(expected_ng_per_ml, abs=1)
    assert one["tip_mcg"] == twin["tip_mcg"]
