"""Records in two slots: whatever a power loss does to one of them, the last kept or the one being written is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.records.record import Record

from .body import Store

values = st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=8)
tear = st.tuples(st.sampled_from(["as it was", "torn", "corrupt"]), st.floats(0, 1))


class TearingStore(Store):
    """A store in which the next write ends as the test says."""

    damage: tuple[str, float] | None = None

    def write(self, slot, data):
        kind, where = self.damage or ("valid", 0)
        cut = int(where * (len(data) - 1))
        if kind == "torn":
            data = data[:cut]
        elif kind == "corrupt":
            data = data[:cut] + bytes([data[cut] ^ 0x10]) + data[cut + 1 :]
        elif kind == "as it was":
            return 0
        return super().write(slot, data)


def record(store):
    return Record(store, ((2, 3), 7, 1, 4), "I")


@pytest.mark.shows("R4.5")
@given(history=values, last=st.integers(0, 2**32 - 1), damage=tear)
def test_a_corrupt_write_loses_nothing_kept_before(history, last, damage):
    store = TearingStore()
    writer = record(store)
    for value in history:
        assert writer.save(value)
    store.damage = damage
    assert not writer.save(last)
    store.damage = None
    reader = record(store)
    assert reader.load() == [history[-1]]
    store.damage = damage
    assert not reader.save(last)
    store.damage = None
    assert record(store).load() == [history[-1]]
    assert reader.save(last)
    assert record(store).load() == [last]


@pytest.mark.shows("R4.5")
@given(value=st.integers(0, 2**32 - 1), flips=st.lists(st.integers(0, 159), min_size=1, max_size=4, unique=True))
def test_up_to_four_flipped_bits_are_noticed(value, flips):
    store = Store()
    record(store).save_both(value)
    for slot in (2, 3):
        data = bytearray(store.read(slot))
        for bit in flips:
            data[bit // 8] ^= 1 << bit % 8
        store.write(slot, bytes(data))
    corrupt = record(store)
    assert corrupt.load() is None
    assert not corrupt.blank


@pytest.mark.shows("R6.4")
@given(value=st.integers(0, 2**32 - 1), keep=st.integers(0, 19))
def test_a_first_write_that_was_torn_leaves_a_blank_record(value, keep):
    store = Store()
    record(store).save(value)
    store.slots[2] = store.slots[2][:keep]
    torn = record(store)
    assert torn.load() is None
    assert torn.blank


def test_another_kind_or_version_is_not_read():
    store = Store()
    record(store).save(1)
    assert Record(store, ((2, 3), 8, 1, 4), "I").load() is None
    assert Record(store, ((2, 3), 7, 2, 4), "I").load() is None
    assert Record(store, ((2, 3), 7, 1, 2), "H").load() is None


@given(value=st.integers(0, 2**32 - 1), saves=st.integers(0, 3), bit=st.integers(0, 159), slot=st.sampled_from([2, 3]))
def test_a_copy_that_changed_is_noticed(value, saves, bit, slot):
    store = Store()
    writer = record(store)
    for _ in range(saves):
        writer.save(value)
    assert writer.valid()
    assert record(store).valid()
    data = bytearray(store.read(slot))
    if data:
        data[bit // 8] ^= 1 << bit % 8
        store.write(slot, bytes(data))
    assert writer.valid() == (not data)


@given(first=st.integers(0, 2**32 - 1), value=st.integers(0, 2**32 - 1), slot=st.sampled_from([2, 3]))
def test_of_two_copies_either_will_do(first, value, slot):
    store = Store()
    writer = record(store)
    writer.save(first)
    assert writer.save_both(value)
    store.write(slot, b"corrupt")
    assert record(store).load() == [value]


def test_a_copy_that_vanished_is_noticed():
    store = Store()
    writer = record(store)
    writer.save_both(1)
    store.write(3, b"")
    assert not writer.valid()


def test_another_record_in_the_place_of_a_copy_is_noticed():
    store = Store()
    writer = record(store)
    writer.save_both(1)
    assert writer.valid()
    Record(store, ((3, 4), 8, 1, 4), "I").save(1)
    assert not writer.valid()


def test_copies_that_a_cut_left_apart_are_not_paired():
    store = Store()
    writer = record(store)
    writer.save_both(1)
    assert writer.paired
    writer.save(2)
    assert writer.valid()
    assert not writer.paired
    assert record(store).rewrite()
    assert record(store).paired


def test_a_blank_store_is_no_damage():
    fresh = record(Store())
    assert fresh.load() is None
    assert fresh.blank
