"""A whole device is snapshotted, restored and forked: what follows is the same, to the byte."""

import random
from pathlib import Path

import pytest

from host_tools.machines.mock.machine import MockMachine
from host_tools.scenario import runner
from host_tools.scenario.load import load

FOLDERS = [Path(__file__).parents[1] / name for name in ("scenarios", "field")]
FILES = [file for folder in FOLDERS for file in sorted(folder.glob("*.yaml"))]
DAY_MS = 86_400_000


def device(machine):
    """All that can be compared of one: trace, store, plant, events, and what it does a day later."""
    machine.advance_to(machine.now_ms + DAY_MS)
    return (
        machine.effects.trace_sha256(),
        machine.hal.store.dump(),
        machine.hal.store.wear,
        machine.plant.snapshot(),
        machine.plant.truth(),
        machine.events,
        machine.boots,
        machine.plant.tones,
        machine.pump.clock.now_s,
    )


class Restless(MockMachine):
    """Goes back to a snapshot of itself now and then, in the midst of what it does; its lines follow."""

    drawn: random.Random
    times = 0

    def advance_to(self, at_ms: int) -> None:
        if at_ms > self.now_ms and self.drawn.random() < 0.3:
            super().advance_to(self.drawn.randint(self.now_ms, at_ms))
            self.restore(self.snapshot())
            Restless.times += 1
        super().advance_to(at_ms)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_restored_device_goes_on_the_same(file, monkeypatch):
    scenario = load(str(file))
    if sum(step.at_s for step in scenario.steps[-1:]) > 400 * 86_400:
        pytest.skip("a life of years: the shorter ones do the same")
    plain = runner.run_scenario(scenario)
    monkeypatch.setattr("host_tools.scenario.runtimes.MockMachine", Restless)
    Restless.drawn = random.Random(file.stem)
    restless = runner.run_scenario(scenario)
    assert restless.failures == plain.failures
    assert restless.trace_sha256 == plain.trace_sha256
    assert (restless.events, restless.tones, restless.truth) == (plain.events, plain.tones, plain.truth)
