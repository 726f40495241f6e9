"""Worked examples of what clinicians reckon: how long a fill lasts, how long the drug is on its way, which doses a
model can deliver. Each is reckoned by hand and held against a pump that lives it."""

from datetime import datetime, timedelta

import pytest

from host_tools.scenario.load import parse
from host_tools.scenario.runner import run_scenario

START = datetime(2026, 1, 5)
THERAPY = """\
pump: {{reservoir_ml: {fill_ml}}}
steps:
  - implant: {{catheter_cm: 89}}
  - refill: {{volume_ml: {fill_ml}, concentration_mcg_per_ml: {concentration}}}
  - program: {{mode: simple, dose_mcg_per_day: {dose}}}
  - wait: {seconds}s
"""
PROGRAM = "  - program: {{mode: simple, dose_mcg_per_day: {dose}, override: true}}\n"
REFUSED = PROGRAM + "    refused: rate_limit\n"
BATCH_S = 3600  # the reservoir is looked at when one is over

# dose mcg/day, mcg/mL, mL/day, days to the low reservoir of a fill of 20 and of 40 mL, hours through the catheter
VECTORS = [
    (100, 500, 0.200, 90.0, 190.0, 40.3),
    (300, 500, 0.600, 30.0, 63.33, 13.4),
    (300, 2000, 0.150, 120.0, 253.33, 53.7),
    (800, 2000, 0.400, 45.0, 95.0, 20.1),
    (800, 500, 1.600, 11.25, 23.75, 5.0),
]


def lived(**values):
    result = run_scenario(parse(THERAPY.format(**values), "vectors.yaml"))
    assert result.failures == []
    assert result.status is not None
    return result.status, result


@pytest.mark.shows("SEED-24", "SEED-25", "SEED-28", "R2.1")
@pytest.mark.parametrize(("dose", "concentration", "ml_per_day", "days_20", "days_40", "_hours"), VECTORS)
@pytest.mark.parametrize("fill_ml", [20, 40])
def test_how_long_a_fill_lasts(fill_ml, dose, concentration, ml_per_day, days_20, days_40, _hours):
    days = days_20 if fill_ml == 20 else days_40
    assert days == pytest.approx((fill_ml - 2) / ml_per_day, abs=0.005)
    fill = {"fill_ml": fill_ml, "dose": dose, "concentration": concentration}
    status, _ = lived(seconds=0, **fill)
    low = START + timedelta(days=(fill_ml - 2) / ml_per_day)
    assert status["rate_nl_per_day"] == round(ml_per_day * 1_000_000)
    assert status["low_reservoir_date"] == low.date().isoformat()
    assert status["refill_by"] == min(low - timedelta(days=7), START + timedelta(days=180)).date().isoformat()
    _, result = lived(seconds=round(days * 86_400) + 4 * 3600, **fill)
    raised_s = next(event["t_s"] for event in result.events if event["name"] == "LOW_RESERVOIR")
    assert 0 <= raised_s - (low - START).total_seconds() <= BATCH_S


@pytest.mark.shows("SEED-38", "SEED-39")
@pytest.mark.parametrize(("dose", "concentration", "ml_per_day", "_days_20", "_days_40", "hours"), VECTORS)
def test_how_long_the_drug_is_on_its_way(dose, concentration, ml_per_day, _days_20, _days_40, hours):
    transit_h = (0.140 + 89 * 0.0022) / ml_per_day * 24
    assert hours == pytest.approx(transit_h, abs=0.05)
    for after_s, arrived in ((-60, False), (3600, True)):
        seconds = round(transit_h * 3600) + after_s
        _, result = lived(seconds=seconds, fill_ml=20, dose=dose, concentration=concentration)
        assert (result.truth["tip_mcg"] > 0) == arrived


@pytest.mark.shows("R1.1")
@pytest.mark.parametrize(("concentration", "least", "most"), [(500, 24, 12_000), (2000, 96, 48_000)])
def test_which_doses_the_model_can_deliver(concentration, least, most):
    text = THERAPY.format(fill_ml=20, concentration=concentration, dose=least, seconds=0)
    text = text.replace("20}", "20, max_dose_mcg_per_day: 100000}", 1)
    text += REFUSED.format(dose=least - 0.5) + PROGRAM.format(dose=most) + REFUSED.format(dose=most + 1)
    assert run_scenario(parse(text, "vectors.yaml")).failures == []
