"""Whether an order may be accepted, and may be refused, by the limits that are in force: a model of its own."""

from typing import Any, NamedTuple

from host_tools.scenario.checkers.findings import Tally
from host_tools.scenario.checkers.orderbook import OrderBook, ordered_program
from host_tools.scenario.checkers.programs import DAY_MS

MOST_INTERVALS = 13
JUDGED = {
    "program": ("not_filled", "dose_limit", "soft_limit"),
    "resume": ("not_filled", "soft_limit"),
    "bolus": ("not_filled", "bolus_limit"),
    "refill": ("overfill",),
    "prime": ("not_filled",),
    "stop": ("not_filled",),
    "minimum_rate": ("not_filled",),
}
"""Orders, and the reasons of which this model knows when they hold."""


class Situation(NamedTuple):
    """`lapsed`: nothing was delivered for 48 h, since somebody stopped it; `may_be_lapsed`: or for another reason, that
    an order may have accepted."""

    book: OrderBook
    now_ms: int
    lapsed: bool
    may_be_lapsed: bool
    capacity_nl: int
    unprimed_nl: int


def judge(tally: Tally, verb: str, fields: Any, reason: str | None, now: Situation) -> None:
    """Check an order's acceptance (reason None) or refusal against what the limits say."""
    if reason not in (None, *JUDGED.get(verb, ())):
        return
    must = _must_refuse(verb, fields, now)
    if reason is None:
        tally.check("limits_hold", must is None, lambda: f"{verb} was accepted, though {must}")
    else:
        may = must is not None or _may_refuse(verb, fields, reason, now)
        tally.check("refusal_has_cause", may, lambda: f"{verb} was refused for {reason}, and nothing speaks against it")


def _must_refuse(verb: str, fields: Any, now: Situation) -> str | None:
    """Why an order must not be accepted, in words; None where nothing speaks against it."""
    book = now.book
    if verb in ("program", "bolus", "stop", "minimum_rate", "resume", "prime") and book.therapy == "unfilled":
        return "the pump was never filled"
    if verb == "refill" and fields.volume_ml * 1_000_000 > now.capacity_nl:
        return f"{fields.volume_ml} mL do not go into {now.capacity_nl} nL"
    if verb == "bolus" and fields.dose_mcg * 1000 > book.max_bolus_ng:
        return f"{fields.dose_mcg} mcg are more than {book.max_bolus_ng / 1000:g} mcg"
    if verb in ("bolus", "patient_bolus") and book.bolus and book.bolus.until_ms > now.now_ms:
        return "a bolus is being given"
    if verb == "prime" and fields.volume_ml and fields.volume_ml * 1_000_000 > now.unprimed_nl + 1000:
        return f"{fields.volume_ml} mL are more than the {now.unprimed_nl} nL without drug"
    if verb == "resume" and now.lapsed and not fields.override:
        return "nothing was delivered for 48 h"
    return _program_refusal(fields, now) if verb == "program" else None


def _program_refusal(fields: Any, now: Situation) -> str | None:
    book, program = now.book, ordered_program(fields)
    if program.strongest_day_ng > book.max_dose_ng:
        return f"{program.strongest_day_ng / 1000:g} mcg/day are more than {book.max_dose_ng / 1000:g}"
    if fields.mode == "flex" and max(len(day) for day in fields.schedule.values()) > MOST_INTERVALS:
        return "a day has more than 13 intervals"
    if fields.override or book.took_over:
        return None
    soft = book.soft_range_ng(now.now_ms)
    rounding_ng = 1 if fields.mode == "flex" else 0  # of a week's mean
    if soft and not soft[0] - rounding_ng <= program.ng_per_day <= soft[1] + rounding_ng:
        return f"{program.ng_per_day / 1000:g} mcg/day are not within {soft[0] / 1000:g} to {soft[1] / 1000:g}"
    return "nothing was delivered for 48 h" if now.lapsed and book.doses else None


def _may_refuse(verb: str, fields: Any, reason: str, now: Situation) -> bool:
    """True where the pump may refuse what the orders alone would let pass."""
    book = now.book
    if reason == "dose_limit":  # what was given in the last day, and what a bolus adds
        recent = [ng for at_ms, ng in book.doses if now.now_ms - at_ms <= 2 * DAY_MS] or [0]
        strongest_ng = max(*recent, ordered_program(fields).strongest_day_ng)
        return book.bolus is not None or strongest_ng > 0.5 * book.max_dose_ng
    if reason == "soft_limit":
        return now.may_be_lapsed or book.took_over
    return reason == "bolus_limit"  # what is left in the reservoir
