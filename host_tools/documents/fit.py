"""Texts cut to lines of a small paper, whatever fonts it is printed with: widths are taken as their widest.

A browser breaks lines at least where this does, so that a text never takes more of them than are counted here.
"""

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

CUT = "…"
_WIDE, _BOLD = 1.2, 1.15  # em of what is in no class below; bold against plain
_CLASSES = (
    ("iljI.,:;'|!·", 0.4),
    ('ft()[]-/"` ', 0.47),
    ("abcdeghknopqrsuvxyz0123456789", 0.65),
    ("ABCDEFGHJKLNOPQRSTUVXYZ&", 0.79),
    ("mwMW@%…—", 1.01),
)
"""Characters, and em of the widest of them in Arial, Helvetica, Liberation Sans, Noto Sans and DejaVu Sans."""
_EM = {character: em for characters, em in _CLASSES for character in characters}


class Field(NamedTuple):
    """A text under a label. `least` is the number of lines to which it may be cut; None: it is never cut, 0: it may be
    left out where all else is as short as it may be. What follows `first`, its beginning, gives way before all else."""

    label: str
    text: str
    least: int | None = None
    bold: bool = False
    first: str = ""


class Row(NamedTuple):
    """A field as it is printed: not at all where it has no lines."""

    label: str
    text: str
    lines: int
    cut: bool
    bold: bool


def fit(fields: Sequence[Field], room: int, line_em: float) -> list[Row]:
    """The fields in `room` lines of so many em each: as long as they need more, the longest that may be cut gives up
    one."""
    lines = [count_lines(field, line_em) for field in fields]
    first = [count_lines(field._replace(text=field.first or field.text), line_em) for field in fields]
    while sum(lines) > room:
        spare = [0 if field.least is None else count - field.least for field, count in zip(fields, lines, strict=True)]
        if max(spare) <= 0:
            break
        longest = max(range(len(fields)), key=lambda at: (spare[at] > 0, lines[at] > first[at], lines[at]))
        lines[longest] -= 1
    return [_row(field, count, line_em) for field, count in zip(fields, lines, strict=True)]


def count_lines(field: Field, line_em: float) -> int:
    """Lines that a text takes at most; one for an empty one, which is written on."""
    return _lines(field.text, line_em / (_BOLD if field.bold else 1)) or 1


def _row(field: Field, count: int, line_em: float) -> Row:
    text = field.text if count else CUT
    while count and count_lines(field._replace(text=text), line_em) > count:
        words = text.removesuffix(f" {CUT}").removesuffix(CUT).rstrip()
        shorter = words.rpartition(" ")[0]
        text = f"{shorter} {CUT}" if shorter else f"{words[:-1]}{CUT}"
    return Row(field.label, text, count, text != field.text, field.bold)


def _lines(text: str, line_em: float) -> int:
    """Lines filled greedily, as a browser does: whole words, and one that no line holds in pieces, from a line of its
    own on."""
    lines, used_em = 0, line_em
    for word in text.split():
        needed_em = width_em(word)
        if lines and used_em + _character_em(" ") + needed_em <= line_em:
            used_em += _character_em(" ") + needed_em
            continue
        lines, used_em = lines + 1, 0.0
        for character in word:
            if used_em and used_em + _character_em(character) > line_em:
                lines, used_em = lines + 1, 0.0
            used_em += _character_em(character)
    return lines


def width_em(text: str) -> float:
    """The width of a text at the most, in em."""
    return sum(map(_character_em, text))


@cache
def _character_em(character: str) -> float:
    if character in _EM:
        return _EM[character]
    if unicodedata.combining(character):
        return 0
    base = unicodedata.normalize("NFD", character)[0]  # Ü is as wide as U
    if base in _EM:
        return _EM[base]
    if unicodedata.category(character) == "So":
        return 1.5  # an emoji
    return _WIDE
