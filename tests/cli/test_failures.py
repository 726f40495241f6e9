"""Trouble on the line: one line on stderr, the exit code of its kind, nothing on stdout."""

import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import serial
from click.testing import Result

from host_tools.programmer import NoDevice, SerialTransport, reading
from protocol import codes
from protocol.messages import NONE32, VERSION
from tests.child import child
from tests.cli.conftest import PeerServer, Thecal, commands
from tests.programmer.peer import IDENTITY

STATUS = ("status", "--port")
PROGRAM = ("program", "--dose-mcg-per-day", "500", "--yes", "--port")


def check(done: Result, exit_code: int, *words: str) -> None:
    lines = done.stderr.splitlines()
    assert done.exit_code == exit_code, done.stderr
    for word in words:
        assert word in lines[-1]
    assert lines[-1].startswith("thecal: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_no_pump_in_sight(thecal: Thecal) -> None:
    check(thecal("status"), 3, "no pump found", "`thecal emulate`", "--port")


def test_several_pumps_in_sight(thecal: Thecal, registry: Path) -> None:
    registry.mkdir()
    for number in (1, 2):
        record = {
            "pid": os.getpid(),
            "tcp": f"socket://127.0.0.1:{number}",
            "pty": None,
            "debug": f"127.0.0.1:{number}",
        }
        record |= {"debug_token": "", "serial": f"PUMP-{number}", "started": f"2026-01-0{number}T00:00:00"}
        (registry / f"{number}.json").write_text(json.dumps(record))
    check(thecal("status"), 3, "2 pumps found", "socket://127.0.0.1:1", "PUMP-2", "--port URL")


def test_file_of_a_dead_emulator_is_no_pump_and_is_removed(thecal: Thecal, registry: Path) -> None:
    registry.mkdir()
    with child([sys.executable, "-c", "pass"]) as ended:
        gone = ended.pid
    record = {"pid": gone, "tcp": "", "pty": None, "debug": "", "debug_token": "", "serial": "", "started": ""}
    (registry / f"{gone}.json").write_text(json.dumps(record))
    (registry / "torn.json").write_text("{")
    check(thecal("status"), 3, "no pump found")
    assert [path.name for path in registry.iterdir()] == ["torn.json"]


def test_absent_port(thecal: Thecal) -> None:
    check(thecal(*STATUS, "/dev/ttyABSENT9"), 3, "/dev/ttyABSENT9", "there is no such port")


@pytest.mark.parametrize("url", ["socket://localhost", "gopher://x", "socket://localhost:99999"])
def test_port_that_is_no_url(thecal: Thecal, url: str) -> None:
    check(thecal(*STATUS, url), 3, url, "a port is /dev/ttyACM0")


def test_nobody_listens(thecal: Thecal) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        number = unused.getsockname()[1]
    check(thecal(*STATUS, f"socket://127.0.0.1:{number}"), 3, "nothing listens there")


def test_port_from_the_environment(thecal: Thecal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THECAL_PORT", "/dev/ttyABSENT9")
    check(thecal("status"), 3, "/dev/ttyABSENT9")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")
def test_busy_port(thecal: Thecal) -> None:
    ours, theirs = os.openpty()
    path = os.ttyname(theirs)
    with serial.Serial(path, exclusive=True):
        check(thecal(*STATUS, path), 3, path, "another program has the port open")
    os.close(ours)
    os.close(theirs)


def test_permission_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_arguments: object, **_options: object) -> None:
        raise serial.SerialException(13, "could not open port /dev/ttyACM0: [Errno 13] Permission denied")

    monkeypatch.setattr(serial, "serial_for_url", denied)
    with pytest.raises(NoDevice, match=r"/dev/ttyACM0 .* permission denied; .*dialout"):
        SerialTransport("/dev/ttyACM0")


@pytest.mark.usefixtures("quick")
def test_loop_answers_itself_and_is_no_pump(thecal: Thecal) -> None:
    check(thecal(*STATUS, "loop://"), 3, "loop://")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("sent", "words"), [(b"", "nothing answers"), (b"login: ", "not a Thecal pump")])
def test_something_else_at_the_port(server: PeerServer, thecal: Thecal, sent: bytes, words: str) -> None:
    server.spoil = lambda _data: sent
    check(thecal(*STATUS, server.url), 3, words)


def hang_up(_data: bytes) -> bytes:
    raise ConnectionError


def mute(_data: bytes) -> bytes:
    return b""


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("trouble", "words"), [(hang_up, "the line was lost"), (mute, "stopped answering")])
def test_lost_in_the_middle_of_a_command(
    server: PeerServer, thecal: Thecal, trouble: Callable[[bytes], bytes], words: str
) -> None:
    server.spoil = lambda data: trouble(data) if "STOP" in commands(server.peer) else data
    check(thecal("stop", "--port", server.url), 3, words, "may or may not have done it", "`thecal status`")


def test_other_message_tables(server: PeerServer, thecal: Thecal) -> None:
    server.peer.identity |= {"version": VERSION + 1}
    check(thecal(*STATUS, server.url), 3, "this programmer is older", "update thecal")


@pytest.mark.parametrize("reason", sorted(set(codes.REASON) - {"auth", "replay"}))
def test_refused(server: PeerServer, thecal: Thecal, reason: str) -> None:
    server.peer.refuse = {"STAGE": reason}
    check(thecal(*PROGRAM, server.url), 4, f"stage refused ({reason}): ")


def test_refused_by_the_limits_that_the_pump_told(server: PeerServer, thecal: Thecal) -> None:
    done = thecal("program", "--dose-mcg-per-day", "90000", "--yes", "--port", server.url)
    check(done, 4, "dose_limit", "90000 mcg/day", "1000 mcg/day")


def test_not_authorised(server: PeerServer, thecal: Thecal) -> None:
    server.peer.key = bytes(32)
    check(thecal("stop", "--port", server.url), 5, "does not accept this key")


KINDS = {
    "refused": ({"refuse": {"RESUME": "soft_limit"}}, ("resume",), 4, "soft_limit"),
    "not_authorised": ({"key": bytes(32)}, ("stop",), 5, "auth"),
    "usage": ({}, ("limits", "--max-bolus-mcg", "0"), 2, None),
    "no_device": ({"identity": IDENTITY | {"version": VERSION + 1}}, ("status",), 3, None),
    "link_lost": ({}, ("watch",), 3, None),
    "check_failed": ({}, ("lasts", "2060-01-01"), 1, None),
    "store": ({}, ("record", "/dev/null/telemetry.sqlite"), 2, None),
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kind", KINDS)
def test_with_json_a_failure_is_an_object_of_its_kind(
    server: PeerServer, thecal: Thecal, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, verb, exit_code, reason = KINDS[kind]
    for name, value in peer.items():
        setattr(server.peer, name, value)
    if kind == "link_lost":
        monkeypatch.setattr(reading, "TELEMETRY_TIMEOUT_S", -0.8)
        server.spoil = lambda data: mute(data) if "SUBSCRIBE" in commands(server.peer)[:-1] else data
    if kind == "check_failed":
        server.peer.status["wall_s"] = NONE32
    done = thecal(*verb, "--json", "--port", server.url)
    assert done.exit_code == exit_code, done.stderr
    *before, last = map(json.loads, done.stdout.splitlines())
    assert not before
    assert (last["error"]["kind"], last["error"]["reason"]) == (kind, reason)
    assert last["error"]["message"] in done.stderr


def test_value_that_no_pump_takes(server: PeerServer, thecal: Thecal) -> None:
    done = thecal("program", "--dose-mcg-per-day", "0.0001", "--yes", "--port", server.url)
    check(done, 2, "--dose-mcg-per-day 0.0001 mcg/day is too fine")


def test_verbose_shows_the_traceback(thecal: Thecal) -> None:
    done = thecal("status", "-v", "--port", "/dev/ttyABSENT9")
    assert "Traceback" in done.stderr
    assert done.exit_code == 3
