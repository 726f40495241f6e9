"""A running emulator, from outside: start it, find its ports, end it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from host_tools.emulator.debugclient import DebugClient

STOP_TIMEOUT_S = 20


class EmulatorError(RuntimeError):
    """The emulator did not start; the message is what it said."""


class EmulatorProcess:
    """`thecal emulate` as a process of its own, from `start()` to `stop()`, or for a `with` block.

    `url` (TCP, for pyserial), `pty` (a path, None where there are none), `debug` (host:port), `serial` and
    `pid` are those of the newest start. `speed` is a number or "max"; at 0 only the debug link moves time.
    `start_at` is an ISO local time. `state` is the folder that keeps the pump over a `restart()`.
    """

    url: str
    pty: str | None
    debug: str
    serial: str
    pid: int

    def __init__(
        self,
        speed: int | str = 1,
        state: Path | str | None = None,
        *,
        seed: int = 0,
        start_at: str | None = None,
        tcp_port: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.command = [sys.executable, "-m", "host_tools.cli.main", "emulate", "--json"]
        self.command += ["--speed", str(speed), "--seed", str(seed), "--tcp", str(tcp_port)]
        if state is not None:
            self.command += ["--state", str(state)]
        if start_at is not None:
            self.command += ["--start", start_at]
        self.env = {**os.environ, **(env or {})}
        self.messages = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start, and wait until the ports are open. EmulatorError when it ends before that."""
        self._process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env
        )
        assert self._process.stdout is not None
        first_line = self._process.stdout.readline()
        if not first_line:
            code = self.wait()
            raise EmulatorError(f"the emulator did not start (exit code {code}): {self.messages.strip()}")
        ports = json.loads(first_line)
        self.url, self.pty, self.debug = ports["tcp"], ports["pty"], ports["debug"]
        self.serial, self.pid = ports["serial"], ports["pid"]
        return self

    def debug_client(self) -> DebugClient:
        """A connection to the debug link; use it in a `with` block or close it."""
        return DebugClient(self.debug)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int:
        """End it as its user would, its state saved; the exit code. Harmless when it has ended."""
        if self.running:
            self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> int:
        """End it without a word, as a crash would; the exit code."""
        if self.running:
            assert self._process is not None
            self._process.kill()
        return self.wait()

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def send(self, signal_number: int) -> None:
        assert self._process is not None
        self._process.send_signal(signal_number)

    def wait(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Its exit code, once it has ended; `messages` is then all it wrote to stderr."""
        assert self._process is not None
        if not self._process.stdout or self._process.stdout.closed:
            return self._process.wait(timeout_s)
        _, self.messages = self._process.communicate(timeout=timeout_s)
        return self._process.returncode

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
