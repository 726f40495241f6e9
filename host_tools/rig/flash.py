"""Deploy to a board with mpremote: only what changed, the manifest taken away first and put back last."""

import ast
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host_tools.rig.deployment import MANIFEST, deployed_files

LEAST_VERSION = (1, 24)  # older ones lock up in sleep
MPY_VERSION = 6  # of compiled files
TIMEOUT_S = 300
_ASK = """
import sys
i = sys.implementation
try:
    m = open('/manifest').read()
except OSError:
    m = ''
print((i.name, tuple(i.version[:2]), i._machine, getattr(i, '_mpy', 0) & 255, m))
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
_VERIFY = """
from binascii import crc32
b = memoryview(bytearray(512))
w = []
for c, p in %r:
    try:
        k = 0
        with open(p, 'rb') as f:
            while n := f.readinto(b):
                k = crc32(b[:n], k)
    except OSError:
        k = -1
    if k != c:
        w.append(p)
print(w)
"""
_START = "from hal.rp2040.run import run; run()"

Say = Callable[[str], None]


class FlashError(RuntimeError):
    """The board is not deployed; the message says why and what to do."""


class Mpremote:
    """A board's REPL, through mpremote."""

    def __init__(self, port: str) -> None:
        self._port = port

    def run(self, *arguments: str) -> str:
        """One chain of mpremote's commands on the board; what it printed. FlashError when it fails."""
        command = [sys.executable, "-m", "mpremote", "connect", self._port, *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise FlashError(f"{self._port}: the board went silent; was it unplugged? Flash again") from error
        if done.returncode:
            raise FlashError(f"{self._port}: {_reason(done.stderr + done.stdout)}")
        return done.stdout

    def value(self, code: str) -> Any:
        """What `code` prints last, as a value."""
        return ast.literal_eval(self.run("exec", code).strip().splitlines()[-1])


def deploy(board: Mpremote, say: Say) -> list[str]:
    """Make the board what this tree is; the paths that changed. FlashError, with no manifest on the board, if not."""
    held = _manifest_of(board)
    files = deployed_files()
    wanted = files[MANIFEST].decode()
    lines = wanted.splitlines()
    changed = [line[10:] for line in lines if line not in held.splitlines()]
    if held == wanted:
        return []
    gone = [line[10:] for line in held.splitlines() if line[10:] not in files]
    folders = sorted({parent.as_posix() for path in files for parent in Path(path).parents} - {"."})
    board.run("exec", _PREPARE % ([MANIFEST, *gone], folders))
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate(changed, 1):
            say(f"{number} of {len(changed)}: {path}, {len(files[path])} bytes")
            _copy(board, Path(folder) / "file", path, files[path])
        wrong = board.value(_VERIFY % [(int(line[:8], 16), line[9:]) for line in lines])
        if wrong:
            raise FlashError(f"{', '.join(wrong)} did not arrive whole; flash again, with another cable if it stays so")
        _copy(board, Path(folder) / "file", MANIFEST, files[MANIFEST])
    return changed


def start(board: Mpremote) -> None:
    """Let the board be a pump from now on, service jumper or not."""
    board.run("exec", "--no-follow", _START)


def _copy(board: Mpremote, file: Path, path: str, data: bytes) -> None:
    file.write_bytes(data)
    board.run("fs", "cp", str(file), f":{path}")


def _manifest_of(board: Mpremote) -> str:
    """What is on the board already. FlashError when it is none that can be deployed to."""
    name, version, machine, mpy, manifest = board.value(_ASK)
    if name != "micropython" or "RP2040" not in machine:
        raise FlashError(f"this is {name} on {machine}; Thecal runs on MicroPython for the Pico (RP2040)")
    if version < LEAST_VERSION or mpy != MPY_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise FlashError(
            f"MicroPython {'.'.join(map(str, version))} is on the board; Thecal needs {least} or newer: copy a newer "
            "UF2 onto it (micropython.org/download/RPI_PICO)"
        )
    return manifest


def _reason(output: str) -> str:
    if "raw repl" in output:
        return "no REPL answers; connect the service pin to ground (docs/rig.md), reset the board and flash again"
    if "ENOSPC" in output or "errno 28" in output.lower():
        return "the board's file system is full; remove what is not Thecal's with `mpremote fs rm`, and flash again"
    if "failed to access" in output or "no device found" in output:
        return "no board there; plug it in, or name its port with --port (`mpremote connect list` lists them)"
    last = output.strip().splitlines()
    return f"mpremote says: {last[-1] if last else 'nothing'}"
