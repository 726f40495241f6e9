"""The pump on the board: what main.py starts."""

import gc
import sys

_GARBAGE_BYTES = 16_384  # that are not collected yet, at most; each time takes some 20 ms
gc.threshold(_GARBAGE_BYTES)  # before what follows makes any

from firmware.config import Config  # noqa: E402
from firmware.pump import Pump  # noqa: E402
from hal.rp2040 import board  # noqa: E402
from hal.rp2040.body import Body  # noqa: E402

CRASH = "/crash.txt"


def run():
    """Be a pump, until the power goes. What goes wrong is written to CRASH, and the watchdog starts the pump anew."""
    body = Body()
    try:
        pump = Pump(body, Config(fill_sensor=body.fill_sensor is not None, **board.PUMP))
        while True:
            body.rest(pump.poll())
    except Exception as error:  # noqa: BLE001 - whatever it is, the board must not stand still with nobody told
        body.motor.inhibit()
        body.watchdog.arm()
        with open(CRASH, "w") as file:
            sys.print_exception(error, file)
        while True:
            pass
