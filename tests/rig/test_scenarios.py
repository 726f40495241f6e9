"""Short scenarios on the emulated board: the same effects as the emulated pump's, and its steps within one a batch."""

import pytest

from host_tools.machines.machine import RuntimeUnavailable
from host_tools.machines.rp2040.uf2 import FirmwareImageMissing, find_uf2
from host_tools.scenario.load import parse
from host_tools.scenario.runner import run_scenario
from tests.rooms import SCENARIO_FILES, loaded

SHORT = [scenario for scenario in map(loaded, SCENARIO_FILES) if scenario.short]
BATCH_S = 3600  # the longest


@pytest.fixture
def chip() -> None:
    try:
        find_uf2()
    except FirmwareImageMissing as reason:
        pytest.skip(str(reason))


def test_a_dozen_are_short():
    assert len(SHORT) >= 12


@pytest.mark.chip
@pytest.mark.usefixtures("chip")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("scenario", SHORT, ids=lambda scenario: scenario.name)
def test_a_board_does_the_same(scenario):
    here = run_scenario(scenario)
    there = run_scenario(scenario, on="rp2040")
    assert there.failures == []
    assert there.runtime.endswith(" rp2040")
    assert there.effects_sha256 == here.effects_sha256
    batches = there.sim_seconds // BATCH_S + sum(event["name"] == "THERAPY_STATE_CHANGED" for event in here.events) + 1
    assert abs(there.truth["rotor_steps"] - here.truth["rotor_steps"]) <= batches


@pytest.mark.chip
@pytest.mark.usefixtures("chip")
def test_a_pump_that_the_board_file_is_not_is_refused():
    scenario = parse("short: true\npump: {step_nl: 50}\nsteps: [{wait: 1m}]\n", "own.yaml")
    with pytest.raises(RuntimeUnavailable, match=r"hal/rp2040/board\.py says: step_nl cannot be 50"):
        run_scenario(scenario, on="rp2040")
