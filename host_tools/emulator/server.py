"""One pump in wall time, its lines and its state folder, on an event loop."""

import asyncio
import contextlib
import math
import os
import signal
import time
from collections.abc import Callable
from typing import Any

from host_tools.emulator.activity import Activity
from host_tools.emulator.pacing import Pacer
from host_tools.emulator.ports import Line, PtyPort, TcpClient, TcpPlaces
from host_tools.emulator.state import StateFolder
from host_tools.machines.mock.machine import MockMachine

HOST = "127.0.0.1"
LINK_COUNT = 4  # the PTY's, and those of three TCP clients
SLICE_S = 0.010  # of wall time, between two looks at the lines
ROOM_S = 0.020  # of wall time: how often a line that is at its rate gets room again
SAVE_S = 1.0

Stop = Callable[[], bool]


class PortError(RuntimeError):
    """A TCP port cannot be had; the message says why."""


class Server:
    """Runs `machine` until `end()`. What the pump acknowledges is in `folder` before anybody hears it.

    `on_clock_end` is called once, when pump time comes to where it stands still.
    """

    def __init__(
        self,
        machine: MockMachine,
        pacer: Pacer,
        folder: StateFolder | None,
        identity: dict[str, Any],
        activity: Activity,
        on_clock_end: Callable[[], None] = lambda: None,
    ) -> None:
        self.machine = machine
        self.activity = activity
        self._on_clock_end = on_clock_end
        self._clock_ended = False
        self.pacer = pacer
        self.identity = identity
        self.head_override: bool | None = None
        self._folder = folder
        self._saved_slots: dict[int, bytes] | None = None
        self._saved_at_s = -math.inf
        self._lines = [Line(link) for link in machine.hal.links]
        self._pty: PtyPort | None = None
        self._kicked = asyncio.Event()
        self._ending = False
        self._goal: tuple[int, Stop, asyncio.Future[None]] | None = None

    # Ports

    async def open(self, tcp_port: int) -> dict[str, Any]:
        """Open the lines and heed SIGINT and SIGTERM; the lines' addresses. `tcp_port` 0 is any.

        PortError when the port is not to be had.
        """
        loop = asyncio.get_running_loop()
        places = TcpPlaces(self._lines[1:], self.kick, self._session_on, self.activity.note)
        try:
            self._listener = await loop.create_server(lambda: TcpClient(places), HOST, tcp_port)
        except OSError as error:
            raise PortError(
                f"TCP port {tcp_port} of {HOST} cannot be opened ({os.strerror(error.errno or 0)}); "
                "name another with --tcp, or none to get a free one"
            ) from error
        if hasattr(os, "openpty"):
            self._pty = PtyPort(self._lines[0], self.kick)
        for number in (signal.SIGINT, signal.SIGTERM):
            _on_signal(number, self.end)
        port = self._listener.sockets[0].getsockname()[1]
        return {"tcp": f"socket://{HOST}:{port}", "pty": self._pty.path if self._pty else None}

    def close(self) -> None:
        self._listener.close()
        for line in self._lines:
            if line.outside:
                line.outside.hang_up()

    # Time

    def kick(self) -> None:
        """Something came up: look at once."""
        self._kicked.set()

    def meddled(self) -> None:
        """Somebody changed the pump's surroundings: look at once, and save that."""
        self._saved_slots = None
        self.kick()

    def end(self) -> None:
        self._ending = True
        self.kick()

    async def run_to(self, goal_ms: int, stop: Stop = lambda: False) -> None:
        """Let pump time run as fast as it can to `goal_ms`, or until `stop()` after some wake."""
        reached = asyncio.get_running_loop().create_future()
        self._goal = (goal_ms, stop, reached)
        self.kick()
        await reached

    async def run(self) -> None:
        """Serve until `end()`, then save."""
        while not self._ending:
            self._kicked.clear()
            self._turn()
            await self._rest()
        self._saved_slots = None
        self._save()

    def _turn(self) -> None:
        self.live()
        wall_s = time.monotonic()
        asked = [line.carry_in(wall_s) for line in self._lines]
        self.machine.hal.head.set(self._head_present())
        self.machine.wake()
        self.activity.look()
        # An answer is a promise: what it promises is on disk before it leaves.
        if any(asked) or wall_s >= self._saved_at_s + SAVE_S:
            self._save()
        for line in self._lines:
            line.carry_out()

    def live(self) -> None:
        """Bring pump time up to the present, or as far as it gets in a slice of wall time."""
        machine = self.machine
        until_wall_s = time.monotonic() + SLICE_S
        target_ms = self.pacer.target_ms(machine.now_ms, machine.clock_end_ms, self._most)
        stop: Stop | None = None
        if self._goal:
            target_ms, stop, _ = self._goal
        stopped = False
        while machine.now_ms < target_ms and not stopped and time.monotonic() < until_wall_s:
            machine.advance_to(min(machine.next_wake_ms, target_ms))
            stopped = stop is not None and stop()
        if self.at_clock_end and not self._clock_ended:
            self._clock_ended = True
            self._on_clock_end()
        if self._goal and (stopped or machine.now_ms >= target_ms):
            reached = self._goal[2]
            self._goal = None
            if not reached.done():
                reached.set_result(None)

    @property
    def at_clock_end(self) -> bool:
        """True if time stands still because the pump's clock counts no further."""
        return self.machine.now_ms >= self.machine.clock_end_ms

    @property
    def waits_for_program(self) -> bool:
        """True if time stands still although it is to run as fast as it can: a pump that was never programmed would be
        at its end of service before anybody could order anything."""
        pump = self.machine.pump
        return math.isinf(self.pacer.speed) and pump is not None and not pump.state.commits

    @property
    def _most(self) -> float:
        """Pump seconds per wall second at most: real time while a programmer is at work."""
        if self.waits_for_program or self.at_clock_end:
            return 0
        pump = self.machine.pump
        return 1 if pump is not None and pump.session_open else math.inf

    async def _rest(self) -> None:
        """Wait for what comes first: a kick, the pump's next wake, room on a line, the head's end, a save."""
        delays_s = [self.pacer.delay_s(self.machine.now_ms, self.machine.next_wake_ms, self._most)]
        if self._goal or any(line.incoming for line in self._lines):
            delays_s.append(0)
        if any(line.recovering for line in self._lines):
            delays_s.append(ROOM_S)
        if self._pty and self._pty.head_left_s() > 0:
            delays_s.append(self._pty.head_left_s())
        if self._folder and self._unsaved:
            delays_s.append(SAVE_S)
        delay_s = max(0, min(delays_s))
        if delay_s == 0:
            await asyncio.sleep(0)
            return
        timer = asyncio.get_running_loop().call_later(min(delay_s, 3600), self.kick)
        await self._kicked.wait()
        timer.cancel()

    def _session_on(self, line: Line) -> object:
        """The session that is open on a line, or None."""
        pump = self.machine.pump
        return None if pump is None else pump.sessions.on(pump.ports[self._lines.index(line)].channel)

    def _head_present(self) -> bool:
        pty = self._pty is not None and self._pty.in_use(self.activity.note)
        if self.head_override is not None:
            return self.head_override
        return pty or any(line.outside for line in self._lines[1:])

    # State

    @property
    def _unsaved(self) -> bool:
        return self.machine.hal.store.dump() != self._saved_slots

    def _save(self) -> None:
        if not self._folder or not self._unsaved:
            return
        slots = self.machine.hal.store.dump()
        self._folder.save(self.identity, self.machine.plant.snapshot(), slots)
        self._saved_slots, self._saved_at_s = slots, time.monotonic()


def _on_signal(number: int, act: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError):
        loop.add_signal_handler(number, act)
        return
    signal.signal(number, lambda *_: loop.call_soon_threadsafe(act))  # Windows
