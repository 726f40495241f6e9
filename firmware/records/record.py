"""A record kept in two slots, so that a loss of power at any moment leaves one that is valid."""

from binascii import crc32
from struct import calcsize, pack, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from hal.contract import Store

    Place = tuple[tuple[int, int], int, int, int]
    """(slots, kind, version, bytes of the values)"""

_HEADER = "<4sBBHI"
_HEADER_BYTES = 12
_MAGIC = b"THCL"
_RESIDUE = 0x2144DF1C  # of whatever ends in its own CRC-32
_OK = 0


def any_whole(store: "Store", slots: list[int]) -> bool:
    """True if one of these slots holds a record, of any kind, as it was written."""
    return any(crc32(store.read(slot)) == _RESIDUE for slot in slots)


class Record:
    """A fixed tuple of values in `layout` (struct codes without a byte-order mark): bytes for each "s", else ints. Its
    `place` is in slots.py.

    Kind and version keep one record from being read as another. `blank` after `load` means that no write was ever
    brought to its end: the first one, which a cut may have torn, goes to the first slot. `sequence` counts the writes.
    """

    def __init__(self, store: "Store", place: "Place", layout: str) -> None:
        self.store = store
        self.slots, self.kind, self.version, _ = place
        self.layout = _HEADER + layout
        self.length = calcsize(self.layout) - _HEADER_BYTES
        self._shape = (self.slots, self.kind, self.version, self.length)
        self._spare = (self.slots, self.kind, self.version, self.length)
        self.sequence = 0
        self.blank = True
        self._older = 0
        self._place = 0  # of the sequence and the older copy

    def _mend(self) -> None:
        """Put right what a flipped bit changed of how the record is written: two of three say it."""
        shape = (self.slots, self.kind, self.version, self.length)
        if shape == self._shape:
            return
        if shape != self._spare:
            self.slots, self.kind, self.version, self.length = self._spare
        self._shape = (self.slots, self.kind, self.version, self.length)

    def load(self) -> "list[Any] | None":
        """The newest valid copy's values, or None."""
        self._mend()
        newest = None
        self.blank = True
        for index in (0, 1):
            data = self.store.read(self.slots[index])
            values = self._parse(data)
            if values is not None or (data and index):
                self.blank = False
            if values is not None and (newest is None or values[0] > self.sequence):
                newest = values[1:]
                self.sequence = values[0]
                self._older = 1 - index
        self._place = 2 * self.sequence + self._older
        return newest

    def follow(self, former: "Record") -> None:
        """Go on where a record of another version ended, which is in the same slots: over its older copy first."""
        self.sequence = former.sequence
        self._older = former._older
        self._place = 2 * self.sequence + self._older

    def valid(self) -> bool:
        """True if every copy that was ever written still is as it was."""
        self._mend()
        for index in (0, 1):
            data = self.store.read(self.slots[index])
            whole = crc32(data) == _RESIDUE and data[4] == self.kind
            if not whole and (data or index < self.sequence):
                return False
        return True

    @property
    def paired(self) -> bool:
        """True if both copies are there, as they were written, and hold the same values: as `save_both` leaves them
        unless it was cut off. Else the older one could come back when the newer is lost."""
        if not self.valid():
            return False
        first, second = [crc32(self.store.read(slot)[_HEADER_BYTES:-4]) for slot in self.slots]
        return first == second

    def rewrite(self) -> bool:
        """Write both copies anew from the one that is valid. False when there is none, or the store failed."""
        values = self.load()
        return values is not None and self.save_both(*values)

    def _parse(self, data: bytes) -> "list[Any] | None":
        if len(data) != _HEADER_BYTES + self.length + 4 or crc32(data[:-4]) != int.from_bytes(data[-4:], "little"):
            return None
        magic, kind, version, length, *values = unpack(self.layout, data[:-4])
        if (magic, kind, version, length) != (_MAGIC, self.kind, self.version, self.length):
            return None
        return values

    def save(self, *values: "int | bytes") -> bool:
        """Write over the older copy and read it back. False when that failed; the newer copy is then still valid."""
        self._mend()
        if self._place != 2 * self.sequence + self._older:  # a flipped bit, too: what does the store say?
            self.load()
        self.sequence += 1
        self._place = 2 * self.sequence + self._older
        data = pack(self.layout, _MAGIC, self.kind, self.version, self.length, self.sequence, *values)
        data += pack("<I", crc32(data))
        slot = self.slots[self._older]
        if self.store.write(slot, data) != _OK or self.store.read(slot) != data:
            return False
        self._older = 1 - self._older
        self._place = 2 * self.sequence + self._older
        return True

    def save_both(self, *values: "int | bytes") -> bool:
        """Do what `save` does, then write over the other copy as well, so that either alone is all there is."""
        kept = self.save(*values)
        if kept:
            self.save(*values)
        return kept
