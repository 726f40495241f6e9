"""Flex programs: a week of steps, as a clinician writes them and as the wire carries them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from host_tools.programmer.errors import BadValue, Refused
from host_tools.programmer.program import Program, check_change
from host_tools.programmer.status import Limits, Status
from host_tools.programmer.units import Number, mcg_from_ng, ng_from_mcg
from protocol.messages import NONE32

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_STEPS = 13
DAY_MIN = 1440

Schedule = Mapping[str, Sequence[tuple[str, Number]]]
"""For each day (`mon` to `sun`, or `default` for those not named) its steps: ("HH:MM", mcg within the step)."""


class FlexStep(NamedTuple):
    """A step that lasts to the next one's beginning, or to midnight."""

    from_min: int
    dose_ng: int
    rate_nl_per_day: int


class FlexProgram(NamedTuple):
    """Seven days of steps, from Monday."""

    concentration_mcg_per_ml: int
    days: tuple[tuple[FlexStep, ...], ...]

    @property
    def head(self) -> Program:
        """The program as a whole: a seventh of the week's dose, and the rate of that."""
        dose_ng = sum(step.dose_ng for day in self.days for step in day) // len(DAYS)
        concentration = self.concentration_mcg_per_ml
        return Program("flex", concentration, dose_ng, (dose_ng * 1000 + concentration // 2) // concentration)


def head_of(program: Program | FlexProgram | None) -> Program | None:
    """The program as a whole, of either kind."""
    return program.head if isinstance(program, FlexProgram) else program


def flex_program(schedule: Schedule, concentration_mcg_per_ml: int) -> FlexProgram:
    """The program of a schedule. BadValue for an unknown day, one that is missing, or what is no time or dose."""
    for day in schedule:
        if day not in (*DAYS, "default"):
            raise BadValue(f"day {day!r} does not exist; days are default, {', '.join(DAYS)}")
    days = []
    for day in DAYS:
        steps = schedule.get(day, schedule.get("default"))
        if steps is None:
            raise BadValue(f"the schedule says nothing of {day}, and has no default")
        days.append(tuple(_steps(steps, concentration_mcg_per_ml)))
    return FlexProgram(concentration_mcg_per_ml, tuple(days))


def minutes(text: str) -> int:
    """Minutes after midnight of "HH:MM". BadValue for anything else."""
    hours, colon, rest = text.partition(":")
    if colon and len(hours) == len(rest) == 2 and (hours + rest).isdecimal() and hours < "24" and rest < "60":
        return int(hours) * 60 + int(rest)
    raise BadValue(f"from {text!r} is no time of day; write it as 07:30")


def clock_time(from_min: int) -> str:
    """ "HH:MM" of minutes after midnight."""
    return f"{from_min // 60:02}:{from_min % 60:02}"


def check_flex(program: FlexProgram, status: Status, override: bool = False) -> None:
    """Raise what stands against ordering `program` on a pump with this status."""
    if status["therapy"] == "unfilled":
        raise Refused("PROGRAM", "not_filled")
    if not status["concentration_mcg_per_ml"]:
        raise Refused("PROGRAM", "inconsistent", "the reservoir was filled without drug; `thecal refill` books another")
    for name, day in zip(DAYS, program.days, strict=True):
        _check_day(name, day, status["limits"])
    if not override:
        check_change(program.head, status["limits"])


def _steps(steps: Sequence[tuple[str, Number]], concentration_mcg_per_ml: int) -> Iterator[FlexStep]:
    starts = [minutes(text) for text, _ in steps]
    ends = [*starts[1:], DAY_MIN]
    for (_, dose_mcg), start, end in zip(steps, starts, ends, strict=False):
        dose_ng = ng_from_mcg("the schedule's dose_mcg", dose_mcg)
        divisor = concentration_mcg_per_ml * max(1, end - start)  # out of order: the pump says so
        rate_nl_per_day = (dose_ng * 1000 * DAY_MIN + divisor // 2) // divisor
        if rate_nl_per_day >= NONE32:
            raise BadValue(
                f"{clock_time(start)}: {dose_mcg} mcg of {concentration_mcg_per_ml} mcg/mL are "
                f"{rate_nl_per_day / 1e6:g} mL/day; no pump can be told that"
            )
        yield FlexStep(start, dose_ng, rate_nl_per_day)


def _check_day(name: str, day: Sequence[FlexStep], limits: Limits) -> None:
    if not day or day[0].from_min != 0:
        raise BadValue(f"{name}: a day's first step begins at 00:00")
    for before, after in pairwise(day):
        if before.from_min >= after.from_min:
            early, late = clock_time(after.from_min), clock_time(before.from_min)
            raise BadValue(f"{name}: the step from {early} stands behind the one from {late}")
    if len(day) > MAX_STEPS:
        raise Refused("PROGRAM", "too_many_steps", f"{name} has {len(day)} steps; the pump holds {MAX_STEPS} a day")
    dose_mcg = mcg_from_ng(sum(step.dose_ng for step in day))
    if dose_mcg == 0:
        raise BadValue(f"{name}: a day without a dose; `thecal stop` stops delivery")
    if dose_mcg > limits["max_dose_mcg_per_day"]:
        most = limits["max_dose_mcg_per_day"]
        raise Refused("PROGRAM", "dose_limit", f"{name}: {dose_mcg} mcg is above the pump's limit of {most} mcg/day")
    least, most = limits["min_rate_nl_per_day"], limits["max_rate_nl_per_day"]
    for step in day:
        if not least <= step.rate_nl_per_day <= most:
            words = (
                f"{name} {clock_time(step.from_min)}: {mcg_from_ng(step.dose_ng)} mcg are "
                f"{step.rate_nl_per_day / 1e6:g} mL/day; the pump delivers {least / 1e6:g} to {most / 1e6:g} mL/day"
            )
            raise Refused("PROGRAM", "rate_limit", words)
