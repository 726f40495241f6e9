"""A chip with the plant at its pins, ready to be switched on."""

from hal.plant.plant import Plant
from host_tools.board.deployment import deployed_files
from host_tools.machines.rp2040.chip import Chip
from host_tools.machines.rp2040.image import build
from host_tools.machines.rp2040.uf2 import find_uf2
from host_tools.machines.rp2040.wiring import Wiring


class Rig:
    """`plant` is wired to the chip's pins. Switched on at once. FirmwareImageMissing where there is no MicroPython.

    `files` are on the board (default: what is deployed). With `fetch` rp2040py may get MicroPython for itself.
    """

    def __init__(
        self,
        plant: Plant | None = None,
        *,
        files: dict[str, bytes] | None = None,
        service_jumper: bool = False,
        fetch: bool = False,
    ) -> None:
        uf2 = find_uf2(fetch)
        self.plant = plant or Plant()
        self.wiring = Wiring(self.plant, service_jumper)
        self.chip = Chip(uf2, build(deployed_files() if files is None else files), self.wiring.attach)
