"""A life is its seed's, and its written-down steps live it again."""

import pytest

from host_tools.scenario.checkers.watch import Watch
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.runner import do_step
from host_tools.scenario.runtimes import RUNTIMES
from host_tools.simulate.life import Life
from host_tools.simulate.scenariofile import scenario_of

SEEDS = range(12)
YEARS = 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_the_steps_of_a_life_live_it_again(seed: int) -> None:
    with RUNTIMES["cpython"](None) as runtime:
        lived = Life(seed, runtime, YEARS, outside=False).live()
        scenario = scenario_of(lived.header, lived.steps)
        assert scenario is not None
        clinic = Clinic(scenario, runtime)
        clinic.watch = Watch.of(clinic.machine, scenario.config, scenario.start)
        for planned in scenario.steps:
            clinic.advance_to_s(planned.at_s)
            do_step(clinic, planned.step)
            clinic.machine.wake()
        clinic.advance_to_s(lived.sim_s)
        assert clinic.machine.effects.trace_sha256() == lived.trace_sha256


def test_other_lives_between_change_nothing() -> None:
    with RUNTIMES["cpython"](None) as runtime:
        first = Life(3, runtime, YEARS, outside=False).live()
        Life(4, runtime, YEARS, outside=False).live()
        assert Life(3, runtime, YEARS, outside=False).live() == first
