"""A program that lies ready beside the running one, until it is committed or forgotten."""

from hashlib import sha256

from firmware import wire
from firmware.schedule import DAYS, Week

_DIGEST_BYTES = 8


class Staged:
    """`program` is (mode, mcg/mL, ng/day, nL/day); a flex program has seven days besides."""

    def __init__(self, program, payload):
        self.program = program
        self._payload = payload
        self._days = [None] * DAYS
        self._day_payloads = [b""] * DAYS

    @property
    def flex(self):
        """Whether days belong to it."""
        return self.program[0] == wire.MODE_FLEX

    def put_day(self, day, steps, payload):
        """Put a day in its place, or another in place of it."""
        self._days[day] = steps
        self._day_payloads[day] = payload

    def day(self, day):
        """The steps of a day, None while it is missing."""
        return self._days[day]

    @property
    def complete(self):
        """Whether nothing is missing."""
        return not self.flex or None not in self._days

    def week(self):
        """The staged days, ready to run."""
        return Week(self._days, self.program[1])

    @property
    def digest(self):
        """First bytes of SHA-256 over the program's bytes and then its days'."""
        hasher = sha256(self._payload)
        for payload in self._day_payloads:
            hasher.update(payload)
        return hasher.digest()[:_DIGEST_BYTES]
