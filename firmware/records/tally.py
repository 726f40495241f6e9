"""Counts what a stranger can make happen as often as he likes, so that it pushes nothing else out of the log."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.records.eventlog import EventLog

_REPORT_INTERVAL_S = 3600  # between two entries


class Tally:
    """Of one event, on one line. The first is logged at once, what follows within the hour as one entry: an entry's
    first number is how many it stands for. `unreported` are those that none stands for yet.
    """

    def __init__(self, event: int, log: "EventLog") -> None:
        self._event = event
        self._log = log
        self.unreported = 0
        self._report_s = 0

    def add(self, count: int) -> None:
        """It happened so many times."""
        self.unreported += count

    def take_report(self, now_s: int) -> bool:
        """Log what is unreported, if it is time for that. True if it was."""
        if not self.unreported or now_s < self._report_s:
            return False
        self._report_s = now_s + _REPORT_INTERVAL_S
        self._log.add(self._event, self.unreported)
        self.unreported = 0
        return True
