"""The end of an advance: pump time in ms, from a duration, a local time or the search for an alarm."""

from datetime import datetime, timedelta
from typing import Any

from host_tools.common.durations import format_duration, parse_local_time
from host_tools.machines.mock.machine import CLOCK_END_MS, MockMachine
from protocol.messages import NONE32, WALL_EPOCH

ALARM_SEARCH_MS = 8 * 366 * 86_400_000  # longer than any pump's service


class Goals:
    """`start` is the ISO local time of the first power-up, for a pump whose clock is not set; None where unknown.

    Every method raises ValueError where the goal is past, or beyond the end of the pump's clock.
    """

    def __init__(self, machine: MockMachine, start: str | None) -> None:
        self._machine = machine
        self._start = start

    def after_ms(self, by_s: int) -> int:
        """Pump time in `by_s`."""
        if by_s < 0:
            raise ValueError(f"{by_s} s from now is past; time does not go back")
        return self._checked(self._machine.now_ms + by_s * 1000, f"{by_s} s from now")

    def until_ms(self, until_ms: int) -> int:
        """Pump time `until_ms`, or the present where that is later."""
        return self._checked(max(until_ms, self._machine.now_ms), f"{until_ms} ms")

    def at_ms(self, wall: str) -> int:
        """Pump time at a local time: the pump's clock says when that is, or the start that it was given."""
        moment = parse_local_time(wall)
        now = self._wall_now()
        if now is None:
            raise ValueError(
                "the pump's clock is not set, so it knows no dates; advance by a duration, or set the clock: "
                "`thecal implant`, `thecal clock`, or `thecal emulate --start`"
            )
        if moment < now:
            raise ValueError(f"{wall} is before the pump's present, {now.isoformat()}")
        return self._checked(self._machine.now_ms + round((moment - now).total_seconds()) * 1000, wall)

    def alarm_search_end_ms(self) -> int:
        """Pump time up to which an alarm is waited for."""
        return min(self._machine.now_ms + ALARM_SEARCH_MS, self._machine.clock_end_ms)

    def _checked(self, goal_ms: int, given: str) -> int:
        if goal_ms > self._machine.clock_end_ms:
            raise ValueError(f"{given} is beyond {self._clock_end()}")
        return goal_ms

    def _clock_end(self) -> str:
        """The end of the pump's clock in words: by its age, and by its date where it has one."""
        left_s = max(0, self._machine.clock_end_ms - self._machine.now_ms) // 1000
        now = self._wall_now()
        date = f", {(now + timedelta(seconds=left_s)).isoformat()}" if now else ""
        age, left = format_duration(CLOCK_END_MS // 1000), format_duration(left_s)
        return f"the end of its clock, {age} after its first power-up{date}; {left} are left"

    def _wall_now(self) -> datetime | None:
        self._machine.wake()
        pump = self._machine.pump
        wall_s = NONE32 if pump is None else pump.clock.wall_s
        if wall_s != NONE32:
            return datetime.fromisoformat(WALL_EPOCH) + timedelta(seconds=wall_s)
        if self._start is None:
            return None
        return datetime.fromisoformat(self._start) + timedelta(milliseconds=self._machine.now_ms)


class AlarmSearch:
    """Looks for the first alarm among the log's entries from the `since`-th on; for none without `since`."""

    def __init__(self, machine: MockMachine, since: int | None) -> None:
        self._machine = machine
        self._next = since
        self._alarm: dict[str, Any] | None = None

    def found(self) -> dict[str, Any] | None:
        """That entry, once the pump has logged it."""
        if self._next is None or self._alarm is not None:
            return self._alarm
        new = self._machine.events[self._next :]
        self._next += len(new)
        self._alarm = next((event for event in new if event["severity"] != "info"), None)
        return self._alarm
