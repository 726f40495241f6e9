"""What leaves the tip against what was ordered: above and below it in every window, and in every 24 hours."""

from collections import deque

from host_tools.scenario.checkers.findings import Tally
from host_tools.scenario.checkers.programs import DAY_MS

STEPS_SLACK = 3  # of rounding, at any time
STEPS_A_CHANGE = 2  # more for each start, end and edge of delivery
FLOAT_NG = 0.1  # of binary fractions
LIMIT_PART = 1.0001  # of the limit that rates rounded to 1 nL/day may come to


class TipDose:
    """Doses in ng, times in ms. Both sums are of what was given less what was allowed (`_over`), or asked for
    (`_under`): over any window they may grow, or fall, by the rounding alone."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._over = self._least_over = 0.0
        self._under = self._most_under = 0.0
        self._short_since_ms: int | None = None
        self._given: deque[tuple[int, float]] = deque([(0, 0.0)])
        self._given_ng = 0.0

    def change(self, step_ng: float) -> None:
        """Delivery starts, ends, or goes on with another drug: windows that hold this moment may be off by more."""
        self._least_over = min(self._over, self._least_over + STEPS_A_CHANGE * step_ng)
        self._most_under = max(self._under, self._most_under - STEPS_A_CHANGE * step_ng)

    def forget(self) -> None:
        """Nothing is asked for of the windows that began before now."""
        self._least_over, self._most_under = self._over, self._under
        self._short_since_ms = None

    def forgive(self) -> None:
        """The pump says that it gives too little."""
        self._most_under = self._under
        self._short_since_ms = None

    def give(self, now_ms: int, ng: float, least_ng: float, most_ng: float, step_ng: float, grace_ms: int) -> None:
        """So much left the tip since the last call, of at least and at most so much that was ordered. A shortage may
        last for `grace_ms` until the pump says so."""
        self._given_ng += ng
        self._over += ng - most_ng
        self._under += ng - least_ng
        slack_ng = STEPS_SLACK * step_ng + FLOAT_NG
        excess_ng = self._over - self._least_over - slack_ng
        self._least_over = min(self._least_over, self._over)
        self._tally.check("tip_above", excess_ng <= 0, lambda: f"{excess_ng / 1000:.3f} mcg more than ordered")
        shortage_ng = self._most_under - self._under - slack_ng
        self._most_under = max(self._most_under, self._under)
        if shortage_ng <= 0:
            self._short_since_ms = None
        elif self._short_since_ms is None:
            self._short_since_ms = now_ms
        late_ms = 0 if self._short_since_ms is None else now_ms - self._short_since_ms
        self._tally.check(
            "tip_below",
            late_ms <= grace_ms,
            lambda: f"{shortage_ng / 1000:.3f} mcg less than ordered, for {late_ms // 60_000} min, and no alarm",
        )

    def day(self, now_ms: int, limit_ng: float, step_ng: float, is_sure: bool) -> None:
        """Compare the last 24 hours with a limit, if they are known."""
        given = self._given
        given.append((now_ms, self._given_ng))
        while len(given) > 1 and given[1][0] <= now_ms - DAY_MS:
            given.popleft()
        from_ms, from_ng = given[0]
        if not is_sure:
            return
        if from_ms < now_ms - DAY_MS:  # a part of the first piece
            next_ms, next_ng = given[1]
            from_ng += (next_ng - from_ng) * (now_ms - DAY_MS - from_ms) / (next_ms - from_ms)
        day_ng = self._given_ng - from_ng
        most_ng = limit_ng * LIMIT_PART + STEPS_SLACK * step_ng
        self._tally.check(
            "daily_limit",
            day_ng <= most_ng,
            lambda: f"{day_ng / 1000:.3f} mcg in 24 h, and the limit is {limit_ng / 1000:g}",
        )
