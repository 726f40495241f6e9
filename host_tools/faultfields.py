"""A fault's own fields as people write them, and as the plant takes them: whole numbers in its units."""

from decimal import Decimal

from hal.plant.faults import FAULTS

_DURATIONS = ("recovery", "every", "lasting", "by")
_SCALED = {"ml": ("nl", 1_000_000), "ml_per_day": ("nl_per_day", 1_000_000), "celsius": ("centi_celsius", 100)}
_UNSCALED = {field: (name, scale) for name, (field, scale) in _SCALED.items()}


def is_duration(name: str) -> bool:
    return name in _DURATIONS


def user_field(field: str) -> tuple[str, int]:
    """(name, how many of the plant's units make one of its) of a plant's field; durations count in seconds."""
    if field.endswith("_ms"):
        return field.removesuffix("_ms"), 1000
    return _UNSCALED.get(field, (field, 1))


def plant_field(name: str, value: int | Decimal) -> tuple[str, int]:
    """(field, value) for the plant. ValueError for a value with more decimals than the plant has."""
    field, scale = (f"{name}_ms", 1000) if is_duration(name) else _SCALED.get(name, (name, 1))
    scaled = value * scale
    if scaled != int(scaled):
        raise ValueError(f"{name} is {value}; it has at most {len(str(scale)) - 1} decimals")
    return field, int(scaled)


FAULT_FIELDS = {name: [user_field(field)[0] for field in fields] for name, fields in FAULTS.items()}
"""Fault -> its own fields, as people write them."""
NEEDED_FIELDS = {
    name: [user_field(field)[0] for field, limits in fields.items() if limits.default is None]
    for name, fields in FAULTS.items()
}
"""Fault -> those of them that must be given."""
