"""Makes a failing life small: as few steps as fail in the same way, and numbers as simple as they can be.

Delta debugging (docs/sources.md, ddmin): halves, quarters and so on are left out as long as what is left still fails.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

from host_tools.common.durations import format_duration, parse_duration_s
from host_tools.simulate.slips import Act, verb_of

Fails = Callable[[list[Act]], bool]
"""True if these steps fail in the way that is looked for."""

DURATIONS = ("for", "over", "lockout", "by", "recovery", "every", "lasting", "after")
ROUND_S = (30 * 86_400, 86_400, 3600, 600, 60)


def shrink(steps: list[Act], fails: Fails) -> list[Act]:
    """The steps that are left; each of them is needed."""
    while True:
        fewer = _simplified(_fewest(steps, fails), fails)
        if fewer == steps:
            return steps
        steps = fewer


def _fewest(steps: list[Act], fails: Fails) -> list[Act]:
    """Leave out parts, from halves down to single steps, late ones first."""
    size = max(1, len(steps) // 2)
    while True:
        end = len(steps)
        while end > 0:
            start = max(0, end - size)
            rest = steps[:start] + steps[end:]
            if rest and fails(rest):
                steps = rest
            end = start
        if size == 1:
            return steps
        size = max(1, size // 2)


def _simplified(steps: list[Act], fails: Fails) -> list[Act]:
    """Make times, circumstances and numbers simple, one after another."""
    for index in range(len(steps)):
        changed: list[Act] | None = steps
        while changed:  # from the act as it is now: what was made simple must not come back
            steps = changed
            tries = ([*steps[:index], act, *steps[index + 1 :]] for act in _simpler_acts(steps[index]))
            changed = next((tried for tried in tries if tried != steps and fails(tried)), None)
    for round_s in ROUND_S:
        rounded = _rounded(steps, round_s)
        if rounded != steps and fails(rounded):
            steps = rounded
    return _earlier(steps, fails)


def _rounded(steps: list[Act], round_s: int) -> list[Act]:
    """All times rounded up, so that their order stays."""
    return [_at(step, -(-_at_s(step) // round_s) * round_s) for step in steps]


def _earlier(steps: list[Act], fails: Fails) -> list[Act]:
    """Bring each step, and all after it, nearer to the one before."""
    for index in range(len(steps)):
        for part in (0, 4, 2):
            gap_s = _at_s(steps[index]) - (_at_s(steps[index - 1]) if index else 0)
            closer_s = gap_s // part if part else 0
            if closer_s >= gap_s:
                continue
            moved = steps[:index] + [_at(step, _at_s(step) - gap_s + closer_s) for step in steps[index:]]
            if fails(moved):
                steps = moved
                break
    return steps


def _simpler_acts(act: Act) -> Iterator[Act]:
    """The act without a circumstance, and with simpler numbers."""
    for circumstance in ("meant", "lose_answer", "cut_in_write"):
        if circumstance in act:
            yield {key: value for key, value in act.items() if key != circumstance}
    verb = verb_of(act)
    fields = act[verb]
    if not isinstance(fields, dict):
        return
    if verb == "program" and fields["mode"] == "flex":
        yield from _simpler_weeks(act)
    for name, value in fields.items():
        for simpler in _simpler_values(name, value):
            changed = deepcopy(act)
            if simpler is None:
                del changed[verb][name]
            else:
                changed[verb][name] = simpler
            yield changed


def _simpler_weeks(act: Act) -> Iterator[Act]:
    """A week with one day's intervals, and with fewer of them."""
    schedule = act["program"]["schedule"]
    for name in schedule:
        if name != "default":
            yield _with_schedule(act, {day: steps for day, steps in schedule.items() if day != name})
    for name, steps in schedule.items():
        for index in range(1, len(steps)):
            yield _with_schedule(act, schedule | {name: steps[:index] + steps[index + 1 :]})


def _with_schedule(act: Act, schedule: dict[str, Any]) -> Act:
    return act | {"program": act["program"] | {"schedule": schedule}}


def _simpler_values(name: str, value: Any) -> Iterator[Any]:
    """Rounder numbers; None for leaving it out."""
    if isinstance(value, bool) or name in ("tubing", "depth_mm"):
        yield None
    elif isinstance(value, int | Decimal):
        for digits in (1, 2):
            rounded = round(Decimal(value), digits - 1 - Decimal(value).adjusted()) if value else Decimal(value)
            yield int(rounded) if rounded == int(rounded) else rounded.normalize()
    elif isinstance(value, str) and name in DURATIONS and value[:1] != "-":
        lasts_s = parse_duration_s(value)
        for round_s in ROUND_S:
            yield format_duration(max(round_s, round(lasts_s / round_s) * round_s))


def _at_s(act: Act) -> int:
    return parse_duration_s(act["at"])


def _at(act: Act, at_s: int) -> Act:
    return act | {"at": format_duration(at_s)}
