"""What every test shares: hypothesis profiles that print how to repeat a failure."""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("THECAL_HYPOTHESIS", "default"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many tests ran on the emulated chip, and how many could not."""
    outcomes = Counter(
        outcome
        for outcome, reports in terminalreporter.stats.items()
        for report in reports
        if isinstance(report, pytest.TestReport) and "chip" in report.keywords and outcome
    )
    if outcomes:
        skipped = outcomes.pop("skipped", 0)
        why = " (set THECAL_UF2 to a stock MicroPython UF2 for the Pico)" if skipped else ""
        terminalreporter.write_line(f"chip tests: {outcomes.total()} ran, {skipped} skipped{why}")
