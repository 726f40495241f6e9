"""The tables of codes that the numbers of log entries are of."""

from protocol.fingerprint import TABLES
from protocol.messages import REQUESTS

_TABLE_OF = {
    "old": "THERAPY",
    "new": "THERAPY",
    "alarm": "ALARM",
    "class": "CLASS",
    "bolus": "BOLUS",
    "role": "ROLE",
    "reason": "REASON",
    "region": "REGION",
    "field": "RECORD",
    "setting": "ALARM_SETTING",
    "catheter": "CATHETER",
    "key": "KEY",
    "test": "REGION",
    "command": "REQUEST",
}
_NUMBERS = {("ALARM_CONFIG_CHANGED", "old"), ("ALARM_CONFIG_CHANGED", "new")}  # in the setting's own unit


def table_name(event: str, label: str) -> str | None:
    """The prefix of the table (or REQUEST) that this number of an event is a code of; None for a plain number."""
    return None if (event, label) in _NUMBERS else _TABLE_OF.get(label)


def table_of(event: str, label: str) -> dict[str, int]:
    """Name -> code for this number of an event; empty for a plain number."""
    name = table_name(event, label)
    if name == "REQUEST":
        return {request.name: request.code for request in REQUESTS}
    return TABLES[name] if name else {}
