"""The result of a run."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from host_tools.programmer.status import Status
from protocol import codes

SESSION_EVENTS = range(0x60, 0x67)


@dataclass
class Result:
    """The contract's JSON, all but `passed`. `wall_seconds` is the one value that another run may not repeat."""

    name: str
    runtime: str
    failures: list[str] = field(default_factory=list)
    trace_sha256: str = ""
    effects_sha256: str = ""
    sim_seconds: int = 0
    wall_seconds: float = 0.0
    status: Status | None = None
    truth: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    tones: list[dict[str, Any]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The result as `thecal run --json` prints it."""
        return {
            "name": self.name,
            "passed": not self.failures,
            "failures": self.failures,
            "runtime": self.runtime,
            "trace_sha256": self.trace_sha256,
            "effects_sha256": self.effects_sha256,
            "sim_seconds": self.sim_seconds,
            "wall_seconds": self.wall_seconds,
            "status": self.status,
            "truth": self.truth,
            "events": self.events,
            "tones": self.tones,
        }


def effects_sha256(events: Iterable[str], tone_kinds: Iterable[str], periods_ms: Iterable[int]) -> str:
    """SHA-256 over three lists one after another, an item a line: what a run did, without data, counts or times.

    In the second and third list repeats are collapsed already.
    """
    items = [*filter(_counts, events), *tone_kinds, *map(str, periods_ms)]
    return sha256("\n".join(items).encode()).hexdigest()


def _counts(event: str) -> bool:
    about_itself = event == "BOOT" or event.startswith("POST_")
    return not about_itself and codes.EVENTS[event].code not in SESSION_EVENTS
