"""A whole device is snapshotted, restored and forked: what follows is the same, to the byte.

Every scenario of tests/scenario/test_run.py is lived by a device that is restored again and again (tests/restless.py).
"""

import random

import pytest

from firmware.config import Config
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import KeyRing, Programmer

DAY_MS = 86_400_000


def treated():
    """A pump under therapy for 30 days, and its programmer."""
    machine = MockMachine(Config(fill_sensor=True), seed=7)
    pump = Programmer(machine.connect(), keys=KeyRing(), entropy=random.Random(1).randbytes)
    machine.lay_head(True)
    machine.wake()
    pump.implant(89)
    pump.refill(20, 2000)
    pump.program_simple(500)
    machine.advance_to(30 * DAY_MS)
    return machine


def device(machine):
    """All of it that can be compared."""
    return (
        machine.effects.trace_sha256(),
        machine.hal.store.dump(),
        machine.hal.store.wear,
        machine.plant.snapshot(),
        machine.plant.truth(),
        list(machine.events),
        list(machine.boots),
        list(machine.plant.tones),
    )


def test_forks_live_apart():
    """One stalls and the other does not; neither hears of the other, nor of the first one's end."""
    machine = treated()
    before = machine.snapshot()
    fork = machine.fork()
    fork.plant.apply_fault("motor_stall")
    for one in (machine, fork):
        one.advance_to(33 * DAY_MS)
    assert (machine.plant.truth()["risk"], fork.plant.truth()["faults"]) == ("normal", ["motor_stall"])
    assert [event["name"] for event in fork.events].count("STOPPED_48H") == 1
    assert not any(event["name"] == "STOPPED_48H" for event in machine.events)
    went = device(machine)
    machine.restore(before)
    assert machine.now_ms == 30 * DAY_MS
    machine.advance_to(33 * DAY_MS)
    assert device(machine) == went
    fork.restore(before)
    fork.advance_to(33 * DAY_MS)
    assert device(fork) == went


def test_a_snapshot_is_not_touched_by_what_follows():
    machine = treated()
    snapshot = machine.snapshot()
    events = len(machine.events)
    for _ in range(2):
        machine.power_cut(5000)
        machine.plant.apply_fault("over_delivery", percent=50)
        machine.advance_to(60 * DAY_MS)
        machine.restore(snapshot)
        assert (machine.now_ms, len(machine.events), machine.plant.truth()["faults"]) == (30 * DAY_MS, events, [])


def test_guards_guard_the_restored_firmware():
    """A flip in RAM is found and put right after a restore as before it."""
    machine = treated()
    machine.restore(machine.snapshot())
    machine.plant.apply_fault("bit_flip", region="rate")
    machine.advance_to(31 * DAY_MS)
    assert machine.events[-1]["name"] == "MEM_CORRECTED"
    assert machine.plant.truth()["delivered_nl"] == pytest.approx(31 * 250_000, abs=400)


def test_a_flip_in_a_fork_flips_nothing_in_the_other():
    machine = treated()
    fork = machine.fork()
    fork.plant.apply_fault("bit_flip", region="rate")
    for one in (machine, fork):
        one.advance_to(31 * DAY_MS)
    assert fork.events[-1]["name"] == "MEM_CORRECTED"
    assert machine.events[-1]["name"] != "MEM_CORRECTED"


def test_it_is_small():
    """After years, with tens of thousands of tones and events: a state has no history."""
    machine = treated()
    machine.advance_to(500 * DAY_MS)
    assert len(machine.plant.tones) > 10_000
    assert len(machine.snapshot().state) < 100_000


def test_a_pump_that_waits_for_power_has_a_snapshot_too():
    machine = treated()
    machine.plan_power_cut(1, 8)
    fork = machine.fork()
    for one in (machine, fork):
        one.advance_to(31 * DAY_MS)
    assert len(machine.boots) == 2
    assert device(machine) == device(fork)
