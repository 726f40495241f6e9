"""Seconds that the command line takes to print its help, beside mpremote, which is of the same kind."""

import subprocess
import sys
from functools import partial
from statistics import median

from host_tools.bench.timing import timed_s

ROUNDS = 9
LIMIT_S = 60
COMMANDS = {
    "thecal_s": [sys.executable, "-m", "host_tools.cli.main", "--help"],
    "mpremote_s": [sys.executable, "-m", "mpremote", "--help"],
}


def measure() -> dict[str, float]:
    """Seconds until `--help` is printed and the process has ended, turn by turn; the first round only warms up."""
    taken_s: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(1 + ROUNDS):
        for name, command in COMMANDS.items():
            taken_s[name].append(timed_s(partial(_run, command)))
    return {name: round(median(values[1:]), 4) for name, values in taken_s.items()}


def _run(command: list[str]) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=LIMIT_S)
