"""Types of a pump's status. Written by `make gen` from protocol/statusjson.py: change that, not this."""

from typing import TypedDict


class Parcel(TypedDict):
    """The object in `line` of a status."""

    nl: int  # of volume_nl: of the line, from where the one before it ends
    mcg_per_ml: int  # its concentration, 0 without drug


class LastBolus(TypedDict):
    """The object in `last_bolus` of a status."""

    kind: str  # of last_bolus: kind of the newest single or patient's bolus, this one included
    ordered_ng: int  # of last_bolus_ng: its dose as ordered
    delivered_ng: int  # of last_bolus_delivered_ng: of it, what may have been delivered so far
    at_s: int  # of last_bolus_s: uptime at which it began


Alarm = TypedDict(
    "Alarm",
    {
        "name": str,  # of alarm: which alarm
        "class": str,  # of alarm: which alarm
        "since_s": int,  # pump uptime at which it was last raised
        "silenced": bool,  # whether a programmer silenced it
        "condition": str,  # whether its cause still holds
    },
)
"""The object in `alarm_list` of a status."""


class Limits(TypedDict):
    """The object in `limits` of a status."""

    max_dose_mcg_per_day: int  # limit of the daily dose
    max_bolus_mcg: int  # limit of a bolus
    max_change_percent: int  # soft limit of a dose's rise within 24 h
    soft_min_dose_mcg_per_day: int | float  # of soft_min_dose_ng_per_day: a program below it needs `override`
    soft_max_dose_mcg_per_day: int | float | None  # of soft_max_dose_ng_per_day: a program above it needs `override`
    min_rate_nl_per_day: int  # lowest programmable rate
    max_rate_nl_per_day: int  # highest programmable rate
    capacity_nl: int  # what the reservoir holds
    low_reservoir_nl: int  # volume of the low-reservoir alarm


class AlarmSettings(TypedDict):
    """The object in `alarm_settings` of a status."""

    critical_interval_s: int  # between two critical tones
    non_critical_interval_s: int  # between two non-critical tones
    stopped_after_s: int  # stopped for so long, the pump warns
    low_reservoir_nl: int  # volume of the low-reservoir alarm


class Hello(TypedDict):
    """Identity of a pump."""

    serial: str  # serial number
    model: str  # model
    firmware: str  # firmware version
    schema: str  # of fingerprint: CRC-32 over the message tables
    key: str  # which key opens this pump


class Status(Hello):
    """The status of a pump, settled to one instant."""

    uptime_s: int  # since first power-up, without the time unpowered
    wall: str | None  # of wall_s: wall time since 2018-01-01T00:00:00
    boots: int  # power-ups and resets, this one included
    therapy: str  # what was ordered
    operation: str  # what the machine does
    mode: str  # kind of the committed program
    rate_nl_per_day: int  # what flows: 0 while idle, halted or stalled
    ordered_rate_nl_per_day: int  # what is ordered, whether it flows or not
    dose_mcg_per_day: int | float  # of dose_ng_per_day: daily dose being delivered
    dose_ng_per_day: int  # daily dose being delivered
    concentration_mcg_per_ml: int  # of the drug in the reservoir
    drug: str  # name of the drug in the reservoir
    tip_mcg_per_ml: int  # concentration at the tip, or the reservoir's where there is no drug
    reservoir_nl: int  # computed from what was delivered
    reservoir_sensor_nl: int | None  # of sensor_nl: what the fill sensor reads
    line_nl: int  # dead volume of pump tubing and catheter
    unprimed_nl: int  # what stands at its tip without drug
    line: list[Parcel]
    bolus: str  # what is delivered on top or in place of the basal rate
    bolus_left_nl: int  # what is left of it
    last_bolus: LastBolus | None
    patient_boluses_left: int  # how many the patient may still ask for in these 24 hours
    delivered_nl: int  # since the first fill
    delivered_today_mcg: int  # of delivered_today_ng: since midnight of the wall clock
    low_reservoir_date: str | None  # of low_reservoir_s: uptime at which the reservoir will be low
    refill_by: str | None  # of refill_by_s: uptime by which to refill
    last_refill: str | None  # of last_refill_s: uptime of the last refill
    refill_expected_nl: int | None  # what the newest refill should have found
    refill_aspirated_nl: int | None  # what it found
    refill_last_filled_nl: int | None  # volume of the refill before it
    implanted: str | None  # of implanted_wall_s: wall time of the operation
    battery_mv: int | None  # at rest
    battery_load_mv: int | None  # under the motor's load
    eri: str | None  # of eri_s: uptime at which ERI was reached
    eos: str | None  # of eos_s: uptime at which end of service was reached
    eri_forecast: str | None  # of eri_forecast_s: uptime at which ERI is expected, or was reached
    alarms: list[str]
    advisories: list[str]
    alarm_list: list[Alarm]
    stopped_s: int  # since the stop, or the first step that was not confirmed; 0 while something is delivered
    limits: Limits
    alarm_settings: AlarmSettings
    telemetry_dropped: int  # pushed messages that this line had no room for
    comms_errors: int  # corrupt frames received on all lines
    signed: bool  # True if the pump signed it; else anybody on the line could have sent it


class PushedStatus(Status):
    """A status of `watch`, as of one telemetry message."""

    seq: int  # number of the telemetry message
