"""The event log against itself, and against the orders that were given."""

from collections.abc import Mapping
from typing import Any

from host_tools.scenario.checkers.findings import Tally

EVENT_OF_ORDER = {
    "implant": "IMPLANT",
    "refill": "REFILL",
    "program": "PROGRAM_COMMITTED",
    "prime": "BOLUS_START",
    "bolus": "BOLUS_START",
    "patient_bolus": "BOLUS_START",
    "set_patient_bolus": "PATIENT_BOLUS_SET",
    "demo_alarm": "ALARM_DEMO",
    "set_clock": "CLOCK_SET",
}
"""Orders, and the entry that each makes when it is done: exactly one."""

ALSO_LOGGED = {"cancel_bolus": "BOLUS_CANCELLED", "correct": "RECORD_CORRECTED", "limits": "LIMITS_CHANGED"}
"""Orders that make an entry which other things make, too."""


class LogBook:
    """Counts the entries of what only an order can do."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._seq: int | None = None
        self._t_s = 0
        self._by_order: dict[str, int] = {}
        self._all: dict[str, int] = {}  # entries since the order began

    def log(self, event: Mapping[str, Any], in_order: bool, may_have_gaps: bool) -> None:
        """Read an entry; `in_order`: while a programmer gave an order."""
        seq, name = event["seq"], event["name"]
        gap = self._seq is not None and seq != self._seq + 1 and not may_have_gaps
        self._tally.check("log_has_no_hole", not gap, lambda: f"entry {seq} follows {self._seq}")
        back = event["t_s"] < self._t_s and not may_have_gaps
        self._tally.check("log_in_order", not back, lambda: f"{name} at {event['t_s']} s follows {self._t_s} s")
        self._seq, self._t_s = seq, event["t_s"]
        self._all[name] = self._all.get(name, 0) + 1
        if name not in EVENT_OF_ORDER.values() or event["data"].get("bolus") == "bridge":
            return
        self._by_order[name] = self._by_order.get(name, 0) + 1
        self._tally.check("done_by_order", in_order, lambda: f"{name} {event['data']}, and nobody ordered it")

    def begin_order(self) -> None:
        self._by_order.clear()
        self._all.clear()

    def end_order(self, verb: str, least: int, most: int) -> None:
        """The order is over: its entry was made at least and at most so often."""
        also = ALSO_LOGGED.get(verb)
        if also is not None and least:
            self._tally.check(
                "order_logged", bool(self._all.get(also)), lambda: f"{verb} was done, and no {also} logged"
            )
        name = EVENT_OF_ORDER.get(verb)
        if name is not None:
            count = self._by_order.get(name, 0)
            self._tally.check(
                "applied_once", least <= count <= most, lambda: f"{verb}: {count} entries {name}, expected {most}"
            )
