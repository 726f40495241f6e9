"""What a web page can send to this machine's ports, and any other client of HTTP: it changes nothing."""

import json
import re
import socket
import stat
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from host_tools.cli.main import main
from host_tools.emulator.debugclient import DebugClient, DebugError
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import Programmer
from protocol import registry as messages
from protocol.frame import Frame, encode
from tests.child import LIMIT_S
from tests.emulator.conftest import Start

ORDERS = (
    {"do": "fault", "name": "runaway"},
    {"do": "cut", "for_s": 3600},
    {"do": "advance", "by_s": 86_400},
    {"do": "speed", "speed": "max"},
    {"do": "head", "state": "off"},
)
LINES = b"".join(json.dumps(order).encode() + b"\n" for order in ORDERS)


def unsigned(name: str, **fields: Any) -> bytes:
    """A frame as a page can build it: whole, and by nobody whom the pump knows."""
    message = messages.REQUEST[name]
    return b"\0" + encode(Frame(message.code, 0, 1, messages.payload(message, fields)))


FRAMES = (
    unsigned("OPEN", role="clinician", nonce=bytes(16))
    + unsigned("STOP")
    + unsigned("SUBSCRIBE", period_s=1)
    + unsigned("SET_CLOCK", wall_s=1000)
)
BODIES = (LINES, b'{"token": ""}\n' + LINES, b"\n\n" + LINES, FRAMES, FRAMES + b"\n" + LINES)
REQUESTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("POST", {"Content-Type": "text/plain"}),
    ("POST", {"Content-Type": "text/plain", "Origin": "https://example.org", "Sec-Fetch-Mode": "no-cors"}),
    ("POST", {"Transfer-Encoding": "chunked"}),
    ("PUT", {}),
    ("GET", {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}),
    ("OPTIONS", {"Access-Control-Request-Method": "POST"}),
    ('{"do":"cut"}', {}),
)


@pytest.fixture
def emulator(start: Start) -> Iterator[EmulatorProcess]:
    running = start(speed=0)
    yield running
    assert running.stop() == 0
    assert running.messages == ""


@pytest.fixture
def ports(emulator: EmulatorProcess) -> list[int]:
    """Every TCP port that the process listens on."""
    named = [int(re.sub(r".*:", "", address)) for address in (emulator.url, emulator.debug)]
    listening = _listening_ports(emulator.pid)
    assert listening is None or sorted(named) == listening
    return named


def _listening_ports(pid: int) -> list[int] | None:
    """What the kernel says of a process; None where it does not say."""
    table = Path("/proc/net/tcp")
    if not table.exists():
        return None
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    rows = [row.split() for row in table.read_text().splitlines()[1:]]
    return sorted(int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in links)


def world(emulator: EmulatorProcess) -> dict[str, Any]:
    """All that an order could have changed: truth, time, and what the pump says and logged, but for noise on its line
    and that somebody was there."""
    with emulator.debug_client() as debug, Programmer.open(emulator.url) as pump:
        status = pump.status()
        heard = ("COMMS_ERROR", "TELEMETRY_MODE_ENTER", "COMMS_RATE_LIMIT")
        told = [event["name"] for event in debug.events() if event["name"] not in heard]
        counts = ("comms_errors", "telemetry_dropped", "signed")
        seen = {key: value for key, value in status.items() if key not in counts}
        return {"status": seen, "truth": debug.truth(), "events": told, "now_s": debug.now_s()}


def ask_by_http(port: int, method: str, headers: dict[str, str], body: bytes) -> None:
    """A request, twice in a row on one connection as far as that lives; whatever comes back."""
    connection = HTTPConnection("127.0.0.1", port, timeout=0.1)
    try:
        chunked = "Transfer-Encoding" in headers
        connection.request(method, "/", iter([body]) if chunked else body, headers, encode_chunked=chunked)
        assert connection.sock is not None
        connection.sock.sendall(b"POST / HTTP/1.1\r\n\r\n" + body)
        connection.getresponse()
    except (HTTPException, OSError):
        pass  # it was hung up on, or nobody answers HTTP
    finally:
        connection.close()


def test_http_changes_nothing_at_any_port(emulator: EmulatorProcess, ports: list[int]) -> None:
    before = world(emulator)
    cases = list(product(ports, REQUESTS, BODIES))
    for port, (method, headers), body in cases:
        ask_by_http(port, method, headers, body)
    print(f"{len(cases)} requests")
    assert len(cases) == len(ports) * len(REQUESTS) * len(BODIES) == 70
    assert world(emulator) == before


@pytest.mark.parametrize(
    "opening",
    [b"", b"POST / HTTP/1.1\n", b"\n", b"[]\n", b'"token"\n', b'{"token": 1}\n', b'{"token": "\xc3\xa9"}\n', b"{}\n"],
)
def test_no_line_after_a_wrong_first_one_is_looked_at(emulator: EmulatorProcess, opening: bytes) -> None:
    host, port = emulator.debug.split(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT_S) as link, link.makefile() as answers:
        link.sendall(opening + LINES)
        said = answers.readline()
        assert list(json.loads(said)) == ["error"]
    with emulator.debug_client() as debug:
        assert debug.now_s() == 0
        assert debug.truth()["faults"] == []


def test_a_line_that_is_no_object_ends_a_connection_that_was_let_in(emulator: EmulatorProcess) -> None:
    host, port = emulator.debug.split(":")
    with socket.create_connection((host, int(port)), timeout=LIMIT_S) as link, link.makefile() as answers:
        link.sendall(json.dumps({"token": emulator.debug_token}).encode() + b"\n" + b'{"do": "now"}\nGET /\n' + LINES)
        assert json.loads(answers.readline()) == {"ok": True}
        assert json.loads(answers.readline())["now_s"] == 0
        assert "ends at one that is none" in json.loads(answers.readline())["error"]
    with emulator.debug_client() as debug:
        assert debug.now_s() == 0


def test_who_has_the_address_alone_is_told_where_the_token_is(
    emulator: EmulatorProcess, registry: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    record = registry / f"{emulator.pid}.json"
    with pytest.raises(DebugError, match=re.escape(f"`thecal emulate --json` prints, and in {record}")):
        DebugClient(emulator.debug)
    with DebugClient(emulator.debug, json.loads(record.read_text())["debug_token"]) as client:
        assert client.now_s() == 0
    assert len(emulator.debug_token) >= 43  # of base64: 32 random bytes
    monkeypatch.setenv("THECAL_RUNTIME_DIR", str(tmp_path / "elsewhere"))
    result = CliRunner().invoke(main, ["debug", "truth", "--port", emulator.debug])
    assert result.exit_code == 3
    assert f"publish in {tmp_path / 'elsewhere' / 'emulators'}" in result.stderr


def test_the_token_is_for_its_owner_alone_and_new_at_each_start(start: Start, registry: Path) -> None:
    registry.mkdir(parents=True, mode=0o755)
    emulators = [start(), start()]
    assert len({each.debug_token for each in emulators}) == 2
    assert stat.S_IMODE(registry.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in registry.iterdir()} == {0o600}
