"""The event log: a ring of entries, numbered without gaps, in slots that are filled one after another."""

from binascii import crc32
from struct import calcsize, pack, unpack, unpack_from

from firmware import wire

LOG_SLOTS = (8, 9, 10, 11, 12, 13, 14, 15)
ENTRY_BYTES = calcsize(wire.LOG_ENTRY_FMT)
RECORD_BYTES = ENTRY_BYTES + 4
_PER_SLOT = 128
_OK = 0


class EventLog:
    """Entries live in the store alone. The oldest slot's go at once when the ring is full."""

    def __init__(self, store, uptime):
        self._store = store
        self._uptime = uptime
        self._first_seq = [0] * len(LOG_SLOTS)  # of each slot, 0 where it is empty
        self._at = 0
        self._count = 0  # of entries in the slot now being filled
        self.next_seq = 1
        self.lost = 0
        self.newest_s = 0
        self._scan()

    def _scan(self):
        for index in range(len(LOG_SLOTS)):
            data = self._store.read(LOG_SLOTS[index])
            entries = _whole(data)
            if entries:
                seq = unpack_from("<I", entries[0])[0]
                self._first_seq[index] = seq
                if seq + len(entries) > self.next_seq:
                    self.next_seq = seq + len(entries)
                    self._at = index
                    self._count = len(entries)
                    self.newest_s = unpack_from("<I", entries[-1], 4)[0]
                    if len(data) != len(entries) * RECORD_BYTES:
                        self._count = _PER_SLOT  # a torn tail: go on in the next slot

    @property
    def oldest_seq(self):
        """Number of the oldest entry kept; `next_seq` when there is none."""
        return min([seq for seq in self._first_seq if seq] or [self.next_seq])

    def add(self, event, a=0, b=0, c=0):
        """Log an event with up to three numbers, 0..2^32-1. What the store does not take is counted in `lost`,
        and logged itself as soon as the store takes something again."""
        now_s = self._uptime.now_s
        severity = wire.EVENT_SEVERITY[event]
        entry = pack(wire.LOG_ENTRY_FMT, self.next_seq, now_s, self._uptime.wall_s, event, severity, a, b, c)
        record = entry + pack("<I", crc32(entry))
        if self._count >= _PER_SLOT:
            self._at = (self._at + 1) % len(LOG_SLOTS)
            self._count = 0
        slot = LOG_SLOTS[self._at]
        if self._count:
            code = self._store.append(slot, record)
        else:
            code = self._store.write(slot, record)
            self._first_seq[self._at] = self.next_seq
        if code != _OK:
            self.lost += 1
            self._count = _PER_SLOT
            return
        self._count += 1
        self.next_seq += 1
        self.newest_s = now_s
        if self.lost:
            lost, self.lost = self.lost, 0
            self.add(wire.EVENT_LOG_FAIL, lost)

    def read(self, first_seq, last_seq, most):
        """Up to `most` kept entries as tuples of their fields, oldest first, of those numbered first_seq..last_seq."""
        found = []
        for turn in range(1, len(LOG_SLOTS) + 1):
            index = (self._at + turn) % len(LOG_SLOTS)
            seq = self._first_seq[index]
            if not seq or seq > last_seq or seq + _PER_SLOT <= first_seq:
                continue
            for entry in _whole(self._store.read(LOG_SLOTS[index])):
                if first_seq <= seq <= last_seq:
                    found.append(unpack(wire.LOG_ENTRY_FMT, entry))
                    if len(found) == most:
                        return found
                seq += 1
        return found


def _whole(data):
    """The entries of a slot up to the first that is torn or spoilt."""
    entries = []
    for at in range(0, len(data) - RECORD_BYTES + 1, RECORD_BYTES):
        entry = data[at : at + ENTRY_BYTES]
        if crc32(entry) != unpack_from("<I", data, at + ENTRY_BYTES)[0]:
            break
        entries.append(entry)
    return entries
