"""The declarations as plain data: what the generators and the tests read."""

from collections.abc import Iterator
from struct import calcsize
from typing import Any, NamedTuple

from construct import Construct

from protocol.layout import Struct, bare, is_code, letter


class Field(NamedTuple):
    """One field. `letters` is its struct format, empty for a list; `codes` the names it may have, if any;
    `inside` the fields of a nested struct or of a list's entry (one without a name for a list of numbers)."""

    name: str
    unit: str
    range: str
    meaning: str
    letters: str
    codes: dict[str, int] | None = None
    is_list: bool = False
    inside: tuple["Field", ...] = ()

    @property
    def bytes(self) -> int:
        """Size of the field, or of one entry of a list."""
        return calcsize("<" + (self.letters or "".join(field.letters for field in self.inside)))

    @property
    def is_bytes(self) -> bool:
        return self.letters.endswith("s")

    @property
    def most(self) -> int:
        """How many entries a list may have."""
        return int(self.range.split("up to ")[1]) if self.is_list else 1


def fields_of(layout: Construct) -> tuple[Field, ...]:
    """The fields of a struct in their order. A list of numbers has one field without a name inside."""
    if isinstance(layout, Struct):
        return tuple(_field(subcon) for subcon in layout.subcons)
    return (_plain("", ("", "", ""), layout),)


def leaves(layout: Construct) -> Iterator[Field]:
    """All fields, those of nested structs and lists too."""
    for field in fields_of(layout):
        yield field
        yield from field.inside


def _field(subcon: Construct) -> Field:
    unit, range_, meaning = str(subcon.docs).split("; ", 2)
    return _plain(str(subcon.name), (unit, range_, meaning), bare(subcon))


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
