"""Wall time into pump time."""

import math
import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

SLOWEST, FASTEST = Decimal("0.001"), Decimal(10**9)
"""The least and the most that a speed may be, beside 0: at the most all that the pump's clock counts is over in 1 s."""


def parse_speed(text: str) -> float:
    """Pump seconds per wall second: 0, a number from SLOWEST to FASTEST, or `max`. ValueError for anything else."""
    if text == "max":
        return math.inf
    try:
        speed = Decimal(text)
    except InvalidOperation:
        speed = Decimal("nan")
    if not speed.is_finite() or (speed and not SLOWEST <= speed <= FASTEST):
        raise ValueError(
            f"{text!r} is no speed; write 0 (time stands still), {SLOWEST} to {FASTEST:,} (1 is real time) or max"
        )
    return float(speed)


class Pacer:
    """Says how far pump time may go by now. Time that the computer was too slow for is not caught up.

    `most` is what the pump's condition allows in pump seconds per wall second, whatever `speed` is.
    """

    def __init__(self, speed: float, wall_clock_s: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._wall_clock_s = wall_clock_s
        self._wall_s = wall_clock_s()
        self._fraction_ms = 0.0

    def target_ms(self, now_ms: int, end_ms: int, most: float) -> int:
        """Pump time to reach, from `now_ms` and up to `end_ms`, for the wall time since the last call."""
        wall_s = self._wall_clock_s()
        elapsed_s, self._wall_s = wall_s - self._wall_s, wall_s
        factor = min(self.speed, most)
        if math.isinf(factor):
            return end_ms
        due_ms = self._fraction_ms + elapsed_s * 1000 * factor
        self._fraction_ms = due_ms % 1
        return min(now_ms + int(due_ms), end_ms)

    def delay_s(self, now_ms: int, wake_ms: int, most: float) -> float:
        """Wall seconds until pump time reaches `wake_ms`; infinite when it never does."""
        factor = min(self.speed, most)
        if factor == 0:
            return math.inf
        return (wake_ms - now_ms) / 1000 / factor
