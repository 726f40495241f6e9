"""The deployed firmware on an emulated RP2040, with the plant at its pins and the programmer on its USB."""

from datetime import datetime

import pytest

from host_tools.programmer import Programmer
from host_tools.rig.rig import Rig

pytestmark = [pytest.mark.chip, pytest.mark.timeout(1800)]


def test_a_pump_is_implanted_and_filled_over_usb(rig: Rig, programmer: Programmer) -> None:
    """The unchanged programmer, its frames through the emulated USB, what it wrote read back from the pump."""
    assert programmer.hello()["serial"] == "THECAL-00001"
    status = programmer.status()
    assert (status["boots"], status["alarms"]) == (1, [])
    with programmer.session():
        programmer.implant(catheter_cm=50, wall=datetime(2026, 3, 1, 9, 0))
        programmer.refill(volume_ml=20, concentration_mcg_per_ml=2000)
    assert rig.wiring.pulses == 0
