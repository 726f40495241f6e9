"""One line as the rest of the pump knows it: its challenge, its subscription, and what was turned down on it."""

from firmware import wire
from firmware.records.state import NEVER
from firmware.records.tally import Tally

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.comms.sessions import Challenge
    from firmware.records.eventlog import EventLog


class Channel:
    """`noise`, `forgeries` and `replays` count what came in on it; `errors` are all its corrupt frames so far.

    `challenge` and `session_number` belong to `Sessions`. Telemetry is pushed every `period_s` seconds,
    the next at `owed_s`; `due_s` is when to wake for it, NEVER also while the line has no room. `sequence` numbers the
    telemetry, of which `dropped` never went out.
    """

    def __init__(self, log: "EventLog") -> None:
        self.noise = Tally(wire.EVENT_COMMS_ERROR, log)
        self.forgeries = Tally(wire.EVENT_AUTH_FAIL, log)
        self.replays = Tally(wire.EVENT_AUTH_REPLAY, log)
        self.tallies = (self.noise, self.forgeries, self.replays)
        self.errors = 0
        self.challenge: "Challenge | None" = None
        self.session_number = 0
        self.period_s = 0
        self.owed_s = NEVER
        self.due_s = NEVER
        self.sequence = 0
        self.dropped = 0

    def subscribe(self, period_s: int, now_s: int) -> None:
        """Push telemetry every `period_s` seconds from now on; 0 ends it."""
        self.period_s = period_s
        self.owed_s = self.due_s = now_s if period_s else NEVER

    def reset(self) -> None:
        """Forget the subscription: the next programmer finds the line as the first one did."""
        self.subscribe(0, 0)
        self.sequence = self.dropped = 0
