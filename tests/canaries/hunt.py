"""Hunts one canary: its own scenario, then random lives until one fails, then the scenario cut down from that one."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from tests.canaries.trees import Ran, thecal, tree

FIRST_SEEDS = 2
GROWTH = 5
MOST_STEPS = 15


class Hunt(NamedTuple):
    """What came of one: lives tried and what they cost, the check that found it (None: none did), the steps of the
    scenario cut down from that life, and all that is not as it should be."""

    canary: str
    lives: int
    cpu_s: float
    found: str | None
    steps: int | None
    problems: tuple[str, ...]


class _Find(NamedTuple):
    check: str
    scenario: Path
    steps: int


def hunt(canary: str, clean: Path, most_seeds: int) -> Hunt:
    """Hunt a canary in up to so many lives; `clean` is a copy of the tree without it."""
    lives, cpu_s, find = 0, 0.0, None
    with tree(canary) as planted, tempfile.TemporaryDirectory(prefix="cut-down-") as folder:
        problems = [*wrong(Path("tests/canaries", f"{canary}.yaml"), planted, clean)]
        for first, last in ranges(most_seeds):
            ran = thecal(planted, "simulate", "--seeds", f"{first}..{last}", "--jobs", "1", "--json", "--out", folder)
            lives, cpu_s = last + 1, cpu_s + ran.cpu_s
            if ran.code:
                find = _shortest(ran, Path(folder))
                problems += _wrong_find(find, planted, clean) if find else [_no_find(ran)]
                break
        else:
            problems += [f"not found in {lives} lives"] if most_seeds else []
    return Hunt(canary, lives, cpu_s, find and find.check, find and find.steps, tuple(problems))


def ranges(most_seeds: int) -> Iterator[tuple[int, int]]:
    """First and last seed of growing ranges, up to so many seeds: most canaries are found in the first lives."""
    first, end = 0, FIRST_SEEDS
    while first < most_seeds:
        yield first, min(end, most_seeds) - 1
        first, end = end, end * GROWTH


def wrong(scenario: Path, planted: Path, clean: Path) -> Iterator[str]:
    """Say where a scenario does not tell the planted tree from the clean one."""
    if thecal(planted, "run", scenario).code != 1:
        yield f"{scenario.name} does not fail with the bug"
    ran = thecal(clean, "run", scenario)
    if ran.code:
        yield f"{scenario.name} fails without the bug: {ran.last_line}"


def count_steps(scenario: Path) -> int:
    """The steps of a scenario as they are written."""
    return len(YAML(typ="safe").load(scenario)["steps"])


def _shortest(ran: Ran, folder: Path) -> _Find | None:
    """The failed life that was cut down to the fewest steps, None where none was."""
    finds = []
    for life in ran.objects():
        scenario = folder / f"seed-{life.get('seed')}.yaml"
        if scenario.exists():
            finds.append(_Find(_check_of(life), scenario, count_steps(scenario)))
    return min(finds, key=lambda find: find.steps, default=None)


def _check_of(life: dict[str, Any]) -> str:
    return life.get("found") or life["verdict"]


def _no_find(ran: Ran) -> str:
    failed = (
        "a life failed, and no scenario was cut down from it" if ran.code == 1 else f"simulate ended with {ran.code}"
    )
    return f"{failed}: {ran.last_line}"


def _wrong_find(find: _Find, planted: Path, clean: Path) -> Iterator[str]:
    yield from wrong(find.scenario, planted, clean)
    if find.steps > MOST_STEPS:
        yield f"{find.scenario.name} has {find.steps} steps, more than {MOST_STEPS}"
