"""`python -m tests.hunt.on --hours 8`: simulated lives for so long, from the seed on at which the last hunt ended.

Runs `thecal simulate` in pieces, and prints a line for each. A folder keeps the next seed, and the cut-down scenarios
of what is found. The piece that is under way when the time is over is lived to its end; one that Ctrl-C ends is lived
again the next time. Exits 1 when a life failed.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.child import LIMIT_S, child

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build" / "hunt"
PIECE = 200
HOUR_S = 3600
FAILED = 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.hunt.on", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=_hours, default=1, help="of wall time (default: %(default)s)")
    parser.add_argument("--piece", type=int, default=PIECE, help="seeds in each (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="what is kept (default: build/hunt)")
    options = parser.parse_args(arguments)
    if options.piece < 1:
        parser.error(f"a piece of {options.piece} seeds is none")
    return options


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 <= hours < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours")
    return hours


def _first_seed(kept: Path) -> int:
    """The seed to go on from: 0 where nothing was kept."""
    if not kept.exists():
        return 0
    text = kept.read_text(encoding="ascii").strip()
    if not text.isdigit():
        sys.exit(f"{kept} holds {text!r}, expected the next seed; write a number into it or delete it")
    return int(text)


def _live(seeds: range, folder: Path) -> dict[str, Any]:
    """Live a piece; return what it came to."""
    command = [sys.executable, "-m", "host_tools.cli.main", "simulate", "--json", "--out", str(folder)]
    command += ["--seeds", f"{seeds[0]}..{seeds[-1]}"]
    with child(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as running:
        try:
            shown = running.stdout.read()
        except KeyboardInterrupt:
            running.stdout.read()  # it was told to end, too
            raise
        code = running.wait(LIMIT_S)
    document = json.loads(shown.splitlines()[-1]) if code in (0, FAILED) else {}
    if "seeds" not in document:
        sys.exit(f"thecal simulate ended with {code}")
    return document


def _hunt(options: argparse.Namespace, kept: Path) -> Iterator[dict[str, Any]]:
    """Live piece by piece, and print each, until the time is over or Ctrl-C."""
    ends_s = time.monotonic() + options.hours * HOUR_S
    first = _first_seed(kept)
    while True:
        seeds = range(first, first + options.piece)
        try:
            piece = _live(seeds, options.folder)
        except KeyboardInterrupt:
            return
        first = seeds.stop
        kept.write_text(f"{first}\n", encoding="ascii")
        print(f"seeds {seeds[0]}..{seeds[-1]}: {piece['sim_years']:.1f} years, {_found(piece)}", flush=True)
        yield piece
        if time.monotonic() >= ends_s:
            return


def _found(piece: dict[str, Any]) -> str:
    """In words, which lives failed, and which were harmed by a slip."""
    lists = (("failed", piece["failed"]), ("harmed by a slip", piece["human"]))
    return ", ".join(f"{word}: {', '.join(map(str, seeds))}" for word, seeds in lists if seeds) or "nothing found"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    options.folder.mkdir(parents=True, exist_ok=True)
    total: dict[str, Any] = {"seeds": 0, "sim_years": 0.0, "failed": [], "human": []}
    for piece in _hunt(options, options.folder / "next-seed"):
        total = {key: total[key] + piece[key] for key in total}
    print(f"{total['seeds']} seeds, {total['sim_years']:.1f} years, {_found(total)}")
    return FAILED if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
