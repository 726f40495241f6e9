"""A refill in words: what the needle found, what was filled in, and what the pump does now."""

from collections.abc import Iterator
from typing import Any

from host_tools.common.durations import format_duration
from host_tools.documents.dose import ml
from host_tools.documents.line import drug_change, is_deliverable, is_mixed, line_text, strength_text
from host_tools.documents.refills import discrepancy_text
from host_tools.documents.texts import REFILL_CAUSES
from host_tools.programmer import Refill
from host_tools.programmer.refill import ACCURACY_PERCENT, Aspiration
from host_tools.programmer.status import Status

LONG_STOP_S = 48 * 3600
"""After so long without delivery a pump gives no dose by itself."""


def refill_numbers(booked: Refill, new: Status) -> dict[str, Any]:
    """A refill's volumes, for JSON; `bridge_nl` is all that stands before the new drug, None without a bridge."""
    return {
        "expected_nl": booked.expected_nl,
        "aspirated_nl": booked.aspirated_nl,
        "discrepancy_nl": booked.discrepancy_nl,
        "accuracy_percent": booked.accuracy_percent,
        "out_of_tolerance": booked.out_of_tolerance,
        "filled_nl": booked.filled_nl,
        "bridge_nl": new["bolus_left_nl"] if new["bolus"] == "bridge" else None,
    }


def found_lines(found: Aspiration, causes: bool = True) -> Iterator[str]:
    """The volumes that were expected and aspirated, and with `causes` what may be wrong if they differ too much."""
    yield f"expected left  {ml(found.expected_nl)} mL"
    if found.aspirated_nl is not None:
        yield f"aspirated      {ml(found.aspirated_nl)} mL, {discrepancy_text(found)}"
    if causes and found.out_of_tolerance:
        yield f"cause          more than {ACCURACY_PERCENT} % off may be {REFILL_CAUSES}"


def filled_lines(booked: Refill, old: Status, new: Status) -> Iterator[str]:
    """The filling, what stands before it in the line, and what the pump does now."""
    yield f"filled         {ml(booked.filled_nl)} mL {strength_text(new['concentration_mcg_per_ml'])}"
    if is_mixed(new):
        yield f"line           {line_text(new['line'])}"
    for sentence in _consequences(old, new):
        yield f"now            {sentence}"


def _consequences(old: Status, new: Status) -> Iterator[str]:
    if new["therapy"] == "minimum" and old["drug"] not in ("", new["drug"]):
        yield f"{new['drug']} is not {old['drug']}: the pump is at the minimum rate until a program is committed"
    elif new["therapy"] == "minimum" and old["stopped_s"] >= LONG_STOP_S:
        yield (
            "nothing was delivered for 48 h: the pump is at the minimum rate; `thecal program` a dose for a patient "
            "who is used to none"
        )
    if new["therapy"] != "running":
        return
    if not new["concentration_mcg_per_ml"]:
        yield f"{_goes_on(new)}{_until(new, ' until the drug is out,')}; then minimum rate, which is no therapy"
    elif new["concentration_mcg_per_ml"] != old["concentration_mcg_per_ml"]:
        yield from _after_change(new)


def _after_change(status: Status) -> Iterator[str]:
    strength = status["concentration_mcg_per_ml"]
    new = f"{strength} mcg/mL"
    if is_deliverable(status, strength):
        yield f"{_goes_on(status)}, of {new} too{_until(status, ', which reach the tip')}"
        yield f"commit a program for {new}: without one the alarm program_unconfirmed sounds when they come"
        return
    yield (
        f"{_goes_on(status)} and cannot be made of {new}{_until(status, ', which reach the tip')}: program another, or "
        "the pump goes to the minimum rate then, with a critical alarm"
    )


def _goes_on(status: Status) -> str:
    return f"the dose of {status['dose_mcg_per_day']} mcg/day goes on"


def _until(status: Status, words: str) -> str:
    """`words` with the time until the reservoir's drug is at the tip; empty where it is not on its way."""
    coming = drug_change(status)
    if coming is None or coming.in_s is None:
        return ""
    return f"{words} in {format_duration(coming.in_s // 60 * 60)}"


def no_bridge_warning(old: Status, new: Status) -> str:
    """Warning of an order without a bridge: what comes if the line holds the old drug after all. Empty where it would
    be the same."""
    mcg_per_ml, was = new["concentration_mcg_per_ml"], old["concentration_mcg_per_ml"]
    if was in (0, mcg_per_ml) or not mcg_per_ml or not old["delivered_nl"]:
        return ""
    return (
        f"warning: there is no bridge. If tubing and catheter still hold {ml(new['line_nl'])} mL of {was} mcg/mL, "
        f"these come at the rate for {mcg_per_ml} mcg/mL: {was / mcg_per_ml:g} times the dose"
    )
