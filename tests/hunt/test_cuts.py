"""A few of the cuts of `python -m tests.hunt`, others at every seed; and guards taken away, which they must find."""

from collections import Counter
from functools import cache
from random import Random
from typing import Any

import pytest

from firmware.comms.commands.change import Keeper
from firmware.records.ledger import Ledger
from tests.hunt.cuts import Sweep
from tests.hunt.verdicts import BAD, SAME

SINGLES, PAIRS = 200, 80
FEW = 60
SEED = 2


@cache
def sweep() -> Sweep:
    return Sweep()


def bad(of: Sweep, singles: int, pairs: int = 0) -> list[str]:
    draw = Random(SEED)
    print(f"{singles} cuts and {pairs} pairs, seed {SEED}")
    cases = draw.sample(of.singles(), singles)
    cases += [draw.choice(of.pairs(first.write, first.place)) for first in draw.sample(of.singles(), pairs)]
    tried = [(case, of.try_case(case)) for case in cases]
    counts = Counter(verdict for _, (verdict, _) in tried)
    assert counts[SAME] or counts.keys() & set(BAD)
    return [f"{tuple(case)}: {verdict}: {why}" for case, (verdict, why) in tried if verdict in BAD]


@pytest.mark.shows("R6.4", "FI-29")
def test_no_cut_loses_or_halves_anything() -> None:
    assert not bad(sweep(), SINGLES, PAIRS)


def _late(self: Any, uptime_s: int, _intent_steps: int) -> bool:
    """The size of a batch is not written down before it."""
    return _keep(self, uptime_s, 0)


def _later(self: Any) -> bool:
    """An order is written down when it was answered already."""
    self._state.changed = True
    return True


_keep = Ledger.keep


@pytest.mark.parametrize(("part", "name", "broken"), [(Ledger, "keep", _late), (Keeper, "_write", _later)])
def test_a_guard_that_is_gone_is_found(monkeypatch: pytest.MonkeyPatch, part: type, name: str, broken: Any) -> None:
    monkeypatch.setattr(part, name, broken)
    assert bad(Sweep(), FEW)
