"""A board without a board: the code meant for its REPL runs here, on files in a dictionary."""

import builtins
from ast import literal_eval
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

FILE, FOLDER = 0x8000, 0x4000
MACHINE = "Raspberry Pi Pico with RP2040"


class ToyBoard:
    """`spoils` is a path that never arrives whole. `fails` is called before each file, with the number written."""

    port = "/dev/ttyTOY0"

    def __init__(
        self, held: dict[str, bytes], name: str = "micropython", version: Any = (1, 26, 1, ""), machine: str = MACHINE
    ) -> None:
        self.files = dict(held)
        self.folders = {path.rpartition("/")[0] for path in held}
        self.implementation = SimpleNamespace(name=name, version=version, _machine=machine, _mpy=4870)
        self.spoils = ""
        self.fails: Callable[[int], None] = lambda _number: None
        self.written: list[str] = []
        self.left_to = ""

    def run(self, code: str) -> str:
        printed: list[str] = []
        board = {"open": self._open, "print": lambda value: printed.append(repr(value)), "__import__": self._import}
        exec(code, {"__builtins__": vars(builtins) | board})
        return "\n".join(printed)

    def value(self, code: str) -> Any:
        return literal_eval(self.run(code).splitlines()[-1])

    def write(self, path: str, data: bytes, written: Callable[[int], None]) -> None:
        self.fails(len(self.written))
        name = path[1:]
        assert name.rpartition("/")[0] in self.folders | {""}
        self.written.append(name)
        self.files[name] = data + b"?" if name == self.spoils else data
        written(len(data))

    def leave(self, code: str) -> None:
        self.left_to = code

    def _open(self, path: str, _mode: str = "r") -> BytesIO:
        if path[1:] not in self.files:
            raise OSError(2)
        return BytesIO(self.files[path[1:]])

    def _import(self, name: str, *arguments: Any) -> Any:
        if name == "sys":
            return SimpleNamespace(implementation=self.implementation, platform="toy")
        if name == "os":
            return SimpleNamespace(remove=self._remove, mkdir=self._mkdir, ilistdir=self._listed)
        return __import__(name, *arguments)

    def _remove(self, path: str) -> None:
        if self.files.pop(path[1:], None) is None:
            raise OSError(2)

    def _mkdir(self, path: str) -> None:
        if path[1:] in self.folders:
            raise OSError(17)
        self.folders.add(path[1:])

    def _listed(self, folder: str) -> list[tuple[str, int]]:
        if folder[1:] not in self.folders:
            raise OSError(2)
        files = [path for path in self.files if path.rpartition("/")[0] == folder[1:]]
        return [(path.rpartition("/")[2], FILE) for path in files] + [("folder", FOLDER)]
