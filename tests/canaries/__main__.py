"""Shows that the campaign of random lives (`thecal simulate`) finds bugs: known ones are planted, it must find each.

A canary is NAME.patch beside this file: one small bug, with what it would do to a patient in its first lines, and
NAME.yaml: the shortest scenario that somebody who knows the bug would write against it. For each canary the tracked
tree is copied, the bug planted in the copy, and there

  1. `thecal run NAME.yaml` must fail, and pass without the bug;
  2. `thecal simulate` must come to a life that fails, in ranges of seeds that grow up to --seeds;
  3. the scenario that it cut down from that life must fail under `thecal run`, and pass without the bug.

Prints for each how many lives it took, at what cost, which check found it, and how long the scenario is; then what no
canary tripped. Exits 1 when one is not found, a scenario does not tell the two trees apart, one that was cut down has
more than 15 steps, or the median of them is above 8. --seeds 0 looks at the first of the three alone.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import cpu_count
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.canaries.hunt import FIRST_SEEDS, GROWTH, Hunt, hunt
from tests.canaries.trees import NAMES, thecal, tree

CLEAN_SEEDS = FIRST_SEEDS * GROWTH
MOST_MEDIAN_STEPS = 8


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    with tree() as clean:
        checks, problems = _clean_campaign(clean) if options.seeds else ([], [])
        with ThreadPoolExecutor(options.jobs) as pool:
            hunts = []
            for done in pool.map(lambda name: hunt(name, clean, options.seeds), options.names or NAMES):
                hunts.append(done)
                print(f"{len(hunts)}: {done.canary}", file=sys.stderr)
    console = Console()
    if options.seeds:
        console.print(table(hunts))
    for line in totals(hunts, checks) if options.seeds else [f"{len(hunts)} canaries, their own scenarios alone"]:
        console.print(line, highlight=False)
    problems += [f"{one.canary}: {problem}" for one in hunts for problem in one.problems]
    problems += _too_long(hunts)
    for problem in problems:
        console.print(problem, markup=False, highlight=False)
    return 1 if problems else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.canaries", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="canaries to hunt (default: all)")
    parser.add_argument("--seeds", type=int, default=160, help="lives to try at most for each (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=cpu_count() or 1, help="canaries at a time (default: %(default)s)")
    options = parser.parse_args(arguments)
    for name in options.names:
        if name not in NAMES:
            parser.error(f"there is no canary {name!r}; tests/canaries/ has {len(NAMES)}")
    return options


def _clean_campaign(clean: Path) -> tuple[list[str], list[str]]:
    """Names of all checks, and what is wrong with a campaign without any bug."""
    ran = thecal(clean, "simulate", "--seeds", f"0..{CLEAN_SEEDS - 1}", "--jobs", "1", "--json")
    if ran.code:
        return [], [f"simulate without a bug ended with {ran.code}: {ran.last_line}"]
    return list(ran.objects()[-1]["checks"]), []


def table(hunts: Iterable[Hunt]) -> Table:
    """A row for each canary."""
    rows = Table("canary", "lives", "CPU s", "found by", "steps", box=None)
    for one in hunts:
        rows.add_row(one.canary, str(one.lives), f"{one.cpu_s:.1f}", one.found or "-", str(one.steps or "-"))
    return rows


def totals(hunts: Sequence[Hunt], checks: Iterable[str]) -> Iterator[str]:
    """Lines of what all hunts together came to."""
    found = {one.found for one in hunts if one.found}
    steps = _steps(hunts)
    yield f"{sum(one.found is not None for one in hunts)} of {len(hunts)} found"
    if steps:
        yield f"steps: median {median(steps):g}, most {max(steps)}"
    if idle := [check for check in checks if check not in found]:
        yield f"checks that no canary tripped: {', '.join(idle)}"


def _too_long(hunts: Iterable[Hunt]) -> list[str]:
    steps = _steps(hunts)
    if steps and median(steps) > MOST_MEDIAN_STEPS:
        return [f"the median of the scenarios cut down is {median(steps):g} steps, more than {MOST_MEDIAN_STEPS}"]
    return []


def _steps(hunts: Iterable[Hunt]) -> list[int]:
    return [one.steps for one in hunts if one.steps]


if __name__ == "__main__":
    sys.exit(main())
