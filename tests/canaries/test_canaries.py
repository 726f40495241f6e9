"""The canaries fit the tree as it is, and their scenarios pass without them. That each fails with its bug, and that the
campaign finds it, is `python -m tests.canaries` to show.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import pytest

from host_tools.scenario.load import load
from host_tools.scenario.runner import run_scenario
from tests.canaries import hunt as hunting
from tests.canaries.__main__ import main, totals
from tests.canaries.hunt import MOST_STEPS, Hunt, count_steps, hunt, ranges
from tests.canaries.trees import CANARIES, NAMES, ROOT
from tests.child import LIMIT_S

BUGS_LIVE_IN = ("firmware/", "host_tools/programmer/")
MOST_HEADER_LINES = 2
LEAST_CANARIES = 30
MOST_MEDIAN_STEPS = 8

# A `thecal` of which one life fails, where a bug is planted: (seed, steps of its scenario) is in the file `bug`.
STUB = """
import json, pathlib, sys
bug = pathlib.Path("bug")
seed, steps = map(int, bug.read_text().split()) if bug.exists() else (-1, 0)
def main(prog_name):
    verb, *rest = sys.argv[1:]
    if verb == "run":
        sys.exit(int(bug.exists()))
    first, last = map(int, rest[1].split(".."))
    if seed == 99:
        print("thecal: broken", file=sys.stderr)
        sys.exit(2)
    failed = [seed] * (first <= seed <= last)
    for one in failed:
        print(json.dumps({"seed": one, "verdict": "safety", "found": "limits"}))
        if steps:
            pathlib.Path(rest[-1], f"seed-{one}.yaml").write_text("steps:\\n" + "- stop\\n" * steps)
    print(json.dumps({"seeds": last + 1 - first, "failed": failed, "checks": {"limits": 7, "alarms": 7}}))
    sys.exit(bool(failed))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trees that bugs are planted in, outside any repository."""
    folder = tmp_path_factory.mktemp("tree")
    for part in BUGS_LIVE_IN:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_the_patch_says_what_it_breaks_and_applies(name: str, copy: Path) -> None:
    patch = CANARIES / f"{name}.patch"
    header, _, diff = patch.read_text(encoding="utf-8").partition("diff --git ")
    assert 1 <= len(header.splitlines()) <= MOST_HEADER_LINES
    assert all(file.startswith(BUGS_LIVE_IN) for file in _changed_files(diff))
    applied = subprocess.run(
        ["git", "apply", "--check", patch], cwd=copy, capture_output=True, text=True, timeout=LIMIT_S
    )
    assert not applied.returncode, applied.stderr


def _changed_files(diff: str) -> list[str]:
    return [line.removeprefix("+++ b/") for line in diff.splitlines() if line.startswith("+++ ")]


@pytest.mark.parametrize("name", NAMES)
def test_the_scenario_passes_without_the_bug(name: str) -> None:
    assert not run_scenario(load(str(CANARIES / f"{name}.yaml"))).failures


def test_there_are_enough_and_each_has_one_short_scenario() -> None:
    scenarios = sorted(CANARIES.glob("*.yaml"))
    steps = [count_steps(scenario) for scenario in scenarios]
    assert [scenario.stem for scenario in scenarios] == list(NAMES)
    assert len(NAMES) >= LEAST_CANARIES
    assert max(steps) <= MOST_STEPS
    assert median(steps) <= MOST_MEDIAN_STEPS


def test_ranges_of_seeds_cover_each_once() -> None:
    for most in range(200):
        assert [seed for first, last in ranges(most) for seed in range(first, last + 1)] == list(range(most))


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], Path]:
    """Plant a bug that the life of a seed finds, with so many steps, in a stub of the tree; the stub without it."""
    clean, copy = tmp_path / "clean", tmp_path / "planted"
    for stub in (clean, copy):
        (stub / "host_tools/cli").mkdir(parents=True)
        (stub / "host_tools/cli/main.py").write_text(STUB)
        for package in ("host_tools", "host_tools/cli"):
            (stub / package / "__init__.py").touch()

    @contextmanager
    def tree(canary: str | None = None) -> Iterator[Path]:
        yield copy if canary else clean

    def plant(seed: int, steps: int) -> Path:
        (copy / "bug").write_text(f"{seed} {steps}")
        return clean

    monkeypatch.setattr(hunting, "tree", tree)
    monkeypatch.setattr("tests.canaries.__main__.tree", tree)
    return plant


def test_a_hunt_tries_more_lives_until_one_fails(planted: Callable[[int, int], Path]) -> None:
    found = hunt("second_prime", planted(12, 3), 160)
    assert found._replace(cpu_s=0) == Hunt("second_prime", 50, 0, "limits", 3, ())
    assert found.cpu_s > 0


@pytest.mark.parametrize(
    ("seed", "steps", "said"),
    [
        (12, 16, "second_prime: seed-12.yaml has 16 steps, more than 15"),
        (12, 9, "the median of the scenarios cut down is 9 steps, more than 8"),
        (40, 3, "second_prime: not found in 20 lives"),
        (99, 3, "second_prime: simulate ended with 2: thecal: broken"),
        (12, 0, "second_prime: a life failed, and no scenario was cut down from it: {"),
    ],
)
def test_what_is_not_as_it_should_be_fails(
    seed: int, steps: int, said: str, planted: Callable[[int, int], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    planted(seed, steps)
    assert main(["second_prime", "--seeds", "20", "--jobs", "1"]) == 1
    assert said in capsys.readouterr().out


def test_all_well_is_exit_code_0(planted: Callable[[int, int], Path], capsys: pytest.CaptureFixture[str]) -> None:
    planted(1, 8)
    assert main(["second_prime", "--seeds", "20", "--jobs", "1"]) == 0
    assert "checks that no canary tripped: alarms" in capsys.readouterr().out


def test_a_scenario_that_tells_nothing_is_said(planted: Callable[[int, int], Path]) -> None:
    clean = planted(1, 3)
    (clean / "bug").write_text("0 0")
    problems = hunt("second_prime", clean, 20).problems
    assert [problem.partition(":")[0] for problem in problems] == [
        "second_prime.yaml fails without the bug",
        "seed-1.yaml fails without the bug",
    ]


def test_totals_count_what_was_found() -> None:
    hunts = [Hunt("a", 2, 1.0, "limits", 4, ()), Hunt("b", 2, 1.0, "limits", 7, ()), Hunt("c", 9, 1.0, None, None, ())]
    assert list(totals(hunts, ["limits", "alarms"])) == [
        "2 of 3 found",
        "steps: median 5.5, most 7",
        "checks that no canary tripped: alarms",
    ]
