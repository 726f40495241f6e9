"""A hazard of a pump's life: the promise that the pump makes about it, and how a simulated life draws one."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Literal, NamedTuple

from host_tools.machines.draw import Draw

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 24 * HOUR_S
SOON_S = MINUTE_S  # within which an alarm comes for what wakes the firmware by itself

Promise = Literal["survived", "alarm", "outside"]
"""`survived`: therapy, records and alarms go on as if nothing were, at most with an advisory or an entry in the log.
`alarm`: the pump falls back or gives less, and an alarm says so in time. `outside`: the pump cannot see it."""

Heals = Literal["at_once", "refill", "flush", "never"]

Fields = Mapping[str, int | Decimal | str]
"""A fault's own fields as a scenario writes them; durations are seconds."""

SPOILS = {
    "rotor_above": "the rotor may do more steps than ordered, in real time",
    "rotor_below": "fewer steps may be confirmed than ordered, in real time",
    "tip": "what comes out at the tip differs from the rotor's steps and the recorded strengths",
    "reservoir": "the reservoir holds something else than was computed",
    "clock": "the pump's time is not real time",
    "risk": "the patient may be harmed by it, and for days after it",
    "tones": "tones may be missing",
    "link": "the programmer may not get through",
    "records": "stored records may be lost or corrupt",
    "firmware": "the firmware may be reset, or in its safe state until a programmer's order",
}
"""What may not be held against the pump."""


def no_fields(_draw: Draw) -> Fields:
    """For a fault without fields of its own."""
    return {}


class Hazard(NamedTuple):
    """A class of fault. `name` is of `hal.plant.faults.KINDS`, or `power_cut` or `cut_in_write`.

    `told_by`: alarms or advisories, any of which tells of it. With `within_s` one must be there so long after the
    fault began, at the latest: counted from the last start of the pump while a program runs (at the minimum rate what
    is counted in steps takes eight times as long), and if the fault is still on. Without it one may come.

    `spoils`: words of SPOILS that do not hold while it is on, and after it until it `heals`: at once, with the next
    refill (and its visit, which sets the clock), when the line holds nothing older than a refill, or never.

    `lasts_s`: bounds between which a life lets it last; None for what is over at once or ends by itself. A `rare` one
    ends the pump's usefulness.
    """

    name: str
    promise: Promise
    says: str
    told_by: tuple[str, ...] = ()
    within_s: int | None = None
    spoils: frozenset[str] = frozenset()
    heals: Heals = "at_once"
    lasts_s: tuple[int, int] | None = None
    draw: Callable[[Draw], Fields] = no_fields
    rare: bool = False
