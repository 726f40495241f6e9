"""The command line against real emulators, and against a pump of the wire alone that can misbehave."""

import os
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest
from click.testing import CliRunner, Result

from host_tools.cli.main import main
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer.client import Client
from protocol.frame import encode
from tests.child import LIMIT_S, child
from tests.child import thecal as child_command
from tests.programmer.peer import Peer

Thecal = Callable[..., Result]
LAST_WORDS_S = 10


@pytest.fixture(autouse=True)
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No emulator but this test's is in sight, and no board."""
    monkeypatch.setenv("THECAL_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("THECAL_PORT", raising=False)
    monkeypatch.setattr("host_tools.programmer.discovery.usb_ports", list)
    return tmp_path / "emulators"


@pytest.fixture
def thecal() -> Thecal:
    """Runs the command in this process: exit_code, stdout, stderr."""

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments, prog_name="thecal")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


@pytest.fixture
def emulator() -> Iterator[EmulatorProcess]:
    """A pump whose time stands still."""
    with EmulatorProcess(speed=0) as running:
        yield running


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A programmer that does not wait long for a pump that will not answer."""
    monkeypatch.setitem(Client.__init__.__kwdefaults__ or {}, "timeout_s", 0.02)


class PeerServer:
    """A peer behind a TCP port. `spoil` changes what it sends, or hangs up by raising ConnectionError."""

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        self.spoil: Callable[[bytes], bytes] = lambda data: data
        self.pushes: Iterable[int] = ()  # numbers of the telemetry that a subscription brings
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"socket://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the present client, which is not waited for for long."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(LAST_WORDS_S)
        self._listener.close()
        assert not self._thread.is_alive(), f"a client is still there {LAST_WORDS_S} s after its test"

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line:
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        rest = b""
        try:
            while data := line.recv(4096):
                *requests, rest = (rest + data).split(b"\0")
                for request in requests:
                    answer = self.peer.answer(request + b"\0")
                    if answer is not None:
                        line.sendall(self.spoil(encode(answer)))
                    if self.peer.done and self.peer.done[-1] == ("SUBSCRIBE", {"period_s": 1}):
                        line.sendall(b"".join(encode(self.peer.push(number)) for number in self.pushes))
        except ConnectionError:
            return


@pytest.fixture
def server() -> Iterator[PeerServer]:
    """A pump of the wire alone, at `url`."""
    running = PeerServer(Peer())
    yield running
    running.stop()


def commands(peer: Peer) -> list[Any]:
    """Names of what the peer applied."""
    return [name for name, _ in peer.done]


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    if not hasattr(os, "openpty"):
        pytest.skip("no pseudo-terminals here")
    ours, theirs = os.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def asked(terminal: tuple[int, int], keys: bytes, *arguments: str) -> tuple[bytes, int]:
    """What a command shows up to its question, and its exit code once it is answered with these keys."""
    ours, theirs = terminal
    with child(child_command(*arguments), stdin=theirs, stdout=PIPE, stderr=PIPE) as asking:
        shown = b""
        while b"[y/N]" not in shown:
            piece = os.read(asking.stderr.fileno(), 1000)
            assert piece, f"it ended after {shown}"
            shown += piece
        os.write(ours, keys)
        _, said = asking.communicate(timeout=LIMIT_S)
    assert b"Traceback" not in said
    return shown, asking.returncode
