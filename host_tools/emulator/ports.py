"""The pump's serial lines, as TCP clients and a PTY see them."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import Protocol, cast

from hal.contract import MAX_FRAME_BYTES
from protocol.frame import Decoder

LINE_BYTES_PER_S = 11_520  # 115,200 baud, in wall time: a fast pump drops telemetry, it does not wait
BURST_BYTES = 2_048
ANSWER_BYTES = 2 * MAX_FRAME_BYTES  # room that a question makes, on credit: telemetry must not starve answers
INCOMING_BYTES = 4_096  # from outside; who sends more has to wait
UNSENT_BYTES = 65_536  # to a TCP client that does not read
READ_BYTES = 4_096
PTY_HEAD_S = 30  # a PTY has no notion of somebody being there: bytes within this time are the sign


class Outside(Protocol):
    """The client at the other end of a line."""

    def send(self, data: bytes) -> None: ...
    def congested(self) -> bool: ...
    def listen(self, wanted: bool) -> None: ...
    def hang_up(self) -> None: ...


class PumpEnd(Protocol):
    """The host's end of one of the pump's links."""

    tx_capacity: int

    def host_send(self, data: bytes) -> int: ...
    def host_receive(self) -> bytes: ...
    def host_hang_up(self) -> None: ...


class Line:
    """One of the pump's links, with the bytes that wait to go in and the rate at which bytes go out."""

    def __init__(self, link: PumpEnd) -> None:
        self.link = link
        self.outside: Outside | None = None
        self.incoming = bytearray()
        self._tokens = float(BURST_BYTES)
        self._wall_s = 0.0

    def attach(self, outside: Outside | None) -> None:
        """Somebody is there now. With nobody the pump is told, and what was under way is dropped."""
        self.outside = outside
        self.incoming.clear()
        if outside is None:
            self.link.host_hang_up()

    def receive(self, data: bytes) -> None:
        self.incoming += data
        if self.outside and len(self.incoming) >= INCOMING_BYTES:
            self.outside.listen(False)

    def carry_in(self, wall_s: float) -> bool:
        """Set the link's room for this moment and give the pump what it takes. True if that is anything."""
        self._tokens = min(BURST_BYTES, self._tokens + (wall_s - self._wall_s) * LINE_BYTES_PER_S)
        self._wall_s = wall_s
        congested = self.outside is not None and self.outside.congested()
        taken = self.link.host_send(bytes(self.incoming)) if self.incoming else 0
        room = max(int(self._tokens), ANSWER_BYTES if taken else 0)
        self.link.tx_capacity = 0 if congested else room
        if taken:
            del self.incoming[:taken]
            if self.outside and len(self.incoming) < INCOMING_BYTES:
                self.outside.listen(True)
        return taken > 0

    def carry_out(self) -> None:
        data = self.link.host_receive()
        self._tokens -= len(data)
        if data and self.outside:
            self.outside.send(data)

    @property
    def recovering(self) -> bool:
        """True if room grows with time."""
        return self._tokens < BURST_BYTES


class TcpPlaces:
    """The lines that TCP clients get, one each. `session_on` is the session that is open on a line, or None.

    One client too many gets the place of another: of one that never sent a frame, else of the one that was silent for
    longest. Who opened a session has his place until that ends. When all have, the one too many is turned away.

    Without `session_on` everybody has his place until he goes. `note` is told who comes and goes.
    """

    def __init__(
        self,
        lines: list[Line],
        kick: Callable[[], None],
        session_on: Callable[[Line], object] | None = None,
        note: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.lines = lines
        self.kick = kick
        self.session_on = session_on
        self.note = note
        self.clients: list[TcpClient] = []

    def find(self) -> Line | None:
        """A line that nobody is on any more."""
        free = next((line for line in self.lines if line.outside is None), None)
        idle = [client for client in self.clients if self.session_on and not client.at_work]
        if free or not idle:
            return free
        return min(idle, key=lambda client: (client.spoke, client.heard_at_s)).make_room()


class TcpClient(asyncio.Protocol):
    """One TCP connection, closed at once when there is no place for it."""

    def __init__(self, places: TcpPlaces) -> None:
        self._loop = asyncio.get_running_loop()
        self._places = places
        self._kick = places.kick
        self._decoder = Decoder()
        self._line: Line | None = None
        self.spoke = False  # a whole frame
        self.heard_at_s = self._loop.time()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._name = "TCP {}:{}".format(*transport.get_extra_info("peername")[:2])
        self._line = self._places.find()
        if self._line is None:
            self._places.note(f"{self._name} turned away")
            self._transport.close()
            self._kick()
            return
        self._places.note(f"{self._name} connected")
        self._left_behind = self._session()  # by the one before, on this line
        self._places.clients.append(self)
        self._line.attach(self)
        self._kick()

    @property
    def at_work(self) -> bool:
        """True if it has a session open."""
        session = self._session()
        return session is not None and session is not self._left_behind

    def _session(self) -> object:
        session_on = self._places.session_on
        return session_on(self._line) if session_on and self._line else None

    def make_room(self) -> Line | None:
        """Hang up; the line that has become free."""
        line = self._leave("hung up on")
        self._transport.abort()
        return line

    def _leave(self, how: str) -> Line | None:
        line, self._line = self._line, None
        if line:
            self._places.note(f"{self._name} {how}")
            self._places.clients.remove(self)
            line.attach(None)
        return line

    def data_received(self, data: bytes) -> None:
        if self._line:
            self.heard_at_s = self._loop.time()
            self.spoke = self.spoke or bool(self._decoder.feed(data))
            self._line.receive(data)
            self._kick()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._leave("left"):
            self._kick()

    def send(self, data: bytes) -> None:
        self._transport.write(data)

    def congested(self) -> bool:
        return self._transport.get_write_buffer_size() > UNSENT_BYTES

    def listen(self, wanted: bool) -> None:
        if wanted:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    def hang_up(self) -> None:
        self._transport.close()


class PtyPort:
    """A pseudo-terminal, where the system has them. `path` is what a programmer opens."""

    def __init__(self, line: Line, kick: Callable[[], None]) -> None:
        import tty  # not on every system, as openpty is not

        self._loop = asyncio.get_running_loop()
        self._line = line
        self._kick = kick
        # The slave stays open here: without any, the kernel reports an error to the master for ever.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self.heard_at_s = -float("inf")
        self._in_use = False
        self._unsent = b""
        line.attach(self)
        self.listen(True)

    def _read(self) -> None:
        self.heard_at_s = self._loop.time()
        self._line.receive(os.read(self._master, READ_BYTES))
        self._kick()

    def send(self, data: bytes) -> None:
        self._unsent += data
        with contextlib.suppress(BlockingIOError):  # nobody reads: the terminal's buffer is full
            self._unsent = self._unsent[os.write(self._master, self._unsent) :]

    def congested(self) -> bool:
        if self._unsent:
            self.send(b"")
        return bool(self._unsent)

    def listen(self, wanted: bool) -> None:
        if wanted:
            self._loop.add_reader(self._master, self._read)
        else:
            self._loop.remove_reader(self._master)

    def head_left_s(self) -> float:
        """Wall seconds for which the head still counts as present; 0 or less when it does not."""
        return self.heard_at_s + PTY_HEAD_S - self._loop.time()

    def in_use(self, note: Callable[[str], None]) -> bool:
        """True if the head counts as present; `note` is told when that changes."""
        before, self._in_use = self._in_use, self.head_left_s() > 0
        if self._in_use != before:
            note("PTY in use" if self._in_use else f"PTY silent for {PTY_HEAD_S}s")
        return self._in_use

    def hang_up(self) -> None:
        self.listen(False)
        os.close(self._master)
        os.close(self._slave)
