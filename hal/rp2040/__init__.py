"""The board's body: an RP2040 under MicroPython, wired as hal/rp2040/board.py says."""
