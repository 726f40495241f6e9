"""The table of the status in JSON against the messages that it is made of."""

import typing

from host_tools.programmer import status
from protocol.fields import Field, fields_of
from protocol.registry import ANSWER
from protocol.statusjson import (
    HELLO_KEYS,
    MCG,
    NUMBER,
    OPTIONAL,
    OPTIONAL_MCG,
    STATUS_FIELDS,
    STATUS_KEYS,
    TELEMETRY_NAMES,
    WHOLE_MCG,
    Group,
    Key,
    sources_of,
)

TYPES = {NUMBER: int, OPTIONAL: int | None, MCG: int | float, OPTIONAL_MCG: int | float | None, WHOLE_MCG: int}


def test_every_field_of_the_status_is_given() -> None:
    used = {source for entry in STATUS_KEYS for source in sources_of(entry)}
    assert used == set(STATUS_FIELDS)


def test_every_field_of_telemetry_updates_a_field_of_the_status() -> None:
    carried = {TELEMETRY_NAMES.get(field.name, field.name) for field in fields_of(ANSWER["TELEMETRY"].layout)}
    assert carried - set(STATUS_FIELDS) == {"revision"}


def test_a_number_may_be_none_if_and_only_if_its_field_can_say_so() -> None:
    def check(key: Key, field: Field, optional_group: bool) -> None:
        if key.form in (OPTIONAL, OPTIONAL_MCG):
            assert field.sentinel is not None, key
        elif key.form in (NUMBER, MCG, WHOLE_MCG):
            assert field.is_number, key
            assert field.sentinel is None or optional_group, key

    for entry in STATUS_KEYS:
        for key in (entry,) if isinstance(entry, Key) else entry.keys if isinstance(entry, Group) else ():
            check(key, STATUS_FIELDS[key.source], isinstance(entry, Group) and bool(entry.optional_by))


def test_the_types_are_those_of_the_table() -> None:
    hints = typing.get_type_hints(status.Status)
    assert list(hints) == [key.name for key in HELLO_KEYS] + [entry.name for entry in STATUS_KEYS] + ["signed"]
    for entry in STATUS_KEYS:
        if isinstance(entry, Key) and entry.form in TYPES:
            assert hints[entry.name] == TYPES[entry.form], entry
