"""The declarations as plain data: what the generators, the programmer and the tests read.

A field's range is a text that people and machines read. Of a number: `least..most`, then, each after a comma, what a
value within it means (`0 allows none`) or which value beside it stands for something else (`none 2^32-1`); `any` and
`table Requests` are all that its type can hold. Of a code: `table NAME`; of a list: `up to` its most entries, after the
table of its codes; of bytes: `any` or `padded with 0x00`; of a struct: `-`.
"""

import re
from collections.abc import Iterator
from struct import calcsize
from typing import Any, NamedTuple

from construct import Construct

from protocol.layout import Struct, bare, is_code, letter


class Field(NamedTuple):
    """One field. `letters` is its struct format, empty for a list; `codes` the names it may have, if any;
    `inside` the fields of a nested struct or of a list's entry (one without a name for a list of numbers).

    A number is from `least` to `most`, or `sentinel` where there is one; a list has up to `most` entries."""

    name: str
    unit: str
    range: str
    meaning: str
    letters: str
    codes: dict[str, int] | None = None
    is_list: bool = False
    inside: tuple["Field", ...] = ()
    least: int = 0
    most: int = 0
    sentinel: int | None = None

    @property
    def bytes(self) -> int:
        """Size of the field, or of one entry of a list."""
        return calcsize("<" + (self.letters or "".join(field.letters for field in self.inside)))

    @property
    def is_bytes(self) -> bool:
        return self.letters.endswith("s")

    @property
    def is_number(self) -> bool:
        return not (self.codes or self.inside or self.is_list or self.is_bytes)

    @property
    def carries(self) -> int:
        """The greatest number that the field has room for."""
        return 2 ** (8 * self.bytes) - 1

    @property
    def is_text(self) -> bool:
        """True if its bytes are a text for people."""
        return self.is_bytes and self.unit == "UTF-8"

    @property
    def has_lines(self) -> bool:
        """True if a text may have line ends."""
        return self.is_text and not self.range.startswith("one line")


def fields_of(layout: Construct) -> tuple[Field, ...]:
    """The fields of a struct in their order. A list of numbers has one field without a name inside."""
    if isinstance(layout, Struct):
        return tuple(_field(subcon) for subcon in layout.subcons)
    return (_plain("", ("", "any", ""), layout),)


def leaves(layout: Construct) -> Iterator[Field]:
    """All fields, those of nested structs and lists too."""
    for field in fields_of(layout):
        yield field
        yield from field.inside


def _field(subcon: Construct) -> Field:
    unit, range_, meaning = str(subcon.docs).split("; ", 2)
    return _ranged(_plain(str(subcon.name), (unit, range_, meaning), bare(subcon)))


def _plain(name: str, doc: tuple[str, str, str], layout: Any) -> Field:
    if is_code(layout):
        return Field(name, *doc, letter(layout), codes={str(key): int(code) for key, code in layout.encmapping.items()})
    if letter(layout):
        return Field(name, *doc, letter(layout))
    if isinstance(layout, Struct):
        inside = fields_of(layout)
        return Field(name, *doc, "".join(field.letters for field in inside), inside=inside)
    entry = bare(layout.subcons[1]).subcon  # of PrefixedArray
    return Field(name, *doc, "", is_list=True, inside=fields_of(bare(entry)))


def _ranged(field: Field) -> Field:
    """The field with what its range says. ValueError where that is no range of such a field."""
    if field.is_number and field.range not in ("any", "table Requests"):
        least, most, sentinel = _numbers(field)
        return field._replace(least=least, most=most, sentinel=sentinel)
    if field.is_number:
        return field._replace(most=field.carries)
    if field.is_list:
        form = r"(?:table [A-Z][a-z ]+, )?up to (\d+)"
    elif field.codes:
        form = r"table [A-Z][a-z ]+(?:, .+)?"
    else:
        form = "any|(?:one line, )?padded with 0x00" if field.is_bytes else "-"
    found = re.fullmatch(form, field.range)
    if found is None:
        raise _unreadable(field)
    return field._replace(most=int(found[1])) if field.is_list else field


_NUMBER = r"(\d+)(?:\^(\d+))?(?:-(\d+))?"
_BETWEEN = re.compile(rf"(?P<least>{_NUMBER})\.\.(?P<most>{_NUMBER})")
_NOTE = re.compile(rf"(?P<within>{_NUMBER}) [a-z ]+|[a-z ]+ (?P<beside>{_NUMBER})")


def _numbers(field: Field) -> tuple[int, int, int | None]:
    """Least, most, and the sentinel if there is one."""
    first, *others = field.range.split(", ")
    between = _BETWEEN.fullmatch(first)
    notes = [_NOTE.fullmatch(other) for other in others]
    if between is None or None in notes:
        raise _unreadable(field)
    least, most = _number(between["least"]), _number(between["most"])
    within = [_number(note["within"]) for note in notes if note and note["within"]]
    beside = [_number(note["beside"]) for note in notes if note and note["beside"]]
    fits = max(most, *beside, 0) <= field.carries and all(least <= value <= most for value in within)
    if least > most or len(beside) > 1 or not fits:
        raise _unreadable(field)
    return least, most, beside[0] if beside else None


def _number(text: str) -> int:
    """As in 50000, 2^32, 2^32-1."""
    found = re.fullmatch(_NUMBER, text)
    assert found
    base, power, less = (int(group or default) for group, default in zip(found.groups(), (0, 1, 0), strict=True))
    return base**power - less


def _unreadable(field: Field) -> ValueError:
    return ValueError(
        f"{field.name}: {field.range!r} is no range of {field.bytes} bytes; write one as protocol/fields.py says"
    )
