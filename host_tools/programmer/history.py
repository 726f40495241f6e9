"""Reads the logs, the titration history and the committed program."""

from collections.abc import Iterator
from typing import Any

from host_tools.programmer.client import Client
from host_tools.programmer.entry_json import dose_json, event_json
from host_tools.programmer.flex import DAYS, FlexProgram, FlexStep
from host_tools.programmer.program import Program
from protocol import registry

LAST_SEQ = registry.field_of("LOG", "last_seq").most
LAST_COMMIT = registry.field_of("DOSES", "first").most
LOG_PIECE = 12  # entries in an answer


def log_entries(client: Client, request: str, since: int) -> Iterator[dict[str, Any]]:
    """The entries from number `since` on that the pump still has, oldest first; `request` is LOG or FAULTS."""
    end: int | None = None
    while end is None or since < end:
        answer = client.read(request, first_seq=since, last_seq=LAST_SEQ)
        end = end or answer["next_seq"]
        for entry in answer["entries"]:
            yield event_json(entry)
        if not answer["entries"]:
            return
        since = answer["entries"][-1]["seq"] + 1


def log_backwards(client: Client) -> Iterator[dict[str, Any]]:
    """The events that the pump still has, newest first."""
    bounds = client.read("LOG", first_seq=LAST_SEQ, last_seq=LAST_SEQ)
    end, oldest = bounds["next_seq"], bounds["oldest_seq"]
    while end > oldest:
        first = max(oldest, end - LOG_PIECE)
        entries = client.read("LOG", first_seq=first, last_seq=end - 1)["entries"]
        yield from map(event_json, reversed(entries))
        end = first


def titration(client: Client) -> list[dict[str, Any]]:
    """The committed daily doses that the pump still has, oldest first."""
    doses: list[dict[str, Any]] = []
    first, newest = 1, 1
    while first <= newest:
        answer = client.read("DOSES", first=first)
        newest = answer["newest"]
        doses += [dose_json(dose) for dose in answer["doses"]]
        first = answer["doses"][-1]["number"] + 1 if answer["doses"] else newest + 1
    return doses


def newest_commit(client: Client) -> int:
    """The number of the newest commit, 0 before the first."""
    return client.read("DOSES", first=LAST_COMMIT)["newest"]


def running_program(client: Client) -> Program | FlexProgram | None:
    """The committed program; None before the first."""
    if str(client.read("STATUS")["mode"]) == "none":
        return None
    with client.session():
        fields = client.ask("READ_PROGRAM")
        head = Program(str(fields["mode"]), *(fields[name] for name in Program._fields[1:]))
        if head.mode != "flex":
            return head
        days = [client.ask("READ_PROGRAM_DAY", day=day)["steps"] for day in range(len(DAYS))]
    steps = (tuple(FlexStep(*(step[name] for name in FlexStep._fields)) for step in day) for day in days)
    return FlexProgram(head.concentration_mcg_per_ml, tuple(steps))
