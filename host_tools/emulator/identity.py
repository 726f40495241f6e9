"""An emulated pump's seed, start and serial number, which no other running pump of the same user has."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from filelock import FileLock

from host_tools.common.private import FILE_MODE, private_folder
from host_tools.machines.serials import free_serial, serial_of
from host_tools.programmer.discovery import Emulator, registry_dir

START_S = 20  # that another emulator may take from the choice of its serial number until it is published


@contextmanager
def one_starts() -> Iterator[None]:
    """Let no other emulator of this user choose its serial number within.

    Where that cannot be had (no folder to write in, another that does not finish) the number may be taken twice.
    """
    lock = FileLock(registry_dir().parent / "emulators.lock", mode=FILE_MODE)
    try:
        private_folder(registry_dir())
        lock.acquire(timeout=START_S)
    except OSError:  # filelock's Timeout is one
        pass
    try:
        yield
    finally:
        lock.release()


def identify(
    kept: Mapping[str, Any], seed: int | None, start: datetime | None, running: list[Emulator]
) -> tuple[dict[str, Any], str | None]:
    """The pump's `seed`, `start` and `serial`, `kept` ones first; and a warning where the serial number is taken.

    Without a seed a new pump has seed 0, and the first serial number that no running emulator has.
    """
    identity = {"seed": seed or 0, "start": start.isoformat() if start else None, **kept}
    taken = {emulator.serial: emulator.pid for emulator in running}
    if "serial" not in identity:
        identity["serial"] = free_serial(taken) if seed is None else serial_of(seed)
    serial = identity["serial"]
    if serial not in taken:
        return identity, None
    return identity, f"the emulator of process {taken[serial]} is {serial} as well; tell them apart with --port"
