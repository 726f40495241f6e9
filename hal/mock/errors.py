"""Errors of the mock body."""


class Misuse(RuntimeError):
    """The firmware used its body as it must not. Ends the run."""


class PowerLost(BaseException):
    """All power went away while the firmware was running. The firmware cannot catch it by accident."""
