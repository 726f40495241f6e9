"""Deploy to a board: only what it does not have, the manifest taken away first and put back last."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

from host_tools.board.deployment import MANIFEST, deployed_files
from host_tools.board.repl import FlashError
from host_tools.programmer import Programmer, ProgrammerError
from host_tools.programmer.errors import NoDevice, ProtocolMismatch

LEAST_VERSION = (1, 24)  # older ones lock up in sleep
MPY_VERSION = 6  # of compiled files
DOWNLOAD = "micropython.org/download/RPI_PICO"
_JUMPER = "connect the service pin to ground (docs/rig.md), reset the board and flash again"

_IDENTIFY = """
import sys
i = sys.implementation
print((i.name, tuple(i.version[:2]), getattr(i, '_machine', sys.platform), getattr(i, '_mpy', 0) & 255))
"""
_SURVEY = """
import os
from binascii import crc32
b = memoryview(bytearray(512))
def crc(p):
    try:
        k = 0
        with open(p, 'rb') as f:
            while n := f.readinto(b):
                k = crc32(b[:n], k)
        return k
    except OSError:
        return -1
def inside(d):
    try:
        return [d + '/' + e[0] for e in os.ilistdir('/' + d) if e[1] == 0x8000]
    except OSError:
        return []
print(([p for c, p in %r if crc('/' + p) != c], [p for d in %r for p in inside(d)]))
"""
_PREPARE = """
import os
for p in %r:
    try:
        os.remove('/' + p)
    except OSError:
        pass
for p in %r:
    try:
        os.mkdir('/' + p)
    except OSError:
        pass
"""
_START = "import micropython; micropython.kbd_intr(-1); print('started'); from hal.rp2040.run import run; run()"

Progress = Callable[[str, int, int], None]
"""Hears the path being written, and how many bytes of how many of all files are there."""


class Repl(Protocol):
    """The part of a board's REPL that is needed here."""

    port: str

    def run(self, code: str) -> str: ...
    def value(self, code: str) -> Any: ...
    def write(self, path: str, data: bytes, written: Callable[[int], None]) -> None: ...
    def leave(self, code: str) -> None: ...


def deploy(board: Repl, progress: Progress) -> list[str]:
    """Make the board what this tree is; the paths that were written. Where it fails no manifest is on the board."""
    _check(board)
    files = deployed_files()
    folders = sorted({parent.as_posix() for path in files for parent in Path(path).parents} - {"."})
    missing, present = board.value(_SURVEY % (_sums(files, list(files)), folders))
    foreign = [path for path in present if path not in files]
    if not missing and not foreign:
        return []
    changed = [path for path in files if path in missing and path != MANIFEST]
    board.run(_PREPARE % ([MANIFEST, *foreign], folders))
    _write(board, files, [*changed, MANIFEST], progress)
    return changed


def start(board: Repl) -> None:
    """Let the board be a pump from now on, service jumper or not."""
    board.leave(_START)


def without_repl(port: str, timeout_s: float) -> NoDevice:
    """Return the error for a port at which no REPL answers; it says so if a pump does."""
    try:
        with Programmer.open(port, timeout_s=timeout_s) as pump:
            who = f"pump {pump.hello()['serial']} runs there"
    except ProtocolMismatch:
        who = "a pump with other firmware runs there"
    except ProgrammerError:
        who = "no REPL answers: no MicroPython, or a pump that runs"
    return NoDevice(f"{port}: {who}; {_JUMPER}")


def _check(board: Repl) -> None:
    """NoDevice unless it is a Pico with a MicroPython that can run what is to be deployed."""
    name, version, machine, mpy = board.value(_IDENTIFY)
    told = ".".join(map(str, version))
    remedy = f"copy MicroPython's UF2 for the Pico onto it ({DOWNLOAD}) and flash again"
    if "RP2040" not in machine.upper():
        raise NoDevice(f"{board.port}: {name} {told} on {machine}; Thecal runs on a Pico (RP2040): name another --port")
    if name != "micropython":
        raise NoDevice(f"{board.port}: {name} {told} is on the board; Thecal runs on MicroPython: {remedy}")
    if version < LEAST_VERSION or mpy != MPY_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise NoDevice(
            f"{board.port}: MicroPython {told} (.mpy version {mpy}) is on the board; Thecal needs {least} or newer "
            f"with .mpy version {MPY_VERSION}: {remedy}"
        )


def _write(board: Repl, files: dict[str, bytes], paths: list[str], progress: Progress) -> None:
    """Write these files in order; the last one only when all the others are seen to be whole."""
    total, done = sum(len(files[path]) for path in paths), 0
    for path in paths:
        if path == paths[-1]:
            _verify(board, files, paths[:-1])
        progress(path, done, total)
        board.write("/" + path, files[path], lambda here, path=path, done=done: progress(path, done + here, total))
        done += len(files[path])
    _verify(board, files, paths[-1:])


def _verify(board: Repl, files: dict[str, bytes], paths: list[str]) -> None:
    wrong, _ = board.value(_SURVEY % (_sums(files, paths), []))
    if wrong:
        board.run(_PREPARE % ([MANIFEST], []))
        raise FlashError(
            f"{board.port}: {', '.join(wrong)} did not arrive whole; flash again, with another cable if it stays so"
        )


def _sums(files: dict[str, bytes], paths: list[str]) -> list[tuple[int, str]]:
    return [(crc32(files[path]), path) for path in paths]
