"""`python -m tests.hunt`: every sweep of what can happen to a pump's memory and power, counted in one table.

Cuts of the power, rot of the store and flipped bits of RAM: cuts.py, rot.py and flips.py say what each does. Exits 1
when anything was lost, half applied, or wrong in silence.

Mended: said in the log, and all is as without it. Loud: an alarm, or a refusal. Reset: a wake raised or hung, and the
pump was started anew. Limit: what ended the log too soon, and left nothing to know it by. Wrong: anything lost, half
applied, or believed or delivered otherwise in silence. `--sample "pairs of cuts=all"` tries all of them.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from tests.hunt.sweeps import SWEEPS, run_part
from tests.hunt.verdicts import CORRECTED, CRASHED, LIMIT, LOUD, SAME, Swept

COLUMNS = {"same": SAME, "mended": CORRECTED, "loud": LOUD, "reset": CRASHED, "limit": LIMIT}
MOST_FOUND = 20


def _sample(text: str) -> tuple[str, int | None]:
    name, _, count = text.partition("=")
    if name not in SWEEPS or not (count == "all" or count.isdigit()):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not SWEEP=N or SWEEP=all, SWEEP being one of {', '.join(SWEEPS)}"
        )
    return name, None if count == "all" else int(count)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.hunt", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=SWEEPS, default=list(SWEEPS), metavar="SWEEP")
    parser.add_argument(
        "--sample", type=_sample, action="append", default=[], metavar="SWEEP=N", help="N cases, or all"
    )
    parser.add_argument("--seed", type=int, default=1, help="draws the samples")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    return parser.parse_args()


def swept(names: list[str], samples: dict[str, int | None], seed: int, jobs: int) -> dict[str, Swept]:
    """What the sweeps found."""
    found = {name: Swept() for name in names}
    with ProcessPoolExecutor(jobs) as pool:
        parts = [
            (name, pool.submit(run_part, name, part, samples[name], seed))
            for name in names
            for part in range(SWEEPS[name].parts)
        ]
        for name, part in parts:
            found[name].merge(part.result())
    return found


def table(found: dict[str, Swept]) -> Table:
    shown = Table(box=SIMPLE, padding=0, pad_edge=False, show_edge=False)
    for heading in ("sweep", "tried", "of", *COLUMNS, "wrong", "CPU s"):
        shown.add_column(heading, justify="left" if heading == "sweep" else "right", no_wrap=True)
    for name, one in found.items():
        possible = "all" if one.tried >= one.possible else _short(one.possible)
        counts = [f"{one.counts[verdict]:,}" for verdict in COLUMNS.values()]
        shown.add_row(name, f"{one.tried:,}", possible, *counts, f"{one.bad:,}", f"{one.cpu_s:.0f}")
    return shown


def _short(count: int) -> str:
    return f"{count:,}" if count < 1_000_000 else f"{count / 1e6:,.0f} M"


def main() -> int:
    options = _options()
    samples = {name: sweep.sample for name, sweep in SWEEPS.items()} | dict(options.sample)
    found = swept(options.only, samples, options.seed, options.jobs)
    console = Console(highlight=False)
    console.print(table(found))
    total = sum(one.tried for one in found.values())
    bad = [(name, *case) for name, one in found.items() for case in one.found]
    console.print(f"{total:,} cases, samples drawn by seed {options.seed}; {len(bad)} wrong")
    for name, case, verdict, why in bad[:MOST_FOUND]:
        console.print(f"{verdict}: {name}: {case}: {why}", soft_wrap=True, markup=False)
    if len(bad) > MOST_FOUND:
        console.print(f"and {len(bad) - MOST_FOUND} more")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
