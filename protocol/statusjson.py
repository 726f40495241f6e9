"""The JSON object of a pump's status: which key has which field of HELLO, STATUS or LINE, and in which form.

The programmer fills it in by this table, and the types of its keys are generated from it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from protocol import codes
from protocol.fields import Field, fields_of
from protocol.registry import ANSWER


class Form(NamedTuple):
    """A way to write the value of a field in JSON: its name, and the Python type of the values."""

    name: str
    type: str


NUMBER = Form("number", "int")
OPTIONAL = Form("optional", "int | None")  # None where the field has its sentinel
MCG = Form("mcg", "int | float")  # of ng, exact
OPTIONAL_MCG = Form("optional_mcg", "int | float | None")
WHOLE_MCG = Form("whole_mcg", "int")  # of ng, to the nearest
CODE = Form("code", "str")
YES = Form("yes", "bool")
TEXT = Form("text", "str")
WALL = Form("wall", "str | None")  # 2026-01-05T08:00:00; of wall seconds
WALL_DAY = Form("wall_day", "str | None")  # 2026-01-05; of wall seconds
UPTIME_DAY = Form("uptime_day", "str | None")  # 2026-01-05; of uptime seconds, by the clock as it is set now
ALARM_CLASS = Form("alarm_class", "str")  # of an alarm's code
SCHEMA = Form("schema", "str")  # 7-0123abcd; of version and fingerprint together


class Key(NamedTuple):
    """A key with the value of one field."""

    name: str
    form: Form = NUMBER
    field: str = ""

    @property
    def source(self) -> str:
        """The field on the wire: of the key's own name unless another is given."""
        return self.field or self.name


class Group(NamedTuple):
    """A key with an object of several fields; None where the code `optional_by` is `none`."""

    name: str
    type_name: str
    keys: tuple[Key, ...]
    optional_by: str = ""


class Names(NamedTuple):
    """A key with the list of the codes in a list: its entries, or their field `column`."""

    name: str
    field: str
    column: str = ""


class Rows(NamedTuple):
    """A key with a list of objects, one for each entry of a list."""

    name: str
    type_name: str
    field: str
    keys: tuple[Key, ...]


Entry = Key | Group | Names | Rows

HELLO_KEYS: tuple[Key, ...] = (
    Key("serial", TEXT),
    Key("model", TEXT),
    Key("firmware", TEXT),
    Key("schema", SCHEMA, "fingerprint"),
    Key("key", CODE),
)

STATUS_KEYS: tuple[Entry, ...] = (
    Key("uptime_s"),
    Key("wall", WALL, "wall_s"),
    Key("boots"),
    Key("therapy", CODE),
    Key("operation", CODE),
    Key("mode", CODE),
    Key("rate_nl_per_day"),
    Key("ordered_rate_nl_per_day"),
    Key("dose_mcg_per_day", MCG, "dose_ng_per_day"),
    Key("dose_ng_per_day"),
    Key("concentration_mcg_per_ml"),
    Key("drug", TEXT),
    Key("tip_mcg_per_ml"),
    Key("reservoir_nl"),
    Key("reservoir_sensor_nl", OPTIONAL, "sensor_nl"),
    Key("line_nl"),
    Key("unprimed_nl"),
    Rows("line", "Parcel", "parcels", (Key("nl", NUMBER, "volume_nl"), Key("mcg_per_ml"))),
    Key("bolus", CODE),
    Key("bolus_left_nl"),
    Group(
        "last_bolus",
        "LastBolus",
        (
            Key("kind", CODE, "last_bolus"),
            Key("ordered_ng", NUMBER, "last_bolus_ng"),
            Key("delivered_ng", NUMBER, "last_bolus_delivered_ng"),
            Key("at_s", NUMBER, "last_bolus_s"),
        ),
        optional_by="last_bolus",
    ),
    Key("patient_boluses_left"),
    Key("delivered_nl"),
    Key("delivered_today_mcg", WHOLE_MCG, "delivered_today_ng"),
    Key("low_reservoir_date", UPTIME_DAY, "low_reservoir_s"),
    Key("refill_by", UPTIME_DAY, "refill_by_s"),
    Key("last_refill", UPTIME_DAY, "last_refill_s"),
    Key("refill_expected_nl", OPTIONAL),
    Key("refill_aspirated_nl", OPTIONAL),
    Key("refill_last_filled_nl", OPTIONAL),
    Key("implanted", WALL_DAY, "implanted_wall_s"),
    Key("battery_mv", OPTIONAL),
    Key("battery_load_mv", OPTIONAL),
    Key("eri", UPTIME_DAY, "eri_s"),
    Key("eos", UPTIME_DAY, "eos_s"),
    Key("eri_forecast", UPTIME_DAY, "eri_forecast_s"),
    Names("alarms", "alarms", "alarm"),
    Names("advisories", "advisories"),
    Rows(
        "alarm_list",
        "Alarm",
        "alarms",
        (
            Key("name", CODE, "alarm"),
            Key("class", ALARM_CLASS, "alarm"),
            Key("since_s"),
            Key("silenced", YES),
            Key("condition", CODE),
        ),
    ),
    Key("stopped_s"),
    Group(
        "limits",
        "Limits",
        (
            Key("max_dose_mcg_per_day"),
            Key("max_bolus_mcg"),
            Key("max_change_percent"),
            Key("soft_min_dose_mcg_per_day", MCG, "soft_min_dose_ng_per_day"),
            Key("soft_max_dose_mcg_per_day", OPTIONAL_MCG, "soft_max_dose_ng_per_day"),
            Key("min_rate_nl_per_day"),
            Key("max_rate_nl_per_day"),
            Key("capacity_nl"),
            Key("low_reservoir_nl"),
        ),
    ),
    Group("alarm_settings", "AlarmSettings", tuple(map(Key, codes.ALARM_SETTING))),
    Key("telemetry_dropped"),
    Key("comms_errors"),
)

TELEMETRY_NAMES = {"dropped": "telemetry_dropped"}
"""Fields of TELEMETRY with another name than in STATUS."""

STATUS_MESSAGES = ("STATUS", "LINE")
"""The answers that a status is made of."""

STATUS_FIELDS: dict[str, Field] = {
    field.name: field for message in STATUS_MESSAGES for field in fields_of(ANSWER[message].layout)
}


def sources_of(entry: Entry) -> Iterator[str]:
    """The fields of the message that a key's value is made of."""
    if isinstance(entry, Key):
        yield entry.source
    elif isinstance(entry, Group):
        yield from (key.source for key in entry.keys)
    else:
        yield entry.field
