"""The emergency read-out: what a stranger must know of this pump, and nothing that names the patient."""

from collections.abc import Iterator, Mapping
from typing import Any

from host_tools.documents import wording
from host_tools.documents.wording import alarm_text, loss_of_therapy
from host_tools.programmer import Programmer

Ordered = Mapping[str, Any] | None
"""The newest entry of the titration history, None before the first program."""


def last_ordered(pump: Programmer) -> Ordered:
    """What was ordered last, whatever is delivered now."""
    return next(reversed(pump.titration()), None)


def emergency_dict(status: Mapping[str, Any], ordered: Ordered) -> dict[str, Any]:
    """The read-out as data: the facts of the status, the dose ordered last, and the same words as for people."""
    keys = ("serial", "model", "wall", "therapy", "operation", "mode", "dose_mcg_per_day", "concentration_mcg_per_ml")
    dates = ("last_refill", "low_reservoir_date", "refill_by", "alarm_list")
    return {
        **{key: status[key] for key in (*keys, "rate_nl_per_day", *dates)},
        "ordered": ordered and {key: ordered[key] for key in ("dose_mcg_per_day", "concentration_mcg_per_ml")},
        "drug": wording.DRUG,
        "loss_of_therapy": loss_of_therapy(status),
        "tones": {name: ": ".join(words) for name, words in wording.TONES.items()},
        "withdrawal": wording.WITHDRAWAL,
        "overdose": wording.OVERDOSE,
        "actions": wording.ACTIONS,
        "notice": wording.NOT_A_DEVICE,
    }


def emergency_rows(status: Mapping[str, Any], ordered: Ordered) -> Iterator[tuple[str, str]]:
    """The facts, labelled. A dose is never without its concentration."""
    concentration = status["concentration_mcg_per_ml"]
    if concentration:
        yield "Drug", f"{wording.DRUG}, {concentration} mcg/mL"
        rate = f"{status['rate_nl_per_day'] / 1e6:.3f} mL/day"
        yield "Daily dose", f"{status['dose_mcg_per_day']} mcg/day, of {concentration} mcg/mL ({rate})"
        if ordered and loss_of_therapy(status):
            drug = f"of {ordered['concentration_mcg_per_ml']} mcg/mL"
            yield "Last ordered", f"{ordered['dose_mcg_per_day']} mcg/day, {drug}"
    else:
        yield "Drug", "none: the pump was never filled"
    therapy = f"{status['therapy']}, {status['operation']}".replace("_", " ")
    yield "Therapy", f"{therapy}; {wording.MODE[status['mode']]}"
    yield "Last refill", status["last_refill"] or "-"
    yield "Low on", f"{status['low_reservoir_date'] or '-'}, refill by {status['refill_by'] or '-'}"
    alarms = [alarm_text(alarm) for alarm in status["alarm_list"]] or ["none"]
    yield from zip(["Alarms"] + [""] * len(alarms), alarms, strict=False)


def emergency_sections() -> Iterator[tuple[str, tuple[str, ...]]]:
    """What every stranger must know, under headings."""
    yield "What the tones mean", tuple(f"{sound}: {meaning}" for sound, meaning in wording.TONES.values())
    yield "Signs of too little drug (withdrawal)", wording.WITHDRAWAL
    yield "Signs of too much drug (overdose)", wording.OVERDOSE
    yield "What to do", (*wording.ACTIONS, wording.CAUSES)
