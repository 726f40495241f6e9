"""What cannot be checked, because a fault that is or was on makes it otherwise (host_tools/machines/atlas.py)."""

from collections.abc import Iterable

from host_tools.machines.atlas import HAZARDS


class Spoils:
    """`now` are the words of the atlas that cannot be checked at this moment."""

    def __init__(self) -> None:
        self._on: frozenset[str] = frozenset()
        self._after: dict[str, str] = {}  # a fault that is over -> what ends its traces
        self.now: frozenset[str] = frozenset()
        self.clock_until_ms = -1  # the pump's counters of time differ

    def look(self, faults: Iterable[str], wear: Iterable[str]) -> None:
        """Take notice of the faults that are on now, and of tubing that lets more through than it should."""
        on = frozenset(faults) | frozenset(["over_delivery"] if wear else [])
        if on == self._on:
            return
        for name in self._on - on:
            self.leave(name)
        self._on = on
        self._sum_up()

    def leave(self, name: str) -> None:
        """A fault is over, or was over at once."""
        if HAZARDS[name].heals != "at_once":
            self._after[name] = HAZARDS[name].heals
        self._sum_up()

    def touch_line(self) -> None:
        """Somebody drew something out of the line, or put something in."""
        self._after["wrong_concentration"] = "flush"
        self._sum_up()

    def refilled(self) -> None:
        """The reservoir was emptied and filled."""
        self._end("refill")

    def flushed(self) -> None:
        """All that stands in the line is as it was recorded."""
        self._end("flush")

    def _end(self, heals: str) -> None:
        self._after = {name: how for name, how in self._after.items() if how != heals}
        self._sum_up()

    def _sum_up(self) -> None:
        self.now = frozenset(word for name in self._on | self._after.keys() for word in HAZARDS[name].spoils)
