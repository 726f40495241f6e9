"""A programmer's line to an emulated chip, on the chip's own clock: neither waits for the other in vain."""

from host_tools.machines.rp2040.chip import Chip
from host_tools.programmer.transport import Transport


class ChipTransport(Transport):
    """The USB console of `chip`, whose time passes while the programmer waits."""

    name = "the emulated chip's USB"

    def __init__(self, chip: Chip) -> None:
        self._chip = chip

    def write(self, data: bytes) -> None:
        self._chip.send(data)

    def read(self, timeout_s: float) -> bytes:
        chip = self._chip
        chip.run_to(chip.now_ms + max(1, int(timeout_s * 1000)), lambda: bool(chip.received))
        return chip.take()

    def now_s(self) -> float:
        return self._chip.now_ms / 1000

    def close(self) -> None:
        """The chip goes on."""
