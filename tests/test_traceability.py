"""docs/traceability.md: every requirement is shown, and nothing else is."""

import pytest

from tests import traceability
from tests.traceability import ROOT, evidence, facts, requirements, rows

AWAITED: set[str] = set()
"""Rows that nothing shows yet. With `set()` here every row has to be shown."""


def test_ids_are_declared_once():
    ids = [row.id for row in rows()]
    assert ids == [*dict.fromkeys(ids)]
    needs = [f"SEED-{number:02d}" for number in range(1, 69)]
    rules = [
        f"R{part}.{number}"
        for part, last in enumerate((12, 5, 7, 7, 4, 4, 6, 12, 3), 1)
        for number in range(1, last + 1)
    ]
    faults = [f"FI-{number:02d}" for number in range(1, 55)]
    for section, first in {"needs": needs, "rules": rules, "faults": faults}.items():
        assert [row.id for row in requirements()[section]][: len(first)] == first


@pytest.mark.shows("R9.3")
@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_a_row_is_shown_or_says_why_it_is_not(row):
    if row.id in AWAITED:
        assert row.id not in evidence(), "no longer awaited"
    else:
        assert bool(row.why_not) != (row.id in evidence())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_a_row_lives_somewhere(row):
    assert row.where or row.why_not or row.id in AWAITED
    assert [path for path in row.where if not (ROOT / path).is_file()] == []


def test_only_known_ids_are_shown():
    assert evidence().keys() - {row.id for row in rows()} - facts() == set()


def test_what_is_awaited_is_a_row():
    assert {row.id for row in rows()} >= AWAITED


def test_the_page_is_up_to_date():
    assert traceability.main("--check") is None
