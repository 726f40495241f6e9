"""A stream of telemetry that falls silent: said once while the pump answers, and exit code 3 where it does not."""

import json
from pathlib import Path

import pytest

from host_tools.cli import status
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import reading
from tests.cli.conftest import PeerServer, Thecal, commands

SAID = f"no telemetry for {1 + status.TELEMETRY_TIMEOUT_S}s, though the pump answers"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TELEMETRY_TIMEOUT_S", -0.8)  # with a period of 1 s


@pytest.mark.usefixtures("emulator")
def test_a_pump_whose_time_stands_still_is_told_of_once(thecal: Thecal, tmp_path: Path) -> None:
    done = thecal("watch", "--json", "--count", "4")
    assert [json.loads(line)["uptime_s"] for line in done.stdout.splitlines()] == [0] * 4
    assert done.stderr.count(SAID) == done.stderr.count("\n") == 1
    assert done.exit_code == 0
    done = thecal("record", str(tmp_path / "pump.sqlite"), "--count", "3", "--json")
    assert json.loads(done.stdout)["rows"] == 3
    assert done.stderr.count(SAID) == done.stderr.count("\n") == 1


def test_a_stream_that_goes_on_is_not(thecal: Thecal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TELEMETRY_TIMEOUT_S", 5)
    with EmulatorProcess(speed=100) as emulator:
        done = thecal("watch", "--json", "--count", "20", "--port", emulator.url)
    assert done.stderr == ""


@pytest.mark.usefixtures("quick")
def test_a_line_that_is_lost_ends_it(server: PeerServer, thecal: Thecal) -> None:
    server.spoil = lambda data: b"" if "SUBSCRIBE" in commands(server.peer)[:-1] else data
    done = thecal("watch", "--port", server.url)
    assert done.exit_code == 3
    assert "stopped answering" in done.stderr
    assert SAID not in done.stderr
