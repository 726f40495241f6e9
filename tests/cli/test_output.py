"""A disk that is full and a reader that has gone, to the last flush at the interpreter's end."""

import os
from collections.abc import Iterator
from subprocess import PIPE
from typing import IO

import pytest

from tests.child import LIMIT_S, child
from tests.child import thecal as child_command
from tests.cli.conftest import PeerServer, Thecal

VERBS = [
    ("--help",),
    ("status",),
    ("status", "--json"),
    ("log", "--csv"),  # is written when the interpreter ends, unless somebody flushes before
    ("watch", "--json"),
    ("status", "--port", "/dev/ttyABSENT9", "--json"),
]
EVERY = pytest.mark.parametrize("verb", VERBS, ids=" ".join)


@pytest.fixture
def full() -> Iterator[IO[bytes]]:
    if not os.path.exists("/dev/full"):
        pytest.skip("there is no /dev/full here")
    with open("/dev/full", "wb") as disk:
        yield disk


@pytest.fixture
def gone() -> Iterator[int]:
    """A pipe without a reader."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def ended(server: PeerServer, verb: tuple[str, ...], stdout: object, stderr: object = PIPE) -> tuple[int, str]:
    """Exit code and stderr of a command."""
    server.pushes = range(50)
    port = () if verb == ("--help",) or "--port" in verb else ("--port", server.url)
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with child(child_command(*verb, *port), stdout=stdout, stderr=stderr, env=buffered) as running:
        said = running.stderr.read().decode() if running.stderr else ""
        return running.wait(LIMIT_S), said


@EVERY
def test_a_full_disk_is_one_line_and_exit_code_2(server: PeerServer, full: IO[bytes], verb: tuple[str, ...]) -> None:
    code, said = ended(server, verb, full)
    assert code == 2
    assert said.splitlines()[-1].startswith("thecal: the output cannot be written: No space left on device; ")
    assert said.count("\n") == 1 + verb.count("/dev/ttyABSENT9")


@EVERY
def test_a_reader_that_has_gone_is_no_error(server: PeerServer, gone: int, verb: tuple[str, ...]) -> None:
    code, said = ended(server, verb, gone)
    if "/dev/ttyABSENT9" in verb:
        assert (code, said.count("\n")) == (3, 1)  # what went wrong before stays what it was
    else:
        assert (code, said) == (0, "")


def test_messages_that_nobody_can_read_end_it_as_well(server: PeerServer, full: IO[bytes], gone: int) -> None:
    verb = ("status", "--port", "/dev/ttyABSENT9")
    assert ended(server, verb, PIPE, full) == (2, "")
    assert ended(server, verb, PIPE, gone) == (3, "")


def test_a_full_disk_while_a_file_of_its_own_is_written_is_that_files(thecal: Thecal, server: PeerServer) -> None:
    done = thecal("record", "/dev/full/telemetry.sqlite", "--count", "1", "--port", server.url)
    assert done.exit_code == 2
    assert "/dev/full/telemetry.sqlite" in done.stderr
