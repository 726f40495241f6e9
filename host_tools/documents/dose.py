"""The dose with the strength of the drug that leaves the catheter's tip, and the drug that follows it in the line."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from host_tools.common.durations import format_duration
from host_tools.documents import texts
from host_tools.programmer import Programmer
from host_tools.programmer.status import Status
from host_tools.programmer.units import mcg_from_ng

DAY_S = 86_400
ROUNDING_NL_PER_DAY = 2  # by which a rate in whole nL/day may miss its dose, boluses and steps of a week aside

Ordered = Mapping[str, Any] | None
"""An entry of the titration history, None where there is none."""


class Orders(NamedTuple):
    """`last` is what was ordered last, whatever is delivered now; `waiting` the order for a drug that is in the
    reservoir and not at the tip yet."""

    last: Ordered
    waiting: Ordered


class DrugChange(NamedTuple):
    """Drug on its way to the tip. `left_nl` stand before it (None: not known); at the rate of now they have left in
    `in_s` (None: nothing is delivered), at `at` by the pump's clock (None: that is not set)."""

    old_mcg_per_ml: int
    new_mcg_per_ml: int
    left_nl: int | None
    in_s: int | None
    at: datetime | None


def read_orders(pump: Programmer, status: Status) -> Orders:
    """The orders that a page names. Needs no key."""
    last = next(reversed(pump.titration()), None)
    waits = status["bolus"] == "bridge" and last and _ordered_since_the_change(pump)
    return Orders(last, last if waits else None)


def _ordered_since_the_change(pump: Programmer) -> bool:
    """True if a program was committed after the reservoir's drug became another: the change drops one that waited."""
    names = (event["name"] for event in pump.log_backwards())
    return next((name for name in names if name in ("PROGRAM_COMMITTED", "CONCENTRATION_CHANGED")), "").startswith("P")


def drug_change(status: Status) -> DrugChange | None:
    """The change of drug that is on its way through the line, None without one."""
    old, new = status["tip_mcg_per_ml"], status["concentration_mcg_per_ml"]
    bridging = status["bolus"] == "bridge"
    if not bridging and old == new:
        return None
    left_nl = status["bolus_left_nl"] if bridging else None
    in_s = at = None
    rate_nl_per_day = _mean_nl_per_day(status)
    if left_nl is not None and rate_nl_per_day:
        in_s = left_nl * DAY_S // rate_nl_per_day
        at = moment_in(status, in_s)
    return DrugChange(old, new, left_nl, in_s, at)


def moment_in(status: Status, seconds: int) -> datetime | None:
    """The moment so long from now by the pump's clock; None while that is not set, and beyond the calendar's end."""
    try:
        return datetime.fromisoformat(status["wall"]) + timedelta(seconds=seconds) if status["wall"] else None
    except OverflowError:
        return None


def _mean_nl_per_day(status: Status) -> int:
    """The rate of now; of a week, which changes by the hour, the mean of today."""
    if status["rate_nl_per_day"] and _rate_varies(status):
        return status["dose_ng_per_day"] * 1000 // status["tip_mcg_per_ml"]
    return status["rate_nl_per_day"]


def _rate_varies(status: Status) -> bool:
    return status["mode"] == "flex" and status["therapy"] == "running" and status["operation"] != "priming"


def drug_text(status: Status) -> str:
    """The drug, and its strength in the reservoir and at the tip."""
    strength = status["concentration_mcg_per_ml"]
    if not strength:
        return "none: the pump was never filled"
    if status["tip_mcg_per_ml"] == strength:
        return f"{texts.DRUG}, {strength} mcg/mL"
    return f"{texts.DRUG}; {status['tip_mcg_per_ml']} mcg/mL at the catheter's tip, {strength} mcg/mL in the reservoir"


def dose_text(status: Status) -> str:
    """Delivery now: dose, the strength of what leaves the tip, and the rate. The rate is that dose's, or the
    dose of that rate is named beside it."""
    tip, rate = status["tip_mcg_per_ml"], status["rate_nl_per_day"]
    dose = f"{status['dose_mcg_per_day']} mcg/day, of {tip} mcg/mL"
    if status["operation"] == "priming":
        return f"{dose}, after the prime; the prime runs at {ml(rate)} mL/day"
    now_ng = rate * tip // 1000
    if abs(now_ng - status["dose_ng_per_day"]) * 1000 <= ROUNDING_NL_PER_DAY * tip:
        return f"{dose} ({ml(rate)} mL/day)"
    now = f"now {ml(rate)} mL/day, which is {mcg_from_ng(round(now_ng, -2))} mcg/day"
    if status["bolus"] in ("single", "patient"):
        return f"{dose}, and a bolus: {now}"
    return f"{dose}, by time of day: {now}"


def catheter_sentences(status: Status, orders: Orders) -> Iterator[str]:
    """Content of tubing and catheter, where that is not the reservoir's drug: none of it yet, or an older one, and
    what follows when."""
    if status["concentration_mcg_per_ml"] and status["unprimed_nl"]:
        yield _unprimed_text(status)
    coming = drug_change(status)
    if coming and status["concentration_mcg_per_ml"]:
        yield _change_text(status, coming)
        yield _then_text(status, coming, orders.waiting)


def _unprimed_text(status: Status) -> str:
    text = (
        f"No drug of this pump is at the catheter's tip yet: {ml(status['unprimed_nl'])} mL of tubing and catheter "
        f"are still to be filled"
    )
    if not status["rate_nl_per_day"]:
        return f"{text}, and nothing is delivered."
    in_s = status["unprimed_nl"] * DAY_S // max(1, _mean_nl_per_day(status))
    return f"{text}; at this rate that takes {_delay_text(in_s, moment_in(status, in_s))}."


def _change_text(status: Status, coming: DrugChange) -> str:
    new = f"{coming.new_mcg_per_ml} mcg/mL of the reservoir"
    if coming.left_nl is None:
        return f"The line still holds {coming.old_mcg_per_ml} mcg/mL before the {new}."
    text = f"{ml(coming.left_nl)} mL of {coming.old_mcg_per_ml} mcg/mL still stand in the line before the {new}"
    if coming.in_s is None:
        return f"{text}, and stay there while nothing is delivered."
    rate = "today's mean rate" if _rate_varies(status) else "this rate"
    return f"{text}; at {rate} the tip has the new drug in {_delay_text(coming.in_s, coming.at)}."


def _then_text(status: Status, coming: DrugChange, waiting: Ordered) -> str:
    new = coming.new_mcg_per_ml
    runs = status["therapy"] == "running"
    if waiting:
        drug = f"of {waiting['concentration_mcg_per_ml']} mcg/mL"
        begins = ", which begin then" if runs else ""
        return f"For the new drug are ordered {waiting['dose_mcg_per_day']} mcg/day, {drug}{begins}."
    text = f"No program for {new} mcg/mL is ordered"
    return f"{text}: without one the pump then delivers next to nothing, or nothing." if runs else f"{text}."


def _delay_text(in_s: int, at: datetime | None) -> str:
    words = format_duration(_to_minutes(in_s))
    return f"{words} (on {at:%Y-%m-%d at %H:%M})" if at else words


def _to_minutes(seconds: int) -> int:
    """Whole minutes are enough from an hour on."""
    return seconds if seconds < 3600 else seconds // 60 * 60


def ml(nl: int) -> str:
    """A volume or rate in mL, to the microlitre."""
    return f"{nl / 1e6:.3f}"
