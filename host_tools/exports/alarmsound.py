"""An alarm's tones as samples: those of the pump's own piezo, as a WAV file or to be played.

How loud is a choice (docs/sources.md, SEED-57): nobody publishes how much of a tone passes through a body.
"""

import io
import math
import wave
from array import array

from hal.rp2040 import tones

RATE_HZ = 44_100
NOTES = {"critical": tones.DUAL, "non_critical": tones.SINGLE}
"""(Hz, ms) of each note of a class, in order."""
LEVEL_DB = {"pump": -20, "sample": 0}
"""How loud each is, against the sample."""
_SAMPLE_PEAK = 0.8 * 32_767
_FADE_S = 0.003  # at both ends of a note, which would click


def samples(alarm_class: str, level: str) -> bytes:
    """The tones of a class, 16 bits, one channel, as WAV orders them."""
    peak = _SAMPLE_PEAK * 10 ** (LEVEL_DB[level] / 20)
    sound = array("h")
    for hz, ms in NOTES[alarm_class]:
        sound.extend(_note(hz, RATE_HZ * ms // 1000, peak))
    return sound.tobytes()


def wav(alarm_class: str, level: str) -> bytes:
    """The same as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE_HZ)
        writer.writeframes(samples(alarm_class, level))
    return file.getvalue()


def lasts_s(alarm_class: str) -> float:
    """How long the tones of a class last."""
    return sum(ms for _, ms in NOTES[alarm_class]) / 1000


def _note(hz: int, length: int, peak: float) -> list[int]:
    fade = RATE_HZ * _FADE_S
    turn = 2 * math.pi * hz / RATE_HZ
    return [round(peak * min(1, at / fade, (length - 1 - at) / fade) * math.sin(turn * at)) for at in range(length)]
