"""What the checkers count and find."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple


class Finding(NamedTuple):
    """A promise that did not hold: the check's name, pump time in s, and in words what was found."""

    check: str
    at_s: int
    text: str


class Tally:
    """How often each check was made, and the first finding of each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.findings: list[Finding] = []
        self.now_s = 0

    def check(self, name: str, holds: bool, text: Callable[[], str]) -> None:
        """Count the check; note what is wrong unless it holds, or has failed before."""
        self.counts[name] += 1
        if not holds and all(finding.check != name for finding in self.findings):
            self.findings.append(Finding(name, self.now_s, text()))
