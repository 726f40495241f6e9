"""A program that lies ready beside the running one, until it is committed or forgotten."""

from hashlib import sha256

from firmware import wire
from firmware.therapy.week import DAYS, Week

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from firmware.therapy.prescription import Program
    from firmware.therapy.week import Day

_DIGEST_BYTES = 8
_RECENT_EVENTS = 12
_ENDS_OF_STAGING = (
    wire.EVENT_PROGRAM_COMMITTED,
    wire.EVENT_PROGRAM_ROLLBACK,
    wire.EVENT_SESSION_OPEN,
    wire.EVENT_SESSION_CLOSE,
    wire.EVENT_SESSION_TIMEOUT,
    wire.EVENT_BOOT,
)


class Staged:
    """A flex program has seven days besides."""

    def __init__(self, program: "Program", payload: bytes) -> None:
        self.program = program
        self._payload = payload
        self._days: "list[Day | None]" = [None] * DAYS
        self._day_payloads = [b""] * DAYS

    @property
    def flex(self) -> bool:
        """True if days belong to it."""
        return self.program[0] == wire.MODE_FLEX

    def put_day(self, day: int, steps: "Day", payload: bytes) -> None:
        """Put a day in its place, or another in place of it."""
        self._days[day] = steps
        self._day_payloads[day] = payload

    def day(self, day: int) -> "Day | None":
        """The steps of a day, None while it is missing."""
        return self._days[day]

    @property
    def complete(self) -> bool:
        """True if nothing is missing."""
        return not self.flex or None not in self._days

    def week(self) -> Week:
        """The staged days, ready to run; `complete` is to be true."""
        return Week([steps for steps in self._days if steps is not None], self.program[1])

    @property
    def digest(self) -> bytes:
        """First bytes of SHA-256 over the program's bytes and then its days'."""
        hasher = sha256(self._payload)
        for payload in self._day_payloads:
            hasher.update(payload)
        return hasher.digest()[:_DIGEST_BYTES]


def note_rollback(log: "EventLog", state: "State") -> None:
    """Before a boot is logged: log that a program that was staged and not committed when the power went is gone."""
    for entry in reversed(log.read(max(1, log.next_seq - _RECENT_EVENTS), log.next_seq, _RECENT_EVENTS)):
        event, digest, dose_ng = entry[3], entry[5], entry[6]
        if event in _ENDS_OF_STAGING:
            return
        if event == wire.EVENT_PROGRAM_STAGED:
            if digest != _committed_digest(state):
                log.add(wire.EVENT_PROGRAM_ROLLBACK, digest, dose_ng)
            return


def _committed_digest(state: "State") -> int:
    """The first bytes of the digest of the program in the state record, as a number."""
    program = (state.mode, state.concentration_mcg_per_ml, state.dose_ng_per_day, state.rate_nl_per_day)
    payload = wire.pack_staged_program(program, bytes(8))[:-8]
    return int.from_bytes(sha256(payload).digest()[:4], "little")
