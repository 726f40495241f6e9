"""The pump's configuration as people write it: volumes in mL, the rest as `firmware.config` names it."""

import difflib
from collections.abc import Mapping
from decimal import Decimal

from firmware.config import Config

_MOTOR_PERIOD_MS = 360  # the fastest legal step
_DAY_MS = 86_400_000
_LARGEST_NL = 40_000_000
_LARGEST = (1 << 30) - 1  # a small integer on the board
_TEXT_CHARACTERS = 12


def _user_key(key: str) -> str:
    return key if key == "step_nl" or not key.endswith("_nl") else key.removesuffix("_nl") + "_ml"


CONFIG_KEYS = {_user_key(key): key for key in vars(Config) if not key.startswith("_")}
"""Key as people write it -> key of `firmware.config.Config`."""


class PumpConfigError(ValueError):
    """`problems` says for each refused key, as people write it, what is wrong with it."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {text}" for key, text in problems.items()))
        self.problems = problems


def closest(name: str, known: list[str]) -> str:
    """Ends an error about an unknown name: the one that was probably meant, or else all of them."""
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"


def pump_config(settings: Mapping[str, object]) -> Config:
    """The configuration for `pump:` settings. PumpConfigError names every key that is wrong."""
    problems: dict[str, str] = {}
    values: dict[str, int | str] = {}
    for key, value in settings.items():
        if key not in CONFIG_KEYS:
            problems[key] = f"unknown key; {closest(key, list(CONFIG_KEYS))}"
            continue
        try:
            values[CONFIG_KEYS[key]] = _value(key, value)
        except ValueError as error:
            problems[key] = str(error)
    config = Config(**values)
    problems = problems or _contradictions(config)
    if problems:
        raise PumpConfigError(problems)
    return config


def _value(key: str, value: object) -> int | str | bool:
    default = getattr(Config, CONFIG_KEYS[key])
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise ValueError(f"expected true or false, got {shown(value)}")
        return value
    if isinstance(default, str):
        if not (isinstance(value, str) and value.isascii() and 0 < len(value) <= _TEXT_CHARACTERS):
            raise ValueError(f"expected 1 to {_TEXT_CHARACTERS} ASCII characters, got {value!r}")
        return value
    if key.endswith("_ml"):
        return volume_nl(value, _LARGEST_NL)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LARGEST:
        raise ValueError(f"expected a whole number from 1 to {_LARGEST}, got {shown(value)}")
    return value


def volume_nl(value: object, largest_nl: int) -> int:
    """nL of a number of mL above 0. ValueError when it is none, too large, or has a fraction of a nL."""
    if not isinstance(value, int | Decimal) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"expected a number of mL above 0, got {shown(value)}")
    nl = value * 1_000_000
    if nl > largest_nl or nl != int(nl):
        limit_ml = Decimal(largest_nl) / 1_000_000
        raise ValueError(f"expected mL up to {limit_ml} with at most six decimals, got {shown(value)}")
    return int(nl)


def shown(value: object) -> str:
    """A value of a file, as its reader wrote it."""
    return str(value) if isinstance(value, Decimal) else repr(value)


def _contradictions(config: Config) -> dict[str, str]:
    problems = {}
    if config.low_reservoir_nl >= config.reservoir_nl:
        problems["low_reservoir_ml"] = "must be below reservoir_ml"
    if config.residual_nl > config.low_reservoir_nl:
        problems["residual_ml"] = "must not be above low_reservoir_ml: the alarm would come after the end"
    period_ms = _DAY_MS * config.step_nl // config.max_rate_nl_per_day
    if period_ms < _MOTOR_PERIOD_MS:
        problems["step_nl"] = (
            f"{config.step_nl} nL a step at max_rate_nl_per_day is one in {period_ms} ms; the motor takes "
            f"{_MOTOR_PERIOD_MS} ms or more"
        )
    if config.min_rate_nl_per_day > config.max_rate_nl_per_day:
        problems["min_rate_nl_per_day"] = "must not be above max_rate_nl_per_day"
    return problems
