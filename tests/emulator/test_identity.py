"""Emulators of one user that run at once have serial numbers of their own."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from filelock import FileLock, Timeout
from hypothesis import given
from hypothesis import strategies as st

from host_tools.cli import emulate
from host_tools.cli.main import main
from host_tools.emulator.process import EmulatorProcess
from host_tools.emulator.state import StateError
from host_tools.machines.serials import free_serial, serial_of
from tests.emulator.conftest import Start


@pytest.fixture
def four() -> Iterator[list[EmulatorProcess]]:
    emulators = [EmulatorProcess(speed=0) for _ in range(4)]
    yield emulators
    for emulator in emulators:
        emulator.kill()


def test_those_started_at_once_differ(four: list[EmulatorProcess]) -> None:
    with ThreadPoolExecutor(len(four)) as pool:
        started = list(pool.map(EmulatorProcess.start, four))
    assert sorted(emulator.serial for emulator in started) == [serial_of(seed) for seed in range(4)]


@pytest.mark.parametrize("moment", ["running_emulators", "DebugLink"])
def test_nobody_else_chooses_between_the_choice_and_the_publication(
    registry: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def look(*_: Any) -> None:
        with pytest.raises(Timeout):
            FileLock(registry.parent / "emulators.lock").acquire(timeout=0)
        raise StateError("seen to be locked")

    monkeypatch.setattr(emulate, moment, look)
    assert "seen to be locked" in CliRunner().invoke(main, ["emulate"]).stderr


def test_the_lowest_that_is_free_is_taken_and_kept_with_the_pump(start: Start, tmp_path: Path) -> None:
    first = start(speed=0)
    second = start(speed=0, state=tmp_path / "pump")
    assert (first.serial, second.serial) == ("THECAL-00001", "THECAL-00002")
    first.stop()
    assert start(speed=0).serial == "THECAL-00001"
    second.restart()
    assert second.serial == "THECAL-00002"
    identity = json.loads((tmp_path / "pump" / "plant.json").read_text())["pump"]["identity"]
    assert identity == {"seed": 0, "start": None, "serial": "THECAL-00002"}
    second.stop()
    assert second.messages == ""


@pytest.mark.parametrize("kept", [False, True])
def test_a_seed_or_a_kept_pump_has_its_own_and_a_warning_says_who_else_does(
    start: Start, tmp_path: Path, kept: bool
) -> None:
    if kept:
        start(speed=0, state=tmp_path / "pump").stop()
    other = start(speed=0)
    same = start(speed=0, state=tmp_path / "pump") if kept else start(speed=0, seed=0)
    assert same.serial == other.serial == "THECAL-00001"
    same.stop()
    assert same.messages == (
        f"thecal: the emulator of process {other.pid} is THECAL-00001 as well; tell them apart with --port\n"
    )


@given(taken=st.sets(st.integers(0, 40).map(serial_of)))
def test_the_lowest_free_number(taken: set[str]) -> None:
    free = free_serial(taken)
    assert free not in taken
    assert all(serial in taken for serial in map(serial_of, range(40)) if serial < free)


def test_one_that_cannot_lock_starts_all_the_same(start: Start, tmp_path: Path) -> None:
    (tmp_path / "runtime").touch()
    emulator = start(speed=0)
    assert emulator.serial == "THECAL-00001"
