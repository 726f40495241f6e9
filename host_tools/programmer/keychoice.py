"""Chooses the device keys that may open a pump, by what it says of its key and what this programmer holds."""

from collections.abc import Callable

from host_tools.programmer.errors import NotAuthorised
from host_tools.programmer.keystore import PumpKeys
from host_tools.programmer.status import Hello
from protocol import auth

NO_KEY = (
    "the pump has a key of its own, and this programmer does not: put back the key file that has it (THECAL_KEYS names "
    "another one); if it is lost, `thecal pair --lost` is the way back"
)
KEY_LOST = "the pump's own key was lost in its memory, so that nothing opens it; `thecal pair --lost` is the way back"
KEY_WAS_RESET = (
    "pump {} is opened by the published test key, though this programmer holds a key of its own for it: somebody reset "
    "it, or another pump answers in its place. `thecal pair` gives it a new key, `thecal keys forget {}` drops the old"
)


def candidate_keys(
    hello: Hello, known: PumpKeys | None, checks: bool, warn: Callable[[str], object]
) -> tuple[bytes, ...]:
    """The device keys to try, in this order. NotAuthorised when there is none."""
    if hello["key"] == "lost" and checks:
        raise NotAuthorised("OPEN", "auth", KEY_LOST)
    if hello["key"] == "device" and known:
        return known.candidates
    if hello["key"] == "device" and checks:
        raise NotAuthorised("OPEN", "auth", NO_KEY)
    if known and known.key:
        warn(KEY_WAS_RESET.format(hello["serial"], hello["serial"]))
    return (auth.TEST_KEY,)
