"""What a scenario's firmware can run on."""

import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from firmware.pump import Pump


class Runtime(NamedTuple):
    """`name` as a result gives it; `pump_class` is what makes a Machine's pumps."""

    name: str
    pump_class: Callable[..., Any]


@contextmanager
def _cpython() -> Iterator[Runtime]:
    yield Runtime(f"cpython {platform.python_version()}", Pump)


@contextmanager
def _micropython() -> Iterator[Runtime]:
    from host_tools.micropython.interpreter import version
    from host_tools.micropython.pump import pumps

    with pumps() as boot:
        yield Runtime(f"micropython {version()} wasm", boot)


RUNTIMES: dict[str, Callable[[], AbstractContextManager[Runtime]]] = {
    "cpython": _cpython,
    "micropython": _micropython,
}
