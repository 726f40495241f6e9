"""Faults that are on, and what they put on the plant together."""

from collections.abc import Iterable, Iterator
from typing import Any

from hal.plant.drivetrain import NEVER_MS
from hal.plant.faults import KINDS, QUANTITIES, Quantity


class Fault:
    """One that is on. It ends at `end_ms`; `until_ms` is when its cause goes away."""

    __slots__ = ("fields", "from_ms", "name", "until_ms")

    def __init__(self, name: str, from_ms: int, until_ms: int, fields: dict[str, Any]) -> None:
        self.name = name
        self.from_ms = from_ms
        self.until_ms = until_ms
        self.fields = fields

    @property
    def end_ms(self) -> int:
        return self.until_ms if self.until_ms == NEVER_MS else self.until_ms + self.fields.get("recovery_ms", 0)

    def values(self) -> Iterator[tuple[Quantity, Any]]:
        """Each quantity that it acts on, and the value that it gives to it."""
        for quantity, value in KINDS[self.name].effects:
            yield quantity, self.fields[value] if isinstance(value, str) else value

    def acts(self, at_ms: int) -> bool:
        """False in the pauses of an intermittent fault."""
        if self.name != "motor_stall_intermittent":
            return True
        return (at_ms - self.from_ms) % self.fields["every_ms"] < self.fields["lasting_ms"]

    def next_ms(self, at_ms: int) -> int:
        """The first time after `at_ms` at which it changes by itself."""
        if self.name != "motor_stall_intermittent":
            return self.end_ms
        every_ms = self.fields["every_ms"]
        begun_ms = at_ms - (at_ms - self.from_ms) % every_ms
        return min(self.end_ms, begun_ms + (self.fields["lasting_ms"] if self.acts(at_ms) else every_ms))

    def snapshot(self) -> dict[str, Any]:
        """The arguments that make another such."""
        return {"name": self.name, "from_ms": self.from_ms, "until_ms": self.until_ms, "fields": self.fields}


def effects(faults: Iterable[Fault], at_ms: int) -> Iterator[tuple[Quantity, Any]]:
    """Every quantity that a fault can act on, with its value under these faults."""
    values: dict[Quantity, list[Any]] = {quantity: [] for quantity in QUANTITIES}
    for fault in faults:
        if fault.acts(at_ms):
            for quantity, value in fault.values():
                values[quantity].append(value)
    for quantity, given in values.items():
        yield quantity, quantity.combine(given) if given else quantity.neutral
