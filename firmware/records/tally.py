"""Counts what a stranger can make happen as often as he likes, so that it pushes nothing else out of the log."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.records.eventlog import EventLog

_TELL_S = 3600  # between two entries


class Tally:
    """Of one event, on one line. The first is logged at once, what follows within the hour as one entry: an entry's
    first number is how many it stands for. `untold` are those that none stands for yet.
    """

    def __init__(self, event: int, log: "EventLog") -> None:
        self._event = event
        self._log = log
        self.untold = 0
        self._tell_s = 0

    def add(self, count: int) -> None:
        """It happened so many times."""
        self.untold += count

    def tell(self, now_s: int) -> bool:
        """Log what is untold, if it is time for that. Whether it was."""
        if not self.untold or now_s < self._tell_s:
            return False
        self._tell_s = now_s + _TELL_S
        self._log.add(self._event, self.untold)
        self.untold = 0
        return True
