"""The pump's brain. Runs under MicroPython and CPython alike; knows no hardware, no wall clock and no emulator."""

VERSION = "0.1.0"
