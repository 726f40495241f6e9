"""docs/debug-link.md: its examples are what a real debug link says, and it leaves nothing out."""

import inspect
import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from hal.plant.faults import FAULTS, INSTANT, Choice, Field
from host_tools.emulator.debuglink import DebugLink
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import Programmer
from host_tools.programmer.discovery import Emulator
from tests.emulator.conftest import Start

PAGE = Path(__file__).parents[2].joinpath("docs", "debug-link.md").read_text(encoding="utf-8")
TALKS = [block.splitlines() for block in re.findall(r"```\n(> .*?)\n```", PAGE, re.DOTALL)]
END = "< end of the connection"
OPENED_BY_ITSELF = 2  # talks that begin a connection: with the token, and without
ANSWER_LIMIT_S = 20


@pytest.fixture
def emulator(start: Start) -> EmulatorProcess:
    """The pump that the page's examples are of."""
    running = start(speed=0, start_at="2026-01-05T08:00:00")
    with Programmer.open(running.url) as pump:
        pump.refill(volume_ml=20, concentration_mcg_per_ml=2000)
        pump.program_simple(500)
    return running


class Connection:
    def __init__(self, emulator: EmulatorProcess, token: bool) -> None:
        host, port = emulator.debug.split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=ANSWER_LIMIT_S)
        self._lines = self._socket.makefile("r", encoding="utf-8")
        self._token = emulator.debug_token
        if token:
            self.send('{"token": "..."}')
            assert json.loads(self.line()) == {"ok": True}

    def send(self, line: str) -> None:
        line = line.replace('{"token": "..."}', json.dumps({"token": self._token}))
        self._socket.sendall(line.encode() + b"\n")

    def line(self) -> str:
        return self._lines.readline()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()


def test_each_example_is_what_a_debug_link_says(emulator: EmulatorProcess) -> None:
    for index, talk in enumerate(TALKS):
        with closing(Connection(emulator, token=index >= OPENED_BY_ITSELF)) as connection:
            for line in talk:
                _hold_against(connection, line)


def _hold_against(connection: Connection, line: str) -> None:
    """Send what the page says the client sends; expect what it says comes back, `...` being anything."""
    if line.startswith("> "):
        connection.send(line[2:])
        return
    answer = connection.line().rstrip("\n")
    if line == END:
        assert answer == ""
    else:
        pattern = re.escape(line[2:]).replace(re.escape("..."), ".*")
        assert re.fullmatch(pattern, answer), (line, answer)


def _requests() -> dict[str, inspect.Signature]:
    """Each request that a debug link knows, and what it takes."""
    server = SimpleNamespace(machine=None, identity={"start": None})
    link = DebugLink(server)  # pyright: ignore[reportArgumentType] - it is asked nothing
    return {name: inspect.signature(verb) for name, verb in link._verbs.items()}


def _sections() -> dict[str, str]:
    part = PAGE.partition("## The requests\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", part, re.MULTILINE | re.DOTALL))


def test_each_request_has_a_section_and_no_other() -> None:
    assert list(_sections()) == list(_requests())


@pytest.mark.parametrize("name", _requests())
def test_a_section_has_the_arguments_and_an_example(name: str) -> None:
    text = _sections()[name]
    arguments = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(arguments) == sorted(_requests()[name].parameters)
    examples = [json.loads(line) for line in re.findall(r"^> (.*)$", text, re.MULTILINE)]
    assert {example["do"] for example in examples} == {name}


def test_what_an_emulator_says_of_itself_is_on_the_page(emulator: EmulatorProcess, registry: Path) -> None:
    (record,) = [json.loads(path.read_text(encoding="utf-8")) for path in registry.iterdir()]
    part = PAGE.partition("## Finding it\n")[2].partition("\n## ")[0]
    keys = set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE))
    assert keys == set(Emulator._fields)
    assert keys - set(record) == {"timeout_s"}  # this one is as fast as any pump
    assert "THECAL_RUNTIME_DIR" in part
    assert (registry / f"{emulator.pid}.json").exists()


def _fault_rows() -> Iterator[str]:
    for name, fields in FAULTS.items():
        cells = [f"`{field}`: {_limits(limits)}" for field, limits in fields.items()]
        yield f"| `{name}` | {'; '.join(cells) or 'none'} |"


def _limits(limits: Field | Choice) -> str:
    if isinstance(limits, Choice):
        return ", ".join(f"`{word}`" for word in limits.words)
    default = "" if limits.default is None else f", default {limits.default}"
    return f"{limits.least} to {limits.most}{default}"


def test_each_fault_is_there_with_its_fields() -> None:
    part = PAGE.partition("## The faults\n")[2]
    assert re.findall(r"^\| `.*$", part, re.MULTILINE) == list(_fault_rows())
    assert re.findall(r"`(\w+)`", part.splitlines()[-1])[1:] == list(INSTANT)
