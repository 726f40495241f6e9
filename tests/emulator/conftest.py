"""Emulators as processes of their own, each test with a registry of its own; none is left behind."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from host_tools.emulator.process import EmulatorProcess

Start = Callable[..., EmulatorProcess]


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where emulators publish themselves in this test."""
    monkeypatch.setenv("THECAL_RUNTIME_DIR", str(tmp_path / "runtime"))
    return tmp_path / "runtime" / "emulators"


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts an emulator with the arguments of EmulatorProcess; it ends with the test."""
    started: list[EmulatorProcess] = []

    def starter(*arguments: Any, **options: Any) -> EmulatorProcess:
        started.append(EmulatorProcess(*arguments, **options))
        return started[-1].start()

    yield starter
    for emulator in started:
        emulator.kill()
