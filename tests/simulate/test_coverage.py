"""Every requirement is exercised by simulated lives, or it is said why none can."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from host_tools.machines.atlas import HAZARDS
from host_tools.scenario import checkers
from host_tools.scenario.schema import VERBS
from host_tools.simulate.campaign import Settings, Sum, campaign
from host_tools.simulate.coverage import BEYOND, EXERCISED_BY, requirement_counts
from protocol import codes

ROOT = Path(__file__).parents[2]
SEEDS = range(40)
OTHERS = {
    *(f"event {name}" for name in codes.EVENTS),
    *(f"refused {reason}" for reason in codes.REASON),
}


def _requirements() -> list[str]:
    tables = tomllib.loads((ROOT / "docs" / "requirements.toml").read_text(encoding="utf-8")).values()
    return [name for table in tables for name in table if re.fullmatch(r"R\d+\.\d+", name)]


def _checks() -> set[str]:
    """The names of all checks, as the checkers write them."""
    code = "".join(path.read_text(encoding="utf-8") for path in Path(*checkers.__path__).glob("*.py"))
    return set(re.findall(r"(?:\bcheck|_near)\(\s*\"(\w+)\"", code))


def test_every_requirement_is_in_exactly_one_of_the_two() -> None:
    assert sorted([*EXERCISED_BY, *BEYOND]) == sorted(_requirements())


def test_every_counter_is_one_that_lives_have() -> None:
    known = _checks() | HAZARDS.keys() | {*VERBS} | OTHERS
    assert {name for names in EXERCISED_BY.values() for name in names} <= known


def test_every_check_is_explained() -> None:
    page = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    assert [name for name in sorted(_checks()) if f"| `{name}` |" not in page] == []


def test_every_page_and_test_named_instead_exists() -> None:
    named = {name for why in BEYOND.values() for name in re.findall(r"[\w/]+\.(?:py|yaml|md)", why)}
    there = {path.name for path in (ROOT / "tests").rglob("*")} | {path.name for path in (ROOT / "docs").iterdir()}
    assert {Path(name).name for name in named} <= there
    assert all((ROOT / name).is_file() for name in named if "/" in name)


@pytest.mark.timeout(900)
def test_no_life_fails_and_all_together_exercise_every_requirement() -> None:
    total = Sum()
    for outcome in campaign(SEEDS, Settings(), os.cpu_count() or 1, cut_down=False):
        total.add(outcome)
    counts = requirement_counts(total.counts, total.checks)
    print(f"{len(SEEDS)} lives:", *(f"{name} {count}" for name, count in counts.items()), sep="\n")
    assert total.failed == [], "thecal simulate --seed N says what failed"
    assert [name for name, count in counts.items() if not count] == []
