"""A wake that finds nothing to do takes no memory under MicroPython: garbage would have to be collected in the end."""

from datetime import datetime

import pytest

from firmware.config import Config
from host_tools.machines.micropython import pump as micropython
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import Programmer

# The host's devices cost memory of their own. Once `still` is set, each gives what it gave last.
STILLED = """
still = False
answers = {}
crossing_to_host = crossing

def crossing(name):
    ask = crossing_to_host(name)

    def call(*args):
        if not still:
            answers[name] = ask(*args)
        return answers.get(name)

    return call
"""
WAKE = "before = gc.mem_alloc(); pump.poll(); after = gc.mem_alloc(); answer = after - before"
WAKES = 3
AN_HOUR_AND_A_HALF_MS = 5_400_000  # between two batches
FLEX = {"default": [("00:00", 100), ("08:00", 250)], "sun": [("00:00", 80), ("09:00", 120), ("20:00", 90)]}
PROGRAMS = {
    "none": lambda programmer: None,
    "simple": lambda programmer: programmer.program_simple(dose_mcg_per_day=500),
    "flex": lambda programmer: programmer.program_flex(FLEX),
}


@pytest.fixture
def boot(monkeypatch):
    """Boots pumps whose devices can be stilled."""
    command = micropython.Pump.command

    def prepared(self, text):
        if text.startswith("pump = boot("):
            command(self, f"exec({STILLED!r})")
        return command(self, text)

    monkeypatch.setattr(micropython.Pump, "command", prepared)
    with micropython.pumps() as boot:
        yield boot


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_idle_wake_takes_no_memory(boot, program):
    machine = MockMachine(Config(), pump_class=boot)
    programmer = Programmer(MemoryTransport(machine), entropy=bytes)
    machine.hal.head.set(True)
    machine.wake()
    programmer.implant(catheter_cm=89, wall=datetime(2026, 1, 5, 8))
    programmer.refill(volume_ml=20, concentration_mcg_per_ml=500)
    PROGRAMS[program](programmer)
    machine.hal.head.set(False)
    machine.wake()
    machine.advance_to(machine.now_ms + AN_HOUR_AND_A_HALF_MS)
    machine.pump.poll()
    machine.pump.command("still = True; pump.poll()")
    taken = [machine.pump.command(WAKE) for _ in range(WAKES)]
    assert taken == [0] * WAKES
