"""The event log and, apart from it, the fault log: rings of entries, numbered without gaps, in slots that are filled
one after another.

A fault stands in both: in the one among what happened around it, in the other where no ordinary event pushes it out.
"""

from binascii import crc32
from struct import calcsize, pack, unpack, unpack_from

from firmware import wire
from firmware.guard import Guard
from firmware.records import slots

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from hal.contract import Store

ENTRY_BYTES = calcsize(wire.LOG_ENTRY_FMT)
RECORD_BYTES = ENTRY_BYTES + 4
_PER_SLOT = 128
_OK = 0

_SILENT_FAULTS = (  # beside all that raise an alarm
    wire.EVENT_WATCHDOG_RESET,
    wire.EVENT_MEM_CORRECTED,
    wire.EVENT_PROGRAM_ROLLBACK,
    wire.EVENT_MOTOR_STALL_RECOVERY,
    wire.EVENT_ALARM_DEVICE_FAULT,
    wire.EVENT_LOG_FAIL,
)


class Ring:
    """Entries live in the store alone. The oldest slot's go at once when the ring is full."""

    def __init__(self, store: "Store", clock: "PumpClock", places: tuple[int, ...]) -> None:
        """`places` are slots that follow one another."""
        self._store = store
        self._clock = clock
        self._slot = places[0]
        self._slots = len(places)
        self._first_seq = [0] * len(places)  # of each slot, 0 where it is empty
        self._crc = [0] * len(places)  # of all that each slot holds
        self._at = 0
        self._count = 0  # of entries in the slot now being filled
        self.next_seq = 1
        self.newest_s = 0
        self.corrupt = False  # whether entries were found changed after they were written, or missing
        ends_seq = [self._scan(index) for index in range(len(places))]
        if self._has_hole(ends_seq):
            self.corrupt = True

    def _scan(self, index: int) -> int:
        """After a boot: the number that follows the slot's last entry, 0 where it has none."""
        data, entries = self._look(index)
        places = len(data) // RECORD_BYTES
        if len(entries) < places:
            self.corrupt = True
        end_seq = self._first_seq[index] + places
        if entries and end_seq > self.next_seq:
            self.next_seq = end_seq
            self._at = index
            self._count = places if len(data) == places * RECORD_BYTES else _PER_SLOT  # after a torn tail: the next
            self.newest_s = unpack_from("<I", entries[-1][1], 4)[0]
        return end_seq if entries else 0

    def _has_hole(self, ends_seq: list[int]) -> bool:
        """True if slots, or ends of slots, are missing before the newest one. The oldest may be: the power may have
        gone while it was written over."""
        wanted_seq = 0
        for turn in range(1, self._slots + 1):
            index = (self._at + turn) % self._slots
            first_seq = self._first_seq[index]
            if first_seq and first_seq != (wanted_seq or first_seq):
                return True
            if not first_seq and wanted_seq:
                return True
            if first_seq and turn > 2 and not wanted_seq and first_seq != 1:
                return True
            wanted_seq = ends_seq[index]
        return False

    def _look(self, index: int) -> "tuple[bytes, list[tuple[int, bytes]]]":
        """Take a slot as it is: its bytes, and its valid entries."""
        data = self._store.read(self._slot + index)
        entries = _whole(data)
        self._crc[index] = crc32(data)
        self._first_seq[index] = unpack_from("<I", entries[0][1])[0] - entries[0][0] if entries else 0
        return data, entries

    @property
    def oldest_seq(self) -> int:
        """Number of the oldest entry kept; `next_seq` when there is none."""
        return min([seq for seq in self._first_seq if seq] or [self.next_seq])

    def put(self, event: int, a: int, b: int, c: int) -> bool:
        """Append an entry. False when the store did not take it."""
        now_s = self._clock.now_s
        severity = wire.EVENT_SEVERITY[event]
        entry = pack(wire.LOG_ENTRY_FMT, self.next_seq, now_s, self._clock.wall_s, event, severity, a, b, c)
        record = entry + pack("<I", crc32(entry, slots.LOG_VERSION))
        if self._count >= _PER_SLOT:
            self._at = (self._at + 1) % self._slots
            self._count = 0
        at = self._at
        if self._count:
            code = self._store.append(self._slot + at, record)
            self._crc[at] = crc32(record, self._crc[at])
        else:
            code = self._store.write(self._slot + at, record)
            self._crc[at] = crc32(record)
            self._first_seq[at] = self.next_seq
        if code != _OK:
            if self._count:
                self._count = _PER_SLOT  # its tail may be torn: go on in the next slot
            self._look(at)
            return False
        self._count += 1
        self.next_seq += 1
        self.newest_s = now_s
        return True

    def read(self, first_seq: int, last_seq: int, most: int) -> "list[tuple]":
        """Up to `most` kept entries as tuples of their fields, oldest first, of those numbered first_seq..last_seq.
        A corrupt one is left out."""
        found = []
        for turn in range(1, self._slots + 1):
            index = (self._at + turn) % self._slots
            start_seq = self._first_seq[index]
            if not start_seq or start_seq > last_seq or start_seq + _PER_SLOT <= first_seq:
                continue
            for place, entry in _whole(self._store.read(self._slot + index)):
                if first_seq <= start_seq + place <= last_seq:
                    found.append(unpack(wire.LOG_ENTRY_FMT, entry))
                    if len(found) == most:
                        return found
        return found

    def valid(self, index: int) -> bool:
        """True if a slot (counted from 0) still holds what was put there."""
        return crc32(self._store.read(self._slot + index)) == self._crc[index]

    def accept(self, index: int) -> None:
        """Let a slot be as it is."""
        self._crc[index] = crc32(self._store.read(self._slot + index))


class EventLog(Ring):
    """The event log, with the fault log as `faults`. `lost` counts what the store did not take."""

    def __init__(self, store: "Store", clock: "PumpClock") -> None:
        super().__init__(store, clock, slots.LOG)
        self.faults = Ring(store, clock, slots.FAULT_LOG)
        self.lost = 0
        self._guard = Guard(((wire.REGION_LOG, self), (wire.REGION_FAULT_LOG, self.faults)))

    def add(self, event: int, a: int = 0, b: int = 0, c: int = 0) -> None:
        """Log an event with up to three numbers, 0..2^32-1. What the store does not take is counted in `lost`,
        and logged itself as soon as the store takes something again."""
        self.repair()
        self._put(event, a, b, c)
        self._guard.take()

    def expect(self) -> None:
        """There should be entries: where there are none they were lost."""
        if self.next_seq == 1:
            self.corrupt = True
            self._guard.take()

    def repair(self) -> None:
        """Before the logs are used: put right what a flipped bit changed of what is known of them."""
        region = self._guard.repair()
        if region:
            self._put(wire.EVENT_MEM_CORRECTED, region, 0, 0)
            self._guard.take()

    def corrupt_in(self, turn: int) -> int:
        """REGION of the log whose slot is not as it was left, 0 when it is. Slots are counted from 0, the fault log's
        after the log's. Says so once."""
        ring, region, index = self, wire.REGION_LOG, turn
        if turn >= len(slots.LOG):
            ring, region, index = self.faults, wire.REGION_FAULT_LOG, turn - len(slots.LOG)
        if ring.valid(index):
            return 0
        self.repair()
        if ring.valid(index):
            return 0
        ring.accept(index)
        self._guard.take()
        return region

    def _put(self, event: int, a: int, b: int, c: int) -> None:
        kept = self.put(event, a, b, c)
        if not kept:
            self.lost += 1
        is_fault = wire.EVENT_SEVERITY[event] != wire.SEVERITY_INFO or event in _SILENT_FAULTS
        if is_fault and not self.faults.put(event, a, b, c) and event != wire.EVENT_LOG_FAIL:
            self.lost += 1
        if kept and self.lost:
            lost, self.lost = self.lost, 0
            self._put(wire.EVENT_LOG_FAIL, lost, 0, 0)


def _whole(data: bytes) -> "list[tuple[int, bytes]]":
    """(place, entry) of a slot's entries, without those torn or corrupt."""
    entries = []
    for at in range(0, len(data) - RECORD_BYTES + 1, RECORD_BYTES):
        entry = data[at : at + ENTRY_BYTES]
        if crc32(entry, slots.LOG_VERSION) == unpack_from("<I", data, at + ENTRY_BYTES)[0]:
            entries.append((at // RECORD_BYTES, entry))
    return entries
