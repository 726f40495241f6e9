"""The pump's state for the patient: how much is left, when to come, what an alarm means, whom to call.

Read in the patient's role, which may read all of it and change nothing. What cannot be read is said, and left out.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from host_tools.documents import texts
from host_tools.documents.dose import ml
from host_tools.documents.texts import ERI_TO_EOS_DAYS, loss_of_therapy
from host_tools.programmer import NotAuthorised, Programmer, Refused
from host_tools.programmer.status import Status
from host_tools.programmer.texts import shown

ROLE = "patient"
CONTACTS = {"clinic": "Clinic", "physician": "Doctor", "contacts": "Contacts", "emergency_plan": "In an emergency"}
"""Texts of the pump's record that say whom to call, by their label."""
SILENCE = "Only the clinic can silence it. It sounds again and again until then."


class PatientView(NamedTuple):
    """`contacts` are the texts of CONTACTS, None where they cannot be read, for the reason `unread`."""

    status: Status
    contacts: Mapping[str, str] | None
    unread: str


def read_patient_view(pump: Programmer) -> PatientView:
    """Read it in the patient's role; where no session can be opened, what anybody may read."""
    try:
        with pump.session(ROLE):
            status = pump.status()
            try:
                records = pump.records()
            except Refused as refusal:
                if (refusal.request, refusal.reason) != ("READ_RECORD", "state"):
                    raise
                return PatientView(status, None, "the record in the pump is damaged; tell the clinic")
            return PatientView(status, {field: records[field] for field in CONTACTS}, "")
    except NotAuthorised as error:
        return PatientView(pump.status(), None, str(error))


def patient_view_dict(view: PatientView) -> dict[str, Any]:
    """The view as data, with the same words as for people."""
    status = view.status
    return {
        "serial": status["serial"],
        "wall": status["wall"],
        "left_ml": status["reservoir_nl"] / 1e6,
        "left_percent": _percent(status),
        "days_to_low": _days_to(status, status["low_reservoir_date"]),
        "low_reservoir_date": status["low_reservoir_date"],
        "refill_by": status["refill_by"],
        "replacement": status["eri"] or status["eri_forecast"],
        "loss_of_therapy": loss_of_therapy(status),
        "alarms": [
            {
                "name": alarm["name"],
                "class": alarm["class"],
                "meaning": texts.ALARM[alarm["name"]],
                "do": _to_do(alarm, status),
            }
            for alarm in status["alarm_list"]
        ],
        "contacts": view.contacts,
        "unread": view.unread or None,
        "notice": texts.NOT_A_DEVICE,
    }


def patient_view_sections(view: PatientView) -> Iterator[tuple[str, list[str]]]:
    """The view as lines under headings, most urgent first."""
    status = view.status
    if lost := loss_of_therapy(status):
        yield "No treatment now", [f"{_sentence(lost)} Call the doctor at once."]
    yield "Alarms", list(_alarms(status))
    yield "How much is left", list(_left(status))
    yield "When to come", list(_when(status))
    yield "Whom to call", list(_whom(view))


def _alarms(status: Status) -> Iterator[str]:
    if not status["alarm_list"]:
        yield "None."
    for alarm in status["alarm_list"]:
        past = " This is over, and was not yet silenced." if alarm["condition"] == "past" else ""
        yield f"{_sentence(texts.ALARM[alarm['name']])}{past} {_to_do(alarm, status)}"
    if any(alarm["class"] == "critical" for alarm in status["alarm_list"]):
        yield f"Watch for signs of too little drug: {'; '.join(texts.WITHDRAWAL)}."
        yield "With any of these signs call for medical help at once, and tell of the pump."


def _to_do(alarm: Mapping[str, Any], status: Status) -> str:
    urgent = alarm["class"] == "critical" or loss_of_therapy(status)
    do = "Call the doctor at once." if urgent else "Call the clinic in the next days."
    return do if alarm["silenced"] else f"{do} {SILENCE}"


def _left(status: Status) -> Iterator[str]:
    if status["therapy"] == "unfilled":
        yield "The pump was never filled."
        return
    full = ml(status["limits"]["capacity_nl"])
    yield f"{ml(status['reservoir_nl'])} mL of {full} mL, which is {_percent(status)} %. The pump counts this itself."
    days = _days_to(status, status["low_reservoir_date"])
    if "low_reservoir" in status["alarms"] or "reservoir_empty" in status["alarms"]:
        yield "That is little: it must be refilled now."
    elif days is not None:
        yield f"At the dose of now the pump beeps for a refill in {_days(days)}, on {status['low_reservoir_date']}."
    else:
        yield "How long it lasts is not known: nothing is delivered, or the pump does not know the time."


def _when(status: Status) -> Iterator[str]:
    refill_by, end = status["refill_by"], status["eri"] or status["eri_forecast"]
    if refill_by:
        days = _days_to(status, refill_by)
        overdue = days is not None and days < 0
        yield f"Refill: {f'it was due by {refill_by}. Call the clinic today' if overdue else f'by {refill_by}'}."
    else:
        yield "Refill: no date is known. Ask the clinic."
    if status["eos"]:
        yield f"New pump: this one stopped for good on {status['eos']}. Call the doctor at once."
    elif status["eri"]:
        yield f"New pump: it is time since {end}. This one works for {ERI_TO_EOS_DAYS} days after that at most."
    else:
        yield f"New pump: about {end}." if end else "New pump: no date is known."


def _whom(view: PatientView) -> Iterator[str]:
    if view.contacts is None:
        yield f"The pump's record cannot be read now: {view.unread}"
        return
    for field, label in CONTACTS.items():
        if text := view.contacts[field]:
            yield f"{label}: {' '.join(shown(text, lines=True).split())}"
    if not any(view.contacts.values()):
        yield "The pump has no name and no number of anybody. Ask the clinic to write them into its record."


def _percent(status: Status) -> int:
    return round(100 * status["reservoir_nl"] / status["limits"]["capacity_nl"])


def _days_to(status: Status, day: str | None) -> int | None:
    """Whole days from the pump's today; None where either is not known."""
    if day is None or status["wall"] is None:
        return None
    return (date.fromisoformat(day) - date.fromisoformat(status["wall"][:10])).days


def _days(days: int) -> str:
    """Days in words: weeks, too, where they are many."""
    if days < 1:
        return "less than a day"
    text = "1 day" if days == 1 else f"{days} days"
    return f"{text} (about {round(days / 7)} weeks)" if days >= 14 else text


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
