"""A budget for telemetry, which costs the cell: so many bytes a day, on all lines together (docs/sources.md, R8.10).

Beyond them pushed telemetry is dropped until the day is over. Questions are answered all the same: a clinician must
get through, whoever else is on the line.
"""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.eventlog import EventLog

_DAY_S = 86400


class TelemetryBudget:
    """Days are of pump uptime."""

    def __init__(self, config: "Config", log: "EventLog") -> None:
        self._bytes_per_day = config.telemetry_bytes_per_day
        self._log = log
        self._day = -1
        self._spent_bytes = 0

    def spend(self, count: int, now_s: int) -> None:
        """Count bytes that went over a line, either way."""
        if now_s // _DAY_S != self._day:
            self._day = now_s // _DAY_S
            self._spent_bytes = 0
        within = self._spent_bytes <= self._bytes_per_day
        self._spent_bytes += count
        if within and self._spent_bytes > self._bytes_per_day:
            self._log.add(wire.EVENT_COMMS_RATE_LIMIT, self._spent_bytes)

    def passed(self, now_s: int) -> bool:
        """True if today's bytes are used up."""
        return now_s // _DAY_S == self._day and self._spent_bytes > self._bytes_per_day

    @property
    def renewed_s(self) -> int:
        """The time at which the next day's bytes begin."""
        return (self._day + 1) * _DAY_S
