"""The emergency read-out for people new to this pump. Nothing in it names the patient."""

from collections.abc import Iterator
from typing import Any

from host_tools.documents import texts
from host_tools.documents.dose import Ordered, dose_text, drug_name, drug_text
from host_tools.documents.line import drug_change, line_sentences
from host_tools.documents.texts import alarm_text, loss_of_therapy
from host_tools.programmer.status import Status


def emergency_dict(status: Status, ordered: Ordered) -> dict[str, Any]:
    """The read-out as data: the facts of the status, the dose ordered last, and the same words as for people.

    `concentration_mcg_per_ml` is the reservoir's drug, `tip_mcg_per_ml` what is delivered now; `new_drug_...` says when
    the one follows the other.
    """
    keys = ("serial", "model", "wall", "therapy", "operation", "mode", "dose_mcg_per_day", "concentration_mcg_per_ml")
    line = ("tip_mcg_per_ml", "unprimed_nl", "bolus", "bolus_left_nl")
    dates = ("last_refill", "low_reservoir_date", "refill_by", "alarm_list")
    coming = drug_change(status)
    return {
        **{key: status[key] for key in (*keys, "rate_nl_per_day", *line, *dates)},
        "new_drug_in_s": coming and coming.in_s,
        "new_drug_at": coming.at.isoformat() if coming and coming.at else None,
        "ordered": _dose(ordered),
        "drug": drug_name(status),
        "line": " ".join(line_sentences(status)),
        "loss_of_therapy": loss_of_therapy(status),
        "tones": {name: ": ".join(words) for name, words in texts.TONES.items()},
        "withdrawal": texts.WITHDRAWAL,
        "overdose": texts.OVERDOSE,
        "side_effects": texts.SIDE_EFFECTS,
        "actions": texts.ACTIONS,
        "notice": texts.NOT_A_DEVICE,
    }


def _dose(ordered: Ordered) -> dict[str, Any] | None:
    return {key: ordered[key] for key in ("dose_mcg_per_day", "concentration_mcg_per_ml")} if ordered else None


def emergency_rows(status: Status, ordered: Ordered) -> Iterator[tuple[str, str]]:
    """The facts, labelled. A dose is never without the strength of the drug that is delivered."""
    yield "Drug", drug_text(status)
    if status["tip_mcg_per_ml"]:
        yield "Daily dose", dose_text(status)
    if ordered and loss_of_therapy(status):
        drug = f"of {ordered['concentration_mcg_per_ml']} mcg/mL"
        yield "Last ordered", f"{ordered['dose_mcg_per_day']} mcg/day, {drug}"
    yield from _rows("Line", line_sentences(status))
    therapy = f"{status['therapy']}, {status['operation']}".replace("_", " ")
    yield "Therapy", f"{therapy}; {texts.MODE[status['mode']]}"
    yield "Last refill", status["last_refill"] or "-"
    yield "Low on", f"{status['low_reservoir_date'] or '-'}, refill by {status['refill_by'] or '-'}"
    yield from _rows("Alarms", iter([alarm_text(alarm) for alarm in status["alarm_list"]] or ["none"]))


def _rows(label: str, texts: Iterator[str]) -> Iterator[tuple[str, str]]:
    """One label before several texts, or nothing."""
    for text in texts:
        yield label, text
        label = ""


def emergency_sections() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return the general advice: lines under headings."""
    yield "What the tones mean", tuple(f"{sound}: {meaning}" for sound, meaning in texts.TONES.values())
    yield "Signs of too little drug (withdrawal)", texts.WITHDRAWAL
    yield "Signs of too much drug (overdose)", texts.OVERDOSE
    yield "Side effects of the drug at the usual dose", texts.SIDE_EFFECTS
    yield "What to do", (*texts.ACTIONS, texts.CAUSES)
