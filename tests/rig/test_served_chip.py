"""`thecal rig` as its user has it: a process of its own, and the command line beside it with its default options."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from host_tools.board.deployment import MANIFEST, deployed_files
from host_tools.cli.main import main
from host_tools.machines.rp2040.uf2 import FirmwareImageMissing, find_uf2
from host_tools.programmer.discovery import running_emulators
from host_tools.programmer.timeouts import TIMEOUT_VARIABLE
from tests.child import LIMIT_S, child, thecal

pytestmark = [pytest.mark.chip, pytest.mark.timeout(1800)]

VERBS = [
    "implant --catheter-cm 50",
    "refill --volume-ml 20 --concentration-mcg-per-ml 2000",
    "prime",
    "program --dose-mcg-per-day 500 --yes",
    "stop",
    "silence all",
]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No emulator but this test's is in sight, no board, and nobody who says how long to wait."""
    try:
        find_uf2()
    except FirmwareImageMissing as reason:
        pytest.skip(str(reason))
    monkeypatch.setenv("THECAL_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr("host_tools.programmer.discovery.usb_ports", list)
    for name in ("THECAL_PORT", TIMEOUT_VARIABLE):
        monkeypatch.delenv(name, raising=False)


@contextmanager
def rig(*options: str) -> Iterator[str]:
    """The URL of a `thecal rig`, which ends by Ctrl-C and is then no longer published."""
    with child(thecal("rig", "--json", *options), stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())["tcp"]
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT_S) == 130
    assert running_emulators() == []


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(main, arguments, prog_name="thecal")
    assert done.exit_code == 0, done.stderr
    return done


def test_a_pump_is_looked_at_filled_programmed_and_stopped() -> None:
    with rig():
        assert json.loads(run("status", "--json").stdout)["therapy"] == "unfilled"
        for verb in VERBS:
            run(*verb.split())
        events = [event["name"] for event in json.loads(run("log", "--json").stdout)]
    assert events.count("SESSION_OPEN") == len(VERBS)  # nobody had to ask twice
    assert events.count("SESSION_CLOSE") == len(VERBS)


def test_a_bare_board_is_flashed_and_is_a_pump() -> None:
    with rig("--bare") as url:
        told = json.loads(run("flash", "--port", url, "--json").stdout)
    assert told["deployed"] == [path for path in deployed_files() if path != MANIFEST]
    assert told["serial"] == "THECAL-00001"
