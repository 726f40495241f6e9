"""The scenarios on which snapshots and journals are tried: one in six, and all of them in `make check`."""

import os
from pathlib import Path

from host_tools.scenario.load import Scenario, load

FOLDERS = [Path(__file__).parents[1] / name for name in ("scenarios", "field")]
THOROUGH = os.environ.get("THECAL_HYPOTHESIS") == "thorough"
LONGEST_S = 400 * 86_400


def some_files(first: int) -> list[Path]:
    """Files of scenarios that end within LONGEST_S, from the `first` of each six on."""
    files = [file for folder in FOLDERS for file in sorted(folder.glob("*.yaml"))]
    return files if THOROUGH else files[first::6]


def load_short(file: Path) -> Scenario | None:
    """The scenario, None for a life of years: the shorter ones do the same."""
    scenario = load(str(file))
    return None if scenario.steps[-1].at_s > LONGEST_S else scenario
