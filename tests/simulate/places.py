"""Pumps in the middle of a therapy, in which a hazard happens, and their twins, in which none does."""

from functools import cache
from typing import cast

from host_tools.machines.atlas import Hazard
from host_tools.machines.draw import Draw
from host_tools.machines.faultfields import plant_fields
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import KeyRing, Programmer, Status
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.load import parse
from host_tools.scenario.runtimes import RUNTIMES
from host_tools.scenario.verbs import DO
from protocol.codes import ALARM

HOUR_S = 3600
DAY_S = 24 * HOUR_S
DOSES = ((24, 500), (100, 2000), (500, 2000), (900, 500))  # mcg/day, mcg/mL: 48,000 nL/day, the lowest rate, and up
LOWEST = '{from: "09:00", dose_mcg: 50}'  # 48,000 nL/day of 2000 mcg/mL
DAY = f'[{{from: "00:00", dose_mcg: 60}}, {LOWEST}, {{from: "21:30", dose_mcg: 90}}]'
LAST = {
    "steady": "wait: 1s",
    "flex": "wait: 1s",
    "bridge": "refill: {{volume_ml: 20, concentration_mcg_per_ml: {weaker}}}",
    "bolus": "bolus: {{dose_mcg: 50, over: 4h}}",
    "minimum": "minimum_rate:",
    "stopped": "stop:",
}
"""Place -> the last that was done before a hazard."""

NAMES = {code: name for name, code in ALARM.items()}
RUNNING = ("steady", "flex", "bridge", "bolus")


@cache
def machine_in(place: str, dose: tuple[int, int], fill_sensor: bool) -> MockMachine:
    """A pump two days after its first program. Fork it."""
    mcg_per_day, mcg_per_ml = (200, 2000) if place == "flex" else dose
    program = (
        f"{{mode: flex, schedule: {{default: {DAY}}}}}"
        if place == "flex"
        else f"{{mode: simple, dose_mcg_per_day: {mcg_per_day}}}"
    )
    text = f"""
pump: {{fill_sensor: {str(fill_sensor).lower()}}}
steps:
  - implant: {{catheter_cm: 89}}
  - refill: {{volume_ml: 20, concentration_mcg_per_ml: {mcg_per_ml}}}
  - prime: {{}}
  - program: {program}
  - after: 2d
    {LAST[place].format(weaker=mcg_per_ml // 2)}
"""
    scenario = parse(text, "place.yaml")
    with RUNTIMES["cpython"](None) as runtime:
        clinic = Clinic(scenario, runtime)
        for planned in scenario.steps:
            clinic.advance_to_s(planned.at_s)
            DO[planned.step.verb](clinic, getattr(planned.step, planned.step.verb))
            clinic.machine.wake()
    return cast(MockMachine, clinic.machine)


def instant(machine: MockMachine, draw: Draw) -> None:
    """Go on to any instant of the next hours, or to one just before, at or after a wake of the firmware."""
    machine.advance_to(machine.now_ms + draw.whole(0, 3 * HOUR_S * 1000))
    around_ms = draw.one_of((None, -1, 0, 1, 1000))
    if around_ms is not None:
        machine.advance_to(max(machine.now_ms, machine.next_wake_ms + around_ms))


def begin(machine: MockMachine, hazard: Hazard, draw: Draw) -> int:
    """Let a hazard begin; return when it is over, in ms. The firmware is not woken for it."""
    fields = hazard.draw(draw)
    lasts_s = draw.spread(*hazard.lasts_s) if hazard.lasts_s else 0
    until_ms = machine.now_ms + lasts_s * 1000
    if hazard.name == "power_cut":
        machine.power_cut(lasts_s * 1000)
        return until_ms
    numbers = plant_fields(hazard.name, fields)
    machine.plant.apply_fault(hazard.name, until_ms if hazard.lasts_s else None, **numbers)
    return until_ms + int(numbers.get("recovery_ms", 0))


def status(machine: MockMachine) -> Status:
    """Ask the pump, whatever is wrong with the line."""
    for fault in machine.plant.truth()["faults"]:
        if fault.startswith("link_"):
            machine.plant.heal(fault)
    machine.lay_head(True)
    says = programmer(machine).status()
    machine.lay_head(False)
    return says


def programmer(machine: MockMachine) -> Programmer:
    """A programmer on the pump's line; the head is not laid on."""
    return Programmer(machine.connect(), keys=KeyRing(), checks=False, warn=lambda _text: None)


def told(machine: MockMachine) -> set[str]:
    """The alarms that are on before anybody asks, which would wake the pump; and the advisories."""
    alarms = [NAMES[alarm] for alarm, *_ in machine.pump.alarms.entries()]
    return {*alarms, *status(machine)["advisories"]}
