"""The pump's own clock, on plant time: one crystal, and two counters that go by it.

The crystal may drift, and both counters with it. That of seconds may jump, but never goes back; the timer never jumps.
"""

_MILLION = 1_000_000


class Crystal:
    """Reads ms since first power-up, unpowered time included. `ideal` is True while it has always been right."""

    __slots__ = ("_at_ms", "_reading_ms", "_timer_at_ms", "_timer_ms", "ideal", "ppm")

    def __init__(self) -> None:
        self._at_ms = self._reading_ms = 0  # one right pair; before it the counter of seconds stands still
        self._timer_at_ms = self._timer_ms = 0
        self.ppm = 0  # it runs so much faster than time
        self.ideal = True

    def reading_ms(self, at_ms: int) -> int:
        return self._reading_ms + max(0, at_ms - self._at_ms) * (_MILLION + self.ppm) // _MILLION

    def timer_ms(self, at_ms: int) -> int:
        """Reading of the timer."""
        return self._timer_ms + (at_ms - self._timer_at_ms) * (_MILLION + self.ppm) // _MILLION

    def when_ms(self, reading_ms: int) -> int:
        """The first plant time at which it will read so much, if it goes on as it does."""
        ahead_ms = max(0, reading_ms - self._reading_ms)
        return self._at_ms - (-ahead_ms * _MILLION // (_MILLION + self.ppm))

    def timer_when_ms(self, timer_ms: int) -> int:
        """The same of the timer."""
        ahead_ms = max(0, timer_ms - self._timer_ms)
        return self._timer_at_ms - (-ahead_ms * _MILLION // (_MILLION + self.ppm))

    def spans_ms(self, first_ms: int, period_ms: int, give_up_ms: int) -> tuple[int, int, int]:
        """Plant time that these times of its own last, rounded down."""
        per_million = _MILLION + self.ppm
        return (
            first_ms * _MILLION // per_million,
            period_ms * _MILLION // per_million,
            give_up_ms * _MILLION // per_million,
        )

    def drift(self, at_ms: int, ppm: int) -> None:
        """Run `ppm` faster from now on."""
        if ppm != self.ppm:
            self._rebase(at_ms)
            self.ppm = ppm

    def jump(self, at_ms: int, by_ms: int) -> None:
        """Jump ahead; or, where `by_ms` is below zero, fall behind by standing still for so long."""
        self._rebase(at_ms)
        if by_ms > 0:
            self._reading_ms += by_ms
        else:
            self._at_ms -= by_ms

    def _rebase(self, at_ms: int) -> None:
        self._timer_ms = self.timer_ms(at_ms)
        self._timer_at_ms = at_ms
        self._reading_ms = self.reading_ms(at_ms)
        self._at_ms = max(at_ms, self._at_ms)
        self.ideal = False

    def snapshot(self) -> dict[str, int]:
        return {
            "at_ms": self._at_ms,
            "reading_ms": self._reading_ms,
            "timer_at_ms": self._timer_at_ms,
            "timer_ms": self._timer_ms,
            "ppm": self.ppm,
            "ideal": int(self.ideal),
        }

    def restore(self, state: dict[str, int]) -> None:
        self._at_ms = state["at_ms"]
        self._reading_ms = state["reading_ms"]
        self._timer_at_ms = state["timer_at_ms"]
        self._timer_ms = state["timer_ms"]
        self.ppm = state["ppm"]
        self.ideal = bool(state["ideal"])
