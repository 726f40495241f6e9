"""Readers of single values: each turns what a file holds into its type, or says what was expected there."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainValidator

from host_tools.common.durations import parse_duration_s, parse_local_time, parse_signed_duration_s
from host_tools.machines.configuration import closest, shown
from host_tools.programmer.errors import BadValue
from host_tools.programmer.flex import minutes
from host_tools.scenario.expect import Expected, SameSet, parse_expected
from host_tools.scenario.vocabulary import ROOTS, WORDS
from protocol import codes, messages
from protocol.registry import field_of

_LARGEST_U32 = (1 << 32) - 1


def _reader(parse: Callable[[str], object], expected: str) -> BeforeValidator:
    """Reads a text with `parse`; anything else is told what was expected."""

    def read(value: object) -> object:
        if not isinstance(value, str):
            raise ValueError(f"expected {expected}, got {shown(value)}")
        return parse(value)

    return BeforeValidator(read)


def number(expected: str, low: int, high: Decimal | int, decimals: int = 0, above: bool = False) -> BeforeValidator:
    """Reads a number from `low` (or above it) to `high` with at most so many decimals."""

    def read(value: object) -> Decimal | int:
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            fits = (value > low if above else value >= low) and value <= high
            if fits and value == round(value, decimals):
                return value if decimals else int(value)
        raise ValueError(f"expected {expected}, got {shown(value)}")

    return BeforeValidator(read)


def one_of(what: str, names: Iterable[str]) -> BeforeValidator:
    known = list(names)

    def read(value: object) -> object:
        if value not in known:
            raise ValueError(f"{shown(value)} is no {what} of this version; {closest(str(value), known)}")
        return value

    return BeforeValidator(read)


def _time_of_day(value: object) -> str:
    try:
        minutes(str(value))
    except BadValue as error:
        raise ValueError(f"expected a time of day such as 07:30, got {shown(value)}") from error
    return str(value)


time_of_day = BeforeValidator(_time_of_day)


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"expected true or false, got {shown(value)}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, got {shown(value)}")
    return value


def _serial(value: object) -> str:
    if not (isinstance(value, str) and value.isascii() and 0 < len(value) <= messages.ADDRESS_BYTES):
        raise ValueError(f"expected 1 to {messages.ADDRESS_BYTES} ASCII characters, got {shown(value)}")
    return value


def _not_empty(texts: dict[str, str]) -> dict[str, str]:
    if not texts:
        raise ValueError(f"expected texts of the patient's record: {', '.join(codes.RECORDS)}")
    return texts


def carried(request: str, field: str, what: str, decimals: int = 0) -> BeforeValidator:
    """Reads a number that a request's field has room for, in a unit of which it has so many decimals. What is right
    within that is the pump's to say, and a scenario's to try."""
    most = Decimal(field_of(request, field).carries).scaleb(-decimals)
    return number(f"{what} from 0 to {most:f}", 0, most, decimals)


_MOST_ML = Decimal(_LARGEST_U32 - 1) / 1_000_000

DurationS = Annotated[int, _reader(parse_duration_s, "a duration such as 90s, 2h or 3d 4h 30m")]
SignedDurationS = Annotated[int, _reader(parse_signed_duration_s, "a duration such as 2h or -2h")]
LocalTime = Annotated[datetime, _reader(parse_local_time, "a local time such as 2026-01-05T08:00:00")]
Ml = Annotated[Decimal, number("a number of mL from 0", 0, _MOST_ML, decimals=6)]
Whole = Annotated[int, number("a whole number from 0", 0, _LARGEST_U32)]
Flag = Annotated[bool, BeforeValidator(_yes_or_no)]
Text = Annotated[str, BeforeValidator(_text)]
SerialNumber = Annotated[str, BeforeValidator(_serial)]
PatientTexts = Annotated[
    dict[Annotated[str, one_of("field of the patient's record", codes.RECORDS)], Text], AfterValidator(_not_empty)
]


_ROOTS = f"{', '.join([*ROOTS][:-1])} or {[*ROOTS][-1]}"


def _path(path: str) -> str:
    root, _, rest = path.partition(".")
    fields = ROOTS.get(root)
    if fields is None or not rest:
        raise ValueError(f"{path!r} is no path into {_ROOTS}, such as status.alarms")
    if not fields:  # a list
        return path
    if rest.split(".")[0] not in fields:
        known = [f"{root}.{field}" for field in fields]
        raise ValueError(f"{path!r} is no path of this version; {closest(path, known)}")
    return path


def _known_words(expectations: dict[str, Expected]) -> dict[str, Expected]:
    if not expectations:
        raise ValueError(f"expected at least one path into {_ROOTS}")
    for path, expected in expectations.items():
        words = expected.values if isinstance(expected, SameSet) else (getattr(expected, "value", None),)
        for word in words if path in WORDS else ():
            if word not in WORDS[path]:
                raise ValueError(f"{path} is never {shown(word)}; {closest(str(word), WORDS[path])}")
    return expectations


Expectations = Annotated[
    dict[Annotated[str, AfterValidator(_path)], Annotated[Expected, PlainValidator(parse_expected)]],
    AfterValidator(_known_words),
]
