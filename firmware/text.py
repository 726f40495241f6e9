"""What counts as a text for people: a terminal or a card must be able to show it. Interpreters judge bytes otherwise
from each other, so this does."""

_NEWLINE = 0x0A


def is_text(data):
    """Whether bytes, but for 0x00 at their end, are UTF-8 (RFC 3629) without control characters but line ends."""
    left = 0
    low = high = 0
    for byte in data.rstrip(b"\0"):
        if left:
            if not low <= byte <= high:
                return False
            left -= 1
            low, high = 0x80, 0xBF
        elif byte < 0x80:
            if (byte < 0x20 and byte != _NEWLINE) or byte == 0x7F:
                return False
        else:
            if not 0xC2 <= byte <= 0xF4:
                return False
            left = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            low, high = _SECOND.get(byte, (0x80, 0xBF))
    return not left


_SECOND = {0xC2: (0xA0, 0xBF), 0xE0: (0xA0, 0xBF), 0xED: (0x80, 0x9F), 0xF0: (0x90, 0xBF), 0xF4: (0x80, 0x8F)}
"""Range of the byte after a lead byte that has one of its own: no C1 controls, no overlong forms, no surrogates."""
