"""Serial numbers: each seed's pump has one of its own."""

from collections.abc import Container
from itertools import count

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLAIN = 99_999  # THECAL-00001 to THECAL-99999; then THECAL-A0000 to THECAL-ZZZZZ
_TAIL = 36**4
SERIALS = _PLAIN + 26 * _TAIL
"""So many seeds in a row have different serial numbers."""


def serial_of(seed: int) -> str:
    """The serial number of the pump with this seed."""
    number = seed % SERIALS
    if number < _PLAIN:
        return f"THECAL-{number + 1:05}"
    rest, digits = number - _PLAIN + 10 * _TAIL, ""
    while rest:
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return f"THECAL-{digits}"


def free_serial(taken: Container[str]) -> str:
    """The serial number of the lowest seed whose pump is not among those `taken`."""
    return next(serial for serial in map(serial_of, count()) if serial not in taken)
