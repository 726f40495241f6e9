"""The faults that the plant can have, and the numbers that each takes."""

from typing import NamedTuple

from hal.plant.drivetrain import NEVER_MS


class Field(NamedTuple):
    """A whole number that a fault takes; without a default it must be given."""

    least: int
    most: int
    default: int | None = None


_MONTH_MS = 30 * 86_400_000

FAULTS: dict[str, dict[str, Field]] = {
    "motor_stall": {},  # the rotor is held
    "mri": {"recovery_ms": Field(0, _MONTH_MS, 0)},  # the rotor is held in the field and so long after it
    "runaway": {},  # a step each second that nobody ordered
    "reverse_step": {},  # one step backward, and over
    "over_delivery": {"percent": Field(1, 10_000)},  # a step moves so much more
    "buzzer_dead": {},
    "battery_drain": {"percent": Field(1, 10_000)},  # everything costs so much more charge
}


class Fault:
    """One that is on. It ends at `end_ms`; `until_ms` is when its cause goes away."""

    __slots__ = ("fields", "name", "until_ms")

    def __init__(self, name: str, until_ms: int, fields: dict[str, int]) -> None:
        self.name = name
        self.until_ms = until_ms
        self.fields = fields

    @property
    def end_ms(self) -> int:
        return self.until_ms if self.until_ms == NEVER_MS else self.until_ms + self.fields.get("recovery_ms", 0)


def check_name(name: str) -> None:
    """ValueError for a fault that does not exist."""
    if name not in FAULTS:
        raise ValueError(f"{name!r} is no fault; there are {', '.join(FAULTS)}")


def check_fields(name: str, given: dict[str, int]) -> dict[str, int]:
    """All fields of a fault, defaults filled in. ValueError for what it does not take."""
    check_name(name)
    known = FAULTS[name]
    for field in given:
        if field not in known:
            takes = ", ".join(known) or "no fields"
            raise ValueError(f"{name} has no field {field!r}; it takes {takes}")
    return {field: _value(name, field, limits, given) for field, limits in known.items()}


def _value(name: str, field: str, limits: Field, given: dict[str, int]) -> int:
    value = given.get(field, limits.default)
    if value is None:
        raise ValueError(f"{name} needs {field}, a whole number from {limits.least} to {limits.most}")
    if type(value) is not int or not limits.least <= value <= limits.most:
        raise ValueError(f"{name}: {field} is {value!r}; it is a whole number from {limits.least} to {limits.most}")
    return value
