"""Expectations of a value of status or truth, as `expect:` takes them: one class for each form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from host_tools.machines.configuration import shown


@dataclass(frozen=True)
class Equal:
    """A number, text, truth value or null."""

    value: object

    def met_by(self, actual: object) -> bool:
        number = _number(self.value)
        if number is not None:
            return _number(actual) == number
        return type(actual) is type(self.value) and actual == self.value

    def __str__(self) -> str:
        return in_json(self.value)


@dataclass(frozen=True)
class SameSet:
    """A list; neither order nor repeats count."""

    values: tuple[object, ...]

    def met_by(self, actual: object) -> bool:
        return isinstance(actual, list) and {*map(in_json, actual)} == {*map(in_json, self.values)}

    def __str__(self) -> str:
        return in_json(list(self.values))


@dataclass(frozen=True)
class Within:
    """A number from `low` to `high`, both included; `text` is how the file put it."""

    low: Decimal | None
    high: Decimal | None
    text: str

    def met_by(self, actual: object) -> bool:
        number = _number(actual)
        if number is None:
            return False
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)

    def __str__(self) -> str:
        return self.text


Expected = Equal | SameSet | Within


def parse_expected(value: object) -> Expected:
    """The expectation that a file's plain value stands for. ValueError says what was expected there."""
    if isinstance(value, Mapping):
        keys = set(value)
        if keys and keys <= {"min", "max"}:
            low, high = (_limit(value, key) for key in ("min", "max"))
            return Within(low, high, ", ".join(f"{key} {value[key]}" for key in ("min", "max") if key in value))
        if keys == {"approx", "within"}:
            centre, tolerance = _limit(value, "approx"), _tolerance(value)
            assert centre is not None
            return Within(centre - tolerance, centre + tolerance, f"{centre} within {value['within']}")
        raise ValueError("expected a value, a list, {min:, max:} or {approx:, within:}, got " + in_json(value))
    if isinstance(value, list):
        return SameSet(tuple(value))
    return Equal(value)


def find(document: Mapping[str, object], path: str) -> object:
    """The value at a dotted path; a number picks from a list. KeyError with the part that is missing."""
    value: object = document
    for part in path.split("."):
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise KeyError(part)
    return value


def in_json(value: object) -> str:
    """A value of status, truth or a file as messages show it."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _limit(value: Mapping[str, object], key: str) -> Decimal | None:
    if key not in value:
        return None
    number = _number(value[key])
    if number is None:
        raise ValueError(f"expected a number for {key}, got {shown(value[key])}")
    return number


def _tolerance(value: Mapping[str, object]) -> Decimal:
    """`within` as an amount; a percentage is one of `approx`."""
    within, centre = value["within"], _limit(value, "approx")
    amount = _number(within)
    if amount is None and isinstance(within, str) and within.endswith("%") and centre is not None:
        try:
            amount = abs(centre) * Decimal(within.removesuffix("%")) / 100
        except ArithmeticError:
            amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise ValueError(f'expected a number or a percentage such as "1%" for within, got {shown(within)}')
    return amount


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    raise TypeError(value)
