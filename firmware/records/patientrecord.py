"""The patient's chart: what any clinic finds in the pump itself, whoever wrote it (docs/sources.md, SEED-37).

Texts in UTF-8, each padded with 0x00 to its size, in two copies that are the same: either alone is the whole chart.
"""

from firmware import wire
from firmware.records import slots
from firmware.records.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from hal.contract import Store


FIELDS = tuple(sorted(wire.RECORD_BYTES))
"""The texts, in the order in which the chart keeps them."""

_SIZES = [wire.RECORD_BYTES[field] for field in FIELDS]
_LAYOUT = "".join(["%ds" % size for size in _SIZES])
_WIRE_BYTES = 192

_FORMER_VERSION = 1
_FORMER_TEXTS = 14
_FORMER_LAYOUT = "".join(["%ds" % size for size in _SIZES[:_FORMER_TEXTS]])
"""The chart of the version before: the first of these texts."""


def fits(_config: "Config", field: int, text: bytes) -> bool:
    """True if a text from the wire is short enough for its field."""
    return len(text.rstrip(b"\0")) <= wire.RECORD_BYTES[field]


class PatientRecord:
    """Read from the store at every question, so that what is told is what its checksum guards."""

    def __init__(self, store: "Store") -> None:
        self._record = Record(store, slots.PATIENT, _LAYOUT)

    @property
    def valid(self) -> bool:
        """True if both copies are there, as they were written, and the same. A chart of the version before is written
        anew first."""
        if self._record.load() is None and not self.rewrite():
            return False
        return self._record.paired

    def rewrite(self) -> bool:
        """Write both copies anew from the one that is valid. False when there is none, or the store failed."""
        texts = self._texts()
        return texts is not None and self._record.save_both(*texts)

    def begin(self) -> bool:
        """Write an empty chart where there is none. False when the store failed."""
        return self._texts() is not None or self._record.save_both(*_blank())

    @property
    def corrupt(self) -> bool:
        """True if no copy is valid."""
        return self._texts() is None

    def read(self, field: int) -> bytes | None:
        """A field's text as the wire has it, None when the chart is corrupt."""
        texts = self._texts()
        return None if texts is None else texts[FIELDS.index(field)] + bytes(_WIRE_BYTES - wire.RECORD_BYTES[field])

    def write(self, field: int, text: bytes) -> bool:
        """Keep a text that fits; a corrupt chart begins anew. False when the store failed."""
        texts = self._texts() or _blank()
        texts[FIELDS.index(field)] = text[: wire.RECORD_BYTES[field]]
        return self._record.save_both(*texts)

    def _texts(self) -> list[bytes] | None:
        """Those of a valid copy; one of the version before is as good while the store takes no other."""
        return self._record.load() or self._former_texts()

    def _former_texts(self) -> list[bytes] | None:
        used, kind, _, _ = slots.PATIENT
        former = Record(self._record.store, (used, kind, _FORMER_VERSION, 0), _FORMER_LAYOUT)
        texts = former.load()
        if texts is None:
            return None
        self._record.follow(former)
        return texts + _blank()[_FORMER_TEXTS:]


def _blank() -> list[bytes]:
    return [bytes(size) for size in _SIZES]
