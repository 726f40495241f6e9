"""What `thecal flash` does to a board, and what it says of those that are none."""

import json
import socket
from collections.abc import Iterator
from contextlib import nullcontext

import pytest
from click.testing import CliRunner, Result

from host_tools.board import flash as flashing
from host_tools.board import repl
from host_tools.board.deployment import MANIFEST, deployed_files
from host_tools.board.flash import deploy, start
from host_tools.board.repl import FlashError
from host_tools.cli import flash as command
from host_tools.cli.main import main
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import LinkLost, NoDevice, Programmer, discovery
from host_tools.programmer.timeouts import TIMEOUT_VARIABLE
from tests.rig.scriptedrepl import ScriptedRepl
from tests.rig.toyboard import ToyBoard

PUMP = "firmware/pump.mpy"


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return deployed_files()


@pytest.fixture(autouse=True)
def compiled_once(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Deploy what was compiled for all tests here; test_deployment.py looks at the compiling itself."""
    monkeypatch.setattr(flashing, "deployed_files", lambda: dict(files))


def silent(_path: str, _done: int, _total: int) -> None:
    pass


def flash(*arguments: str) -> Result:
    result = CliRunner().invoke(main, ["flash", *arguments], prog_name="thecal")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def check(done: Result, exit_code: int, *words: str) -> None:
    lines = done.stderr.splitlines()
    assert done.exit_code == exit_code, done.stderr
    assert (len(lines), done.stdout) == (1, "")
    for word in words:
        assert word in lines[0]


def test_an_empty_board_gets_everything_and_a_second_time_nothing(files: dict[str, bytes]) -> None:
    board = ToyBoard({})
    assert deploy(board, silent) == [path for path in files if path != MANIFEST]
    assert board.files == files
    assert board.written[-1] == MANIFEST
    board.written.clear()
    assert deploy(board, silent) == []
    assert board.written == []
    start(board)
    assert "kbd_intr(-1)" in board.left_to  # first: a frame may have Ctrl-C in it


def test_only_what_differs_is_written_and_what_is_not_ours_goes(files: dict[str, bytes]) -> None:
    """A source beside a compiled module would be taken in its place, so nothing else stays in our folders."""
    extra = {PUMP: b"old", "firmware/gone.mpy": b"old", "firmware/wire.py": b"", "notes.txt": b"mine"}
    board = ToyBoard(files | extra)
    assert deploy(board, silent) == [PUMP]
    assert board.written == [PUMP, MANIFEST]
    assert board.files == files | {"notes.txt": b"mine"}


def test_what_is_not_ours_goes_even_where_nothing_else_is_to_be_done(files: dict[str, bytes]) -> None:
    board = ToyBoard(files | {"hal/rp2040/body.py": b""})
    assert deploy(board, silent) == []
    assert board.files == files


def test_progress_is_in_bytes_and_ends_with_all_of_them(files: dict[str, bytes]) -> None:
    told: list[tuple[str, int, int]] = []
    deploy(ToyBoard({}), lambda *step: told.append(step))
    total = sum(map(len, files.values()))
    assert told[0] == (next(iter(files)), 0, total)
    assert told[-1] == (MANIFEST, total, total)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


@pytest.mark.parametrize("spoilt", [PUMP, MANIFEST])
def test_a_file_that_does_not_arrive_whole_leaves_no_pump(spoilt: str) -> None:
    board = ToyBoard({MANIFEST: b""})
    board.spoils = spoilt
    with pytest.raises(FlashError, match=rf"{spoilt} did not arrive whole; flash again") as error:
        deploy(board, silent)
    assert error.value.exit_code == 1
    assert MANIFEST not in board.files


@pytest.mark.parametrize("after", [0, 1, 10])
def test_a_cable_pulled_in_mid_deploy_leaves_no_pump_and_the_next_flash_goes_on(
    files: dict[str, bytes], after: int
) -> None:
    board = ToyBoard({MANIFEST: files[MANIFEST]})

    def pull(number: int) -> None:
        if number == after:
            raise LinkLost("pulled")

    board.fails = pull
    with pytest.raises(LinkLost):
        deploy(board, silent)
    assert MANIFEST not in board.files
    board.fails = lambda _number: None
    assert len(deploy(board, silent)) == len(files) - 1 - after
    assert board.files == files


@pytest.mark.parametrize(
    ("board", "words"),
    [
        (ToyBoard({"mine": b"1"}, machine="ESP32 module with ESP32"), "on ESP32 module.* name another --port"),
        (ToyBoard({"mine": b"1"}, machine="Raspberry Pi Pico2 with RP2350"), "RP2350; Thecal runs on a Pico"),
        (ToyBoard({"mine": b"1"}, name="circuitpython", version=(9, 2, 1)), "circuitpython 9.2 is on the board.*UF2"),
        (ToyBoard({"mine": b"1"}, version=(1, 22, 0, "")), "MicroPython 1.22 .*needs 1.24 or newer.*UF2"),
    ],
)
def test_a_board_that_cannot_be_a_pump_is_refused_and_left_alone(board: ToyBoard, words: str) -> None:
    with pytest.raises(NoDevice, match=words) as error:
        deploy(board, silent)
    assert error.value.exit_code == 3
    assert (board.files, board.written) == ({"mine": b"1"}, [])


def test_no_board_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "usb_ports", list)
    check(flash(), 3, "no RP2040 is on USB", "plug the board in", "--port")


def test_several_boards_in_sight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discovery, "usb_ports", lambda: ["/dev/ttyACM0", "/dev/ttyACM1"])
    check(flash(), 3, "2 boards are on USB: /dev/ttyACM0, /dev/ttyACM1", "--port")


@pytest.mark.parametrize("port", ["/dev/ttyABSENT9", "gopher://x", "socket://127.0.0.1:1"])
def test_a_port_that_does_not_open(port: str) -> None:
    check(flash("--port", port), 3, port, "cannot be opened")


def test_something_that_says_nothing_is_asked_for_its_jumper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repl, "REPL_S", 0.2)
    monkeypatch.setenv(TIMEOUT_VARIABLE, "0.2")
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"socket://127.0.0.1:{mute.getsockname()[1]}"
        check(flash("--port", url), 3, f"{url}: no REPL answers", "service pin to ground", "flash again")


def test_a_pump_that_runs_is_named_and_asked_for_its_jumper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repl, "REPL_S", 0.2)
    with EmulatorProcess(speed=0) as emulator:
        words = f"pump {emulator.serial} runs there", "service pin to ground", "flash again"
        check(flash("--port", emulator.url), 3, *words)


@pytest.mark.parametrize("timeout_s", [0, 5, 300])
def test_no_wait_for_a_board_is_shorter_than_what_it_needs(monkeypatch: pytest.MonkeyPatch, timeout_s: float) -> None:
    """mpremote has time-outs of its own, which are made for boards."""
    waits_s: list[float] = []

    def opened(_line: object, _port: str, timeout: float) -> None:
        waits_s.append(timeout)

    def read(_line: object, _number: int, _end: bytes, timeout: float, _each: object, overall: float | None) -> bytes:
        waits_s.extend([timeout] if overall is None else [timeout, overall])
        return b""

    monkeypatch.setattr(repl.SerialTransport, "__init__", opened)
    monkeypatch.setattr(repl.SerialTransport, "read_until", read)
    line = repl._Line("/dev/ttyTOY0", timeout_s)
    line.read_until(1, b">")
    line.read_until(1, b">", timeout=120)
    line.read_until(1, b">", timeout_overall=20)
    assert waits_s == [max(of_a_board, timeout_s) for of_a_board in (10, 10, 120, 10, 20)]


IDENTITY = b"('micropython', (1, 26), 'Raspberry Pi Pico with RP2040', 6)\r\n", b""
NOTHING_THERE = b"nothing there", b""  # stands for the answer that all files are missing
DONE = b"", b""
FULL = b"", b'Traceback (most recent call last):\r\n  File "<stdin>", line 1, in <module>\r\nOSError: 28\r\n'
BROKEN = b"", b"Traceback (most recent call last):\r\nMemoryError: memory allocation failed\r\n"


@pytest.mark.parametrize(
    ("script", "exit_code", "words"),
    [
        ([], 3, ["the board went silent", "look at its cable", "flash again"]),
        ([IDENTITY, NOTHING_THERE, DONE, DONE], 3, ["the board went silent", "does not start as a pump"]),
        ([IDENTITY, NOTHING_THERE, DONE, DONE, FULL], 1, ["file system is full", "fs rm", "flash again"]),
        ([IDENTITY, BROKEN], 1, ["MemoryError", "reset it", "flash again"]),
    ],
)
def test_trouble_on_the_way_is_one_line(
    files: dict[str, bytes], script: list[tuple[bytes, bytes]], exit_code: int, words: list[str]
) -> None:
    all_missing = repr((list(files), [])).encode(), b""
    board = ScriptedRepl([all_missing if part is NOTHING_THERE else part for part in script])
    done = flash("--port", board.url)
    board.stop()
    assert done.exit_code == exit_code
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr.splitlines()[-1]


@pytest.fixture
def flashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ToyBoard, str]]:
    """A toy board on the port of a pump that answers."""
    board = ToyBoard({})
    with EmulatorProcess(speed=0) as emulator:
        board.port = emulator.url
        monkeypatch.setattr(command, "Board", lambda url, _timeout_s: nullcontext(board) if url == board.port else None)
        yield board, emulator.serial


def test_the_pump_says_who_it_is_and_what_it_runs_on(flashed: tuple[ToyBoard, str]) -> None:
    board, serial = flashed
    done = flash("--port", board.port)
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Pump {serial}: firmware ")
    assert ", on cpython 3." in done.stdout
    lines = done.stderr.splitlines()
    assert [line.split(": ")[1] for line in lines[: len(board.files)]] == list(board.files)
    assert "files deployed and verified" in lines[-2]
    assert "lay the head on" in lines[-1]


def test_json_has_the_same_and_what_was_deployed(flashed: tuple[ToyBoard, str]) -> None:
    board, serial = flashed
    told = json.loads(flash("--port", board.port, "--json").stdout)
    assert (told["serial"], told["free_bytes"]) == (serial, None)
    assert told["deployed"] == [path for path in board.files if path != MANIFEST]
    assert json.loads(flash("--port", board.port, "--json").stdout)["deployed"] == []


def test_a_pump_that_does_not_come_up_is_said_with_what_to_do(
    flashed: tuple[ToyBoard, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(_pump: Programmer) -> None:
        raise NoDevice("nothing answers")

    monkeypatch.setattr(Programmer, "hello", nothing)
    done = flash("--port", flashed[0].port)
    assert done.exit_code == 3
    assert "deployed and started, but no hello came; lay the head on" in done.stderr.splitlines()[-1]
