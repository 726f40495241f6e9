"""Runs under MicroPython, as its main program: one boot of the firmware, which then does what the host asks.

A command is Python that puts something into `answer`; it goes back as text, or as `...` where it is no plain value.
This MicroPython's collector does not see objects that only WebAssembly's locals hold. So it never runs by itself, and
is called at module level alone, with no function and no `try` around.
"""

import gc
import sys

import host  # pyright: ignore[reportMissingImports]

gc.disable()
sys.path.append("/board")

from firmware.config import Config  # noqa: E402
from firmware.pump import Pump  # noqa: E402

COMMANDS_PER_COLLECTION = 40
PLAIN = (bool, int, str, tuple, type(None))  # a bool is no int here


class Device:
    """A device of the body: each method calls the host's."""

    def __init__(self, name, methods):
        for method in methods:
            setattr(self, method, crossing(name + "." + method))


def crossing(name):
    def call(*args):
        return eval(host.call(name, repr(args)))

    return call


TYPE_CHECKING = False
if TYPE_CHECKING:
    from hal.contract import Hal
else:
    Hal = object


class Body(Hal):
    """The host's body: `devices` are (name, methods), with None for a device that is not fitted."""

    def __init__(self, devices, links):
        for name, methods in devices:
            setattr(self, name, methods and Device(name, methods))
        self.links = tuple([Device(name, methods) for name, methods in links])


def boot(devices, links, settings):
    return Pump(Body(devices, links), Config(**settings))


answer = None
commands = 0
while command := host.call("next", repr(answer) if isinstance(answer, PLAIN) else "..."):
    exec(command)
    commands += 1
    if commands % COMMANDS_PER_COLLECTION == 0:
        gc.collect()
