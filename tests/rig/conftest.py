"""One emulated chip for the tests that need one; without a MicroPython for it they are skipped."""

import pytest

from host_tools.machines.rp2040.rig import Rig
from host_tools.machines.rp2040.transport import ChipTransport
from host_tools.machines.rp2040.uf2 import FirmwareImageMissing
from host_tools.programmer import Programmer

TIMEOUT_S = 1.0  # of the chip's time
TRIES = 8  # it may still be starting


@pytest.fixture(scope="module")
def rig() -> Rig:
    try:
        rig = Rig()
    except FirmwareImageMissing as reason:
        pytest.skip(str(reason))
    rig.wiring.lay_head(True)
    return rig


@pytest.fixture
def programmer(rig: Rig) -> Programmer:
    return Programmer(ChipTransport(rig.chip), timeout_s=TIMEOUT_S, tries=TRIES)
