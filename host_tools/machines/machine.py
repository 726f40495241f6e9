"""The interface of a machine, whatever its firmware runs on: scenarios and benchmarks use no more than this."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from hal.plant.plant import Plant
from host_tools.programmer.transport import Transport


class RuntimeUnavailable(RuntimeError):
    """A runtime that this computer, or this scenario, cannot have; the message says why."""


class Boot(NamedTuple):
    """Pump time and the pump's uptime at a start, and how many events were logged before it."""

    at_s: int
    uptime_s: int
    events: int


class Snapshot(NamedTuple):
    """A machine at one instant: `state` is compressed. `histories` are lists that only grow, each with its length then,
    and no part of the state."""

    state: bytes
    histories: tuple[tuple[list[Any], int], ...]


class Effects(Protocol):
    """The firmware's effects on its body so far, to compare runs by."""

    @property
    def periods_ms(self) -> Sequence[int]:
        """Periods of the motor orders, repeats collapsed."""
        ...

    @property
    def tone_kinds(self) -> Sequence[str]:
        """`single` or `dual` for each tone, repeats collapsed."""
        ...

    def trace_sha256(self) -> str:
        """SHA-256 over all effects with their times, in hexadecimal digits."""
        ...


class Machine(Protocol):
    """One pump: its firmware, a body for it and the plant. It is powered from construction on."""

    @property
    def plant(self) -> Plant:
        """The physical truth: faults go into it, tones and `truth()` come out of it."""
        ...

    @property
    def now_ms(self) -> int:
        """Pump time: ms since the first power-up, unpowered time included."""
        ...

    @property
    def events(self) -> Sequence[dict[str, Any]]:
        """The log's entries in the order in which the pump made them, as `thecal log --json` shows each."""
        ...

    @property
    def boots(self) -> Sequence[Boot]:
        """The pump's starts, oldest first."""
        ...

    @property
    def effects(self) -> Effects:
        """What the firmware did to its body."""
        ...

    def advance_to(self, at_ms: int) -> None:
        """Let pump time pass until `at_ms`, all that is due then included."""
        ...

    def wake(self) -> None:
        """Have the firmware, or what looks at it, take notice of what changed at this instant."""
        ...

    def lay_head(self, present: bool) -> None:
        """Lay the telemetry head on the pump, or take it away. The firmware notices at the next `wake`."""
        ...

    def connect(self) -> Transport:
        """Return a programmer's line to the pump, whose clock is pump time."""
        ...

    def power_cut(self, for_ms: int) -> None:
        """Take all power away, and give it back after `for_ms` of pump time."""
        ...

    def plan_power_cut(self, write: int, torn_bytes: int) -> None:
        """Have the power fail in the `write`th write to the store from now on (1: the next), after `torn_bytes` of it.

        RuntimeUnavailable where a machine cannot.
        """
        ...

    def cancel_power_cut(self) -> None:
        """Drop a planned cut that has not happened."""
        ...

    def snapshot(self) -> Snapshot:
        """Return firmware, body and plant as they are at this instant. RuntimeUnavailable where a machine cannot."""
        ...

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this machine, or on from one of another."""
        ...

    def fork(self) -> "Machine":
        """Return another machine in the same state, which lives on by itself. RuntimeUnavailable as for `snapshot`."""
        ...

    def replace_pump(self, serial: str | None = None) -> None:
        """Put a new pump of the same make in this one's place; catheter and patient stay. Earlier lines are dead.

        RuntimeUnavailable where a machine cannot.
        """
        ...
