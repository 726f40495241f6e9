"""Hypothesis strategies for the fields of any message, from its declaration."""

from typing import Any

from construct import Construct
from hypothesis import strategies as st

from protocol.fields import Field, fields_of


def values(layout: Construct) -> st.SearchStrategy[dict[str, Any]]:
    """Any values that the fields of `layout` have room for."""
    return _struct(fields_of(layout))


def _struct(fields: tuple[Field, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({field.name: _field(field) for field in fields})


def _field(field: Field) -> st.SearchStrategy[Any]:
    if field.is_list:
        entry = _struct(field.inside) if field.inside[0].name else _field(field.inside[0])
        return st.lists(entry, max_size=field.most)
    if field.inside:
        return _struct(field.inside)
    if field.codes:
        return st.sampled_from(sorted(field.codes))
    if field.is_bytes:
        return st.binary(min_size=field.bytes, max_size=field.bytes)
    return st.integers(0, 2 ** (8 * field.bytes) - 1)


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
