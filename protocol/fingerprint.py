"""The fingerprint of the message tables: two sides with the same one understand each other."""

from collections.abc import Iterator

from protocol import codes, messages
from protocol.fields import Field, fields_of
from protocol.frame import crc32
from protocol.registry import MESSAGES

TABLES = {
    "THERAPY": codes.THERAPY,
    "OPERATION": codes.OPERATION,
    "MODE": codes.MODE,
    "BOLUS": codes.BOLUS,
    "ROLE": codes.ROLE,
    "KEY": codes.KEY,
    "CONDITION": codes.CONDITION,
    "FLAG": codes.FLAG,
    "CATHETER": codes.CATHETER,
    "TUBING": codes.TUBING,
    "SEVERITY": codes.SEVERITY,
    "CLASS": codes.CLASS,
    "ALARM": codes.ALARM,
    "ADVISORY": codes.ADVISORY,
    "REASON": codes.REASON,
    "REGION": codes.REGION,
    "RECORD": codes.RECORD,
    "ALARM_SETTING": codes.ALARM_SETTING,
}
"""The tables of codes, by the prefix of their names."""


def fingerprint() -> int:
    """CRC-32 over names, widths and codes, not over the prose."""
    return crc32("\n".join(_canonical()).encode())


def _canonical() -> Iterator[str]:
    yield f"version {messages.VERSION}"
    for name, table in TABLES.items():
        yield f"{name} {sorted(table.items())}"
    for name, event in sorted(codes.EVENTS.items()):
        yield f"event {name} {event.code} {event.severity} {event.data}"
    yield f"texts {sorted(codes.RECORDS.items())}"
    for message in MESSAGES:
        yield f"message {message.code} {message.name} {message.role}"
        for field in fields_of(message.layout):
            yield _signature(field)


def _signature(field: Field) -> str:
    names = sorted(field.codes.items()) if field.codes else ""
    return f"{field.name}:{field.letters}{names}[{','.join(map(_signature, field.inside))}]"
