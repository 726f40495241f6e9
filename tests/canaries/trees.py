"""Copies of the tracked tree, one with a canary's bug in it, and `thecal` run in them."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy2
from typing import Any, NamedTuple

from tests.child import LIMIT_S, child

ROOT = Path(__file__).parents[2]
CANARIES = Path(__file__).parent
PARTS = ("firmware", "hal", "host_tools", "protocol", "tests/canaries")
NAMES = tuple(sorted(patch.stem for patch in CANARIES.glob("*.patch")))
CPU_LIMIT_S = 3600  # of one command: with a bug a life may come to no end
_THECAL = f"""
import resource
resource.setrlimit(resource.RLIMIT_CPU, ({CPU_LIMIT_S}, {CPU_LIMIT_S}))
from host_tools.cli.main import main
main(prog_name="thecal")
"""


class Ran(NamedTuple):
    """A command that ended, with the processor time, user and system, that it took."""

    code: int
    out: str
    err: str
    cpu_s: float

    @property
    def last_line(self) -> str:
        """The last line that it wrote, to name what went wrong."""
        return ((self.out + self.err).strip().splitlines() or ["nothing was written"])[-1]

    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects of its output, one a line."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]


@contextmanager
def tree(canary: str | None = None) -> Iterator[Path]:
    """A temporary copy of the tree as it is, with a canary's bug planted if one is named."""
    with tempfile.TemporaryDirectory(prefix="canary-") as folder:
        copy = Path(folder)
        for name in tracked_files():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            copy2(ROOT / name, copy / name)
        if canary:
            _plant(CANARIES / f"{canary}.patch", copy)
        yield copy


def _plant(patch: Path, copy: Path) -> None:
    applied = subprocess.run(["git", "apply", patch], cwd=copy, capture_output=True, text=True, timeout=LIMIT_S)
    if applied.returncode:
        raise SystemExit(f"{patch.name} does not fit the tree: {applied.stderr.splitlines()[0]}; make it anew")


def tracked_files() -> list[str]:
    """Those of PARTS that git knows and that are there."""
    command = ["git", "ls-files", "-z", *PARTS]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=LIMIT_S)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


def thecal(copy: Path, *arguments: str | Path) -> Ran:
    """Run the `thecal` of a copy in it. The time is this child's own, whatever else runs beside it."""
    command = [sys.executable, "-c", _THECAL, *arguments]
    env = {**os.environ, "PYTHONPATH": str(copy)}
    with (
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
        child(command, cwd=copy, env=env, stdout=out, stderr=err) as running,
    ):
        _, status, usage = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        return Ran(running.returncode, out.read(), err.read(), usage.ru_utime + usage.ru_stime)
