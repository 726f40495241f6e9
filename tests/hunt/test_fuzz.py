"""A pump outlives whatever comes in: from strangers, and from a programmer that signs anything."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import registry
from tests.protocol.values import allowed, values

from . import fuzz

INPUTS = {"strangers": 20_000, "programmer": 3_000}
SEED = 10


@pytest.mark.shows("R8.10", "FI-41", "FI-44")
@pytest.mark.parametrize("name", INPUTS)
def test_no_input_raises_or_changes_what_it_may_not(name: str) -> None:
    target = fuzz.drawn(name, INPUTS[name], SEED, every=1000)
    print(f"{INPUTS[name]} inputs, seed {SEED}")
    assert set(target.seen) >= (set(fuzz.LIVES) if name == "strangers" else set(fuzz.THERAPY_OF.values()))


def payloads(at: int) -> st.SearchStrategy[tuple[int, bytes]]:
    layout = registry.REQUEST[fuzz.PLACES[at][0]].layout
    meant = st.one_of(allowed(layout), values(layout)).map(layout.build)
    return st.tuples(st.just(at), st.one_of(meant, st.binary(max_size=338)))


signed = st.integers(0, len(fuzz.PLACES) - 1).flatmap(payloads)


@pytest.mark.shows("FI-44")
@pytest.mark.parametrize("pump", range(len(fuzz.LIVES)), ids=list(fuzz.LIVES))
def test_whatever_is_signed_is_answered_and_a_refusal_changes_nothing(pump: int) -> None:
    target = fuzz.Programmer()

    @settings(max_examples=15)
    @given(st.lists(signed, min_size=1, max_size=6))
    def try_all(requests: list[tuple[int, bytes]]) -> None:
        target.pumps[pump] = (target.pumps[pump][0], list(fuzz.LIVES.values())[pump]())
        for at, payload in requests:
            target.take(bytes([pump, at, 0]) + payload)
        target.judge()

    try_all()


def test_a_pump_that_changes_without_saying_so_is_found(monkeypatch: Any) -> None:
    """The canary: a refusal that changes something."""
    from firmware.comms.commands import bolus

    refuse = bolus.BolusCommands._refusal

    def careless(self: Any, *args: int) -> Any:
        reason = refuse(self, *args)
        if reason is not None:
            self._state.max_bolus_mcg += 1
        return reason

    monkeypatch.setattr(bolus.BolusCommands, "_refusal", careless)
    with pytest.raises(fuzz.Found):
        fuzz.drawn("programmer", 20_000, SEED, every=1000)


def test_inputs_are_the_same_for_a_seed() -> None:
    once, again = (fuzz.mutated(fuzz.sensible("strangers", 1, 2, draw), draw) for draw in (Random(3), Random(3)))
    assert once == again
