"""The patient's chart: what any clinic finds in the pump itself, whoever wrote it (docs/sources.md, SEED-37).

Texts in UTF-8, each padded with 0x00 to its size, in two copies that are the same: either alone is the whole chart.
"""

from firmware import wire
from firmware.record import Record

SLOTS = (16, 17)
_KIND = 16
_VERSION = 1

FIELDS = tuple(sorted(wire.RECORD_BYTES))
"""The texts, in the order in which the chart keeps them."""

_SIZES = [wire.RECORD_BYTES[field] for field in FIELDS]
_LAYOUT = "".join(["%ds" % size for size in _SIZES])
_WIRE_BYTES = 192
_NEWLINE = 0x0A


class Chart:
    """Read from the store at every question, so that what is told is what its checksum guards."""

    def __init__(self, store):
        self._record = Record(store, SLOTS, _KIND, _VERSION, _LAYOUT)

    @property
    def whole(self):
        """Whether both copies are there, and as they were written."""
        return not self.spoilt and self._record.whole()

    def rewrite(self):
        """Write both copies anew from the one that is whole. False when there is none, or the store failed."""
        return self._record.rewrite()

    def begin(self):
        """Write an empty chart where there is none. False when the store failed."""
        return self._texts() is not None or self._record.save_both(*_blank())

    @property
    def spoilt(self):
        """Whether no copy is whole."""
        return self._texts() is None

    def read(self, field):
        """A field's text as the wire has it, None when the chart is spoilt."""
        texts = self._texts()
        return None if texts is None else texts[FIELDS.index(field)] + bytes(_WIRE_BYTES - wire.RECORD_BYTES[field])

    def fits(self, field, text):
        """Whether a text from the wire is UTF-8 without control characters but line ends, and short enough."""
        text = text.rstrip(b"\0")
        return len(text) <= wire.RECORD_BYTES[field] and is_plain(text)

    def write(self, field, text):
        """Keep a text that fits; a spoilt chart begins anew. False when the store failed."""
        texts = self._texts() or _blank()
        texts[FIELDS.index(field)] = text[: wire.RECORD_BYTES[field]]
        return self._record.save_both(*texts)

    def _texts(self):
        return self._record.load()


def _blank():
    return [bytes(size) for size in _SIZES]


def is_plain(data):
    """Whether bytes are UTF-8 (RFC 3629) without control characters but line ends. Interpreters judge this otherwise
    from each other, and a terminal or a card must be able to show what is kept."""
    left = 0
    low = high = 0
    for byte in data:
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
