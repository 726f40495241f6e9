"""Titration: the soft limit of a program's daily dose, against those in force before it: 30 % up in the last 24 hours,
20 % down in the last 48.

A dose is in force from its commit until another's, the pump being stopped or at the minimum rate or not: those are no
doses, and no way round the limit. Replaced doses are kept as (until_s, lowest, highest), oldest first.
"""

from firmware import wire
from firmware.records.state import NEVER
from firmware.records.statefields import PAST_DOSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.state import State

DAY_S = 86400


def soft_range(state: "State", config: "Config", now_s: int) -> tuple[int, int] | None:
    """(least, most) ng/day that need no override, or None before the first program. That of a pump that took over a
    catheter is held against the dose of the pump before it."""
    if not state.dose_ng_per_day:
        return None
    lowest = highest = state.dose_ng_per_day
    for until_s, low, high in _recent(state, now_s):
        if now_s - until_s <= DAY_S:
            lowest = min(lowest, low)
        highest = max(highest, high)
    least = -(-highest * (100 - config.max_decrease_percent) // 100)
    return least, lowest * (100 + state.max_change_percent) // 100


def replace(state: "State", now_s: int) -> None:
    """Add the dose in `state`, which another is about to replace. Where there is no room the two oldest become one,
    which is as strict as both."""
    if state.mode == wire.MODE_NONE:
        return
    doses = _recent(state, now_s) + [(now_s, state.dose_ng_per_day, state.dose_ng_per_day)]
    if len(doses) > PAST_DOSES:
        (_, low, high), (until_s, other_low, other_high) = doses[:2]
        doses[:2] = [(until_s, min(low, other_low), max(high, other_high))]
    state.past_doses = doses + [(NEVER, 0, 0)] * (PAST_DOSES - len(doses))


def _recent(state: "State", now_s: int) -> list[tuple[int, int, int]]:
    """The doses in force in the closed last 48 hours."""
    return [dose for dose in state.past_doses if dose[0] != NEVER and now_s - dose[0] <= 2 * DAY_S]
