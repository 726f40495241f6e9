"""Wall time into pump time."""

import math
import time
from collections.abc import Callable

CLOCK_END_MS = ((1 << 30) - 1) * 1000
"""The pump's clock counts no further: its time stands still there."""


def parse_speed(text: str) -> float:
    """Pump seconds per wall second: a number, 0 or more, or `max`. ValueError for anything else."""
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = -1.0
    if not 0 <= speed < math.inf:
        raise ValueError(f"{text!r} is no speed; write a number (1 is real time, 0 stands still) or max")
    return speed


class Pacer:
    """How far pump time may go by now. What the computer was too slow for is not caught up."""

    def __init__(self, speed: float, wall_clock_s: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._wall_clock_s = wall_clock_s
        self._wall_s = wall_clock_s()
        self._fraction_ms = 0.0

    def factor(self, session_open: bool) -> float:
        """Pump seconds per wall second: while a programmer is at work, real time at most."""
        return min(self.speed, 1.0) if session_open else self.speed

    def target_ms(self, now_ms: int, session_open: bool) -> int:
        """Pump time to reach, from `now_ms`, for the wall time since the last call."""
        wall_s = self._wall_clock_s()
        elapsed_s, self._wall_s = wall_s - self._wall_s, wall_s
        factor = self.factor(session_open)
        if math.isinf(factor):
            return CLOCK_END_MS
        due_ms = self._fraction_ms + elapsed_s * 1000 * factor
        self._fraction_ms = due_ms % 1
        return min(now_ms + int(due_ms), CLOCK_END_MS)

    def delay_s(self, now_ms: int, wake_ms: int, session_open: bool) -> float:
        """Wall seconds until pump time reaches `wake_ms`; infinite when it never does."""
        factor = self.factor(session_open)
        if now_ms >= CLOCK_END_MS or factor == 0:
            return math.inf
        return (wake_ms - now_ms) / 1000 / factor
