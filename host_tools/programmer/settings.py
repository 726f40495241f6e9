"""Alarms, limits and the clock, and their checks before they are sent.

The pump checks everything again and has the last word; a check here only says it with both values.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from host_tools.programmer.client import Client
from host_tools.programmer.errors import BadValue
from host_tools.programmer.ranges import check_range
from host_tools.programmer.reading import read_status
from host_tools.programmer.units import Number, nl_from_ml, option, wall_s
from protocol import codes
from protocol.fields import fields_of
from protocol.messages import NONE32
from protocol.registry import REQUEST

LIMITS = tuple(field.name for field in fields_of(REQUEST["LIMITS"].layout))
ALARM_INTERVALS = tuple(name for name in codes.ALARM_SETTING if name.endswith("_s"))


def set_limits(
    client: Client, max_dose_mcg_per_day: int | None, max_bolus_mcg: int | None, max_change_percent: int | None
) -> None:
    """Set the limits that are not None."""
    given = _given(LIMITS, (max_dose_mcg_per_day, max_bolus_mcg, max_change_percent))
    if client.checks:
        check_limits(given)
    client.change("LIMITS", **dict.fromkeys(LIMITS, NONE32) | given)


def set_alarms(
    client: Client,
    critical_interval_s: int | None,
    non_critical_interval_s: int | None,
    stopped_after_s: int | None,
    low_reservoir_ml: Number | None,
) -> None:
    """Set the alarm settings that are not None."""
    low_nl = None if low_reservoir_ml is None else nl_from_ml("low_reservoir_ml", low_reservoir_ml)
    given = _given(codes.ALARM_SETTING, (critical_interval_s, non_critical_interval_s, stopped_after_s, low_nl))
    if client.checks:
        check_alarm_settings(given, read_status(client)["limits"]["capacity_nl"])
    client.change("ALARM_SETTINGS", **dict.fromkeys(codes.ALARM_SETTING, NONE32) | given)


def silence(client: Client, alarm: str) -> None:
    """Silence one alarm by its name, or `all`."""
    if alarm != "all" and alarm not in codes.ALARM:
        raise BadValue(f"alarm {alarm!r} does not exist; alarms are all, {', '.join(codes.ALARM)}")
    client.change("SILENCE", alarm=alarm)


def demo_alarm(client: Client, alarm_class: str) -> None:
    """Sound the tone of a class of alarms once."""
    if alarm_class not in codes.CLASS:
        raise BadValue(f"alarm class {alarm_class!r} does not exist; classes are {', '.join(codes.CLASS)}")
    client.change("DEMO_ALARM", alarm_class=alarm_class)


def set_clock(client: Client, wall: datetime | None) -> None:
    """Set the wall clock; None: to this computer's."""
    wall = wall or datetime.now().replace(microsecond=0)
    client.change("SET_CLOCK", wall_s=wall_s("wall", wall, client.checks))


def check_limits(limits: Mapping[str, int]) -> None:
    """Raise what stands against setting these limits."""
    if not limits:
        raise BadValue(f"there is no limit to set; give one of {', '.join(map(option, LIMITS))}")
    for name, limit in limits.items():
        check_range("LIMITS", name, limit, advice="; no limit can be switched off")


def check_alarm_settings(given: Mapping[str, int], capacity_nl: int) -> None:
    """Raise what stands against setting the alarms so."""
    if not given:
        options = [option(name.removesuffix("_s")) for name in ALARM_INTERVALS]
        raise BadValue(f"there is nothing to set; give one of {', '.join(options)}, --low-reservoir-ml")
    for name in ALARM_INTERVALS:
        if name in given:
            check_range("ALARM_SETTINGS", name, given[name], advice="; no alarm can be switched off")
    low_nl = given.get("low_reservoir_nl")
    if low_nl is not None and not 0 < low_nl <= capacity_nl // 2:
        words = f"at most half of the {capacity_nl / 1e6:g} mL, and not less than the residual volume"
        raise BadValue(f"--low-reservoir-ml {low_nl / 1e6:g} mL is not possible: {words}")


def _given(names: Iterable[str], values: Iterable[int | None]) -> dict[str, int]:
    """The values that are not None, by their names."""
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}
