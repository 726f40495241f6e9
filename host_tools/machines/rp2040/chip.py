"""An emulated RP2040 with MicroPython on it, on its own clock: time passes only while somebody asks it to."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from rp2040py.boards import BOARDS, BoardSpec, resolve_firmware
from rp2040py.device import MicroPythonDevice
from rp2040py.execute_batch import execute_batch
from rp2040py.memory_map import FLASH_START_ADDRESS

from host_tools.machines.rp2040.image import BLOCK_BYTES, BLOCKS, START
from host_tools.machines.rp2040.quirks import repair

NS_PER_MS = 1_000_000
CLOCK_HZ = 125_000_000  # of the processor, while it computes
PAGE_PROGRAM = b"\x02"  # the flash's command
PAGE_HEADER_BYTES = 4  # of it
PAGE_BYTES = 256
INSTRUCTIONS_A_TICK = 64  # between two looks at the emulator's alarms, which come in time all the same
ENUMERATION_NS = 100 * NS_PER_MS  # no host finds a board on USB sooner than that


Boot = Callable[[MicroPythonDevice, float], None]


class ChipStuck(RuntimeError):
    """The chip did not do in time what was waited for."""


class Chip:
    """`attach` is called with each new device, before it starts, and with when that is, in ns since the first power-up:
    what is soldered to the pins stays through a cut.

    `received` is what the chip has sent over USB and nobody took yet. `torn`: its power went in a planned write, and it
    does nothing until it is given power again, by `cut_power`.
    """

    def __init__(self, uf2: Path, image: bytes, attach: Boot) -> None:
        self._board = resolve_firmware(BOARDS["pico"], "micropython", str(uf2))
        self._attach = attach
        self._passed_ns = 0.0
        self.received = bytearray()
        self.torn = False
        self._outgoing = bytearray()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "littlefs"
            path.write_bytes(image)
            self.device = self._power_up(path)

    def _power_up(self, image: Path | None = None) -> MicroPythonDevice:
        board: BoardSpec = self._board
        device = MicroPythonDevice(board=board, filesystem=image)
        device.cdc.on_serial_data = self._hear
        self._host = repair(device)
        self._until = device.simulator.clock.create_alarm(self._stop)
        self._attach(device, self._passed_ns)
        device.mcu.core.pc = FLASH_START_ADDRESS
        return device

    @property
    def now_ms(self) -> int:
        """Since the first power-up."""
        return int((self._passed_ns + self.device.simulator.clock.nanos) // NS_PER_MS)

    @property
    def cycles(self) -> int:
        """Of the processor since its reset; asleep it makes none."""
        return self.device.mcu.core.cycles

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
        self.torn = False
        self.device = self._power_up()
        self.device.mcu.flash[:] = flash

    def tear_write(self, number: int) -> None:
        """Have the power go in the middle of the `number`th page (from 1) that is written to the flash from now on."""
        ssi = self.device.mcu.ssi
        apply = ssi._apply_command
        pages = 0

        def apply_command() -> None:
            nonlocal pages
            pages += ssi._tx_buffer[:1] == PAGE_PROGRAM
            if pages < number:
                apply()
            elif not self.torn:
                del ssi._tx_buffer[PAGE_HEADER_BYTES + PAGE_BYTES // 2 :]
                apply()
                self.torn = True
                self._stop()

        ssi._apply_command = apply_command

    def send(self, data: bytes) -> None:
        """To the chip's USB console, as it takes it."""
        self._outgoing += data

    def take(self) -> bytes:
        """Return what came over USB since the last call."""
        data = bytes(self.received)
        self.received.clear()
        return data

    def run_to(self, at_ms: int, done: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass until `at_ms` or until `done()`; True if that came to pass."""
        while self.now_ms < at_ms:
            if self.torn:
                self._passed_ns += (at_ms - self.now_ms) * NS_PER_MS
                break
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
