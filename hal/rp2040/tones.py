"""The notes of the piezo's two patterns: (Hz, ms) of each. They need no chip, so that a computer can sound them too."""

from hal.rp2040 import board

_TURN_MS = 250  # each of the two tones at a time
_DUAL_MS = 3000
SINGLE = ((board.HIGH_HZ, 1000),)
DUAL = ((board.HIGH_HZ, _TURN_MS), (board.LOW_HZ, _TURN_MS)) * (_DUAL_MS // _TURN_MS // 2)
