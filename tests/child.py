"""Child processes of tests: none outlives the block that it was started for. How long a test may take is pytest's to
decide: its own limit ends the test, and with it the block.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

LIMIT_S = 3600  # for calls that want a limit: beyond pytest's own for any test
KILLED_S = 10

# A job in the background ignores SIGINT, and so do its children unless they ask for it.
_INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from host_tools.cli.main import main
main(prog_name="thecal")
"""


@contextmanager
def child(command: list[str], **options: Any) -> Iterator[Any]:
    """A running Popen, with its options. At the end of the block it is killed."""
    process = subprocess.Popen(command, **options)
    try:
        yield process
    finally:
        process.kill()
        process.wait(KILLED_S)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def interrupted(command: list[str], once_shown: bytes) -> tuple[int, str, str]:
    """Exit code, stdout and the text on the terminal (stderr) of a command that Ctrl-C ends once that is shown.
    As on a terminal all its processes get it."""
    master, slave = os.openpty()
    shown = b""
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    try:
        own = {"stdout": subprocess.PIPE, "stderr": slave, "text": True, "env": env, "start_new_session": True}
        with child(command, **own) as running:
            while once_shown not in shown:
                shown += os.read(master, 4096)
            os.killpg(running.pid, signal.SIGINT)
            out = running.stdout.read()
            code = running.wait(LIMIT_S)
        os.set_blocking(master, False)
        with suppress(BlockingIOError):
            while True:
                shown += os.read(master, 4096)
        return code, out, shown.decode()
    finally:
        os.close(slave)
        os.close(master)


def thecal(*arguments: str) -> list[str]:
    """The command line of a `thecal` that Ctrl-C ends, wherever the tests run."""
    return [sys.executable, "-c", _INTERRUPTIBLE, *arguments]
