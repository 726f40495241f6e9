"""The store's slots: each belongs to one record or log, and whoever writes keeps to its own."""

from firmware import wire
from hal.contract import SLOT_BYTES, SLOT_COUNT

from .body import Body, Store
from .clinic import DAY_S, Clinic
from .test_map import owners

LINE_NL = 335_800
WEEKS = [[[(110 * i, 24_000 + 1000 * (i == which)) for i in range(13)]] * 7 for which in range(4)]
MAGIC = b"THCL"
KIND_AT = 4  # of a record's bytes


class WatchingStore(Store):
    """Keeps, of each slot, what kinds of record were written to it (None for a log), and the most it held."""

    def __init__(self):
        super().__init__()
        self.kinds = {}
        self.most_bytes = 0

    def write(self, slot, data):
        self.kinds.setdefault(slot, set()).add(data[KIND_AT] if data[:4] == MAGIC else None)
        return self._kept(slot, super().write(slot, data))

    def append(self, slot, data):
        self.kinds.setdefault(slot, set()).add(None)
        return self._kept(slot, super().append(slot, data))

    def _kept(self, slot, code):
        assert 0 <= slot < SLOT_COUNT
        self.most_bytes = max(self.most_bytes, len(self.slots[slot]))
        return code


def life_that_writes_everything():
    body = Body()
    body.store = WatchingStore()
    clinic = Clinic(body)
    clinic.implant()
    clinic.refill(mcg_per_ml=2000)
    clinic.program(270_000)
    clinic.command("WRITE_RECORD", field="patient_name", text=b"Ada".ljust(192, b"\0"))
    for week in WEEKS[:2]:
        clinic.flex(week, override="yes")
        clinic.run(DAY_S)
    clinic.refill(mcg_per_ml=1000)  # two weeks at a time: one runs, one waits
    for week in WEEKS[2:]:
        clinic.flex(week, 1000, override="yes")
    for _ in range(1200):  # once around each log
        clinic.pump.log.add(wire.EVENT_WATCHDOG_RESET)
    clinic.provision(bytes(range(32)))
    clinic.boot()
    return body.store


def test_each_slot_is_written_by_its_owner_alone_and_holds_all_of_it():
    store = life_that_writes_everything()
    shared = {slot: kinds for slot, kinds in store.kinds.items() if len(kinds) != 1}
    assert not shared
    kinds = {}
    for name, slots in owners():
        written = {kind for slot in slots for kind in store.kinds.get(slot, ())}
        assert len(written) == 1, f"{name} writes {written}"
        kinds.setdefault(written.pop(), []).append(name.rstrip(" 0123456789"))
        assert all(store.kinds.get(slot) for slot in slots), f"{name}: not all of {slots} were written"
    for kind, names in kinds.items():
        assert kind is None or len(set(names)) == 1, f"{names} have one kind, {kind}"
    assert store.most_bytes <= SLOT_BYTES
    assert set(store.kinds) == {slot for _, slots in owners() for slot in slots}
