"""A terminal of its own for a page's examples: an empty folder, and no pumps or keys but those that they make."""

import os
import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.child import child

WIDTH = 80
LIMIT_S = 600  # of a page, and so of each command on it: only against what never ends


class ExampleError(AssertionError):
    """An example that ends otherwise than a reader is led to expect."""


class Session:
    """Runs what a reader would type, in `folder`. `thecal emulate` goes on in the background, one at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        bin_dir = Path(sys.executable).parent
        self._env = {name: value for name, value in os.environ.items() if not name.startswith(("THECAL_", "XDG_"))}
        self._env |= {
            "PATH": f"{bin_dir}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "THECAL_RUNTIME_DIR": str(folder / ".runtime"),
            "THECAL_KEYS": str(folder / ".keys.json"),
            "COLUMNS": str(WIDTH),
            "NO_COLOR": "1",
            "PYTHONUTF8": "1",
        }
        self._emulator = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._emulator.close()

    def write(self, name: str, text: str) -> None:
        """Save a block as the file that the page calls it."""
        if Path(name).name != name:
            raise ExampleError(f"{name!r} is not a file's name alone")
        (self.folder / name).write_text(text, encoding="utf-8")

    def type(self, command: str) -> tuple[int, str]:
        """The command's exit code, and what it prints, both streams in order."""
        if command.startswith("thecal emulate"):
            return 0, self._emulate(command)
        return self._run(["sh", "-c", command])

    def do(self, command: list[str]) -> str:
        """What the command prints, once it has ended well."""
        code, output = self._run(command)
        if code:
            raise ExampleError(f"{shlex.join(command)} ended with {code}:\n{output}")
        return output

    def _run(self, command: list[str]) -> tuple[int, str]:
        with self._child(command) as process:
            output, _ = process.communicate(timeout=LIMIT_S)
        return process.returncode, output.decode()

    def _emulate(self, command: str) -> str:
        """What the emulator prints until it serves: by its first answer on the debug link all is said."""
        self._emulator.close()
        process = self._emulator.enter_context(self._child(["sh", "-c", f"exec {command}"]))
        printed = [os.read(process.stdout.fileno(), 1 << 16)]
        self.do(["thecal", "debug", "truth"])
        os.set_blocking(process.stdout.fileno(), False)
        printed.append(process.stdout.read() or b"")
        return b"".join(printed).decode()

    def _child(self, command: list[str]) -> Any:
        return child(
            command,
            cwd=self.folder,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
