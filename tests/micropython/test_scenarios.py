"""Scenarios on a real MicroPython: the same trace, events, tones, status and truth as on CPython.

`make test` runs those of a few days, power cuts, corrupt memory and refusals among them; `make check` runs all.
"""

import os

import pytest

from host_tools.scenario.runner import run_scenario
from tests.rooms import SCENARIO_FILES, loaded

MOST_DAYS = 11
THOROUGH = os.environ.get("THECAL_HYPOTHESIS") == "thorough"

SCENARIOS = [loaded(file) for file in SCENARIO_FILES]
CHOSEN = [scenario for scenario in SCENARIOS if THOROUGH or scenario.steps[-1].at_s < MOST_DAYS * 86_400]


def shown(result):
    """All that a run comes to, but for what it ran on and how long that took."""
    return {**result.document(), "runtime": None, "wall_seconds": None}


def test_enough_are_chosen():
    assert len(CHOSEN) >= len(SCENARIOS) // 3


@pytest.mark.parametrize("scenario", CHOSEN, ids=lambda scenario: scenario.name)
def test_it_is_the_same_to_the_byte(scenario):
    here = run_scenario(scenario)
    there = run_scenario(scenario, on="micropython")
    assert there.runtime == "micropython 1.27.0 wasm"
    assert shown(there) == shown(here)
