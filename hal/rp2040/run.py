"""The pump on the board. main.py starts it."""

import gc
import sys

_GARBAGE_BYTES = 16_384  # that are not collected yet, at most; each time takes some 20 ms
gc.threshold(_GARBAGE_BYTES)  # before what follows makes any

import firmware  # noqa: E402
from firmware.config import Config  # noqa: E402
from firmware.pump import Pump  # noqa: E402
from hal.rp2040 import board  # noqa: E402
from hal.rp2040.body import Body  # noqa: E402
from hal.rp2040.chip import Watchdog  # noqa: E402

CRASH = "/crash.txt"


def run() -> None:
    """Run the pump until the power goes. An error is written to CRASH, and the watchdog starts the pump anew."""
    body = None
    try:
        body = Body()
        pump = Pump(body, Config(fill_sensor=body.fill_sensor is not None, **board.PUMP))
        _forget_builders()
        while True:
            body.wait(pump.poll())
    except Exception as error:  # noqa: BLE001 - whatever it is, the board must not stand still with nobody told
        _give_up(body, error)


def _forget_builders() -> None:
    """Free the modules that made the pump's parts, which are needed once: 2 kB of heap."""
    for name in ("builders", "connections"):
        if sys.modules.pop("firmware." + name, None):
            delattr(firmware, name)
    gc.collect()


def _give_up(body: Body | None, error: Exception) -> None:
    """Wait for the watchdog's reset. `body` is None where not even that could be made: then no motor was ordered."""
    if body:
        body.motor.inhibit()
    Watchdog().arm()
    try:
        with open(CRASH, "w") as file:
            sys.print_exception(error, file)
    except Exception:  # noqa: BLE001 - a full disk, no heap left: the reset comes all the same
        pass
    while True:
        pass
