"""An emulated RP2040 with MicroPython on it, on its own clock: time passes only while somebody asks it to."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from rp2040py.boards import BOARDS, BoardSpec, resolve_firmware
from rp2040py.device import MicroPythonDevice
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.utils import firmware_retrieve

from host_tools.rig.quirks import mend

NS_PER_MS = 1_000_000
UF2_VARIABLE = "THECAL_UF2"
MICROPYTHON_VERSION = "1.26.1"  # the one that the emulation was tried with
INSTRUCTIONS_A_TICK = 64  # between two looks at the emulator's alarms, which come in time all the same
ENUMERATION_NS = 100 * NS_PER_MS  # no host finds a board on USB sooner than that

_UF2_URL = (firmware_retrieve.MICROPYTHON.boards or {})["pico"].fw[MICROPYTHON_VERSION]

Boot = Callable[[MicroPythonDevice], None]


class NoUf2(RuntimeError):
    """There is no MicroPython to run."""


class ChipStuck(RuntimeError):
    """What was waited for did not happen."""


def find_uf2(fetch: bool = False) -> Path:
    """The stock MicroPython for the Pico: the one named, or else rp2040py's own copy. NoUf2 when there is none.

    With `fetch` rp2040py is to get its copy from micropython.org first.
    """
    named = os.environ.get(UF2_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise NoUf2(f"{UF2_VARIABLE} names {named}, which is no file")
        return Path(named)
    cached = Path.home() / ".cache" / "rp2040py" / Path(_UF2_URL).name
    found = _fetched() if fetch and not cached.is_file() else cached
    if found is None or not found.is_file():
        raise NoUf2(
            f"no MicroPython for the emulated chip: set {UF2_VARIABLE} to a stock UF2 for the Pico, such as {_UF2_URL}"
        )
    return found


def _fetched() -> Path | None:
    try:
        return firmware_retrieve.retrieve(firmware_retrieve.MICROPYTHON, MICROPYTHON_VERSION)
    except OSError:  # no way to micropython.org from here
        return None


class Chip:
    """`attach` is called with each new device, before it starts: what is soldered to the pins stays through a cut.

    `received` is what the chip has sent over USB and nobody took yet.
    """

    def __init__(self, uf2: Path, image: bytes, attach: Boot) -> None:
        self._board = resolve_firmware(BOARDS["pico"], "micropython", str(uf2))
        self._attach = attach
        self._passed_ns = 0.0
        self.received = bytearray()
        self._outgoing = bytearray()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "littlefs"
            path.write_bytes(image)
            self.device = self._power_up(path)

    def _power_up(self, image: Path | None = None) -> MicroPythonDevice:
        board: BoardSpec = self._board
        device = MicroPythonDevice(board=board, filesystem=image)
        device.cdc.on_serial_data = self.received.extend
        mend(device)
        self._attach(device)
        device.mcu.core.pc = FLASH_START_ADDRESS
        device.simulator.stopped = False
        return device

    @property
    def now_ms(self) -> int:
        """Since the first power-up."""
        return int((self._passed_ns + self.device.simulator.clock.nanos) // NS_PER_MS)

    def cut_power(self) -> None:
        """Lose power now, in the middle of whatever it is, and get it back at once: only the flash stays as it is."""
        flash = bytes(self.device.mcu.flash)
        self._passed_ns += self.device.simulator.clock.nanos
        self.received.clear()
        self._outgoing.clear()
        self.device = self._power_up()
        self.device.mcu.flash[:] = flash

    def send(self, data: bytes) -> None:
        """To the chip's USB console, as it takes it."""
        self._outgoing += data

    def take(self) -> bytes:
        """What came over USB since the last call."""
        data = bytes(self.received)
        self.received.clear()
        return data

    def run_to(self, at_ms: int, done: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass until `at_ms` or until `done()`; whether that came to pass."""
        simulator = self.device.simulator
        while self.now_ms < at_ms:
            self._carry_in()
            execute_batch(simulator, INSTRUCTIONS_A_TICK)
            simulator = self.device.simulator
            if done():
                return True
        return False

    def wait(self, done: Callable[[], bool], limit_ms: int, what: str) -> None:
        """Let time pass until `done()`. ChipStuck when that takes longer than `limit_ms`."""
        if not self.run_to(self.now_ms + limit_ms, done):
            raise ChipStuck(f"within {limit_ms} ms of the chip's time there was no {what}")

    def _carry_in(self) -> None:
        if self.device.simulator.clock.nanos < ENUMERATION_NS:
            return
        cdc = self.device.cdc
        free = cdc.tx_fifo.size - cdc.tx_fifo.item_count
        for byte in self._outgoing[:free]:
            cdc.send_serial_byte(byte)
        del self._outgoing[:free]
