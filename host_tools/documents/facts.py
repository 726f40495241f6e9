"""The data of a report or a card, read from the pump in one session."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from host_tools.documents.history import History, history
from host_tools.documents.texts import DAY_NAMES
from host_tools.programmer import FlexProgram, Program, Programmer, Refused
from host_tools.programmer.flex import DAY_MIN, clock_time
from host_tools.programmer.status import Status
from host_tools.programmer.units import mcg_from_ng
from protocol import codes


class Facts(NamedTuple):
    """`implant` is None before the implantation, `program` before the first; `titration` newest first.
    `records` are empty texts when what the pump keeps of them is corrupt."""

    status: Status
    records: Mapping[str, str]
    records_corrupt: bool
    implant: Mapping[str, Any] | None
    program: Program | FlexProgram | None
    titration: Sequence[Mapping[str, Any]]
    history: History


class StepRow(NamedTuple):
    """A step of a flex program in people's units."""

    start: str
    end: str
    dose_mcg: int | float
    rate_nl_per_day: int


class DayGroup(NamedTuple):
    """Days in a row with the same steps."""

    names: str
    dose_mcg: int | float
    steps: tuple[StepRow, ...]


def read_facts(pump: Programmer) -> Facts:
    """Read everything. The pump is not changed."""
    with pump.session():
        implant = pump.implant_record()
        records = _records(pump)
        status = pump.status()
        return Facts(
            status=status,
            records=records or dict.fromkeys(codes.RECORDS, ""),
            records_corrupt=records is None,
            implant=implant if implant["implanted"] else None,
            program=pump.running_program(),
            titration=pump.titration()[::-1],
            history=history(list(pump.log()), pump.faults()),
        )


def _records(pump: Programmer) -> dict[str, str] | None:
    """None where no copy in the pump is valid: all else is still worth a page."""
    try:
        return pump.records()
    except Refused as refusal:
        if (refusal.request, refusal.reason) == ("READ_RECORD", "state"):
            return None
        raise


def day_groups(week: FlexProgram) -> list[DayGroup]:
    """The week for a table: days of the same steps that follow each other stand together."""
    groups = []
    for steps, same in groupby(zip(DAY_NAMES, week.days, strict=True), key=itemgetter(1)):
        names = [name for name, _ in same]
        starts = [step.from_min for step in steps]
        rows = tuple(
            StepRow(clock_time(step.from_min), clock_time(end), mcg_from_ng(step.dose_ng), step.rate_nl_per_day)
            for step, end in zip(steps, [*starts[1:], DAY_MIN], strict=True)
        )
        label = names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"
        groups.append(DayGroup(label, mcg_from_ng(sum(step.dose_ng for step in steps)), rows))
    return groups
