"""Reviews for a clinician: old and new program side by side before a commit, and what to check at a refill."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from host_tools.cli import statustext
from host_tools.cli.layout import USUAL, width, wrapped
from host_tools.documents.dose import ml
from host_tools.programmer import FlexProgram, FlexStep, Program
from host_tools.programmer.flex import DAYS, clock_time, head_of
from host_tools.programmer.status import Status
from host_tools.programmer.units import mcg_from_ng

STEPS_A_LINE = 6
LABEL = 22
SUM = len("  = 1000.125 mcg")


def side_by_side(status: Status, old: Program | FlexProgram | None, new: Program | FlexProgram) -> list[str]:
    """Old and new program in two columns, and the change of the dose; below, the steps of each day of both."""
    was, head = head_of(old), head_of(new)
    assert head
    dose = was.dose_mcg_per_day if was else 0
    change = f"{100 * (head.dose_mcg_per_day - dose) / dose:+.1f} %" if dose else "first dose"
    rows = (
        ("", "now", "new"),
        ("mode", was.mode if was else "none", head.mode),
        ("dose mcg/day", f"{dose}{_mean(old)}", f"{head.dose_mcg_per_day}{_mean(new)}  ({change})"),
        ("concentration mcg/mL", was.concentration_mcg_per_ml if was else "-", head.concentration_mcg_per_ml),
        (
            "rate mL/day",
            ml(was.rate_nl_per_day if was else 0),
            ml(head.rate_nl_per_day) + _mean(new),
        ),
        ("therapy", status["therapy"].replace("_", " "), "running"),
    )
    cell = 22 if width() >= USUAL else 15
    lines = [
        wrapped(f"{name:<{LABEL}} {old_text!s:<{cell}} {planned}", " " * (LABEL + cell + 2))
        for name, old_text, planned in rows
    ]
    return [*lines, *_week_lines(old, new)]


def _mean(program: Program | FlexProgram | None) -> str:
    return " on average" if isinstance(program, FlexProgram) else ""


def _week_lines(old: Program | FlexProgram | None, new: Program | FlexProgram) -> Iterator[str]:
    """Each day's steps, now and new, days of the same steps together. Nothing when neither is a week."""
    if not (isinstance(old, FlexProgram) or isinstance(new, FlexProgram)):
        return
    both = zip(DAYS, _days(old), _days(new), strict=True)
    for (now, then), same in groupby(both, key=itemgetter(1, 2)):
        names = [name for name, *_ in same]
        days = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        for label, text in ((days, "now"), ("", "new")):
            first, *rest = now if text == "now" else then
            yield f"{label:<16} {text:<5} {first}"
            yield from (f"{'':<{LABEL}} {line}" for line in rest)


def _days(program: Program | FlexProgram | None) -> list[tuple[str, ...]]:
    """For each day of the week its steps, in lines."""
    if not isinstance(program, FlexProgram):
        return [(f"{program.dose_mcg_per_day} mcg, the same all day" if program else "nothing",)] * len(DAYS)
    return [tuple(_day_lines(day)) for day in program.days]


def _day_lines(steps: tuple[FlexStep, ...]) -> list[str]:
    doses = [f"{clock_time(step.from_min)} {mcg_from_ng(step.dose_ng)}" for step in steps]
    room = width() - LABEL - SUM
    in_line = min(STEPS_A_LINE, max(1, room // (max(map(len, doses)) + 2)))
    lines = ["  ".join(doses[at : at + in_line]) for at in range(0, len(doses), in_line)]
    lines[-1] += f"  = {mcg_from_ng(sum(step.dose_ng for step in steps))} mcg"
    return lines


def check_lines(status: Status, running: Program | FlexProgram | None) -> Iterator[str]:
    """Return the lines to check at every refill: program, battery and alarms; and the next dates."""
    was = head_of(running)
    strength = status["concentration_mcg_per_ml"]
    other = was and strength and was.concentration_mcg_per_ml != strength
    note = "; made for another concentration, order a new one" if other else ""
    yield f"program        {statustext.program(running)}{note}"
    yield f"battery        {statustext.battery(status)}"
    yield f"alarms         {statustext.alarms(status)}"
    yield from date_lines(status)


def date_lines(status: Status) -> Iterator[str]:
    """Return the next dates: low reservoir, refill, and the reason for it."""
    if status["low_reservoir_date"] is None:
        yield "low reservoir  no date: nothing is delivered, or the clock is not set"
        return
    yield f"low reservoir  {status['low_reservoir_date']}"
    yield f"refill by      {statustext.refill_by(status)}, {statustext.refill_reason(status)}"
