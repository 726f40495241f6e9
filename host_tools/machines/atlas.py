"""The fault atlas: for each class of fault the pump's promise, and how a simulated life draws one (docs/faults.md)."""

from host_tools.machines.bodyhazards import BODY, HANDS, LINE
from host_tools.machines.hazard import SPOILS, Fields, Hazard, Heals, Promise
from host_tools.machines.motorhazards import MOTOR
from host_tools.machines.pumphazards import DEVICES

__all__ = ["GROUPS", "HAZARDS", "SPOILS", "Fields", "Hazard", "Heals", "Promise"]

GROUPS: dict[str, tuple[Hazard, ...]] = {
    "Motor": MOTOR,
    "Battery, clock, memory, sensors and sound": DEVICES,
    "Reservoir, and the hands that fill it": HANDS,
    "Catheter and body": BODY,
    "The line to the programmer": LINE,
}
"""Part of the pump or of its world -> what can go wrong there."""

HAZARDS = {hazard.name: hazard for group in GROUPS.values() for hazard in group}
"""Hazard by its name: every fault of the plant, and the cuts of power."""
