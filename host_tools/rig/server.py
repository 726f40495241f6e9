"""A rig in wall time, as far as the emulation keeps up, with a TCP port for the programmer."""

import asyncio
import time

from firmware.config import Config
from host_tools.emulator.ports import Line, TcpClient, TcpPlaces
from host_tools.rig.machine import RigMachine
from host_tools.rig.rig import Rig

HOST = "127.0.0.1"
SLICE_MS = 20
SLICE_S = 0.005  # of wall time: a REPL waits for its host a thousand times in a deployment
IDLE_S = 0.01
LOOK_S = 1.0


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

    async def open(self, tcp_port: int) -> str:
        """Listen on `tcp_port` (0: any); the URL to connect to."""
        loop = asyncio.get_running_loop()
        places = TcpPlaces([self._line], lambda: None)
        self._listener = await loop.create_server(lambda: TcpClient(places), HOST, tcp_port)
        return f"socket://{HOST}:{self._listener.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()
        if self._line.outside is not None:
            self._line.outside.hang_up()

    async def run(self) -> None:
        """Let the chip live, at real time at most, until cancelled."""
        chip, wiring, line = self._rig.chip, self._rig.wiring, self._line
        chip_ms, wall_s = chip.now_ms, time.monotonic()
        look_s = wall_s
        while True:
            if time.monotonic() >= look_s:
                self._machine.wake()  # what the pump was told is done is done to the plant
                look_s += LOOK_S
            wiring.lay_head(line.outside is not None)
            line.carry_in(time.monotonic())
            ahead_ms = chip.now_ms - chip_ms - (time.monotonic() - wall_s) * 1000
            if ahead_ms < 0:
                self._slice()
            line.carry_out()
            await asyncio.sleep(IDLE_S if ahead_ms >= 0 else 0)

    def _slice(self) -> None:
        """Let the chip live until it says something, for so long that nobody has to wait."""
        chip = self._rig.chip
        until_s = time.monotonic() + SLICE_S
        chip.run_to(chip.now_ms + SLICE_MS, lambda: bool(chip.received) or time.monotonic() > until_s)
