"""Builds the JSON objects of the log, the titration history, the implantation and the diagnostics."""

from collections.abc import Mapping
from typing import Any

from host_tools.programmer.texts import text_of
from host_tools.programmer.units import mcg_from_ng, none_if, wall_text
from protocol import codes
from protocol.eventdata import table_of
from protocol.messages import NONE32


def event_json(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A log entry, its numbers named and its codes in words."""
    name = str(entry["event"])
    keys = codes.EVENTS[name].data if name in codes.EVENTS else ("a", "b", "c")
    return {
        "seq": entry["seq"],
        "t_s": entry["uptime_s"],
        "wall": wall_text(entry["wall_s"]),
        "name": name,
        "severity": str(entry["severity"]),
        "data": {key: _in_words(name, key, entry[field]) for key, field in zip(keys, "abc", strict=False)},
    }


def diagnostics_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Interpreter and free memory of the firmware; `free_bytes` is None where that means nothing."""
    return {"runtime": text_of(fields["runtime"]), "free_bytes": none_if(fields["free_bytes"], NONE32)}


def implant_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded implantation, in the units that `implant` takes."""
    return {
        "implanted": wall_text(fields["implanted_wall_s"]),
        "catheter_cm": fields["catheter_mm"] / 10,
        "pump_tubing_ml": fields["tubing_nl"] / 1_000_000,
        "site": fields["site"].rstrip(b"\0").decode("utf-8", "replace"),
        "depth_mm": fields["depth_mm"],
        "kept_catheter": str(fields["kept_catheter"]) == "yes",
    }


def dose_json(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A committed daily dose, and its change against the one before in percent (None for the first), to 0.1."""
    old_ng, new_ng = entry["old_dose_ng_per_day"], entry["dose_ng_per_day"]
    return {
        "wall": wall_text(entry["wall_s"]),
        "uptime_s": entry["uptime_s"],
        "old_dose_mcg_per_day": mcg_from_ng(old_ng),
        "dose_mcg_per_day": mcg_from_ng(new_ng),
        "concentration_mcg_per_ml": entry["concentration_mcg_per_ml"],
        "change_percent": (2000 * (new_ng - old_ng) + old_ng) // (2 * old_ng) / 10 if old_ng else None,
        "overridden": str(entry["overridden"]) == "yes",
    }


def _in_words(event: str, key: str, value: int) -> int | str | None:
    if key == "centi_celsius":
        return value - (value >> 31 << 32)  # the one number that goes below zero
    if value == NONE32:
        return None
    return next((name for name, code in table_of(event, key).items() if code == value), value)
