"""A rig in wall time, as far as the emulation keeps up, with a TCP port for the programmer."""

import asyncio
import math
import time
from contextlib import suppress

from firmware.config import Config
from host_tools.emulator.pacing import Pacer
from host_tools.emulator.ports import Line, TcpClient, TcpPlaces
from host_tools.machines.rp2040.chip import CLOCK_HZ, Chip
from host_tools.machines.rp2040.machine import RigMachine
from host_tools.machines.rp2040.rig import Rig

HOST = "127.0.0.1"
SLICE_MS = 20  # of the chip's time, at once
SLICE_S = 0.005  # of wall time: a REPL waits for its host a thousand times in a deployment
IDLE_S = 0.01
LOOK_S = 1.0

PROBE_MS = 100  # of the chip's time, from reset
ANSWER_S = 1  # the longest that a pump computes over one request, its hourly self-test included
SLOWER = 4  # how many times slower this computer may become, when others compute on it too


def measured_timeout_s(chip: Chip) -> int:
    """Wall seconds to wait for an answer of a chip that was just switched on, by how fast its first steps go here."""
    began_s, began = time.monotonic(), chip.cycles
    chip.run_to(chip.now_ms + PROBE_MS)
    per_cycle_s = (time.monotonic() - began_s) / (chip.cycles - began)
    return math.ceil(per_cycle_s * CLOCK_HZ * ANSWER_S * SLOWER)


class _ConsoleEnd:
    """The chip's USB console as a line's far end; USB itself makes who sends too fast wait."""

    def __init__(self, rig: Rig) -> None:
        self._chip = rig.chip
        self.tx_capacity = 0

    def host_send(self, data: bytes) -> int:
        self._chip.send(data)
        return len(data)

    def host_receive(self) -> bytes:
        return self._chip.take()

    def host_hang_up(self) -> None:
        """A console's line does not tell; the head that goes with its client does."""
        self._chip.take()


class RigServer:
    """Serves one client at a time, who is also the telemetry head."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._machine = RigMachine(rig, Config())
        self._line = Line(_ConsoleEnd(rig))
        self._kicked = asyncio.Event()
        self._pacer = Pacer(1)

    async def open(self, tcp_port: int) -> str:
        """Listen on `tcp_port` (0: any); the URL to connect to."""
        loop = asyncio.get_running_loop()
        places = TcpPlaces([self._line], self._kicked.set)
        self._listener = await loop.create_server(lambda: TcpClient(places), HOST, tcp_port)
        return f"socket://{HOST}:{self._listener.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()
        if self._line.outside is not None:
            self._line.outside.hang_up()

    async def run(self) -> None:
        """Let the chip live, at real time at most, until cancelled."""
        wiring, line = self._rig.wiring, self._line
        look_s = time.monotonic()
        while True:
            if time.monotonic() >= look_s:
                self._machine.wake()  # what the pump was told is done is done to the plant
                look_s = time.monotonic() + LOOK_S
            self._kicked.clear()
            wiring.lay_head(line.outside is not None)
            line.carry_in(time.monotonic())
            behind = self.live()
            line.carry_out()
            if behind:
                await asyncio.sleep(0)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_S):
                        await self._kicked.wait()

    def live(self) -> bool:
        """Let the chip live until it says something, for so long that nobody has to wait. True if it was behind.

        What the emulation was too slow for is not caught up: a chip that leaps is one whose programmer is too late.
        """
        chip = self._rig.chip
        target_ms = self._pacer.target_ms(chip.now_ms, chip.now_ms + SLICE_MS, 1)
        if target_ms <= chip.now_ms:
            return False
        until_s = time.monotonic() + SLICE_S
        chip.run_to(target_ms, lambda: bool(chip.received) or time.monotonic() > until_s)
        return True
