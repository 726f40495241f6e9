"""Tells a text for people from other bytes: a terminal or a card must be able to show it as it is, and nothing in it
may hide or turn round what stands beside it. Interpreters judge bytes otherwise from each other, so this does."""

_NEWLINE = 0x0A
_STRANGE = (
    (0x00, 0x1F),
    (0x7F, 0x9F),
    (0x61C, 0x61C),
    (0x200E, 0x200F),
    (0x2028, 0x202E),
    (0x2066, 0x2069),
    (0xFDD0, 0xFDEF),
    (0xFEFF, 0xFEFF),
)
"""Controls, marks that turn the direction of writing, separators of lines, what is no character, and the mark of byte
order; the last two of every plane (0xFFFE and 0xFFFF) are no characters either."""


def is_text(data: bytes, lines: bool) -> bool:
    """True if bytes, but for 0x00 at their end, are UTF-8 (RFC 3629) of characters that can be shown; line ends among
    them only where there may be `lines`."""
    left = point = 0
    low = high = 0
    for byte in data.rstrip(b"\0"):
        if left:
            if not low <= byte <= high:
                return False
            left -= 1
            point = point << 6 | byte & 0x3F
            low, high = 0x80, 0xBF
        elif byte < 0x80:
            point = byte
        else:
            if not 0xC2 <= byte <= 0xF4:
                return False
            left = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            point = byte & (0x3F >> left)
            low, high = _SECOND.get(byte, (0x80, 0xBF))
        if not left and not (is_shown(point) or (lines and point == _NEWLINE)):
            return False
    return not left


def is_shown(point: int) -> bool:
    """True if a code point is a character that can be shown as it is."""
    for first, last in _STRANGE:
        if first <= point <= last:
            return False
    return point & 0xFFFE != 0xFFFE


_SECOND = {0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}
"""Range of the byte after a lead byte that has one of its own: no overlong forms, no surrogates."""
