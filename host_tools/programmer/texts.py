"""Texts for people, to a pump and from it: what could hide or turn round what is beside it is not sent, nor shown."""

from unicodedata import bidirectional, category

from host_tools.programmer.errors import BadValue
from host_tools.programmer.units import option

_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
_MARKS = "\u061c\u200e\u200f\ufeff"


def is_shown(character: str) -> bool:
    """True if a character can be shown as it is: no control, no mark of direction, and a character at all."""
    point = ord(character)
    none = point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
    strange = category(character) in ("Cc", "Cs", "Zl", "Zp") or bidirectional(character) in _TURNING
    return not (none or strange or character in _MARKS)


def check_text(field: str, text: str, *, lines: bool = False) -> None:
    """BadValue for what the pump would refuse; line ends only where there may be `lines`."""
    for character in text:
        if not (is_shown(character) or (lines and character == "\n")):
            kept = "line ends are the only such characters" if lines else "no such characters are"
            raise BadValue(
                f"{field} has the character U+{ord(character):04X}, which is a control or turns the text beside it; "
                f"{kept} kept: leave it out"
            )


def encode_text(name: str, text: str, size_bytes: int, checks: bool) -> bytes:
    """A text of one line, as the wire has it; `name` is the parameter's."""
    name = option(name)
    if checks:
        check_text(name, text)
    data = text.encode()
    if len(data) > size_bytes:
        raise BadValue(f"{name} {text!r} is {len(data)} bytes long; at most {size_bytes} fit")
    return data.ljust(size_bytes, b"\0")


def shown(text: str, *, lines: bool = False) -> str:
    """A text for a terminal or a page, with <U+202E> for what cannot be shown as it is."""
    return "".join(
        character if is_shown(character) or (lines and character == "\n") else f"<U+{ord(character):04X}>"
        for character in text
    )


def text_of(padded: bytes) -> str:
    """A name of one line on the wire, as it can be shown."""
    return shown(padded.rstrip(b"\0").decode("utf-8", "replace"))
