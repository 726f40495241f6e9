"""Every fault of the table does something to the plant, and nothing of it is left when it is healed."""

from typing import Any

import pytest

from hal.plant.faults import FAULTS, INSTANT, Choice
from hal.plant.plant import Plant

LASTING = [name for name in FAULTS if name not in INSTANT]
LEFT_BEHIND = {"off_label_drug": {"flow.wear"}, "clock_drift": {"crystal.ideal"}}
"""What a fault changes for good."""
PLANNED = ("_faults", "next_event_ms", "sampled_at_ms")
"""No effects: which faults are on, and when to look next."""


def fields_of(name: str) -> Any:
    """The least that a fault takes."""
    if name == "bit_flip":
        return {"region": "code"}
    fields = {
        field: limits.words[0] if isinstance(limits, Choice) else limits.least for field, limits in FAULTS[name].items()
    }
    return fields | {"every_ms": 5000} if "every_ms" in fields else fields


def state(part, path=""):
    """Path -> value of all that the plant and its parts hold."""
    names = getattr(type(part), "__slots__", None) or vars(part)
    held = {}
    for name in names:
        value = getattr(part, name)
        if type(value).__module__.startswith("hal.plant."):
            held |= state(value, f"{path}{name}.")
        elif name not in PLANNED and not callable(value):
            held[path + name] = repr(value)
    return held


def changes(before, after):
    return {path for path, value in after.items() if before[path] != value}


@pytest.mark.parametrize("name", [*LASTING, "bit_flip"])  # which stays where it is the code that changed
def test_a_fault_acts_on_the_plant_until_it_is_healed(name):
    plant = Plant(couplings=True)
    plant.settle()
    ideal = state(plant)
    plant.apply_fault(name, **fields_of(name))
    assert changes(ideal, state(plant))
    plant.heal(name)
    assert changes(ideal, state(plant)) == LEFT_BEHIND.get(name, set())


@pytest.mark.parametrize("name", INSTANT)
def test_an_instant_fault_acts_at_once_and_is_over(name):
    corrupted = []
    plant = Plant()
    plant.corrupt = lambda fault, **fields: corrupted.append(fault)
    plant.settle()
    ideal = state(plant)
    plant.apply_fault(name, **(fields_of(name) | ({"region": "ledger"} if "region" in FAULTS[name] else {})))
    assert changes(ideal, state(plant)) or corrupted == [name]
    assert not plant.faults


@pytest.mark.parametrize("name", LASTING)
def test_a_fault_ends_by_itself_as_if_it_were_healed(name):
    plant, healed = Plant(couplings=True), Plant(couplings=True)
    for one in (plant, healed):
        one.apply_fault(name, 60_000 if one is plant else None, **fields_of(name))
        one.advance(60_000)
    if name in healed.faults:
        healed.heal(name)
    assert state(plant) == state(healed)


def test_of_faults_that_act_on_the_same_the_strongest_holds():
    plant = Plant()
    for name, fields in (("catheter_leak", {"percent": 30}), ("catheter_migration", {}), ("link_drop", {"percent": 5})):
        plant.apply_fault(name, **fields)
    plant.apply_fault("link_lost")
    plant.apply_fault("device_failure", device="ram")
    plant.apply_fault("bit_flip", region="code")
    assert (plant.flow.catheter.leak_percent, plant.impairment.drop_percent) == (100, 100)
    assert plant.failing == {"ram", "code"}
    for name in ("catheter_migration", "link_lost", "device_failure"):
        plant.heal(name)
    assert (plant.flow.catheter.leak_percent, plant.impairment.drop_percent) == (30, 5)
    assert plant.failing == {"code"}
