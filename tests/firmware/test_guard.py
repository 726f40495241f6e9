"""Guarded numbers: whichever of its three places a bit flips in, the number is what it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import guard

REGION = 7


class Part:
    def __init__(self):
        self.count = 5
        self.big = 2**32 - 1
        self.on = False
        self.none = None
        self.items = [1, 2, 3]
        self.other = object()


@pytest.fixture(params=["with memory", "without"], autouse=True)
def roomy(request, monkeypatch):
    """How CPython does it, and how the board does."""
    monkeypatch.setattr(guard, "LIVE_DICT", request.param == "with memory")


def guarded():
    part = Part()
    return part, guard.Guard(((REGION, part),))


def held(part):
    return part.count, part.big, part.on, part.none, list(part.items)


FLIPS = {
    "count": lambda part: setattr(part, "count", part.count ^ 64),
    "big": lambda part: setattr(part, "big", part.big ^ 1),
    "on": lambda part: setattr(part, "on", True),
    "none": lambda part: setattr(part, "none", 3),
    "item": lambda part: part.items.__setitem__(2, 9),
}


@pytest.mark.parametrize("flip", FLIPS)
def test_a_number_is_put_back(flip):
    part, one = guarded()
    before = held(part)
    FLIPS[flip](part)
    assert one.repair() == REGION
    assert held(part) == before
    assert one.repair() == 0


@pytest.mark.parametrize("copies", ["_first", "_second"])
def test_a_copy_that_is_hit_does_no_harm(copies):
    part, one = guarded()
    before = held(part)
    for copy in getattr(one, copies):
        for key in copy if isinstance(copy, dict) else range(len(copy)):
            if isinstance(copy[key], int):
                copy[key] ^= 1
    assert one.repair() == 0
    assert held(part) == before
    one.take()
    part.count ^= 64
    assert (one.repair(), held(part)) == (REGION, before)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.lists(st.integers(0, 99), max_size=5)), min_size=1))
def test_what_is_taken_is_right(wakes):
    part, one = guarded()
    for count, items in wakes:
        part.count = count
        part.items[:] = items
        one.take()
        before = held(part)
        assert one.repair() == 0
        FLIPS["count"](part)
        if items:
            part.items[-1] ^= 8
        assert one.repair() == REGION
        assert held(part) == before


def test_other_parts_may_be_guarded_from_now_on():
    part, one = guarded()
    other = Part()
    one.watch(((REGION, part), (REGION + 1, other)))
    other.items[0] = 7
    assert (one.repair(), other.items) == (REGION + 1, [1, 2, 3])
