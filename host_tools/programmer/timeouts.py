"""The answer time-out: how long a programmer waits before it asks again. From its user, else from the emulator."""

import math
import os

from host_tools.programmer.discovery import published_timeout_s
from host_tools.programmer.errors import BadValue

TIMEOUT_VARIABLE = "THECAL_TIMEOUT_S"
MAX_TIMEOUT_S = 86_400  # a day; the system's own waits hold no arbitrary number


def parse_timeout_s(text: str) -> float:
    """Seconds above 0. ValueError, naming the text, for anything else."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= MAX_TIMEOUT_S:
        raise ValueError(
            f"{text!r} is no time-out; --timeout and {TIMEOUT_VARIABLE} take seconds, above 0 and up to {MAX_TIMEOUT_S}"
        )
    return seconds


def known_timeout_s(url: str) -> float | None:
    """The time-out of the environment, else the one that the emulator at `url` publishes, else None."""
    text = os.environ.get(TIMEOUT_VARIABLE)
    if not text:
        return published_timeout_s(url)
    try:
        return parse_timeout_s(text)
    except ValueError as error:
        raise BadValue(str(error)) from error
