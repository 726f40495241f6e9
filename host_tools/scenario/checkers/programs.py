"""Programs as they were ordered: how much drug they ask for in any stretch of time. A model of its own, of no batches
and no steps. Doses are in ng, times in ms of pump time or, where a clock matters, of local time since a Monday 00:00.
"""

from bisect import bisect_right
from collections.abc import Sequence

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
MINUTE_MS = 60_000


class _Comparable:
    """Equal to another of its kind with the same numbers."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # pyright: ignore[reportAssignmentType]


class SimpleProgram(_Comparable):
    """The same rate of dose all day."""

    mode = "simple"

    def __init__(self, ng_per_day: int) -> None:
        self.ng_per_day = self.least_ng_per_day = self.most_ng_per_day = self.strongest_day_ng = ng_per_day

    def ng(self, _from_ms: int, lasting_ms: int) -> float:
        """The dose ordered in `lasting_ms`."""
        return self.ng_per_day * lasting_ms / DAY_MS

    def day_ng(self, _local_ms: int) -> int:
        """The dose of a day."""
        return self.ng_per_day


class FlexProgram(_Comparable):
    """Seven days of intervals, each (from_min, ng delivered within it), the first at 0. `ng_per_day` is the mean."""

    mode = "flex"

    def __init__(self, days: Sequence[Sequence[tuple[int, int]]]) -> None:
        self._days_ng = [sum(ng for _, ng in day) for day in days]
        self._starts_ms: list[int] = []
        self._before_ng = [0]  # by the start of each interval, and by the end of the week
        rates = []
        for number, day in enumerate(days):
            ends_min = [from_min for from_min, _ in day[1:]] + [1440]
            for (from_min, ng), end_min in zip(day, ends_min, strict=True):
                self._starts_ms.append(number * DAY_MS + from_min * MINUTE_MS)
                self._before_ng.append(self._before_ng[-1] + ng)
                rates.append(ng * 1440 / (end_min - from_min))
        self.least_ng_per_day, self.most_ng_per_day = min(rates), max(rates)
        self.ng_per_day = self._before_ng[-1] // 7
        self.strongest_day_ng = max(self._days_ng)

    def ng(self, local_ms: int, lasting_ms: int) -> float:
        """The dose ordered in `lasting_ms` from that local time on."""
        weeks, rest_ms = divmod(local_ms, WEEK_MS)
        end_weeks, end_ms = divmod(local_ms + lasting_ms, WEEK_MS)
        return (end_weeks - weeks) * self._before_ng[-1] + self._by_ng(end_ms) - self._by_ng(rest_ms)

    def day_ng(self, local_ms: int) -> int:
        """The dose of the day that a local time falls on."""
        return self._days_ng[local_ms % WEEK_MS // DAY_MS]

    def _by_ng(self, ms: int) -> float:
        """The dose of a week up to that time of it."""
        index = bisect_right(self._starts_ms, ms) - 1
        start_ms = self._starts_ms[index]
        end_ms = self._starts_ms[index + 1] if index + 1 < len(self._starts_ms) else WEEK_MS
        before_ng, after_ng = self._before_ng[index : index + 2]
        return before_ng + (after_ng - before_ng) * (ms - start_ms) / (end_ms - start_ms)


Program = SimpleProgram | FlexProgram
