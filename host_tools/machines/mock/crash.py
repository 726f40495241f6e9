"""A firmware that raises: told apart from a bug of what it runs on, and put into words."""

from pathlib import Path
from traceback import extract_tb, walk_tb

from hal.contract import WATCHDOG_MS
from host_tools.common.durations import format_duration

BENEATH = ("hal.plant", "host_tools")
"""Whose exceptions are no firmware's, though it called them."""

REFUSALS = (ValueError, RuntimeError)
"""Exceptions of a driver for a caller that misuses it (hal/contract.py)."""


def raised_by_firmware(error: Exception) -> bool:
    """True if the exception of a boot or a wake is the firmware's own: a board would have raised it as well.

    The traceback is to begin where the firmware was called.
    """
    frames = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)][1:]
    if not frames or any(name.startswith(BENEATH) for name in frames):
        return False
    return isinstance(error, REFUSALS) or not any(name.startswith("hal.mock") for name in frames)


def crash_line(error: Exception, now_ms: int) -> str:
    """One line: what was raised, where, and when on pump time."""
    frame = extract_tb(error.__traceback__)[-1]
    place = "/".join(Path(frame.filename).parts[-2:])
    words = " ".join(str(error).split())
    return (
        f"the firmware raised {type(error).__name__}{': ' if words else ''}{words} ({place}:{frame.lineno}) at "
        f"{format_duration(now_ms // 1000)} of pump time; its motor is inhibited, and the watchdog resets it "
        f"{WATCHDOG_MS // 1000} s later"
    )
