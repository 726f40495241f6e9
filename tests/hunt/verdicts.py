"""What became of a pump that something was done to, beside the same one without it."""

from collections import Counter
from typing import NamedTuple

SAME = "same"
CORRECTED = "corrected"  # said in the log, and all is as without it
LOUD = "loud"  # an alarm, or the programmer's request refused
CRASHED = "crashed"  # a wake raised or hung, and the pump was reset
LOST = "lost or half applied"  # something that was answered or told before, whoever is told of it
BELIEF = "silent wrong belief"
DELIVERY = "silent wrong delivery"
LIMIT = "beyond what a pump can know"
BAD = (LOST, BELIEF, DELIVERY)


class Verdict(NamedTuple):
    verdict: str
    why: str


class Swept:
    """What a sweep found: `tried` of `possible` cases, the verdicts counted, (case, verdict, why) of the bad ones."""

    def __init__(self, possible: int = 0) -> None:
        self.possible = possible
        self.counts: Counter[str] = Counter()
        self.found: list[tuple[str, str, str]] = []
        self.cpu_s = 0.0

    def add(self, case: str, verdict: Verdict) -> None:
        self.counts[verdict.verdict] += 1
        if verdict.verdict in BAD:
            self.found.append((case, verdict.verdict, verdict.why))

    def merge(self, other: "Swept") -> None:
        self.possible += other.possible
        self.counts += other.counts
        self.found += other.found
        self.cpu_s += other.cpu_s

    @property
    def tried(self) -> int:
        return self.counts.total()

    @property
    def bad(self) -> int:
        return sum(self.counts[verdict] for verdict in BAD)
