"""The sweeps by name: what each tries, how much of it by default, and how it is done in parts.

A part is the same whatever computes it: its cases follow from its number and the seed.
"""

import os
from collections.abc import Callable
from functools import cache
from random import Random
from typing import NamedTuple, TypeVar

from tests.hunt import cuts, flips, rot
from tests.hunt.lives import LIVES, be_watched
from tests.hunt.verdicts import BAD, Swept

PARTS = 8

T = TypeVar("T")
Part = Callable[[int, int | None, Random], Swept]
"""Called with the part's number, how many of its cases to try (None: all), and what draws them."""


class Sweep(NamedTuple):
    """`sample` of all cases are tried by default, None for all of them."""

    part: Part
    sample: int | None
    parts: int = PARTS


@cache
def _cuts() -> cuts.Sweep:
    return cuts.Sweep()


@cache
def _rot() -> rot.Rot:
    return rot.Rot()


def _drawn(cases: list[T], sample: int | None, draw: Random) -> list[T]:
    return cases if sample is None or sample >= len(cases) else draw.sample(cases, sample)


def _singles(part: int, sample: int | None, draw: Random) -> Swept:
    cases = _cuts().singles()[part::PARTS]
    return _cut(cases, sample, draw)


def _pairs(part: int, sample: int | None, draw: Random) -> Swept:
    sweep = _cuts()
    firsts = sweep.singles()[part::PARTS]
    return _cut([pair for first in firsts for pair in sweep.pairs(first.write, first.place)], sample, draw)


def _cut(cases: list[cuts.Case], sample: int | None, draw: Random) -> Swept:
    swept = Swept(len(cases))
    for case in _drawn(cases, sample, draw):
        swept.add(str(tuple(case)), _cuts().try_case(case))
    return swept


def _damages(cases: list[T], damage: Callable[[T], rot.Damage], sample: int | None, draw: Random) -> Swept:
    swept = Swept(len(cases))
    for case in _drawn(cases, sample, draw):
        done = damage(case)
        lengths = ", ".join(f"{slot}: {len(data)} bytes" for slot, data in done.items())
        swept.add(f"slots {lengths}; {case if isinstance(case, tuple) else ''}", _rot().judge(done))
    return swept


def _bits(part: int, sample: int | None, draw: Random) -> Swept:
    return _damages(_rot().bits()[part::PARTS], lambda case: _rot().flipped(*case), sample, draw)


def _log_bits(part: int, sample: int | None, draw: Random) -> Swept:
    return _damages(_rot().log_bits()[part::PARTS], lambda case: _rot().flipped(*case), sample, draw)


def _both(part: int, sample: int | None, draw: Random) -> Swept:
    possible = _rot().bit_pairs()
    numbers = list(range(sample if sample is not None else possible // PARTS))
    swept = _damages(numbers, lambda _: _rot().both_flipped(draw), None, draw)
    swept.possible = possible if part == 0 else 0
    return swept


def _lost(_part: int, sample: int | None, draw: Random) -> Swept:
    return _damages([*_rot().missing(), *_rot().swapped()], lambda case: case, sample, draw)


def _short(part: int, sample: int | None, draw: Random) -> Swept:
    return _damages(_rot().cut_short()[part::PARTS], lambda case: _rot().ended(*case), sample, draw)


def _ram(part: int, sample: int | None, draw: Random) -> Swept:
    """One life is a part."""
    if not hasattr(os, "fork"):
        return Swept()
    be_watched()
    hunt = flips.Hunt()
    name = list(LIVES)[part]
    hunt.run(name, LIVES[name], sample, draw)
    swept = Swept(hunt.possible)
    swept.counts = hunt.counts[name]
    bad = [case for case in hunt.found if case[3] in BAD]
    swept.found = [(f"{life}, {path}, bit {bit}", verdict, why) for life, path, bit, verdict, why in bad]
    return swept


SWEEPS = {
    "cuts": Sweep(_singles, None),
    "pairs of cuts": Sweep(_pairs, 16_000),
    "bits of records": Sweep(_bits, None),
    "bits of logs": Sweep(_log_bits, 8_000),
    "both copies": Sweep(_both, 4_000),
    "slots lost": Sweep(_lost, None, 1),
    "slots cut short": Sweep(_short, 8_000),
    "bits of RAM": Sweep(_ram, 9_000, len(LIVES)),
}


def run_part(name: str, part: int, sample: int | None, seed: int) -> Swept:
    """Try a part's share of a sample of the whole sweep, None for all cases."""
    sweep = SWEEPS[name]
    before = sum(os.times()[:4])
    share = None if sample is None else len(range(part, sample, sweep.parts))
    swept = sweep.part(part, share, Random(f"{seed} {name} {part}"))
    swept.cpu_s = sum(os.times()[:4]) - before
    return swept
