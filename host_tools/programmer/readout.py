"""What the pump says, in the words and units of people: the JSON of `status`, `watch` and `log`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from host_tools.programmer.texts import shown
from host_tools.programmer.units import NG_PER_MCG, mcg_from_ng, wall_text
from protocol import codes
from protocol.eventdata import table_of
from protocol.messages import NONE32

NO_READING_MV = 0xFFFF


def hello_dict(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Who the pump is."""
    names = {name: _text(fields[name]) for name in ("serial", "model", "firmware")}
    return names | {"schema": f"{fields['version']}-{fields['fingerprint']:08x}", "key": str(fields["key"])}


def status_dict(fields: Mapping[str, Any], hello: Mapping[str, Any]) -> dict[str, Any]:
    """STATUS and HELLO as one object."""

    def date(uptime_s: int) -> str | None:
        """The day of an uptime, by the clock as it is set now."""
        if NONE32 in (uptime_s, fields["wall_s"]):
            return None
        return _day(fields["wall_s"] + uptime_s - fields["uptime_s"])

    return {
        **hello,
        "uptime_s": fields["uptime_s"],
        "wall": wall_text(fields["wall_s"]),
        "boots": fields["boots"],
        "therapy": str(fields["therapy"]),
        "operation": str(fields["operation"]),
        "mode": str(fields["mode"]),
        "rate_nl_per_day": fields["rate_nl_per_day"],
        "ordered_rate_nl_per_day": fields["ordered_rate_nl_per_day"],
        "dose_mcg_per_day": mcg_from_ng(fields["dose_ng_per_day"]),
        "dose_ng_per_day": fields["dose_ng_per_day"],
        "concentration_mcg_per_ml": fields["concentration_mcg_per_ml"],
        "drug": _text(fields["drug"]),
        "tip_mcg_per_ml": fields["tip_mcg_per_ml"],
        "reservoir_nl": fields["reservoir_nl"],
        "reservoir_sensor_nl": unless(fields["sensor_nl"], NONE32),
        "line_nl": fields["line_nl"],
        "unprimed_nl": fields["unprimed_nl"],
        "bolus": str(fields["bolus"]),
        "bolus_left_nl": fields["bolus_left_nl"],
        "last_bolus": _last_bolus(fields),
        "patient_boluses_left": fields["patient_boluses_left"],
        "delivered_nl": fields["delivered_nl"],
        "delivered_today_mcg": _whole_mcg(fields["delivered_today_ng"]),
        "low_reservoir_date": date(fields["low_reservoir_s"]),
        "refill_by": date(fields["refill_by_s"]),
        "last_refill": date(fields["last_refill_s"]),
        "implanted": _day(fields["implanted_wall_s"]),
        "battery_mv": unless(fields["battery_mv"], NO_READING_MV),
        "battery_load_mv": unless(fields["battery_load_mv"], NO_READING_MV),
        "eri": date(fields["eri_s"]),
        "eos": date(fields["eos_s"]),
        "eri_forecast": date(fields["eri_forecast_s"]),
        "alarms": [str(alarm["alarm"]) for alarm in fields["alarms"]],
        "advisories": [str(advisory) for advisory in fields["advisories"]],
        "alarm_list": [_alarm_dict(alarm) for alarm in fields["alarms"]],
        "stopped_s": fields["stopped_s"],
        "limits": {
            "max_dose_mcg_per_day": fields["max_dose_mcg_per_day"],
            "max_bolus_mcg": fields["max_bolus_mcg"],
            "max_change_percent": fields["max_change_percent"],
            "soft_min_dose_mcg_per_day": mcg_from_ng(fields["soft_min_dose_ng_per_day"]),
            "soft_max_dose_mcg_per_day": mcg_from_ng(fields["soft_max_dose_ng_per_day"]) or None,
            "min_rate_nl_per_day": fields["min_rate_nl_per_day"],
            "max_rate_nl_per_day": fields["max_rate_nl_per_day"],
            "capacity_nl": fields["capacity_nl"],
            "low_reservoir_nl": fields["low_reservoir_nl"],
        },
        "alarm_settings": {name: fields[name] for name in codes.ALARM_SETTING},
        "telemetry_dropped": fields["telemetry_dropped"],
        "comms_errors": fields["comms_errors"],
    }


def _last_bolus(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    if str(fields["last_bolus"]) == "none":
        return None
    return {
        "kind": str(fields["last_bolus"]),
        "ordered_ng": fields["last_bolus_ng"],
        "delivered_ng": fields["last_bolus_delivered_ng"],
        "at_s": fields["last_bolus_s"],
    }


def with_telemetry(status: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """`status` with the fields that a newer TELEMETRY carries; its wall clock moved on by the same time."""
    return status | {
        "uptime_s": fields["uptime_s"],
        "wall": _moved(status["wall"], fields["uptime_s"] - status["uptime_s"]),
        "therapy": str(fields["therapy"]),
        "operation": str(fields["operation"]),
        "rate_nl_per_day": fields["rate_nl_per_day"],
        "reservoir_nl": fields["reservoir_nl"],
        "delivered_nl": fields["delivered_nl"],
        "delivered_today_mcg": _whole_mcg(fields["delivered_today_ng"]),
        "battery_mv": unless(fields["battery_mv"], NO_READING_MV),
        "telemetry_dropped": fields["dropped"],
    }


def event_dict(entry: Mapping[str, Any]) -> dict[str, Any]:
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


def diagnostics_dict(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the firmware runs on; `free_bytes` is None where that means nothing."""
    return {"runtime": _text(fields["runtime"]), "free_bytes": unless(fields["free_bytes"], NONE32)}


def implant_dict(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The recorded implantation, in the units that `implant` takes."""
    return {
        "implanted": wall_text(fields["implanted_wall_s"]),
        "catheter_cm": fields["catheter_mm"] / 10,
        "pump_tubing_ml": fields["tubing_nl"] / 1_000_000,
        "site": fields["site"].rstrip(b"\0").decode("utf-8", "replace"),
        "depth_mm": fields["depth_mm"],
        "kept_catheter": str(fields["kept_catheter"]) == "yes",
    }


def dose_dict(entry: Mapping[str, Any]) -> dict[str, Any]:
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


def _alarm_dict(alarm: Mapping[str, Any]) -> dict[str, Any]:
    name = str(alarm["alarm"])
    critical = codes.ALARM.get(name, 0) >> 8 == codes.SEVERITY["critical"]
    return {
        "name": name,
        "class": "critical" if critical else "non_critical",
        "since_s": alarm["since_s"],
        "silenced": str(alarm["silenced"]) == "yes",
        "condition": str(alarm["condition"]),
    }


def _text(padded: bytes) -> str:
    """A name, as it can be shown."""
    return shown(padded.rstrip(b"\0").decode("utf-8", "replace"))


def _day(wall_s: int) -> str | None:
    wall = wall_text(wall_s)
    return wall and wall[:10]


def unless(value: int, none: int) -> int | None:
    """None where a field says that there is none."""
    return None if value == none else value


def _whole_mcg(ng: int) -> int:
    return (ng + NG_PER_MCG // 2) // NG_PER_MCG


def _moved(wall: str | None, by_s: int) -> str | None:
    return wall and (datetime.fromisoformat(wall) + timedelta(seconds=by_s)).isoformat()
