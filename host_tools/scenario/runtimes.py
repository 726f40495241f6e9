"""The runtimes that a pump's firmware can have, by the names that `thecal run --on` takes."""

import platform
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple

from firmware.config import Config
from host_tools.machines.machine import Machine, RuntimeUnavailable
from host_tools.machines.mock.journal import Journal
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer.transport import Transport


class Runtime(NamedTuple):
    """`name` is with its version, as a result gives it. `machine` makes a pump of its configuration and seed."""

    name: str
    machine: Callable[[Config, int], Machine]

    def connect(self, machine: Machine) -> Transport:
        """The programmer's line to one of its pumps."""
        return machine.connect()


@contextmanager
def _cpython(journal: Journal | None) -> Iterator[Runtime]:
    name = f"cpython {platform.python_version()}"
    yield Runtime(name, lambda config, seed: MockMachine(config, seed=seed, journal=journal))


@contextmanager
def _micropython(journal: Journal | None) -> Iterator[Runtime]:
    _refuse(journal)
    from host_tools.machines.micropython.interpreter import version  # an extra
    from host_tools.machines.micropython.pump import pumps

    with pumps() as boot:
        name = f"micropython {version()} wasm"
        yield Runtime(name, lambda config, seed: MockMachine(config, seed=seed, pump_class=boot))


@contextmanager
def _rp2040(journal: Journal | None) -> Iterator[Runtime]:
    _refuse(journal)
    from host_tools.machines.rp2040.machine import RigMachine  # an extra
    from host_tools.machines.rp2040.rig import Rig
    from host_tools.machines.rp2040.uf2 import find_uf2, version_in

    name = f"micropython {version_in(find_uf2())} rp2040"
    yield Runtime(name, lambda config, _seed: RigMachine(Rig(), config))


def _refuse(journal: Journal | None) -> None:
    if journal:
        raise RuntimeUnavailable("a journal is kept of firmware under cpython alone")


RUNTIMES: dict[str, Callable[[Journal | None], AbstractContextManager[Runtime]]] = {
    "cpython": _cpython,
    "micropython": _micropython,
    "rp2040": _rp2040,
}
