"""Between people's units (mL, mcg, cm, wall time) and the wire's integers: exact, or refused."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from host_tools.programmer.errors import BadValue
from protocol.messages import NONE32, WALL_EPOCH
from protocol.registry import field_of

Number = int | float | Decimal

NL_PER_ML = 1_000_000
NG_PER_MCG = 1000
MM_PER_CM = 10
EPOCH = datetime.fromisoformat(WALL_EPOCH)
WALL = field_of("SET_CLOCK", "wall_s")
_FINEST, _LARGEST = Decimal("1e-9"), Decimal(10**12)  # beyond these, 0 aside, arithmetic overflows or rounds to 0


_UNITS = {
    "_mcg_per_ml": "mcg/mL", "_mcg_per_day": "mcg/day", "_ml": "mL", "_mcg": "mcg", "_cm": "cm", "_mm": "mm",
    "_percent": "%", "per_day": "a day",
}  # fmt: skip
"""The unit of a value, by how its name ends."""


def option(name: str) -> str:
    """The command's option for a value; a name in several words is none, and stays."""
    return f"--{name.replace('_', '-')}" if name.isidentifier() else name


def unit_of(name: str) -> str:
    """The unit that a name ends with, after a space; empty where it has none."""
    return next((f" {unit}" for ending, unit in _UNITS.items() if name.endswith(ending)), "")


def exact(name: str, value: Number, per_unit: int, finest: str) -> int:
    """`value` times `per_unit` as an integer. BadValue, with `name`, when negative, finer than `finest`, or huge."""
    try:
        number = Decimal(str(value))  # a float counts as what it prints
    except InvalidOperation:
        raise BadValue(f"{option(name)} {value!r} is no number") from None
    said = f"{option(name)} {value}{unit_of(name)}"
    if not number.is_finite() or number < 0:
        raise BadValue(f"{said} must be 0 or more")
    if number > _LARGEST:
        raise BadValue(f"{said} is more than {_LARGEST:,}")
    scaled = number * per_unit
    if 0 < number < _FINEST or scaled != scaled.to_integral_value():
        raise BadValue(f"{said} is too fine: give {finest}")
    return int(scaled)


def nl_from_ml(name: str, value: Number) -> int:
    """Nanolitres of millilitres."""
    return exact(name, value, NL_PER_ML, "at most six decimals of a mL (1 nL)")


def ng_from_mcg(name: str, value: Number) -> int:
    """Nanograms of micrograms."""
    return exact(name, value, NG_PER_MCG, "at most three decimals")


def mm_from_cm(name: str, value: Number) -> int:
    """Millimetres of centimetres."""
    return exact(name, value, MM_PER_CM, "at most one decimal (1 mm)")


def mcg_from_ng(ng: int) -> int | float:
    """Micrograms: an int where they are whole."""
    return ng // NG_PER_MCG if ng % NG_PER_MCG == 0 else ng / NG_PER_MCG


def wall_s(name: str, moment: datetime, checks: bool = True) -> int:
    """Wall time on the wire. BadValue with a zone, with fractions of a second, before 2018, or after the last that a
    pump takes, in 2052; without `checks`, after the last that the field can carry."""
    last_s = WALL.most if checks else WALL.carries
    if moment.tzinfo is not None or moment.microsecond:
        raise BadValue(f"{option(name)} {moment} must be local, in whole seconds and without a zone")
    seconds = (moment - EPOCH) // timedelta(seconds=1)
    if not 0 <= seconds <= last_s:
        last = EPOCH + timedelta(seconds=last_s)
        raise BadValue(f"{option(name)} {moment} is outside {EPOCH} to {last}")
    return seconds


def none_if(value: int, none: int | None) -> int | None:
    """None where a field has the value that stands for none."""
    return None if value == none else value


def wall_text(seconds: int) -> str | None:
    """ISO local time of a wall time on the wire, None for none."""
    return None if seconds == NONE32 else (EPOCH + timedelta(seconds=seconds)).isoformat()
