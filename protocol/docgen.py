"""Writes docs/protocol.md: the prose of protocol.md.in, and tables made from the declarations."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

from protocol import auth, badframes, codes, examples, messages, vectors
from protocol.eventdata import table_name
from protocol.fields import Field, fields_of
from protocol.fingerprint import TABLES, fingerprint
from protocol.frame import MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES
from protocol.registry import MESSAGES

_PROSE = Path(__file__).with_name("protocol.md.in")
_TITLES = {
    "THERAPY": "Therapies",
    "OPERATION": "Operations",
    "MODE": "Modes",
    "BOLUS": "Boluses",
    "ROLE": "Roles",
    "KEY": "Keys",
    "CONDITION": "Conditions",
    "FLAG": "Flags",
    "CATHETER": "Catheters",
    "TUBING": "Tubings",
    "SEVERITY": "Severities",
    "CLASS": "Classes",
    "ALARM": "Alarms",
    "ADVISORY": "Advisories",
    "REASON": "Reasons",
    "REGION": "Regions",
    "RECORD": "Records",
    "ALARM_SETTING": "Alarm settings",
    "REQUEST": "Requests",
}
_TABLED = {*codes.EVENTS, *(name for table in TABLES.values() for name in table)}


def protocol_md() -> str:
    """The text of docs/protocol.md."""
    prose = Template(_PROSE.read_text(encoding="utf-8"))
    return prose.substitute(
        max_frame=MAX_FRAME_BYTES,
        max_payload=MAX_PAYLOAD_BYTES,
        version=messages.VERSION,
        fingerprint=f"0x{fingerprint():08X}",
        test_key=auth.TEST_KEY.decode(),
        wall_epoch=messages.WALL_EPOCH,
        requests="\n".join(_overview()),
        messages="\n".join(_messages()),
        tables="\n".join(_tables()),
        events="\n".join(_events()),
        bad_frames="\n".join(_bad_frames()),
        **examples.texts(),
    )


def _overview() -> Iterator[str]:
    yield "| request | code | who | answer | meaning |"
    yield "|---|---|---|---|---|"
    for request in messages.REQUESTS:
        answer = vectors.answer_to(request)
        who = request.role or "anybody"
        yield f"| {request.name} | 0x{request.code:02X} | {who} | {answer.name} | {request.text} |"


def _messages() -> Iterator[str]:
    for message in MESSAGES:
        yield f"### {message.name} (0x{message.code:02X}, {vectors.direction(message)})\n"
        yield f"{message.text}\n"
        fields = fields_of(message.layout)
        if not fields:
            yield "No fields.\n"
            continue
        yield "| offset | field | type | unit | range | meaning |"
        yield "|---|---|---|---|---|---|"
        yield from _rows(fields)
        yield ""


def _rows(fields: tuple[Field, ...]) -> Iterator[str]:
    """A row for each field. Behind a list the offset depends on its length and is left out."""
    at: int | None = 0
    for field in fields:
        kind = _type(field)
        where = "" if at is None else str(at)
        yield f"| {where} | `{field.name}` | {kind} | {field.unit} | {_range(field)} | {field.meaning} |"
        mark = "[]" if field.is_list else ""
        for inner in field.inside:
            if inner.name:
                name = f"{field.name}{mark}.{inner.name}"
                yield f"| | `{name}` | {_type(inner)} | {inner.unit} | {inner.range} | {inner.meaning} |"
        at = None if at is None or field.is_list else at + field.bytes


def _range(field: Field) -> str:
    """The range, with the number of a code that is in no table."""
    others = [name for name in field.codes or () if name not in _TABLED]
    return field.range + "".join(f" (0x{(field.codes or {})[name]:04X})" for name in others)


def _type(field: Field) -> str:
    if field.is_list:
        entries = f"{field.bytes} bytes each" if field.inside[0].name else f"u{8 * field.bytes}"
        return f"u8 count, then entries ({entries})"
    if field.inside:
        return f"{field.bytes} bytes"
    return f"{field.bytes} bytes" if field.is_bytes else f"u{8 * field.bytes}"


def _tables() -> Iterator[str]:
    for prefix, table in TABLES.items():
        yield f"### {_TITLES[prefix]}\n"
        if prefix == "ALARM":
            yield from ("| name | code | class | its event |", "|---|---|---|---|")
            yield from (_alarm_row(name, code) for name, code in table.items())
        elif prefix == "RECORD":
            yield from ("| name | code | most bytes |", "|---|---|---|")
            yield from (f"| {name} | {_hex(text.code)} | {text.most_bytes} |" for name, text in codes.RECORDS.items())
        else:
            yield from ("| name | code |", "|---|---|")
            yield from (f"| {name} | {_hex(code)} |" for name, code in table.items())
        yield ""


def _alarm_row(name: str, code: int) -> str:
    classes = {severity: label for label, severity in codes.SEVERITY.items()}
    events = [table[name] for table in (codes.ALARM_EVENT, codes.OTHER_EVENT) if name in table]
    return f"| {name} | {_hex(code)} | {classes[code >> 8]} | {', '.join(events)} |"


def _events() -> Iterator[str]:
    yield "| name | code | severity | `a` | `b` | `c` |"
    yield "|---|---|---|---|---|---|"
    for name, event in codes.EVENTS.items():
        data = [_number(name, label) for label in event.data] + [""] * (3 - len(event.data))
        yield f"| {name} | {_hex(event.code)} | {event.severity} | {' | '.join(data)} |"


def _number(event: str, label: str) -> str:
    table = table_name(event, label)
    return f"`{label}`" + (f" ({_TITLES[table]})" if table else "")


def _bad_frames() -> Iterator[str]:
    yield "| name | what is wrong | counted | answer |"
    yield "|---|---|---|---|"
    for bad in badframes.bad_frames(vectors.SESSION, vectors.SESSION_KEY):
        answer = f"REFUSED, `{bad.reason}`" if bad.reason else "none"
        yield f"| {bad.name} | {bad.why} | {bad.errors} | {answer} |"


def _hex(code: int) -> str:
    return f"0x{code:04X}" if code > 0xFF else f"0x{code:02X}"
