"""The emergency read-out: what a stranger must know of this pump, and nothing that names the patient."""

from collections.abc import Iterator
from typing import Any

from host_tools.documents import wording
from host_tools.documents.dose import Ordered, Orders, change, dose_text, drug_text, line_sentences
from host_tools.documents.wording import alarm_text, loss_of_therapy
from host_tools.programmer.status import Status


def emergency_dict(status: Status, orders: Orders) -> dict[str, Any]:
    """The read-out as data: the facts of the status, the doses ordered, and the same words as for people.

    `concentration_mcg_per_ml` is the reservoir's drug, `tip_mcg_per_ml` what is delivered now; `new_drug_...` says when
    the one follows the other, `ordered_next` the dose ordered for then.
    """
    keys = ("serial", "model", "wall", "therapy", "operation", "mode", "dose_mcg_per_day", "concentration_mcg_per_ml")
    line = ("tip_mcg_per_ml", "unprimed_nl", "bolus", "bolus_left_nl")
    dates = ("last_refill", "low_reservoir_date", "refill_by", "alarm_list")
    coming = change(status)
    return {
        **{key: status[key] for key in (*keys, "rate_nl_per_day", *line, *dates)},
        "new_drug_in_s": coming and coming.in_s,
        "new_drug_at": coming.at.isoformat() if coming and coming.at else None,
        "ordered": _dose(orders.last),
        "ordered_next": _dose(orders.waiting),
        "drug": wording.DRUG,
        "line": " ".join(line_sentences(status, orders)),
        "loss_of_therapy": loss_of_therapy(status),
        "tones": {name: ": ".join(words) for name, words in wording.TONES.items()},
        "withdrawal": wording.WITHDRAWAL,
        "overdose": wording.OVERDOSE,
        "actions": wording.ACTIONS,
        "notice": wording.NOT_A_DEVICE,
    }


def _dose(ordered: Ordered) -> dict[str, Any] | None:
    return {key: ordered[key] for key in ("dose_mcg_per_day", "concentration_mcg_per_ml")} if ordered else None


def emergency_rows(status: Status, orders: Orders) -> Iterator[tuple[str, str]]:
    """The facts, labelled. A dose is never without the strength of the drug that is delivered."""
    yield "Drug", drug_text(status)
    if status["concentration_mcg_per_ml"]:
        yield "Daily dose", dose_text(status)
        if orders.last and loss_of_therapy(status):
            drug = f"of {orders.last['concentration_mcg_per_ml']} mcg/mL"
            yield "Last ordered", f"{orders.last['dose_mcg_per_day']} mcg/day, {drug}"
        yield from _rows("Line", line_sentences(status, orders))
    therapy = f"{status['therapy']}, {status['operation']}".replace("_", " ")
    yield "Therapy", f"{therapy}; {wording.MODE[status['mode']]}"
    yield "Last refill", status["last_refill"] or "-"
    yield "Low on", f"{status['low_reservoir_date'] or '-'}, refill by {status['refill_by'] or '-'}"
    yield from _rows("Alarms", iter([alarm_text(alarm) for alarm in status["alarm_list"]] or ["none"]))


def _rows(label: str, texts: Iterator[str]) -> Iterator[tuple[str, str]]:
    """One label before several texts, or nothing."""
    for text in texts:
        yield label, text
        label = ""


def emergency_sections() -> Iterator[tuple[str, tuple[str, ...]]]:
    """What every stranger must know, under headings."""
    yield "What the tones mean", tuple(f"{sound}: {meaning}" for sound, meaning in wording.TONES.values())
    yield "Signs of too little drug (withdrawal)", wording.WITHDRAWAL
    yield "Signs of too much drug (overdose)", wording.OVERDOSE
    yield "What to do", (*wording.ACTIONS, wording.CAUSES)
