"""The titration history: the last 64 committed daily doses, as the wire has them (docs/sources.md, SEED-31).

A dose is written down before its program is committed, under the number that the commit will have. One with a number
beyond `state.commits` was never committed and is not told.
"""

from struct import calcsize, pack, unpack_from

from firmware import wire
from firmware.records import slots
from firmware.records.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.records.state import State
    from hal.contract import Store

MOST = 64
DOSE_BYTES = calcsize(wire.DOSE_ENTRY_FMT)
_LAYOUT = "B%ds" % (MOST * DOSE_BYTES)


class TitrationHistory:
    """Read from the store at every question."""

    def __init__(self, store: "Store", state: "State") -> None:
        self._record = Record(store, slots.DOSES, _LAYOUT)
        self._state = state
        kept = self._kept()
        if state.lost and kept:
            state.commits = _number(kept[-1])
            state.changed = True

    @property
    def valid(self) -> bool:
        """True if both copies are there, as they were written, and the same."""
        return not self.corrupt and self._record.paired

    def rewrite(self) -> bool:
        """Write both copies anew from the one that is valid. False when there is none, or the store failed."""
        return self._record.rewrite()

    def begin(self) -> bool:
        """Write an empty history where there is none. False when the store failed."""
        return self._kept() is not None or self._write([])

    @property
    def corrupt(self) -> bool:
        """True if no copy is valid."""
        return self._kept() is None

    def add(
        self, wall_s: int, now_s: int, old_ng_per_day: int, ng_per_day: int, mcg_per_ml: int, overridden: int
    ) -> bool:
        """Write down a dose about to be committed; a corrupt history begins anew. False when the store failed."""
        number = self._state.commits + 1
        dose = pack(wire.DOSE_ENTRY_FMT, number, wall_s, now_s, old_ng_per_day, ng_per_day, mcg_per_ml, overridden)
        return self._write(self._committed()[1 - MOST :] + [dose])

    def _write(self, kept: list[bytes]) -> bool:
        data = b"".join(kept)
        return self._record.save_both(len(kept), data + bytes(MOST * DOSE_BYTES - len(data)))

    def read(self, first: int, most: int) -> list[bytes]:
        """Up to `most` doses, oldest first, of those numbered from `first` on."""
        return [dose for dose in self._committed() if _number(dose) >= first][:most]

    def _committed(self) -> list[bytes]:
        return [dose for dose in self._kept() or [] if _number(dose) <= self._state.commits]

    def _kept(self) -> list[bytes] | None:
        """Return all that is written down, None when it is corrupt."""
        values = self._record.load()
        if values is None:
            return None
        count, data = values
        return [data[at : at + DOSE_BYTES] for at in range(0, count * DOSE_BYTES, DOSE_BYTES)]


def _number(dose: bytes) -> int:
    return unpack_from("<I", dose)[0]
