"""The mock store: what it holds, what it refuses, and what a loss of power leaves."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.contract import FAILED, OK, SLOT_BYTES, SLOT_COUNT
from hal.mock.body import MockBody
from hal.mock.errors import PowerLost
from hal.mock.recorder import Recorder
from hal.plant.plant import Plant


def powered_store():
    body = MockBody(Plant(), Recorder())
    body.power.up()
    return body.store


def test_slots_hold_what_was_put_there(body):
    store = body.store
    assert store.read(3) == b""
    store.write(3, bytearray(b"abc"))
    store.append(3, b"def")
    store.append(4, b"ghi")
    assert (store.read(3), store.read(4)) == (b"abcdef", b"ghi")
    store.write(3, b"x")
    assert store.dump() == {3: b"x", 4: b"ghi"}
    assert (store.wear[3], store.wear[4], sum(store.wear)) == (3, 1, 4)


def test_a_loaded_store_holds_nothing_else(body):
    body.store.write(1, b"old")
    body.store.load({2: b"two"})
    assert body.store.dump() == {2: b"two"}


@pytest.mark.parametrize("slot", [-1, SLOT_COUNT])
def test_slots_that_do_not_exist(body, slot):
    for use in (body.store.read, lambda n: body.store.write(n, b""), lambda n: body.store.append(n, b"")):
        with pytest.raises(ValueError, match=f"slot {slot} does not exist"):
            use(slot)
    with pytest.raises(ValueError, match=f"slot {slot} with 0 bytes"):
        body.store.load({slot: b""})


def test_records_that_are_too_long(body):
    body.store.write(0, bytes(SLOT_BYTES))
    with pytest.raises(ValueError, match="holds 4096 bytes, not 4097"):
        body.store.append(0, b"x")
    with pytest.raises(ValueError, match="holds 4096 bytes, not 4097"):
        body.store.write(1, bytes(SLOT_BYTES + 1))
    with pytest.raises(ValueError, match="slot 1 with 4097 bytes"):
        body.store.load({1: bytes(SLOT_BYTES + 1)})
    assert body.store.dump() == {0: bytes(SLOT_BYTES)}


@pytest.mark.parametrize("plan", [(0, 0), (1, -1)])
def test_a_cut_that_cannot_be_planned(body, plan):
    with pytest.raises(ValueError, match="plan_cut"):
        body.store.plan_cut(*plan)


OPERATION = st.tuples(st.sampled_from(["write", "append"]), st.integers(0, 3), st.binary(min_size=1, max_size=9))


@given(st.lists(OPERATION, min_size=1, max_size=12), st.integers(1, 12), st.integers(0, 10))
def test_a_cut_tears_one_slot_and_no_other(operations, at, keep_bytes):
    store = powered_store()
    store.plan_cut(at, keep_bytes)
    slots = [b""] * 4
    for number, (verb, slot, data) in enumerate(operations, 1):
        before = slots[slot] if verb == "append" else b""
        if number == at:
            with pytest.raises(PowerLost):
                getattr(store, verb)(slot, data)
            if keep_bytes:
                slots[slot] = before + data[:keep_bytes]
            break
        getattr(store, verb)(slot, data)
        slots[slot] = before + data
    assert [store.read(slot) for slot in range(4)] == slots


def test_a_store_that_fails_keeps_what_it_has(body):
    body.store.write(2, b"old")
    body.plant.apply_fault("store_write_fail")
    assert [body.store.write(2, b"new"), body.store.append(2, b"more")] == [FAILED, FAILED]
    assert body.store.read(2) == b"old"
    body.plant.heal("store_write_fail")
    assert body.store.write(2, b"new") == OK
    assert body.store.dump() == {2: b"new"}


def test_a_cut_that_was_called_off(body):
    body.store.plan_cut(1, 0)
    body.store.cancel_cut()
    body.store.write(0, b"x")
    assert body.store.read(0) == b"x"


def test_no_handler_of_errors_catches_a_loss_of_power(body):
    body.store.plan_cut(1, 0)
    with pytest.raises(PowerLost), contextlib.suppress(Exception):  # as a careless firmware might
        body.store.write(0, b"x")
