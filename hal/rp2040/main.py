"""The program that MicroPython runs after power-up: the pump, unless the service jumper asks for the REPL."""

import micropython

micropython.kbd_intr(-1)  # first of all: a frame has 0x03 in it, which would end what follows

import os  # noqa: E402


def deployed() -> bool:
    """True if a deployment was brought to its end: the manifest is the last file that it writes."""
    try:
        os.stat("/manifest")
    except OSError:
        return False
    return True


def is_pump() -> bool:
    """True if the board is to be a pump: the service jumper is open."""
    from machine import Pin

    from hal.rp2040 import board

    return bool(Pin(board.SERVICE_PIN, Pin.IN, Pin.PULL_UP).value())


if deployed() and is_pump():
    from hal.rp2040.run import run

    run()
micropython.kbd_intr(3)
if not deployed():
    raise RuntimeError("only a part of Thecal is on this board, and it does not start: thecal flash")
