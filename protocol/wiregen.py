"""Writes firmware/wire.py: the declarations as MicroPython, without construct."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from protocol import codes, messages
from protocol.fields import Field, fields_of, leaves
from protocol.fingerprint import TABLES, fingerprint
from protocol.registry import MESSAGES

_LINE = 110
MOST_IN_A_ROW = 6  # values that a packer takes by their places; more than that it takes by their names alone

_HEAD = '''"""Codes and layouts of the wire. Written by `make gen` from protocol/: change those, not this."""

from struct import calcsize, pack, unpack

from firmware.text import is_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any
'''

_HELPERS = '''

def _unpack(
    payload: bytes,
    fmt: str,
    codes: tuple[tuple[int, tuple[int, ...]], ...] = (),
    ranges: tuple[tuple[int, int, int, int | None], ...] = (),
    texts: tuple[tuple[int, bool], ...] = (),
) -> "tuple[Any, ...] | None":
    """The payload's values; None for another length, or for a value that its declaration forbids.

    `codes` has (index, codes) of each code, `ranges` (index, least, most, sentinel or None) of each number whose range
    is not its whole type, `texts` (index, whether it may have line ends) of each text.
    """
    if len(payload) != calcsize(fmt):
        return None
    values = unpack(fmt, payload)
    for index, valid in codes:
        if values[index] not in valid:
            return None
    for index, least, most, sentinel in ranges:
        if not least <= values[index] <= most and values[index] != sentinel:
            return None
    for index, lines in texts:
        if not is_text(values[index], lines):
            return None
    return values


def _unpack_list(
    payload: bytes, head: "tuple[Any, ...]", row: "tuple[Any, ...]", most: int
) -> "tuple[Any, ...] | None":
    """As `_unpack`, for a counted list of up to `most` rows behind the rest: the last value is the list of their
    tuples. `head` and `row` are what `_unpack` takes beside its payload."""
    start = calcsize(head[0])
    size = calcsize(row[0])
    if len(payload) <= start or payload[start] > most or len(payload) != start + 1 + payload[start] * size:
        return None
    values = _unpack(payload[:start], *head)
    rows = [_unpack(payload[at : at + size], *row) for at in range(start + 1, len(payload), size)]
    return None if values is None or None in rows else values + (rows,)


def _pack(fmt: str, values: "Sequence[Any]") -> bytes:
    """As `struct.pack`, but a value that does not fit raises ValueError: MicroPython's own wraps silently."""
    place = digits = 0
    for letter in fmt[1:]:
        if letter.isdigit():
            digits = digits * 10 + int(letter)
            continue
        value = values[place]
        place += 1
        if letter == "s":
            if len(value) != digits:
                raise ValueError("value %d: %d bytes instead of %d" % (place, len(value), digits))
            digits = 0
        elif value >> 8 * calcsize(letter):
            raise ValueError("value %d: %d does not fit %d bytes" % (place, value, calcsize(letter)))
    if len(values) != place:
        raise ValueError("%d values for %d fields" % (len(values), place))
    return pack(fmt, *values)


def _pack_list(fmt: str, rows: "Sequence[Sequence[Any]]") -> bytes:
    """A count in one byte, then the rows: tuples, or bytes that are packed already (a stored log entry)."""
    out = _pack("<B", (len(rows),))
    for row in rows:
        out += row if isinstance(row, bytes) and len(row) == calcsize(fmt) else _pack(fmt, row)
    return out


def unpack_empty(payload: bytes) -> tuple[()] | None:
    """() for a request without fields, None when there is something in it."""
    return _unpack(payload, "<")
'''


def wire_py() -> str:
    """The text of firmware/wire.py, as `ruff format` would leave it."""
    return _HEAD + "\n" + "\n".join(_constants()) + "\n" + _HELPERS + "".join(_functions())


def _constants() -> Iterator[str]:
    yield f"VERSION = {messages.VERSION}"
    yield f"FINGERPRINT = 0x{fingerprint():08X}"
    yield "NONE32 = 0xFFFFFFFF"
    yield "ALL_ALARMS = 0xFFFF"
    for prefix, table in TABLES.items():
        yield ""
        yield from (f"{prefix}_{name.upper()} = {_hex(code)}" for name, code in table.items())
    yield ""
    yield from (f"EVENT_{name} = {_hex(event.code)}" for name, event in codes.EVENTS.items())
    yield ""
    yield from (f"{_constant(message)} = {_hex(message.code)}" for message in MESSAGES)
    yield ""
    for name, prefix in _checked_tables():
        yield _tuple(f"{name} = ", [f"{prefix}_{key.upper()}" for key in TABLES[prefix]])
    yield ""
    needing = [message for message in messages.REQUESTS if message.role]
    yield _wrap("ROLE_OF = {", [f"{_constant(m)}: ROLE_{str(m.role).upper()}" for m in needing], "}")
    severities = [f"EVENT_{name}: SEVERITY_{event.severity.upper()}" for name, event in codes.EVENTS.items()]
    yield _wrap("EVENT_SEVERITY = {", severities, "}")
    causes = [f"ALARM_{alarm.upper()}: EVENT_{event}" for alarm, event in codes.ALARM_EVENT.items()]
    yield _wrap("ALARM_EVENT = {", causes, "}")
    sizes = [f"RECORD_{field.upper()}: {text.most_bytes}" for field, text in codes.RECORDS.items()]
    yield _wrap("RECORD_BYTES = {", sizes, "}")
    yield ""
    yield f'LOG_ENTRY_FMT = "{_format(fields_of(messages.LogEntry))}"'
    yield f'DOSE_ENTRY_FMT = "{_format(fields_of(messages.DoseEntry))}"'


def _checked_tables() -> Iterator[tuple[str, str]]:
    """(name of the tuple of codes, table) of each table that requests are checked against."""
    seen = []
    for message in messages.REQUESTS:
        for field in leaves(message.layout):
            if field.codes and _table_of(field) not in [*seen, None]:
                seen.append(_table_of(field))
    return ((f"{prefix}_CODES", prefix) for prefix in seen)


def _table_of(field: Field) -> str | None:
    """The table whose codes are the field's, all alarms aside; None for a part of one."""
    return next((prefix for prefix, table in TABLES.items() if table == _named(field)), None)


def _named(field: Field) -> dict[str, int]:
    return {name: code for name, code in (field.codes or {}).items() if code != codes.ALL_ALARMS}


def _valid(field: Field) -> str:
    """The field's codes, as the pump names them."""
    any_alarm = " + (ALL_ALARMS,)" if codes.ALL_ALARMS in (field.codes or {}).values() else ""
    if whole := _table_of(field):
        return f"{whole}_CODES{any_alarm}"
    prefix = next(prefix for prefix, table in TABLES.items() if _named(field).items() <= table.items())
    return _tuple("", [f"{prefix}_{name.upper()}" for name in _named(field)]) + any_alarm


def _functions() -> Iterator[str]:
    for message in messages.REQUESTS:
        if fields_of(message.layout):
            yield _unpacker(message)
    for message in MESSAGES[len(messages.REQUESTS) :]:
        yield _packer(message)


def _unpacker(message: messages.Message) -> str:
    fields = fields_of(message.layout)
    flat = [leaf for field in fields if not field.is_list for leaf in (field.inside or (field,))]
    names = [field.name for field in flat]
    types = [_type(field) for field in flat]
    lists = [field for field in fields if field.is_list]
    if lists and fields.index(lists[0]) < len(fields) - 1:
        raise ValueError(f"{message.name}: a list stands before another field")
    if not lists:
        call = _wrap("    return _unpack(", ["payload", *_layout(flat)], ")", "    ")
    else:
        (rows,) = lists
        names.append(f"[{_tuple('', [field.name for field in rows.inside])}]")
        types.append(f"list[{_row_type(rows)}]")
        parts = ["payload", _tuple("", _layout(flat)), _tuple("", _layout(rows.inside)), str(rows.most)]
        call = _wrap("    return _unpack_list(", parts, ")", "    ")
    head = f"def unpack_{message.name.lower()}(payload: bytes) -> tuple[{', '.join(types)}] | None:"
    if len(head) > 120:
        head = head.replace("(payload: bytes)", "(\n    payload: bytes,\n)")
    return f'\n\n{head}\n    """{_tuple("", names, "    ")}"""\n{call}\n'


def _layout(fields: Sequence[Field]) -> list[str]:
    """The arguments of `_unpack` beside the payload: the format, and up to the last that is needed the tuples of
    codes, of ranges and of texts."""
    checks = (
        [f"({index}, {_valid(field)})" for index, field in enumerate(fields) if field.codes],
        [f"({index}, {_limits(field)})" for index, field in enumerate(fields) if _is_limited(field)],
        [f"({index}, {field.has_lines})" for index, field in enumerate(fields) if field.is_text],
    )
    needed = max((number for number, found in enumerate(checks, 1) if found), default=0)
    return [f'"{_format(fields)}"'] + [_tuple("", found) if found else "()" for found in checks[:needed]]


def _limits(field: Field) -> str:
    sentinel = "NONE32" if field.sentinel == messages.NONE32 else field.sentinel
    return f"{field.least}, {field.most}, {sentinel}"


def _is_limited(field: Field) -> bool:
    """True if a number has values that are neither in its range nor its sentinel."""
    beside = field.sentinel is not None and not field.least <= field.sentinel <= field.most
    return field.is_number and field.most - field.least + beside < field.carries


def _packer(message: messages.Message) -> str:
    fields = fields_of(message.layout)
    plain = [field for field in fields if not field.is_list]
    lists = [field for field in fields if field.is_list]
    if fields[: len(plain)] != tuple(plain):
        raise ValueError(f"{message.name}: a list stands before a field of fixed size")
    name = message.name.lower()
    named = ["*"] if len(fields) > MOST_IN_A_ROW else []
    lines = [_wrap(f"def pack_{name}(", named + [f"{field.name}: {_type(field)}" for field in fields], ") -> bytes:")]
    lines.append("    values = " + " + ".join(_values(plain)))
    steps = [f'_pack("{_format(plain)}", values)']
    for field in lists:
        rows = field.name if field.inside[0].name else f"[(entry,) for entry in {field.name}]"
        steps.append(f'_pack_list("{_format(field.inside)}", {rows})')
    lines.append(f"    {'out =' if lists else 'return'} {steps[0]}")
    lines += [f"    out += {step}" for step in steps[1:]]
    if lists:
        lines.append("    return out")
    return "\n\n" + "\n".join(lines) + "\n"


def _type(field: Field) -> str:
    """The annotation of a value to pack or unpacked. A list's rows to pack may be packed already."""
    if field.is_list:
        return f'"Sequence[{_row_type(field)} | bytes]"' if field.inside[0].name else '"Sequence[int]"'
    return _row_type(field) if field.inside else "bytes" if field.is_bytes else "int"


def _row_type(field: Field) -> str:
    return f"tuple[{', '.join(_type(inside) for inside in field.inside)}]"


def _values(fields: list[Field]) -> Iterator[str]:
    """The fields' values as one tuple, that of a nested struct spliced in."""
    for nested, group in groupby(fields, lambda field: bool(field.inside)):
        names = [field.name for field in group]
        if nested:
            yield from names
        else:
            yield _tuple("", names, "    ")


def _format(fields: Iterable[Field]) -> str:
    return "<" + "".join(field.letters for field in fields)


def _constant(message: messages.Message) -> str:
    prefix = "REQ" if message in messages.REQUESTS else "PUSH" if message in messages.PUSHED else "ANS"
    return f"{prefix}_{message.name}"


def _hex(code: int) -> str:
    return f"0x{code:04X}" if code > 0xFF else f"0x{code:02X}"


def _tuple(start: str, items: list[str], indent: str = "") -> str:
    return _wrap(f"{start}({items[0]},", [], ")") if len(items) == 1 else _wrap(f"{start}(", items, ")", indent)


def _wrap(start: str, items: list[str], end: str, indent: str = "") -> str:
    """One line if it fits, one line an item if not."""
    line = f"{start}{', '.join(items)}{end}"
    if len(line) <= _LINE - 4 - len(indent):
        return line
    inner = [item.replace("\n", f"\n{indent}    ") for item in items]
    return f"{start}\n" + "".join(f"{indent}    {item},\n" for item in inner) + f"{indent}{end}"
