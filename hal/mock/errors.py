"""How the mock body says no."""


class Misuse(RuntimeError):
    """The firmware used its body as it must not. Ends the run."""


class PowerLost(BaseException):
    """All power went away in the middle of what the firmware was doing, which cannot catch it by accident."""
