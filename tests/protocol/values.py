"""Values for the fields of any message, from its declaration: all that there is room for, and what it allows."""

from collections.abc import Callable, Iterator
from typing import Any

from construct import Construct
from hypothesis import strategies as st

from host_tools.programmer.texts import is_shown
from protocol.fields import Field, fields_of

Path = tuple[str, ...]
"""Where a field stands in a message: its name, before it that of the list or struct that it is in."""

NO_TEXTS = (b"\xff", b"\x1b[2J", b"A\0B", b"\xc2", b"\xc2\x80", b"\x7f", "\u202eA".encode(), "A\ufeff".encode())


def values(layout: Construct) -> st.SearchStrategy[dict[str, Any]]:
    """Any values that the fields of `layout` have room for."""
    return _struct(fields_of(layout), _any)


def allowed(layout: Construct) -> st.SearchStrategy[dict[str, Any]]:
    """Any values that the declaration allows."""
    return _struct(fields_of(layout), _allowed)


def places(layout: Construct) -> Iterator[tuple[Path, Field]]:
    """Every field and where it stands."""
    for field in fields_of(layout):
        yield (field.name,), field
        for inner in field.inside:
            yield (field.name, inner.name), inner


def put(named: dict[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """The values with another one at a place; in a list, in its last entry, which has to be there."""
    name, *rest = path
    if rest:
        inner = named[name]
        changed = put(inner[-1] if isinstance(inner, list) else inner, tuple(rest), value)
        value = [*inner[:-1], changed] if isinstance(inner, list) else changed
    return named | {name: value}


def edges(field: Field) -> list[Any]:
    """The least and the greatest value that the declaration allows, and the one beside them; of codes all."""
    if field.codes:
        return sorted(field.codes)
    if field.is_number:
        return sorted({field.least, field.most, field.most if field.sentinel is None else field.sentinel})
    return [bytes(field.bytes), b"A" * field.bytes] if field.is_bytes else []


def just_outside(field: Field, row: Any = None) -> list[Any]:
    """The nearest values that the declaration forbids and the field has room for. Of a list, one `row` too many."""
    if field.is_list:
        return [[row] * (field.most + 1)]
    if field.codes:
        return [code for code in (0, 1, 0xF0) if code not in field.codes.values()]
    if field.is_text:
        texts = NO_TEXTS if field.has_lines else (*NO_TEXTS, b"A\nB")
        return [text.ljust(field.bytes, b"\0") for text in texts]
    near = (field.least - 1, field.most + 1) if field.is_number else ()
    return [value for value in near if 0 <= value <= field.carries and value != field.sentinel]


def outside(field: Field) -> st.SearchStrategy[int]:
    """Any number that the declaration of a field with some `just_outside` forbids."""
    below = st.integers(0, field.least - 1) if field.least else st.nothing()
    above = st.integers(field.most + 1, field.carries) if field.most < field.carries else st.nothing()
    return (below | above).filter(lambda value: value != field.sentinel)


def _struct(
    fields: tuple[Field, ...], leaf: Callable[[Field], st.SearchStrategy[Any]]
) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({field.name: _field(field, leaf) for field in fields})


def _field(field: Field, leaf: Callable[[Field], st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    if field.is_list:
        entry = _struct(field.inside, leaf) if field.inside[0].name else leaf(field.inside[0])
        return st.lists(entry, max_size=field.most)
    return _struct(field.inside, leaf) if field.inside else leaf(field)


def _any(field: Field) -> st.SearchStrategy[Any]:
    if field.codes:
        return st.sampled_from(sorted(field.codes))
    if field.is_bytes:
        return st.binary(min_size=field.bytes, max_size=field.bytes)
    return st.integers(0, field.carries)


def _allowed(field: Field) -> st.SearchStrategy[Any]:
    if field.is_text:
        characters = st.characters().filter(is_shown) | st.just("\n" if field.has_lines else "A")
        texts = st.text(characters, max_size=field.bytes).map(str.encode)
        return texts.filter(lambda text: len(text) <= field.bytes).map(lambda text: text.ljust(field.bytes, b"\0"))
    if not field.is_number:
        return _any(field)
    numbers = st.integers(field.least, field.most)
    return numbers if field.sentinel is None else numbers | st.just(field.sentinel)


def numbers(fields: tuple[Field, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """The same values as the pump has them: codes as numbers, structs as tuples, lists as lists of those."""
    return tuple(_number(field, named[field.name]) for field in fields)


def _number(field: Field, value: Any) -> Any:
    if field.is_list:
        if field.inside[0].name:
            return [numbers(field.inside, entry) for entry in value]
        return [_number(field.inside[0], entry) for entry in value]
    if field.inside:
        return numbers(field.inside, value)
    return field.codes[value] if field.codes else value
