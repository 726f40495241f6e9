"""What a scenario's firmware can run on."""

import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

from firmware.config import Config
from firmware.pump import Pump
from host_tools.emulator.machine import Machine
from host_tools.programmer.transport import Transport
from host_tools.scenario.link import MemoryTransport


class NotHere(RuntimeError):
    """A runtime that this machine, or this scenario, cannot have; the message says why."""


class Runtime(NamedTuple):
    """`name` as a result gives it; `machine` makes a scenario's pump of its configuration and seed, and `connect` the
    programmer's line to it."""

    name: str
    machine: Callable[[Config, int], Any]
    connect: Callable[[Any], Transport]


def _emulated(name: str, pump_class: Callable[..., Any]) -> Runtime:
    return Runtime(name, lambda config, seed: Machine(config, seed=seed, pump_class=pump_class), MemoryTransport)


@contextmanager
def _cpython() -> Iterator[Runtime]:
    yield _emulated(f"cpython {platform.python_version()}", Pump)


@contextmanager
def _micropython() -> Iterator[Runtime]:
    from host_tools.micropython.interpreter import version
    from host_tools.micropython.pump import pumps

    with pumps() as boot:
        yield _emulated(f"micropython {version()} wasm", boot)


@contextmanager
def _rp2040() -> Iterator[Runtime]:
    from host_tools.rig.machine import RigMachine
    from host_tools.rig.rig import Rig
    from host_tools.rig.transport import ChipTransport
    from host_tools.rig.uf2 import find_uf2, version_in

    name = f"micropython {version_in(find_uf2())} rp2040"
    yield Runtime(name, lambda config, _seed: RigMachine(Rig(), config), lambda machine: ChipTransport(machine.chip))


RUNTIMES: dict[str, Callable[[], AbstractContextManager[Runtime]]] = {
    "cpython": _cpython,
    "micropython": _micropython,
    "rp2040": _rp2040,
}
