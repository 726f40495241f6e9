"""Rows for a pump registry: events, and one row a pump. Nothing here is about a person."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from host_tools.programmer.refill import newest_aspiration
from host_tools.programmer.status import Status
from protocol import codes

EVENT_COLUMNS = ("serial", "seq", "t_s", "wall", "name", "severity", "data")
ALARM_EVENTS = tuple(name for name, event in codes.EVENTS.items() if event.severity != "info")
PUMP_COLUMNS = (
    "serial", "model", "firmware", "wall", "uptime_days", "implanted", "therapy", "mode", "dose_mcg_per_day",
    "concentration_mcg_per_ml", "delivered_ml", "last_refill", "refill_discrepancy_ml",
    "refill_out_of_tolerance", "eri", "eos", "boots", "first_seq", "refills",
    "stalls_recovered", "limits_overridden", *(f"n_{name.lower()}" for name in ALARM_EVENTS),
)  # fmt: skip
"""Columns from `refills` on count events of the log that the pump still has, which begins with number `first_seq`."""


def event_row(serial: str, event: Mapping[str, Any]) -> tuple[Any, ...]:
    """An event as EVENT_COLUMNS, its data as `key=value key=value`."""
    data = " ".join(f"{key}={'' if value is None else value}" for key, value in event["data"].items())
    return (serial, *(event[key] for key in EVENT_COLUMNS[1:-1]), data)


def pump_row(status: Status, events: Iterable[Mapping[str, Any]]) -> tuple[Any, ...]:
    """A pump as PUMP_COLUMNS, from its status and the events that it still has."""
    log = list(events)
    found = newest_aspiration(status)
    discrepancy_nl = found.discrepancy_nl if found else None
    counts = Counter(event["name"] for event in log)
    derived = {
        "uptime_days": status["uptime_s"] // 86_400,
        "delivered_ml": status["delivered_nl"] / 1_000_000,
        "refill_discrepancy_ml": None if discrepancy_nl is None else discrepancy_nl / 1_000_000,
        "refill_out_of_tolerance": int(found.out_of_tolerance) if found else None,
        "first_seq": log[0]["seq"] if log else None,
        "refills": counts["REFILL"],
        "stalls_recovered": counts["MOTOR_STALL_RECOVERY"],
        "limits_overridden": counts["LIMIT_OVERRIDE"] + counts["DEPTH_OVERRIDE"],
        **{f"n_{name.lower()}": counts[name] for name in ALARM_EVENTS},
    }
    return tuple(derived[column] if column in derived else status[column] for column in PUMP_COLUMNS)
