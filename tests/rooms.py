"""Where the scenarios are: those that show what the pump does, and those that came from the field."""

from pathlib import Path

SCENARIOS = Path(__file__).parent / "scenarios"
FIELD = Path(__file__).parent / "field"
SCENARIO_FILES = sorted(file for room in (SCENARIOS, FIELD) for file in room.glob("*.yaml"))
