"""Options of a programmer, and those that its user's computer gives."""

from collections.abc import Callable
from typing import TypedDict

from host_tools.programmer.keystore import KeyRing, KeyStore
from host_tools.programmer.timeouts import known_timeout_s


class Options(TypedDict, total=False):
    """Options of a programmer, each with its default in `Client`."""

    keys: KeyRing | None  # the device keys; None: the test key alone
    role: str  # of a session
    checks: bool  # False leaves all checks of values to the pump
    entropy: Callable[[int], bytes]  # gives nonces and new keys
    timeout_s: float  # for an answer, after which the request is sent again
    tries: int  # of a request
    warn: Callable[[str], object]  # is called with a warning
    waiting: Callable[[float], object]  # is called with `timeout_s`, once, when an answer is slow to come


def with_user_defaults(options: Options, url: str) -> Options:
    """The options with the user's key file, and the time-out of the environment or of the emulator at `url`, where they
    are not given."""
    options.setdefault("keys", KeyStore.default())
    if "timeout_s" not in options and (timeout_s := known_timeout_s(url)) is not None:
        options["timeout_s"] = timeout_s
    return options
