"""A refill told twice: the same one while little of it was used, another one when the reservoir was used.

By hand, for every case: a rate for some hours uses its share, but not the residual of 1.4 mL. Told again it is the same
refill for a day, until half of what is above the residual is used, and until a reservoir that was not low is.
"""

from itertools import product
from typing import Any

import pytest

from firmware.config import Config

from .body import Body
from .clinic import Clinic
from .test_senses import Gauge

HOUR_S = 3600
RESIDUAL_NL = 1_400_000
STEPS_NL = 25_000  # of a batch, more or less, between the books and the reckoning here
STRENGTHS = {48: 20_833_333, 250: 4_000_000, 2000: 500_000}  # nL/day of 1000 mcg/day
FILLED_NL = (1_300_000, 1_500_000, 2_100_000, 5_000_000, 10_000_000, 20_000_000)
LOW_NL = (1_400_000, 2_000_000, 10_000_000)
HOURS = (0, 1, 3, 6, 9, 12, 18, 23, 25)


def filled(volume_nl, mcg_per_ml, low_nl) -> Any:
    """A pump that gives 1000 mcg/day, just filled, with a gauge that reads what the books say."""
    body: Any = Body()
    body.fill_sensor = Gauge()
    clinic: Any = Clinic(body, Config(low_reservoir_nl=low_nl))
    body.fill_sensor.pump = clinic.pump
    clinic.implant()
    clinic.refill(20_000_000, mcg_per_ml)
    clinic.program(1_000_000, mcg_per_ml)
    clinic.refill(volume_nl, mcg_per_ml)
    return clinic


@pytest.mark.shows("SEED-23", "R2.2")
@pytest.mark.parametrize("mcg_per_ml", STRENGTHS)
def test_a_refill_told_again_is_another_one_when_the_first_was_used(mcg_per_ml):
    tried = {True: 0, False: 0}
    for volume_nl, low_nl, hours in product(FILLED_NL, LOW_NL, HOURS):
        clinic = filled(volume_nl, mcg_per_ml, low_nl)
        clinic.run(hours * HOUR_S)
        gives_nl = max(0, volume_nl - RESIDUAL_NL)
        used_nl = min(gives_nl, STRENGTHS[mcg_per_ml] * hours // 24)
        edges_nl = [gives_nl / 2] if gives_nl else []
        edges_nl += [volume_nl - low_nl] if volume_nl > low_nl else []
        if any(abs(used_nl - edge_nl) < STEPS_NL for edge_nl in edges_nl):
            continue
        another = hours > 24 or any(used_nl > edge_nl for edge_nl in edges_nl)
        refills = clinic.pump.state.refills
        clinic.refill(volume_nl, mcg_per_ml)
        case = (volume_nl, low_nl, hours)
        assert clinic.pump.state.refills - refills == another, case
        left_nl = clinic.status().reservoir_nl
        assert left_nl == (volume_nl if another else pytest.approx(volume_nl - used_nl, abs=STEPS_NL)), case
        tried[another] += 1
    print(f"{mcg_per_ml} mcg/mL: {tried[True]} other refills, {tried[False]} told again")
    assert min(tried.values()) > 9


@pytest.mark.shows("SEED-23")
@pytest.mark.parametrize(("missing_nl", "another"), [(0, False), (5_000_000, False), (10_000_000, True)])
def test_what_a_gauge_finds_gone_was_used(missing_nl, another):
    clinic = filled(20_000_000, 2000, 2_000_000)
    clinic.body.fill_sensor.off_nl = -missing_nl
    clinic.run(6 * HOUR_S)
    clinic.refill(20_000_000, 2000)
    assert clinic.pump.state.refills == 1 + another
