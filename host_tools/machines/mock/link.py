"""A serial line in memory: bytes go straight into the emulated pump, whose time is the programmer's."""

from typing import Protocol

from hal.mock.body import MockBody
from host_tools.programmer.transport import Transport


class _Linked(Protocol):
    """The part of a machine that its line needs."""

    @property
    def hal(self) -> MockBody: ...
    @property
    def now_ms(self) -> int: ...

    def wake(self) -> None: ...


class MemoryTransport(Transport):
    """A line of `machine`, without delay. Waiting for an answer takes the programmer's time, not the pump's."""

    name = "the scenario's line"

    def __init__(self, machine: _Linked, link: int = 0) -> None:
        self._machine = machine
        self._link = link
        self._waited_s = 0.0

    def write(self, data: bytes) -> None:
        while data:
            taken = self._machine.hal.links[self._link].host_send(data)
            self._machine.wake()
            if not taken:
                return  # a pump that hangs takes nothing out of its line: the rest is lost
            data = data[taken:]

    def read(self, timeout_s: float) -> bytes:
        self._machine.wake()
        data = self._machine.hal.links[self._link].host_receive()
        if not data:
            self._waited_s += timeout_s
        return data

    def now_s(self) -> float:
        return self._machine.now_ms / 1000 + self._waited_s

    def close(self) -> None:
        """Nothing to give back."""
