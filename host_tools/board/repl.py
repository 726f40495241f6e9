"""The REPL of a board, through mpremote's transport, with what can go wrong on it said in one line."""

import ast
import errno
import math
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from io import StringIO
from types import TracebackType
from typing import Any, Self

from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from host_tools.programmer import transport
from host_tools.programmer.errors import LinkLost, NoDevice, ProgrammerError

REPL_S = 20  # the longest that a board may need to restart
SILENCE_S = 10  # the longest between two bytes of an answer that is under way
COMPUTE_S = 120  # the longest that a board may compute
PIECE_BYTES = 1024  # of a file, at once


class FlashError(ProgrammerError):
    """The board is there and is not deployed; the message says why and what to do."""


class NoRepl(NoDevice):
    """Something is at the port and no REPL answers."""

    def __init__(self, port: str) -> None:
        super().__init__(f"{port}: no REPL answers")
        self.port = port


class _Line(SerialTransport):
    """mpremote's line, whose waits are those of a board; here none is shorter than `least_s`."""

    def __init__(self, port: str, least_s: float) -> None:
        self._least_s = least_s
        super().__init__(port, timeout=max(SILENCE_S, least_s))

    def read_until(
        self,
        min_num_bytes: int,
        ending: bytes,
        timeout: float = SILENCE_S,
        data_consumer: Callable[[bytes], object] | None = None,
        timeout_overall: float | None = None,
    ) -> bytes:
        overall_s = timeout_overall and max(timeout_overall, self._least_s)
        byte_s = math.ceil(max(timeout, self._least_s))
        return super().read_until(min_num_bytes, ending, byte_s, data_consumer, overall_s)


class Board:
    """A board at its REPL, restarted for it. NoDevice when there is none, NoRepl when it does not answer as one.

    No wait for it is shorter than `timeout_s`.
    """

    def __init__(self, port: str, timeout_s: float = 0) -> None:
        self.port = port
        try:
            self._repl = _Line(port, timeout_s)
        except (TransportError, ValueError, TypeError) as error:
            transport.SerialTransport(port).close()  # knows the reason, where there is one to know
            raise NoDevice(f"{port} cannot be opened: {error}; close what else uses it and flash again") from error
        self._running = False
        try:
            with redirect_stdout(StringIO()):
                self._repl.enter_raw_repl(timeout_overall=REPL_S)
        except (TransportError, OSError) as error:
            self.close()
            raise NoRepl(port) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._running:
            with suppress(OSError):
                self._repl.exit_raw_repl()
        self.close()

    def close(self) -> None:
        """Give the port back; harmless when the board is gone."""
        with suppress(OSError):
            transport.close_port(self._repl.serial)

    def run(self, code: str) -> str:
        """Run `code` on the board; return what it printed."""
        with self._listening():
            output, trouble = self._repl.exec_raw(code, timeout=COMPUTE_S)
        if trouble:
            raise FlashError(
                f"{self.port}: the board says {trouble.decode('utf-8', 'replace').strip().splitlines()[-1]}; "
                "reset it and flash again"
            )
        return output.decode()

    def value(self, code: str) -> Any:
        """Run `code` on the board; return the last line that it printed, as a value."""
        return ast.literal_eval(self.run(code).strip().splitlines()[-1])

    def write(self, path: str, data: bytes, written: Callable[[int], None]) -> None:
        """Write a file; `written` hears how much of it is there."""
        with self._listening():
            self._repl.fs_writefile(path, data, PIECE_BYTES, lambda done, _total: written(done))

    def leave(self, code: str) -> None:
        """Have the board run `code` from now on, and come back when it prints a line: no more can be asked here."""
        with self._listening():
            self._repl.exec_raw_no_follow(code)
            if not self._repl.read_until(1, b"\n").endswith(b"\n"):
                raise TransportError("it did not start")
        self._running = True

    @contextmanager
    def _listening(self) -> Iterator[None]:
        try:
            with redirect_stdout(StringIO()):
                yield
        except (OSError, TransportError, struct.error) as error:  # struct: an answer cut short
            if getattr(error, "errno", None) == errno.ENOSPC:
                raise FlashError(
                    f"{self.port}: the board's file system is full; remove what is not Thecal's "
                    f"(`mpremote connect {self.port} fs ls`, then `fs rm`) and flash again"
                ) from error
            raise LinkLost(
                f"{self.port}: the board went silent ({_line(error)}); look at its cable and flash again, "
                "for a board that was flashed in part does not start as a pump"
            ) from error


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
