"""Texts of the patient's record that tell of days: lines that each begin with a date."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from host_tools.programmer.errors import BadValue

DATED = ("scores", "skin", "incisions", "pump_palpable", "complications", "screening")
"""The fields of the record that hold such lines."""


class Entry(NamedTuple):
    """A line: its day in ISO form, empty where it says none, and the words after it."""

    day: str
    text: str


def entries(text: str) -> Iterator[Entry]:
    """The lines of a dated text, in its order. One without a day, from another programmer, is whole in `text`."""
    for line in text.split("\n"):
        day, _, words = line.partition(" ")
        if is_day(day):
            yield Entry(day, words.strip())
        elif line.strip():
            yield Entry("", line.strip())


def check_dated(field: str, text: str) -> None:
    """BadValue for the first line that does not begin with a day, or says nothing after it."""
    for number, line in enumerate(_lines(text), 1):
        day, _, words = line.partition(" ")
        if not is_day(day):
            problem = "begins with no day"
        elif not words.strip():
            problem = "says nothing after its day"
        else:
            continue
        raise BadValue(f"{field}: line {number}, {line!r}, {problem}; write such as 2026-03-01 and what was found")


def with_line(text: str, day: str, words: str) -> str:
    """A dated text with one more line at its end."""
    return "\n".join([*_lines(text), f"{day} {words.strip()}"])


def _lines(text: str) -> list[str]:
    """The lines; the end of the last one, as files have it, begins no other."""
    return text.removesuffix("\n").split("\n") if text else []


def is_day(word: str) -> bool:
    """True for a day such as 2026-03-01; ISO's other forms are none."""
    try:
        return date.fromisoformat(word).isoformat() == word
    except ValueError:
        return False
