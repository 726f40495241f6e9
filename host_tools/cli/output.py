"""stdout and stderr, guarded: a failed write raises OutputError, whatever code writes and whenever it fails."""

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

UNWRITABLE = 2
"""The exit code where output is lost."""


class OutputError(Exception):
    """stdout or stderr cannot be written. No OSError, which a verb may take for that of a file of its own."""

    def __init__(self, error: OSError) -> None:
        super().__init__(f"the output cannot be written: {error.strerror}; free some space or write it elsewhere")
        self.exit_code = 0
        """What the command was to end with anyway."""
        self.reader_left = error.errno in (errno.EPIPE, errno.ESHUTDOWN)


class _Stream(io.TextIOWrapper):
    """A text stream that raises OutputError. What its encoding lacks is escaped."""

    def write(self, text: str, /) -> int:
        with _output_errors():
            return super().write(text)

    def flush(self) -> None:
        with _output_errors():
            super().flush()


@contextmanager
def _output_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(error) from error


@contextmanager
def guarded() -> Iterator[None]:
    """Run a command. Output that cannot be written ends it in one line and exit code 2; where only the reader of a pipe
    had enough it ends without a word, as if all was written."""
    whole = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = guards = tuple(map(_guard, whole))
    code: Any = 0
    try:
        try:
            yield
        except SystemExit as ending:
            code = ending.code
            _flush(guards)
            raise
        _flush(guards)
    except OutputError as error:
        code = error.exit_code or code
        with suppress(OutputError):
            if not error.reader_left:
                code = UNWRITABLE
                print(f"thecal: {error}", file=sys.stderr, flush=True)
        _discard_rest(whole)
        raise SystemExit(code) from None
    finally:
        sys.stdout, sys.stderr = whole
        for stream in guards:
            if isinstance(stream, _Stream):
                stream.detach()


def _guard(stream: TextIO) -> TextIO:
    """The same stream, guarded; as it is where it is no file."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    return _Stream(
        stream.buffer,
        encoding=stream.encoding,
        errors="backslashreplace" if stream.errors == "strict" else stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _flush(streams: tuple[TextIO, ...]) -> None:
    for stream in streams:
        stream.flush()


def _discard_rest(streams: tuple[TextIO, TextIO]) -> None:
    """Send nowhere what a stream could not write, lest Python tries, and complains, once more at its end."""
    for stream in streams:
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
