"""`thecal flash` against MicroPython itself: an emulated chip with the service jumper to ground, on a TCP port."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from host_tools.board import flash
from host_tools.board.deployment import MANIFEST, deployed_files
from host_tools.board.repl import Board
from host_tools.cli.main import main
from host_tools.emulator.rigserver import measured_timeout_s
from host_tools.machines.rp2040 import image
from host_tools.machines.rp2040.rig import Rig
from host_tools.machines.rp2040.uf2 import FirmwareImageMissing
from host_tools.programmer.timeouts import TIMEOUT_VARIABLE, known_timeout_s
from tests.rig.served import files_on, while_served

pytestmark = [pytest.mark.chip, pytest.mark.timeout(1800)]

PUMP = "firmware/pump.mpy"
DRIVERS = "hal/rp2040/body.mpy"
SPARE_BLOCKS = 16

SwitchOn = Callable[[dict[str, bytes]], Rig]


@pytest.fixture
def board(monkeypatch: pytest.MonkeyPatch) -> SwitchOn:
    """Gives a rig with these files, for which this test's programmers wait as long as it needs."""

    def switch_on(files: dict[str, bytes]) -> Rig:
        try:
            rig = Rig(files=files, service_jumper=True)
        except FirmwareImageMissing as reason:
            pytest.skip(str(reason))
        monkeypatch.setenv(TIMEOUT_VARIABLE, str(measured_timeout_s(rig.chip)))
        return rig

    return switch_on


def run(url: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["flash", "--port", url, *options], prog_name="thecal")


def deploy(url: str) -> list[str]:
    with Board(url, known_timeout_s(url) or 0) as at_repl:
        return flash.deploy(at_repl, lambda *_: None)


def test_an_older_deployment_becomes_this_one_and_a_second_flash_copies_nothing(board: SwitchOn) -> None:
    files = deployed_files()
    old = {path: data for path, data in files.items() if path != DRIVERS}
    rig = board(old | {PUMP: b"old", "firmware/gone.mpy": b"old", "mine.txt": b"mine"})

    def work(url: str) -> tuple[dict[str, Any], Result]:
        first = run(url, "--json")
        assert first.exit_code == 0, first.stderr
        return json.loads(first.stdout), run(url)

    told, again = while_served(rig, work)
    assert told["deployed"] == [PUMP, DRIVERS]
    assert (told["serial"], told["runtime"][:12], told["runtime"][-6:]) == ("THECAL-00001", "micropython ", "rp2040")
    assert 20_000 < told["free_bytes"] < 236_000
    assert again.exit_code == 3
    assert "pump THECAL-00001 runs there; connect the service pin to ground" in again.stderr
    now = files_on(rig)
    assert {path: data for path, data in now.items() if path in files} == files
    assert now["mine.txt"] == b"mine"
    assert "firmware/gone.mpy" not in now

    rig.chip.cut_power()
    assert while_served(rig, deploy) == []


def test_an_empty_board_gets_its_folders_and_files(board: SwitchOn, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {path: b"# " + path.encode() for path in ("firmware/a.mpy", "hal/rp2040/b.mpy", "main.py", MANIFEST)}
    monkeypatch.setattr(flash, "deployed_files", lambda: few)
    rig = board({})
    while_served(rig, deploy)
    assert files_on(rig) == few


def test_a_deployment_that_breaks_off_leaves_a_board_at_its_repl(board: SwitchOn) -> None:
    files = deployed_files()
    rig = board(files | {PUMP: b"old"})

    def break_off(url: str) -> None:
        def progress(_path: str, done_bytes: int, _total: int) -> None:
            if done_bytes:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt), Board(url, known_timeout_s(url) or 0) as at_repl:
            flash.deploy(at_repl, progress)

    while_served(rig, break_off)
    assert MANIFEST not in files_on(rig)
    rig.wiring.service_jumper = False
    rig.chip.cut_power()
    rig.chip.wait(lambda: rig.chip.received.endswith(b">>> "), 5000, "the REPL")
    assert b"only a part of Thecal is on this board" in rig.chip.take()


def test_a_full_file_system_is_said_and_leaves_no_pump(board: SwitchOn) -> None:
    rig = board({MANIFEST: b"", "filler": bytes((image.BLOCKS - SPARE_BLOCKS) * image.BLOCK_BYTES)})
    done = while_served(rig, run)
    assert done.exit_code == 1
    assert "the board's file system is full; remove what is not Thecal's" in done.stderr.splitlines()[-1]
    assert MANIFEST not in files_on(rig)
