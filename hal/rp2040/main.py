"""What MicroPython runs after power-up: the pump, unless the service jumper asks for the REPL."""

from machine import Pin

from hal.rp2040 import board

if Pin(board.SERVICE_PIN, Pin.IN, Pin.PULL_UP).value():
    from hal.rp2040.run import run

    run()
