"""The report of an adverse event: an entry of the pump's log, what surrounds it, and what was in force then.

Nothing is concluded: what the pump cannot know is a line to write on, and what it no longer knows is said.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from host_tools.common.durations import format_duration
from host_tools.documents import texts
from host_tools.documents.dose import ml
from host_tools.documents.events import data_text, event_text, name_text
from host_tools.documents.facts import read_facts
from host_tools.documents.history import Event
from host_tools.documents.page import page
from host_tools.documents.texts import alarm_text
from host_tools.programmer import Programmer
from host_tools.programmer.status import Status

AROUND_S = 86_400
NOT_KNOWN = "not known: the pump’s log has gaps"
ASKED = (
    "What was seen, and on whom",
    "When it was noticed, and by whom",
    "What was done",
    "Outcome",
    "Was the pump or the catheter replaced?",
    "Reporter: name, role, address",
    "Date and signature",
)
"""Lines to fill in: the pump cannot know them."""


class UnknownEvent(ValueError):
    """The log has no such entry."""


class InForce(NamedTuple):
    """What held when the event was logged, in words."""

    program: str
    therapy: str
    drug: str
    last_filling: str


def adverse_html(pump: Programmer, seq: int, observed: str = "") -> str:
    """The page about the log's entry `seq`; `observed` is the reporter's text. UnknownEvent names the range kept."""
    with pump.session():
        log = list(pump.log())
        event = _entry(log, seq)
        facts = read_facts(pump)
    return page(
        "documents/adverse.html.jinja",
        event=event,
        numbers=data_text(event),
        around=[other for other in log if abs(other["t_s"] - event["t_s"]) <= AROUND_S],
        log=log,
        status=facts.status,
        implant=facts.implant,
        records={name.replace("_", " "): text for name, text in facts.records.items() if text},
        records_corrupt=facts.records_corrupt,
        then=in_force(event, log, facts.titration, facts.status),
        alarms=[(alarm["class"], alarm_text(alarm)) for alarm in facts.status["alarm_list"]],
        observed=observed,
        asked=ASKED[1:] if observed else ASKED,
        around_text=format_duration(AROUND_S),
        event_text=event_text,
        name_text=name_text,
        moment=moment,
        words=texts,
    )


def in_force(event: Event, log: Sequence[Event], titration: Sequence[Mapping[str, Any]], status: Status) -> InForce:
    """What held at an event; `titration` is newest first."""
    before = [other for other in log if other["seq"] <= event["seq"]]
    after = [other for other in log if other["seq"] > event["seq"]]
    if any(other["name"] == "LOG_FAIL" for other in log):
        return InForce(NOT_KNOWN, NOT_KNOWN, NOT_KNOWN, NOT_KNOWN)
    therapy, since = _therapy(before, after, status)
    return InForce(
        program=_program(event, titration[sum(other["name"] == "PROGRAM_COMMITTED" for other in after) :], titration),
        therapy=therapy.replace("_", " ") + (f", since {since}" if since else ""),
        drug="none had been filled in" if therapy == "unfilled" else _drug(after, status),
        last_filling=_last_filling(before, after, status),
    )


def _entry(log: Sequence[Event], seq: int) -> Event:
    for event in log:
        if event["seq"] == seq:
            return event
    kept = f"{log[0]['seq']} to {log[-1]['seq']}" if log else "none"
    raise UnknownEvent(f"event {seq} is not in the pump's log, which keeps {kept}; `thecal log` lists them")


def _program(event: Event, committed: Sequence[Mapping[str, Any]], titration: Sequence[Mapping[str, Any]]) -> str:
    """The newest of the orders that were committed before the event."""
    for order in committed:
        if order["uptime_s"] <= event["t_s"]:
            when = f"ordered {moment(order)}"
            return f"{order['dose_mcg_per_day']} mcg/day, for {order['concentration_mcg_per_ml']} mcg/mL; {when}"
    first_is_kept = not titration or not titration[-1]["old_dose_mcg_per_day"]
    return "none was ordered yet" if first_is_kept else "not known: the pump no longer keeps the orders of that time"


def _therapy(before: Sequence[Event], after: Sequence[Event], status: Status) -> tuple[str, str]:
    """The ordered therapy, by its last change or the one that followed, and since when (empty: not in the log)."""
    name = "THERAPY_STATE_CHANGED"
    change = next((other for other in reversed(before) if other["name"] == name), None)
    if change:
        return change["data"]["new"], moment(change)
    following = next((other for other in after if other["name"] == name), None)
    return (following["data"]["old"] if following else status["therapy"]), ""


def _drug(after: Sequence[Event], status: Status) -> str:
    """The drug in the reservoir, as it was on record then. Its name is known as long as no filling followed."""
    changes = next((other for other in after if _other_strength(other)), None)
    mcg_per_ml = changes["data"]["old_mcg_per_ml"] if changes else status["concentration_mcg_per_ml"]
    if not mcg_per_ml:
        return "none"
    refilled = any(other["name"] == "REFILL" for other in after)
    name = "name not known, for the reservoir was filled again since" if refilled else status["drug"]
    corrected = "; put right since" if changes and changes["name"] == "RECORD_CORRECTED" else ""
    return f"{name}; {mcg_per_ml} mcg/mL in the reservoir{corrected}"


def _other_strength(event: Event) -> bool:
    names = ("CONCENTRATION_CHANGED", "RECORD_CORRECTED")
    return event["name"] in names and event["data"]["old_mcg_per_ml"] != event["data"]["new_mcg_per_ml"]


def _last_filling(before: Sequence[Event], after: Sequence[Event], status: Status) -> str:
    filling = next((other for other in reversed(before) if other["name"] == "REFILL"), None)
    if filling:
        return f"{ml(filling['data']['filled_nl'])} mL, {moment(filling)}"
    if status["last_refill"] and not any(other["name"] == "REFILL" for other in after):
        return f"{status['last_refill']}; the log no longer has its volume"
    return "none in the log before that"


def moment(entry: Mapping[str, Any]) -> str:
    """When an entry was made: by the pump's clock, else its uptime."""
    if entry["wall"]:
        return entry["wall"].replace("T", " ")
    return f"clock not set, {format_duration(entry.get('t_s', entry.get('uptime_s', 0)))} after first power-up"
