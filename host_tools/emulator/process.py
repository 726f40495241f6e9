"""A running emulator, from outside: start it, find its ports, end it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

from host_tools.emulator.debugclient import DebugClient

STOP_TIMEOUT_S = 20  # what was acknowledged is saved by then, so that nothing is lost with one that is killed


class EmulatorError(RuntimeError):
    """The emulator did not start; the message is what it said."""


class EmulatorProcess:
    """`thecal emulate` as a process of its own, from `start()` to `stop()`, or for a `with` block.

    `url` (TCP, for pyserial), `pty` (a path, None where there are none), `debug` (host:port), `debug_token`,
    `serial` and `pid` are those of the newest start. `speed` is a number or "max"; at 0 only the debug link moves time.
    `start_at` is an ISO local time. `state` is the folder that keeps the pump over a `restart()`. With a
    `seed` all is drawn from that, nonces too, and the serial number is that seed's. It runs quietly: `messages` is what
    it warned of on stderr, once it has ended.
    """

    url: str
    pty: str | None
    debug: str
    debug_token: str
    serial: str
    pid: int

    def __init__(
        self,
        speed: int | str = 1,
        state: Path | str | None = None,
        *,
        seed: int | None = None,
        start_at: str | None = None,
        tcp_port: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.command = [sys.executable, "-m", "host_tools.cli.main", "emulate", "--json", "--quiet"]
        self.command += ["--speed", str(speed), "--tcp", str(tcp_port)]
        if seed is not None:
            self.command += ["--seed", str(seed)]
        if state is not None:
            self.command += ["--state", str(state)]
        if start_at is not None:
            self.command += ["--start", start_at]
        self.env = {**os.environ, **(env or {})}
        self.messages = ""
        self._process: subprocess.Popen[str] | None = None
        self._stderr: IO[str] | None = None  # a file: a pipe that nobody empties would stop it

    def start(self) -> Self:
        """Start, and wait until the ports are open, for as long as it lives. EmulatorError when it ends before that."""
        self._stderr = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - as long as the process
        self._process = subprocess.Popen(
            self.command, stdout=subprocess.PIPE, stderr=self._stderr, text=True, env=self.env
        )
        assert self._process.stdout is not None
        try:
            first_line = self._process.stdout.readline()
        except BaseException:  # whoever waits gives up
            self.kill()
            raise
        ports = json.loads(first_line or "{}")
        if "tcp" not in ports:
            code = self.wait(STOP_TIMEOUT_S)
            raise EmulatorError(f"the emulator did not start (exit code {code}): {self.messages.strip()}")
        self.url, self.pty, self.debug = ports["tcp"], ports["pty"], ports["debug"]
        self.debug_token, self.serial, self.pid = ports["debug_token"], ports["serial"], ports["pid"]
        return self

    def debug_client(self) -> DebugClient:
        """A connection to the debug link; use it in a `with` block or close it."""
        return DebugClient(self.debug, self.debug_token)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int:
        """End it as its user would, its state saved, or kill it where it does not end; the exit code.

        Harmless when it has ended.
        """
        if self.running:
            self.send(signal.SIGTERM)
        try:
            return self.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it without a word, as a crash would; the exit code."""
        if self.running:
            assert self._process is not None
            self._process.kill()
        return self.wait(STOP_TIMEOUT_S)

    def restart(self) -> Self:
        self.stop()
        return self.start()

    def send(self, signal_number: int) -> None:
        assert self._process is not None
        self._process.send_signal(signal_number)

    def wait(self, timeout_s: float) -> int:
        """Its exit code, once it has ended. subprocess.TimeoutExpired when it does not in time."""
        assert self._process is not None
        code = self._process.wait(timeout_s)
        if self._stderr:
            self._stderr.seek(0)
            self.messages = self._stderr.read()
            self._stderr.close()
            self._stderr = None
        if self._process.stdout:
            self._process.stdout.close()
        return code

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
