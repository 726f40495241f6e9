"""What came of a step."""

from typing import NamedTuple


class Outcome(NamedTuple):
    """`reason` of a refusal. `unheard`: why no answer came, which was `by_plan` where the scenario wanted it. Not
    `sent`: the programmer refused the value itself."""

    reason: str | None = None
    unheard: str | None = None
    by_plan: bool = False
    sent: bool = True


DONE = Outcome()
UNSENT = Outcome(sent=False)
