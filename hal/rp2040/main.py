"""What MicroPython runs after power-up: the pump, unless the service jumper asks for the REPL."""

import gc

import micropython

gc.threshold(32768)  # collected often, the heap stays in one piece: a record of 2 kB needs one
micropython.kbd_intr(-1)  # first of all: a frame has 0x03 in it, which would end what follows

from machine import Pin  # noqa: E402

from hal.rp2040 import board  # noqa: E402

if Pin(board.SERVICE_PIN, Pin.IN, Pin.PULL_UP).value():
    from hal.rp2040.run import run

    run()
else:
    micropython.kbd_intr(3)
