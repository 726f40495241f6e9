"""The pump's logs for a report: faults first, refills with their accuracy, and what was done."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from host_tools.programmer import Programmer, Refill

FAULT_ROWS = 40
EVENT_ROWS = 30
ROUTINE = (
    "SESSION_OPEN",
    "SESSION_CLOSE",
    "SESSION_TIMEOUT",
    "TELEMETRY_MODE_ENTER",
    "COMMS_ERROR",
    "RATE_STEP",
    "PROGRAM_STAGED",
    "POST_PASS",
    "RECORD_CHANGED",
    "REFILL",
)
"""Events that a reader of a report does not miss, or finds in a table of their own."""

Event = Mapping[str, Any]


class FaultSummary(NamedTuple):
    """Older faults of one kind: number, first and last time (None: the clock was not set)."""

    name: str
    severity: str
    times: int
    first: str | None
    last: str | None


class BookedRefill(NamedTuple):
    """A refill and when it was (None: the clock was not set)."""

    wall: str | None
    refill: Refill


class History(NamedTuple):
    """All newest first. `older_faults` sums up the faults before `faults`, so that no alarm is left out; `older_events`
    counts what came before `events`. `since` is the time of the oldest entry that the pump's log still holds."""

    faults: Sequence[Event]
    older_faults: Sequence[FaultSummary]
    refills: Sequence[BookedRefill]
    events: Sequence[Event]
    older_events: int
    since: str | None


def history(log: Sequence[Event], faults: Iterable[Event]) -> History:
    """The history of an event log and a fault log, each oldest first. An alarm that only the event log has counts."""
    kept = {_key(event): event for event in faults}
    kept |= {_key(event): event for event in log if event["severity"] != "info"}
    by_time = sorted(kept.values(), key=lambda event: event["t_s"])[::-1]
    events = [event for event in reversed(log) if event["name"] not in ROUTINE and _key(event) not in kept]
    return History(
        faults=by_time[:FAULT_ROWS],
        older_faults=_summaries(by_time[FAULT_ROWS:]),
        refills=list(_refills(log))[::-1],
        events=events[:EVENT_ROWS],
        older_events=max(0, len(events) - EVENT_ROWS),
        since=log[0]["wall"] if log else None,
    )


def _key(event: Event) -> tuple[Any, ...]:
    """A fault stands in both logs, under numbers of their own."""
    return event["name"], event["t_s"], *event["data"].values()


def _summaries(newest_first: Sequence[Event]) -> list[FaultSummary]:
    names = list(dict.fromkeys(event["name"] for event in newest_first))
    same = {name: [event for event in newest_first if event["name"] == name] for name in names}
    return [
        FaultSummary(name, events[0]["severity"], len(events), events[-1]["wall"], events[0]["wall"])
        for name, events in same.items()
    ]


def _refills(log: Sequence[Event]) -> Iterator[BookedRefill]:
    """Oldest first. The one before gives the accuracy, unless entries between the two are missing."""
    filled_nl = before = None
    for event in log:
        if before is not None and (event["seq"] != before + 1 or event["name"] == "LOG_FAIL"):
            filled_nl = None
        before = event["seq"]
        if event["name"] == "RECORD_CORRECTED":
            filled_nl = event["data"]["filled_nl"]
        if event["name"] == "REFILL":
            data = event["data"]
            refill = Refill(data["expected_nl"], data["aspirated_nl"], data["filled_nl"], filled_nl)
            yield BookedRefill(event["wall"], refill)
            filled_nl = refill.filled_nl


def last_filled_nl(pump: Programmer) -> int | None:
    """Volume of the newest filling, as it was put right last; None where the log has it no more."""
    fillings = (event for event in pump.log_backwards() if event["name"] in ("REFILL", "RECORD_CORRECTED"))
    newest = next(fillings, None)
    return newest["data"]["filled_nl"] if newest else None
