"""Where the scenarios are: those that show what the pump does, and those that came from the field."""

from pathlib import Path

SCENARIO_FILES = sorted(
    file for room in ("scenarios", "field") for file in (Path(__file__).parent / room).glob("*.yaml")
)
