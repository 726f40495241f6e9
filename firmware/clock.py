"""The pump's two times: its age, on which therapy runs, and the wall clock, which is only a claim.

Age is counted by the body's seconds and checked against its ticks, which also time the motor. Where the two part, the
ticks are believed: a dose takes the time that the motor takes. What day it is, nobody knows then.
"""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from hal.contract import Clock

    class WallClock(Protocol):
        """The fields of the state record that hold the wall clock."""

        clock: int
        wall_offset_s: int


_APART_MS = 10_000  # seconds and ticks that differ by more do not belong together
_RANGE_S = 3600  # how long the two are compared from one pair of readings
_TICKS_MASK = (1 << 30) - 1


class PumpClock:
    """`now_s`: seconds since first power-up without the time unpowered, as of the last `tick`."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self.base_s = 0  # uptime when the body's seconds were 0
        self.now_s = 0
        self.jumped_s = 0  # how far the seconds leapt ahead, below 0 fell behind; whoever acts on it clears it
        self._seconds = self._ticks_ms = 0

    def start(self, base_s: int, state: "WallClock") -> None:
        """Go on from what the records know."""
        self.base_s = base_s
        self._state = state
        self._seconds = self._clock.seconds()
        self._ticks_ms = self._clock.ticks_ms()
        self.tick()

    def tick(self) -> int:
        """Read the clocks; returns `now_s`."""
        seconds = self._clock.seconds()
        passed_s = seconds - self._seconds
        passed_ms = (self._clock.ticks_ms() - self._ticks_ms) & _TICKS_MASK
        ahead_ms = passed_s * 1000 - passed_ms
        if ahead_ms > _APART_MS or ahead_ms < -_APART_MS:
            self._correct(ahead_ms // 1000)  # rounded down: age never goes back
            passed_s = _RANGE_S
        if passed_s >= _RANGE_S:
            self._seconds = seconds
            self._ticks_ms = (self._ticks_ms + passed_ms) & _TICKS_MASK
        self.now_s = self.base_s + seconds
        return self.now_s

    def _correct(self, ahead_s: int) -> None:
        self.base_s -= ahead_s
        self.jumped_s += ahead_s

    @property
    def wall_s(self) -> int:
        """Wall time in seconds since 2018-01-01T00:00:00, or NONE32 without a valid clock."""
        if self._state.clock != wire.FLAG_YES:
            return wire.NONE32
        return self.now_s + self._state.wall_offset_s

    def set_wall(self, wall_s: int) -> None:
        """Take the programmer's word for the time. Goes into the state, which the caller keeps."""
        self._state.clock = wire.FLAG_YES
        self._state.wall_offset_s = wall_s - self.now_s

    @property
    def local_offset_s(self) -> int | None:
        """Return wall time minus uptime, None without a valid clock."""
        return self._state.wall_offset_s if self._state.clock == wire.FLAG_YES else None

    @property
    def local_s(self) -> int:
        """Wall time where there is one, else uptime: what days and schedules go by."""
        if self._state.clock == wire.FLAG_YES:
            return self.now_s + self._state.wall_offset_s
        return self.now_s
