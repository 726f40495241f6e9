"""Devices of the chip itself: watchdog, entropy and memory."""

import gc
import sys
from binascii import crc32
from os import urandom
from time import sleep_us

from machine import WDT, WDT_RESET, mem32, reset_cause

from hal import contract
from hal.contract import FAILED, OK, WATCHDOG_MS

_WATCHDOG = 0x40058000
_REASON = 0x40058008
_BY_TIMER = 1  # bit of the reason; an order to reset sets another
_WATCHDOG_SET = 0x4005A000  # bits written as 1 are set there, and cleared at the next
_WATCHDOG_CLEAR = 0x4005B000
_ENABLE = 0x40000000
_COUNT = 0xFFFFFF

MANIFEST = "/manifest"
_PIECE_BYTES = 512
_PATTERNS = (b"\x55" * 256, b"\xaa" * 256)


class Watchdog(contract.Watchdog):
    """MicroPython cannot stop the watchdog once it runs, but its ENABLE bit can."""

    def __init__(self) -> None:
        self._wdt: WDT | None = None
        self._armed = False

    def arm(self) -> None:
        if self._wdt is None:
            self._wdt = WDT(timeout=WATCHDOG_MS)
        else:
            self._wdt.feed()
            mem32[_WATCHDOG_SET] = _ENABLE
        self._armed = True

    def feed(self) -> None:
        if self._wdt is None or not self._armed:
            raise RuntimeError("the watchdog was fed while it was not armed")
        self._wdt.feed()

    def pause(self) -> None:
        mem32[_WATCHDOG_CLEAR] = _ENABLE
        self._armed = False

    def paused(self) -> bool:
        """True if the pause took: one that runs on in sleep would lock the chip up."""
        return not mem32[_WATCHDOG] & _ENABLE

    def restart(self) -> None:
        """Count from zero again, armed or not: for a board that may not sleep."""
        if self._wdt is not None:
            self._wdt.feed()

    def self_test(self) -> int:
        before = mem32[_WATCHDOG] & _COUNT
        sleep_us(50)
        return OK if mem32[_WATCHDOG] & _COUNT < before else FAILED

    def caused_reset(self) -> bool:
        return reset_cause() == WDT_RESET and bool(mem32[_REASON] & _BY_TIMER)


class Entropy(contract.Entropy):
    def random_bytes(self, count: int) -> bytes:
        if not 1 <= count <= 32:
            raise ValueError(f"{count} random bytes; 1 to 32 can be had at once")
        return urandom(count)


class Memory(contract.Memory):
    """The code is its files, as the manifest (lines of "CRC-32 in hex, path") lists them."""

    def __init__(self) -> None:
        self._turn = 0
        self._block = bytearray(_PATTERNS[0])

    def check_code(self) -> int:
        buffer = memoryview(bytearray(_PIECE_BYTES))
        try:
            with open(MANIFEST) as manifest:
                for line in manifest:
                    if int(line[:8], 16) != _crc_of(line[9:].strip(), buffer):
                        return FAILED
        except (OSError, ValueError):
            return FAILED
        return OK

    def check_ram(self) -> int:
        held = self._block == _PATTERNS[self._turn]
        self._turn = 1 - self._turn
        self._block[:] = _PATTERNS[self._turn]
        return OK if held else FAILED

    def runtime(self) -> str:
        name, version, machine = sys.implementation[:3]  # pyright: ignore[reportIndexIssue]
        return " ".join((name, ".".join(map(str, version[:3])), machine.split()[-1].lower()))

    def free_bytes(self) -> int:
        gc.collect()
        return gc.mem_free()


def _crc_of(path: str, buffer: memoryview) -> int:
    crc = 0
    with open(path, "rb") as file:
        while count := file.readinto(buffer):
            crc = crc32(buffer[:count], crc)
    return crc
