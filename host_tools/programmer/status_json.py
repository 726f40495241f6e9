"""Builds the JSON objects of `status` and `watch` from the fields of HELLO, STATUS and TELEMETRY."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from host_tools.programmer.status import Hello, Status
from host_tools.programmer.texts import text_of
from host_tools.programmer.units import NG_PER_MCG, mcg_from_ng, none_if, wall_text
from protocol import codes, statusjson
from protocol.messages import NONE32
from protocol.statusjson import HELLO_KEYS, STATUS_FIELDS, STATUS_KEYS, Entry, Form, Group, Key, Names, sources_of

Fields = Mapping[str, Any]


def hello_json(fields: Fields) -> Hello:
    """The identity of a pump."""
    return cast(Hello, _object(HELLO_KEYS, fields))


def status_json(fields: Fields, hello: Hello, signed: bool) -> Status:
    """HELLO, STATUS and LINE as one object; `signed` where the pump signed all."""
    return cast(Status, {**hello, **_object(STATUS_KEYS, fields), "signed": signed})


def with_telemetry(status: Status, telemetry: Fields) -> Status:
    """`status` with the fields that a newer TELEMETRY carries; its wall clock moved on by the same time."""
    fields = {statusjson.TELEMETRY_NAMES.get(name, name): value for name, value in telemetry.items()}
    carried = [entry for entry in STATUS_KEYS if all(source in fields for source in sources_of(entry))]
    wall = _moved(status["wall"], fields["uptime_s"] - status["uptime_s"])
    return cast(Status, status | _object(carried, fields) | {"wall": wall})


def _object(entries: Iterable[Entry], fields: Fields) -> dict[str, Any]:
    return {entry.name: _value(entry, fields) for entry in entries}


def _value(entry: Entry, fields: Fields) -> Any:
    if isinstance(entry, Key):
        return _WRITERS[entry.form](fields, entry.source)
    if isinstance(entry, Group):
        absent = entry.optional_by and str(fields[entry.optional_by]) == "none"
        return None if absent else _object(entry.keys, fields)
    if isinstance(entry, Names):
        return [str(row[entry.column] if entry.column else row) for row in fields[entry.field]]
    return [_object(entry.keys, row) for row in fields[entry.field]]


def _optional(fields: Fields, name: str) -> int | None:
    return none_if(fields[name], STATUS_FIELDS[name].sentinel)


def _optional_mcg(fields: Fields, name: str) -> int | float | None:
    ng = _optional(fields, name)
    return None if ng is None else mcg_from_ng(ng)


def _uptime_day(fields: Fields, name: str) -> str | None:
    """The day of an uptime, by the clock as it is set now."""
    if NONE32 in (fields[name], fields["wall_s"]):
        return None
    return _day(fields["wall_s"] + fields[name] - fields["uptime_s"])


def _alarm_class(fields: Fields, name: str) -> str:
    critical = codes.ALARM.get(str(fields[name]), 0) >> 8 == codes.SEVERITY["critical"]
    return "critical" if critical else "non_critical"


def _day(wall_s: int) -> str | None:
    wall = wall_text(wall_s)
    return wall and wall[:10]


def _moved(wall: str | None, by_s: int) -> str | None:
    return wall and (datetime.fromisoformat(wall) + timedelta(seconds=by_s)).isoformat()


_WRITERS: dict[Form, Callable[[Fields, str], Any]] = {
    statusjson.NUMBER: lambda fields, name: fields[name],
    statusjson.OPTIONAL: _optional,
    statusjson.MCG: lambda fields, name: mcg_from_ng(fields[name]),
    statusjson.OPTIONAL_MCG: _optional_mcg,
    statusjson.WHOLE_MCG: lambda fields, name: (fields[name] + NG_PER_MCG // 2) // NG_PER_MCG,
    statusjson.CODE: lambda fields, name: str(fields[name]),
    statusjson.YES: lambda fields, name: str(fields[name]) == "yes",
    statusjson.TEXT: lambda fields, name: text_of(fields[name]),
    statusjson.WALL: lambda fields, name: wall_text(fields[name]),
    statusjson.WALL_DAY: lambda fields, name: _day(fields[name]),
    statusjson.UPTIME_DAY: _uptime_day,
    statusjson.ALARM_CLASS: _alarm_class,
    statusjson.SCHEMA: lambda fields, name: f"{fields['version']}-{fields[name]:08x}",
}
"""Each form's value, of the message's fields and the name of one."""
