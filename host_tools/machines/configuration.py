"""The pump's configuration as people write it: volumes in mL, the rest as `firmware.config` names it."""

import difflib
from collections.abc import Mapping
from decimal import Decimal

from firmware.config import Config
from firmware.therapy.delivery import LEAST_PERIOD_MS, MAX_BATCH_NL, MIN_BATCH_S
from protocol.registry import field_of

_DAY_S = 86_400
_LARGEST_STEP_NL = 10_000  # what a batch is counted in stays a small integer on the board
_LARGEST_NL = 40_000_000
_LARGEST = (1 << 30) - 1  # a small integer on the board
_TEXT_CHARACTERS = 12


def _user_key(key: str) -> str:
    return key if key == "step_nl" or not key.endswith("_nl") else key.removesuffix("_nl") + "_ml"


CONFIG_KEYS = {_user_key(key): key for key in vars(Config) if not key.startswith("_")}
"""Key as people write it -> key of `firmware.config.Config`."""


_FORMER_KEYS = {
    "min_rate_nl_per_day": "lowest_program_rate_nl_per_day",
    "minimum_rate_nl_per_day": "standby_rate_nl_per_day",
    "critical_tone_s": "critical_interval_s",
    "non_critical_tone_s": "non_critical_interval_s",
    "stopped_s": "stopped_alarm_after_s",
    "stopped_critical_s": "stopped_critical_alarm_after_s",
}
"""Names that older files use, each accepted for the key that it is now."""


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
    written = {}  # key -> as it was written
    for name, value in settings.items():
        key = _FORMER_KEYS.get(name, name)
        if key not in CONFIG_KEYS:
            problems[name] = f"unknown key; {closest(name, list(CONFIG_KEYS))}"
            continue
        if key in written:
            problems[name] = f"the same as {written[key]}, which is given too; {key} is its name now"
            continue
        written[key] = name
        try:
            values[CONFIG_KEYS[key]] = _value(key, value)
        except ValueError as error:
            problems[name] = str(error)
    config = Config(**values)
    problems = problems or {written.get(key, key): text for key, text in _contradictions(config).items()}
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
    least = 1 if default else 0  # 0 switches off what is off by default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _LARGEST:
        raise ValueError(f"expected a whole number from {least} to {_LARGEST}, got {shown(value)}")
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
    percent = field_of("LIMITS", "max_change_percent")
    if not percent.least <= config.max_change_percent <= percent.most:
        problems["max_change_percent"] = f"expected {percent.least} to {percent.most}, got {config.max_change_percent}"
    step_nl, rate_nl_per_day = config.step_nl, config.max_rate_nl_per_day
    period_ms = _DAY_S * 1000 * step_nl // rate_nl_per_day
    if step_nl > _LARGEST_STEP_NL:
        problems["step_nl"] = f"expected 1 to {_LARGEST_STEP_NL}, got {step_nl}"
    elif period_ms < LEAST_PERIOD_MS:
        problems["step_nl"] = (
            f"{step_nl} nL a step at max_rate_nl_per_day is one in {period_ms} ms; the motor takes "
            f"{LEAST_PERIOD_MS} ms or more"
        )
    elif MAX_BATCH_NL // step_nl * step_nl * _DAY_S // rate_nl_per_day < MIN_BATCH_S:
        problems["max_rate_nl_per_day"] = (
            f"at {rate_nl_per_day} the largest batch, {MAX_BATCH_NL} nL in steps of {step_nl} nL, is over in less than "
            f"{MIN_BATCH_S} s, the shortest there is"
        )
    if config.standby_rate_nl_per_day > rate_nl_per_day:
        problems["standby_rate_nl_per_day"] = "must not be above max_rate_nl_per_day"
    if config.lowest_program_rate_nl_per_day > config.max_rate_nl_per_day:
        problems["lowest_program_rate_nl_per_day"] = "must not be above max_rate_nl_per_day"
    return problems
