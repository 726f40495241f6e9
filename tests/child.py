"""Child processes of tests: none outlives its time limit, nor the block that it was started for."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

LIMIT_S = 40  # below pytest's own limit for a test
KILLED_S = 10

# A job in the background ignores SIGINT, and so do its children unless they ask for it.
_INTERRUPTIBLE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from host_tools.cli.main import main
main(prog_name="thecal")
"""


@contextmanager
def child(command: list[str], limit_s: float = LIMIT_S, **options: Any) -> Iterator[Any]:
    """A running Popen, with its options. After `limit_s` it is killed, so that whoever reads from it comes to its end;
    at the end of the block it is in any case."""
    process = subprocess.Popen(command, **options)
    killer = Timer(limit_s, process.kill)
    killer.daemon = True
    killer.start()
    try:
        yield process
    finally:
        killer.cancel()
        process.kill()
        process.wait(KILLED_S)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()


def thecal(*arguments: str) -> list[str]:
    """The command line of a `thecal` that Ctrl-C ends, wherever the tests run."""
    return [sys.executable, "-c", _INTERRUPTIBLE, *arguments]
