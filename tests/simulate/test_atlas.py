"""The fault atlas: every fault is in it, and the pump keeps what is promised of each."""

import os
from contextlib import suppress

import pytest

from hal.plant.faults import INSTANT, KINDS
from host_tools.machines.atlas import HAZARDS, SPOILS, Hazard
from host_tools.machines.draw import Draw
from host_tools.machines.faultfields import plant_fields
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import ProgrammerError
from protocol.codes import ADVISORY, ALARM

from .places import DAY_S, DOSES, HOUR_S, LAST, RUNNING, begin, instant, machine_in, programmer, status, told

CASES = 60 if os.environ.get("THECAL_HYPOTHESIS") == "thorough" else 6  # of each hazard
TORN_BYTES = 8
CUTS = ("power_cut", "cut_in_write")
IN_TESTS_OF_THEIR_OWN = ("battery_drain", "cut_in_write")
PROMISED = [
    hazard for hazard in HAZARDS.values() if hazard.promise != "outside" and hazard.name not in IN_TESTS_OF_THEIR_OWN
]
COUNTED_IN_STEPS = ("motor_stall", "mri", "step_loss")
IN_ANY_THERAPY = ("runaway", "reverse_step", "battery_film", "hang", "clock_jump", "power_cut", "buzzer_dead")
SLOWER = 8  # the minimum rate than the lowest of a program
LATE_STEPS = 1  # of two pumps at one instant
LONGEST_S = 2 * DAY_S  # that is lived through of one
UNORDERED_STEPS = 2  # after which the monitor is sure


def test_every_fault_is_in_the_atlas_once():
    assert set(HAZARDS) == {*KINDS, *CUTS}
    assert all(name == hazard.name for name, hazard in HAZARDS.items())


@pytest.mark.parametrize("hazard", HAZARDS.values(), ids=HAZARDS)
def test_a_hazard_is_told_in_known_words(hazard):
    assert hazard.spoils <= set(SPOILS)
    assert set(hazard.told_by) <= {*ALARM, *ADVISORY}
    assert (hazard.within_s is None) or hazard.told_by
    assert (hazard.lasts_s is None) == (hazard.name in (*INSTANT, "cut_in_write", "hang"))


@pytest.mark.parametrize("hazard", [HAZARDS[name] for name in KINDS], ids=list(KINDS))
def test_what_is_drawn_is_a_fault_of_the_plant(hazard):
    for seed in range(200):
        plant_fields(hazard.name, hazard.draw(Draw(seed, hazard.name)))


@pytest.mark.parametrize("hazard", PROMISED, ids=[hazard.name for hazard in PROMISED])
def test_the_pump_keeps_its_promise(hazard):
    ends = [_live(hazard, seed) for seed in range(CASES)]
    print(f"{hazard.name}: seeds 0 to {CASES - 1}, " + ", ".join(f"{end} {ends.count(end)}" for end in sorted({*ends})))
    assert "told" in ends or hazard.within_s is None


def _live(hazard: Hazard, seed: int) -> str:
    """Live through the hazard in a place that is drawn; return how it ended."""
    draw = Draw(seed, hazard.name)
    place, dose = draw.one_of(_places(hazard)), draw.one_of(DOSES)
    machine = machine_in(place, dose, draw.chance(50)).fork()
    case = f"{hazard.name}, seed {seed}: {place}, {dose[0]} mcg/day of {dose[1]} mcg/mL"
    instant(machine, draw)
    twin = machine.fork()
    until_ms = begin(machine, hazard, draw)
    slower = SLOWER if place == "minimum" and hazard.name in COUNTED_IN_STEPS else 1
    if hazard.within_s is None:
        machine.advance_to(machine.now_ms + 14 * HOUR_S * 1000)  # all of the store is looked at in 12
        machine.advance_to(max(machine.now_ms, min(until_ms, twin.now_ms + LONGEST_S * 1000)))
        end = "survived"
    else:
        machine.advance_to(twin.now_ms + hazard.within_s * 1000 * slower)
        end = "told" if until_ms >= machine.now_ms or hazard.lasts_s is None or hazard.name in CUTS else "over before"
    _compare(hazard, machine, twin, place == "flex", case)
    if end == "told":
        assert told(machine) & set(hazard.told_by), case
    return end


def _compare(hazard: Hazard, machine: MockMachine, twin: MockMachine, by_the_clock: bool, case: str) -> None:
    """What the rotor did, beside that of a pump to which nothing happened."""
    twin.advance_to(machine.now_ms)
    more_steps = machine.plant.truth()["rotor_steps"] - twin.plant.truth()["rotor_steps"]
    if "clock_lost" not in hazard.told_by or not by_the_clock:  # without it a week is delivered as its mean
        assert more_steps <= (UNORDERED_STEPS if "rotor_above" in hazard.spoils else LATE_STEPS), case
    if hazard.promise == "survived":
        assert told(machine) <= {*hazard.told_by, *told(twin)}, case
        assert -more_steps <= LATE_STEPS, case


def _places(hazard: Hazard) -> list[str]:
    if hazard.promise == "survived" or hazard.name in IN_ANY_THERAPY:
        return list(LAST)
    return [*RUNNING, "minimum"] if hazard.name in COUNTED_IN_STEPS else list(RUNNING)


def test_a_cut_in_a_write_leaves_the_order_done_or_not():
    hazard = HAZARDS["cut_in_write"]
    cuts = 0
    for seed in range(CASES * 4):
        draw = Draw(seed, hazard.name)
        machine = machine_in(draw.one_of(("steady", "bolus", "minimum", "stopped")), (500, 2000), False).fork()
        instant(machine, draw)
        before = status(machine)
        boots = len(machine.boots)
        machine.plan_power_cut(int(hazard.draw(draw)["write"]), TORN_BYTES)
        machine.lay_head(True)
        clinician = programmer(machine)
        with suppress(ProgrammerError), clinician.session():
            clinician.program_simple(550)
        machine.lay_head(False)
        machine.cancel_power_cut()
        after = status(machine)
        assert after["dose_mcg_per_day"] in (before["dose_mcg_per_day"], 550), seed
        assert after["therapy"] in (before["therapy"], "running"), seed
        if len(machine.boots) > boots:
            cuts += 1
            assert set(after["alarms"]) & set(hazard.told_by), seed
    print(f"cut_in_write: seeds 0 to {CASES * 4 - 1}, {cuts} cuts")
    assert cuts


def test_a_drained_cell_is_told_before_it_cannot_turn_the_motor():
    hazard = HAZARDS["battery_drain"]
    for seed in range(max(2, CASES // 6)):
        draw = Draw(seed, hazard.name)
        machine = machine_in("steady", (24, 500), False).fork()
        machine.plant.apply_fault(hazard.name, percent=draw.whole(2000, 10_000))
        while machine.plant.truth()["battery_mah"] and machine.now_ms < 300 * DAY_S * 1000:
            machine.advance_to(machine.now_ms + DAY_S * 1000)
        assert set(status(machine)["alarms"]) & set(hazard.told_by), seed
        events = [event["name"] for event in machine.events if event["name"] in ("ERI", "EOS")]
        assert events[0] == "ERI", seed
