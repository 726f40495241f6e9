"""Where the scenarios are: those that show what the pump does, those that simulated lives found, and those from the
field."""

from functools import cache
from pathlib import Path

from host_tools.scenario.load import Scenario, load

SCENARIOS = Path(__file__).parent / "scenarios"
FOUND = SCENARIOS / "found"
FIELD = Path(__file__).parent / "field"
SCENARIO_FILES = sorted(file for room in (SCENARIOS, FOUND, FIELD) for file in room.glob("*.yaml"))


@cache
def loaded(file: Path) -> Scenario:
    """A scenario, read once for all tests of a process: running one changes nothing in it."""
    return load(str(file))
