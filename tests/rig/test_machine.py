"""The emulated chip as a machine, without a chip: what it refuses, and what it is asked."""

from types import SimpleNamespace
from typing import Any

import pytest

from firmware.config import Config
from hal.plant.plant import Plant
from host_tools.machines.machine import Machine, RuntimeUnavailable
from host_tools.machines.rp2040.machine import RigMachine


@pytest.fixture
def machine() -> Machine:
    rig: Any = SimpleNamespace(plant=Plant(), chip=None, wiring=None)
    return RigMachine(rig, Config())


def test_a_chip_refuses_what_only_a_pump_on_mock_drivers_can(machine: Machine) -> None:
    with pytest.raises(RuntimeUnavailable, match="another pump"):
        machine.replace_pump()
    with pytest.raises(RuntimeUnavailable, match="chosen write"):
        machine.plan_power_cut(1, 8)


def test_a_configuration_that_the_board_file_is_not_is_refused() -> None:
    rig: Any = SimpleNamespace(plant=Plant(), chip=None, wiring=None)
    with pytest.raises(RuntimeUnavailable, match=r"hal/rp2040/board\.py says: step_nl cannot be 50"):
        RigMachine(rig, Config(step_nl=50))
