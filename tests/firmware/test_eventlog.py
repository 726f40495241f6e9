"""The log's ring: numbers without gaps, oldest first out, nothing lost to a reset or a torn tail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import wire
from firmware.eventlog import LOG_SLOTS, RECORD_BYTES, EventLog

from .body import Store


class Now:
    now_s = 0
    wall_s = 0


class RefusingStore(Store):
    """Refuses as many writes and appends as it is told to."""

    refuse = 0

    def _refused(self):
        self.refuse -= 1
        return self.refuse >= 0

    def write(self, slot, data):
        return 2 if self._refused() else super().write(slot, data)

    def append(self, slot, data):
        return 2 if self._refused() else super().append(slot, data)


def filled(store, count):
    log = EventLog(store, Now())
    for number in range(count):
        log.add(wire.EVENT_BOOT, number)
    return log


def numbers(log, first=1, last=2**32 - 2):
    found = []
    while True:
        entries = log.read(first, last, 12)
        if not entries:
            return found
        found += [entry[0] for entry in entries]
        first = found[-1] + 1


@pytest.mark.shows("R5.2", "R5.3")
@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 1024, 1025, 3000])
def test_reads_back_the_newest_without_a_gap(count):
    store = Store()
    log = filled(store, count)
    kept = numbers(log)
    assert kept == list(range(log.oldest_seq, count + 1))
    assert len(kept) >= min(count, 7 * 128)
    assert numbers(EventLog(store, Now())) == kept


LONG = filled(Store(), 1200)


@given(first=st.integers(1, 1300), last=st.integers(1, 1300))
def test_any_range(first, last):
    wanted = [seq for seq in range(first, last + 1) if LONG.oldest_seq <= seq < LONG.next_seq]
    assert numbers(LONG, first, last) == wanted


@pytest.mark.shows("R5.4")
@given(count=st.integers(1, 300), cut=st.integers(1, RECORD_BYTES))
def test_a_torn_tail_costs_that_entry_alone(count, cut):
    store = Store()
    filled(store, count)
    slot = LOG_SLOTS[(count - 1) // 128]
    store.write(slot, store.read(slot)[:-cut])
    again = EventLog(store, Now())
    again.add(wire.EVENT_BOOT, 99)
    assert numbers(again) == list(range(1, count + 1))
    assert again.read(count, count, 1)[0][5] == 99


@pytest.mark.shows("R5.4", "FI-52")
def test_what_the_store_refused_is_logged_when_it_works_again():
    store = RefusingStore()
    log = filled(store, 3)
    store.refuse = 2
    for number in range(3):
        log.add(wire.EVENT_BOOT, number)
    entries = log.read(4, 100, 12)
    assert [(entry[3], entry[5]) for entry in entries] == [(wire.EVENT_BOOT, 2), (wire.EVENT_LOG_FAIL, 2)]
