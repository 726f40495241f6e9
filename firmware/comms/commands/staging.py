"""A program that lies ready beside the running one, until it is committed or forgotten."""

from hashlib import sha256

from firmware import wire
from firmware.therapy.week import DAYS, Week

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.therapy.prescription import Program
    from firmware.therapy.week import Day

_DIGEST_BYTES = 8


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
