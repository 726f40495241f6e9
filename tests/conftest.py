"""What every test shares: hypothesis profiles that print how to repeat a failure."""

import os
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

CHIP = ("chip", True)

# Nobody's own keys: there is no such file, and a test that makes keys names one of its own.
os.environ["THECAL_KEYS"] = str(Path(tempfile.gettempdir(), f"thecal-test-{os.getpid()}", "keys.json"))

settings.register_profile("default", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("THECAL_HYPOTHESIS", "default"))


def pytest_configure(config: pytest.Config) -> None:
    """Let hundreds of child processes, and the workers, share their bytecode also where none may lie in the tree."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        folder = tempfile.TemporaryDirectory(prefix="bytecode-", ignore_cleanup_errors=True)
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name
        config.add_cleanup(folder.cleanup)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the reports of chip tests: their keywords would be found in the names of folders, too."""
    for item in items:
        if item.get_closest_marker("chip"):
            item.user_properties.append(CHIP)


def _on_chip(report: pytest.TestReport) -> bool:
    return CHIP in {(name, value) for name, value in report.user_properties}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Below all else: how many tests ran on the emulated chip, and how many could not."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # in a worker
        return
    outcomes = Counter(
        report.outcome
        for reports in reporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and (report.when == "call" or report.skipped) and _on_chip(report)
    )
    if outcomes:
        skipped = outcomes["skipped"]
        why = " (set THECAL_UF2 to a stock MicroPython UF2 for the Pico)" if skipped else ""
        reporter.write_line(f"chip tests: {outcomes.total() - skipped} ran, {skipped} skipped{why}")
