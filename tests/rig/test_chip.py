"""The deployed firmware on an emulated RP2040, with the plant at its pins and the programmer on its USB."""

from datetime import datetime

import pytest

from host_tools.programmer import Programmer
from host_tools.rig.rig import Rig

pytestmark = [pytest.mark.chip, pytest.mark.timeout(1800)]

HOUR_MS = 3_600_000


def test_therapy_is_what_the_pin_and_the_rotor_did(rig: Rig, programmer: Programmer) -> None:
    """Hello, implantation, refill and program over USB; then the steps of two hours, asleep in between."""
    assert programmer.hello()["serial"] == "THECAL-00001"
    with programmer.session():
        programmer.implant(catheter_cm=50, wall=datetime(2026, 3, 1, 9, 0))
        programmer.refill(volume_ml=20, concentration_mcg_per_ml=2000)
        programmer.program_simple(dose_mcg_per_day=500)
    rig.wiring.lay_head(False)
    rig.chip.run_to(rig.chip.now_ms + 2 * HOUR_MS)
    train = rig.plant.drivetrain
    assert rig.wiring.pulses == train.confirmed
    assert 2 * 104 - 1 <= rig.wiring.pulses <= 2 * 104 + 2
    rig.wiring.lay_head(True)
    status = programmer.status()
    assert status["alarms"] == []
