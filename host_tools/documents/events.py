"""Entries of the pump's log in people's words and units."""

from collections.abc import Callable, Mapping
from typing import Any

from host_tools.common.durations import format_duration
from host_tools.programmer.units import mcg_from_ng, wall_text

_UNITS: tuple[tuple[str, Callable[[int], str]], ...] = (
    ("_ng_per_day", lambda ng: f"{mcg_from_ng(ng)} mcg/day"),
    ("_mcg_per_day", lambda mcg: f"{mcg} mcg/day"),
    ("_nl_per_day", lambda nl: f"{nl / 1e6:.3f} mL/day"),
    ("_mcg_per_ml", lambda mcg: f"{mcg} mcg/mL"),
    ("_ng", lambda ng: f"{mcg_from_ng(ng)} mcg"),
    ("_mcg", lambda mcg: f"{mcg} mcg"),
    ("_nl", lambda nl: f"{nl / 1e6:.3f} mL"),
    ("_mm", lambda mm: f"{mm} mm"),
    ("_mv", lambda mv: f"{mv} mV"),
    ("_percent", lambda percent: f"{percent} %"),
    ("_wall_s", lambda seconds: f"time {(wall_text(seconds) or '').replace('T', ' ')}"),
    ("centi_celsius", lambda centi: f"temperature {centi / 100:.2f} degrees Celsius"),
    ("_s", format_duration),
)
"""How to write a number, by the end of its name; longer endings first."""
_CAPITALS = ("EOS", "ERI", "POST")
_SILENT = ("digest",)  # numbers that tell a person nothing


def event_text(event: Mapping[str, Any]) -> str:
    """The event's name, and its numbers with their units."""
    name = name_text(event["name"])
    numbers = data_text(event)
    return f"{name}: {numbers}" if numbers else name


def data_text(event: Mapping[str, Any]) -> str:
    """The event's numbers with their units, its codes in words; empty where it has none."""
    data = event["data"]
    if "setting" in data:  # whose name has the unit of its values
        setting = str(data["setting"])
        data = {f"{age}_{setting}": data[age] for age in ("old", "new")}
    return ", ".join(_number(key, value) for key, value in data.items() if key not in _SILENT)


def name_text(name: str) -> str:
    """An event's name in words."""
    text = " ".join(word if word in _CAPITALS else word.lower() for word in name.split("_"))
    return text[0].upper() + text[1:]


def _number(key: str, value: int | str | None) -> str:
    if value is None:
        return f"{_label(key)} none"
    for ending, write in _UNITS:
        if key.endswith(ending) and isinstance(value, int):
            return f"{_label(key.removesuffix(ending))} {write(value)}".lstrip()
    return f"{_label(key)} {str(value).replace('_', ' ').lower()}"


def _label(key: str) -> str:
    for ending, _ in _UNITS:
        key = key.removesuffix(ending)
    return key.replace("_", " ")
