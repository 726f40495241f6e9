"""A fault's own fields as people write them, and as the plant takes them: whole numbers in its units, and words."""

from collections.abc import Mapping
from decimal import Decimal

from hal.plant.faults import FAULTS, Choice, Field, check_fields, check_name
from host_tools.common.durations import format_duration

DURATIONS = ("recovery", "every", "lasting", "by", "after")
_SCALED = {
    "ml": ("nl", 1_000_000),
    "ml_per_day": ("nl_per_day", 1_000_000),
    "celsius": ("centi_celsius", 100),
    "tip_celsius": ("tip_centi_celsius", 100),
}
_NAMES = {field: name for name, (field, _) in _SCALED.items()}


def _user_name(field: str) -> str:
    return field.removesuffix("_ms") if field.endswith("_ms") else _NAMES.get(field, field)


def _scale(name: str) -> int:
    """The number of the plant's units in one of people's; durations count in seconds."""
    return 1000 if name in DURATIONS else _SCALED.get(name, (name, 1))[1]


FAULT_FIELDS = {fault: [_user_name(field) for field in fields] for fault, fields in FAULTS.items()}
"""Fault -> its own fields, as people write them."""


WORDS = {field for fields in FAULTS.values() for field, limits in fields.items() if isinstance(limits, Choice)}
"""Fields that take a word."""


def field_ranges(fault: str) -> dict[str, str]:
    """A fault's own fields, as people write them, and what each takes."""
    return {_user_name(field): _range(_user_name(field), limits) for field, limits in FAULTS[fault].items()}


def _range(name: str, limits: Field | Choice) -> str:
    if isinstance(limits, Choice):
        return ", ".join(limits.words)
    default = "" if limits.default is None else f", else {_shown(name, limits.default)}"
    return f"{_shown(name, limits.least)} to {_shown(name, limits.most)}{default}"


def plant_fields(fault: str, given: Mapping[str, int | Decimal | str]) -> dict[str, int | str]:
    """Return the fields as the plant takes them. ValueError says, in people's words and units, what is wrong."""
    check_name(fault)
    if strange := sorted(set(given) - set(FAULT_FIELDS[fault])):
        raise ValueError(f"{fault} takes no {', '.join(strange)}; known: {', '.join(['for', *FAULT_FIELDS[fault]])}")
    values = {}
    for field, limits in FAULTS[fault].items():
        name = _user_name(field)
        if name in given:
            values[field] = _value(name, given[name], limits)
        elif isinstance(limits, Choice) or limits.default is None:
            raise ValueError(f"{fault} needs {name}")
    return check_fields(fault, values)


def _value(name: str, value: int | Decimal | str, limits: Field | Choice) -> int | str:
    if isinstance(limits, Choice) or isinstance(value, str):
        words = limits.words if isinstance(limits, Choice) else ()
        if value not in words:
            raise ValueError(f"{name} is {', '.join(words) or 'a number'}, not {value}")
        return str(value)
    scaled = value * _scale(name)
    if scaled != int(scaled) or not limits.least <= scaled <= limits.most:
        raise ValueError(f"{name} is from {_shown(name, limits.least)} to {_shown(name, limits.most)}, not {value}")
    return int(scaled)


def _shown(name: str, units: int) -> str:
    if name in DURATIONS:
        return "-" * (units < 0) + format_duration(abs(units) // 1000)
    scale = _scale(name)
    return f"{Decimal(units) / scale:f}" if scale > 1 else str(units)
