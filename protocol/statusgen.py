"""Writes host_tools/programmer/status.py: the types of a status as the programmer gives it."""

from collections.abc import Iterable, Iterator

from protocol.fields import Field, fields_of
from protocol.registry import ANSWER
from protocol.statusjson import HELLO_KEYS, STATUS_FIELDS, STATUS_KEYS, Entry, Group, Key, Names, Rows

_LINE = 120

_HEAD = '''"""Types of a pump's status. Written by `make gen` from protocol/statusjson.py: change that, not this."""

from typing import TypedDict
'''

_SIGNED = """    signed: bool  # True if the pump signed it; else anybody on the line could have sent it
"""

_PUSHED = '''

class PushedStatus(Status):
    """A status of `watch`, as of one telemetry message."""

    seq: int  # number of the telemetry message
'''


def status_py() -> str:
    """The text of host_tools/programmer/status.py, as `ruff format` would leave it."""
    parts = [_HEAD]
    parts += [_nested(entry) for entry in STATUS_KEYS if isinstance(entry, Group | Rows)]
    hello = {field.name: field for field in fields_of(ANSWER["HELLO"].layout)}
    parts.append(_class("Hello", "TypedDict", "Identity of a pump.", _lines(HELLO_KEYS, hello)))
    status = _class(
        "Status", "Hello", "The status of a pump, settled to one instant.", _lines(STATUS_KEYS, STATUS_FIELDS)
    )
    return "".join([*parts, status, _SIGNED, _PUSHED])


def _nested(entry: Group | Rows) -> str:
    """The class of a nested object."""
    fields = STATUS_FIELDS
    if isinstance(entry, Rows):
        fields = {field.name: field for field in STATUS_FIELDS[entry.field].inside}
    text = f"The object in `{entry.name}` of a status."
    if any(key.name == "class" for key in entry.keys):  # a keyword, which no class body can declare
        items = "".join(f'        "{key.name}": {key.form.type},{_comment(key, fields)}\n' for key in entry.keys)
        return (
            f'\n\n{entry.type_name} = TypedDict(\n    "{entry.type_name}",\n    {{\n{items}    }},\n)\n"""{text}"""\n'
        )
    return _class(entry.type_name, "TypedDict", text, _lines(entry.keys, fields))


def _class(name: str, base: str, text: str, lines: Iterable[str]) -> str:
    return f'\n\nclass {name}({base}):\n    """{text}"""\n\n' + "".join(lines)


def _lines(entries: Iterable[Entry], fields: dict[str, Field]) -> Iterator[str]:
    """A declaration of each key, with what the wire's declaration says of its field."""
    for entry in entries:
        line = f"    {entry.name}: {_type(entry)}"
        comment = _comment(entry, fields) if isinstance(entry, Key) else ""
        if len(line + comment) > _LINE:
            yield f"    {comment.strip()}\n"
            comment = ""
        yield f"{line}{comment}\n"


def _type(entry: Entry) -> str:
    if isinstance(entry, Key):
        return entry.form.type
    if isinstance(entry, Names):
        return "list[str]"
    if isinstance(entry, Rows):
        return f"list[{entry.type_name}]"
    return entry.type_name + (" | None" if entry.optional_by else "")


def _comment(key: Key, fields: dict[str, Field]) -> str:
    meaning = fields[key.source].meaning
    return f"  # of {key.source}: {meaning}" if key.field else f"  # {meaning}"
