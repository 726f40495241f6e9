"""The line, tubing and catheter, as parcels from the tip back, and what comes to the tip after them."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from host_tools.common.durations import format_duration
from host_tools.documents.dose import mean_nl_per_day, ml, rate_varies
from host_tools.programmer.status import Parcel, Status

DAY_S = 86_400


class DrugChange(NamedTuple):
    """Drug on its way to the tip, 0 mcg/mL for a filling without any. `left_nl` stand before it; by the dose of now
    they have left in `in_s` (None: nothing is delivered), at `at` by the pump's clock (None: that is not set)."""

    old_mcg_per_ml: int
    new_mcg_per_ml: int
    left_nl: int
    in_s: int | None
    at: datetime | None


def line_text(line: Iterable[Parcel]) -> str:
    """The parcels from the tip back, those of one strength as one."""
    together = ((sum(parcel["nl"] for parcel in same), mcg_per_ml) for mcg_per_ml, same in groupby(line, _strength_of))
    return ", then ".join(f"{ml(nl)} mL {strength_text(mcg_per_ml)}" for nl, mcg_per_ml in together)


_strength_of = itemgetter("mcg_per_ml")


def strength_text(mcg_per_ml: int) -> str:
    """A strength, as it follows a volume."""
    return f"of {mcg_per_ml} mcg/mL" if mcg_per_ml else "without drug"


def holds_drug(line: Iterable[Parcel]) -> bool:
    """True if any parcel is drug."""
    return any(map(_strength_of, line))


def is_mixed(status: Status) -> bool:
    """True if the line does not hold the reservoir's drug alone: another strength, or none yet."""
    strengths = set(map(_strength_of, status["line"]))
    return bool(status["unprimed_nl"]) or not strengths <= {status["concentration_mcg_per_ml"]}


def drug_change(status: Status) -> DrugChange | None:
    """The drug of the reservoir that is on its way through the line behind another, None without one."""
    if status["bolus"] != "bridge":
        return None
    in_s = _seconds_to_reservoir(status)
    at = None if in_s is None else moment_in(status, in_s)
    old, new = status["tip_mcg_per_ml"], status["concentration_mcg_per_ml"]
    return DrugChange(old, new, status["bolus_left_nl"], in_s, at)


def _seconds_to_reservoir(status: Status) -> int | None:
    """Time until the reservoir's drug is at the tip: each parcel goes at the rate that its strength gives the dose, one
    without drug at that of the reservoir's, or of the next drug behind it; at the minimum rate all go at the same."""
    now_nl_per_day, tip = mean_nl_per_day(status), status["tip_mcg_per_ml"]
    if not now_nl_per_day:
        return None
    left_nl, seconds = status["bolus_left_nl"], 0.0
    strengths = [parcel["mcg_per_ml"] for parcel in status["line"]]
    for index, parcel in enumerate(status["line"]):
        part_nl = min(left_nl, parcel["nl"])
        left_nl -= part_nl
        candidates = strengths[index], status["concentration_mcg_per_ml"], *strengths[index:]
        strength = next(filter(None, candidates), tip)
        share = strength / tip if status["therapy"] == "running" else 1
        seconds += part_nl * DAY_S * share / now_nl_per_day
    return int(seconds)


def moment_in(status: Status, seconds: int) -> datetime | None:
    """The moment so long from now by the pump's clock; None while that is not set, and beyond the calendar's end."""
    try:
        return datetime.fromisoformat(status["wall"]) + timedelta(seconds=seconds) if status["wall"] else None
    except OverflowError:
        return None


def is_deliverable(status: Status, mcg_per_ml: int) -> bool:
    """False if the dose of now needs more of a drug of this strength than the pump can deliver."""
    return status["dose_ng_per_day"] * 1000 <= status["limits"]["max_rate_nl_per_day"] * mcg_per_ml


def line_sentences(status: Status) -> Iterator[str]:
    """Content of tubing and catheter, where that is not the reservoir's drug alone, and what follows when."""
    if status["unprimed_nl"] and status["therapy"] != "unfilled":
        yield _unprimed_text(status)
    elif is_mixed(status) and status["line"]:
        yield f"From the tip back, tubing and catheter hold {line_text(status['line'])}."
    coming = drug_change(status)
    if coming:
        yield _change_text(status, coming)
        if status["therapy"] == "running":
            yield _then_text(status, coming)


def _unprimed_text(status: Status) -> str:
    text = (
        f"No drug of this pump is at the catheter's tip yet: {ml(status['unprimed_nl'])} mL of tubing and catheter "
        f"are still to be filled"
    )
    if not status["rate_nl_per_day"]:
        return f"{text}, and nothing is delivered."
    in_s = status["unprimed_nl"] * DAY_S // max(1, mean_nl_per_day(status))
    return f"{text}; at this rate that takes {_delay_text(in_s, moment_in(status, in_s))}."


def _change_text(status: Status, coming: DrugChange) -> str:
    new = f"the reservoir's {coming.new_mcg_per_ml} mcg/mL" if coming.new_mcg_per_ml else "no drug, like the reservoir,"
    if coming.in_s is None:
        return f"{ml(coming.left_nl)} mL stand before {new}, and stay there while nothing is delivered."
    rate = "today's mean rate" if rate_varies(status) else "this rate"
    return f"At {rate} the tip has {new} in {_delay_text(coming.in_s, coming.at)}."


def _then_text(status: Status, coming: DrugChange) -> str:
    dose = f"{status['dose_mcg_per_day']} mcg/day"
    if not coming.new_mcg_per_ml:
        return f"Until then the pump gives {dose}, and then its minimum rate, which is no therapy."
    if is_deliverable(status, coming.new_mcg_per_ml):
        return f"The dose of {dose} goes on with it, at another rate."
    return f"{dose} cannot be made of it: without another program the pump then delivers next to nothing, or nothing."


def _delay_text(in_s: int, at: datetime | None) -> str:
    words = format_duration(_to_minutes(in_s))
    return f"{words} (on {at:%Y-%m-%d at %H:%M})" if at else words


def _to_minutes(seconds: int) -> int:
    """Whole minutes are enough from an hour on."""
    return seconds if seconds < 3600 else seconds // 60 * 60
