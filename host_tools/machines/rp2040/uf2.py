"""The stock MicroPython for the emulated chip: where it is found, and which it is."""

import os
import re
from pathlib import Path

from rp2040py.utils import firmware_retrieve

from host_tools.machines.machine import RuntimeUnavailable

UF2_VARIABLE = "THECAL_UF2"
MICROPYTHON_VERSION = "1.26.1"  # the one that the emulation was tried with
_BLOCK_BYTES = 512
_DATA = 32  # where it begins in a block
_DATA_BYTES = 256
_UF2_URL = (firmware_retrieve.MICROPYTHON.boards or {})["pico"].fw[MICROPYTHON_VERSION]


class FirmwareImageMissing(RuntimeUnavailable):
    """There is no MicroPython to run."""


def find_uf2(fetch: bool = False) -> Path:
    """The stock MicroPython for the Pico: the one named, or else rp2040py's own copy.

    With `fetch` rp2040py is to get its copy from micropython.org first. FirmwareImageMissing when there is none.
    """
    named = os.environ.get(UF2_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise FirmwareImageMissing(f"{UF2_VARIABLE} names {named}, which is no file")
        return Path(named)
    cached = Path.home() / ".cache" / "rp2040py" / Path(_UF2_URL).name
    found = _fetched() if fetch and not cached.is_file() else cached
    if found is None or not found.is_file():
        raise FirmwareImageMissing(
            f"no MicroPython for the emulated chip: set {UF2_VARIABLE} to a stock UF2 for the Pico, such as {_UF2_URL}"
        )
    return found


def _fetched() -> Path | None:
    try:
        return firmware_retrieve.retrieve(firmware_retrieve.MICROPYTHON, MICROPYTHON_VERSION)
    except OSError:  # no way to micropython.org from here
        return None


def version_in(uf2: Path) -> str:
    """Which MicroPython a UF2 holds, as "1.26.1"."""
    blocks = uf2.read_bytes()
    flash = b"".join(blocks[at + _DATA : at + _DATA + _DATA_BYTES] for at in range(0, len(blocks), _BLOCK_BYTES))
    found = re.search(rb"v(\d+\.\d+\.\d+)\S* on \d{4}-\d\d-\d\d", flash)
    if found is None:
        raise FirmwareImageMissing(f"{uf2} holds no MicroPython")
    return found[1].decode()
