"""Every message, as a construct Struct.

A field's documentation has three parts, `unit; range; meaning`, and nothing else in the project repeats them: the
pump's tables, the protocol document and the golden frames are generated from here, and the programmer's limits read
from here. The pump refuses a request with a value outside its range; how a range is written, protocol/fields.py says. A
request's code is below 0x80 and its answer's is the request's plus 0x80. All numbers are little-endian.
"""

# pyright: reportOperatorIssue=false
# (construct's integers are made by a decorator that hides their type)

from typing import NamedTuple

from construct import Bytes, Int8ul, Int16ul, Int32ul, Int64ul, PrefixedArray

from protocol import codes
from protocol.layout import Code, Struct

VERSION = 9
"""Rises with every change of a message, so that of two sides the older can be named."""

WALL_EPOCH = "2018-01-01T00:00:00"
"""Wall time on the wire counts seconds from here, local and naive. A Monday, so that a weekday is a division."""

NONE32 = 0xFFFFFFFF
"""Stands for "there is none" in a 32-bit field that says so."""

therapy = Code(Int8ul, **codes.THERAPY)
operation = Code(Int8ul, **codes.OPERATION)
mode = Code(Int8ul, **codes.MODE)
program_mode = Code(Int8ul, **{name: code for name, code in codes.MODE.items() if name != "none"})
bolus = Code(Int8ul, **codes.BOLUS)
role = Code(Int8ul, **codes.ROLE)
key = Code(Int8ul, **codes.KEY)
condition = Code(Int8ul, **codes.CONDITION)
flag = Code(Int8ul, **codes.FLAG)
catheter = Code(Int8ul, **codes.CATHETER)
tubing = Code(Int8ul, **codes.TUBING)
severity = Code(Int8ul, **codes.SEVERITY)
alarm_class = Code(Int8ul, **codes.CLASS)
alarm = Code(Int16ul, **codes.ALARM)
alarm_or_all = Code(Int16ul, **codes.ALARM, all=codes.ALL_ALARMS)
advisory = Code(Int16ul, **codes.ADVISORY)
reason = Code(Int8ul, **codes.REASON)
record = Code(Int8ul, **codes.RECORD)
event = Code(Int8ul, **{name: entry.code for name, entry in codes.EVENTS.items()})

ADDRESS_BYTES = 12
NONCE_BYTES = 16
KEY_BYTES = 32
DIGEST_BYTES = 8
SITE_BYTES = 24
DRUG_BYTES = 12
TEXT_BYTES = 192
RUNTIME_BYTES = 32

Parcel = Struct(
    "volume_nl" / Int32ul * "nL; 0..3000000; of the line, from where the one before it ends",
    "mcg_per_ml" / Int32ul * "mcg/mL; 0..50000; its concentration, 0 without drug",
)

AlarmEntry = Struct(
    "alarm" / alarm * "code; table Alarms; which alarm",
    "since_s" / Int32ul * "s; 0..2^30-1; pump uptime at which it was last raised",
    "silenced" / flag * "code; table Flags; whether a programmer silenced it",
    "condition" / condition * "code; table Conditions; whether its cause still holds",
)

LogEntry = Struct(
    "seq" / Int32ul * "-; 1..2^32-2; number of the entry, without gaps",
    "uptime_s" / Int32ul * "s; 0..2^30-1; pump uptime",
    "wall_s" / Int32ul * "s; 0..2^32-2, none 2^32-1; wall time since 2018-01-01T00:00:00",
    "event" / event * "code; table Events; what happened",
    "severity" / severity * "code; table Severities; class of the alarm it raised, or info",
    "a" / Int32ul * "see event; 0..2^32-1; first number",
    "b" / Int32ul * "see event; 0..2^32-1; second number",
    "c" / Int32ul * "see event; 0..2^32-1; third number",
)

DoseEntry = Struct(
    "number" / Int32ul * "-; 1..2^32-1; number of the commit",
    "wall_s" / Int32ul * "s; 0..2^32-2, none 2^32-1; wall time since 2018-01-01T00:00:00",
    "uptime_s" / Int32ul * "s; 0..2^30-1; pump uptime",
    "old_dose_ng_per_day" / Int64ul * "ng/day; 0..2^63, 0 for the first; daily dose of the program before",
    "dose_ng_per_day" / Int64ul * "ng/day; 1..2^63; daily dose; of a week its seventh, rounded down",
    "concentration_mcg_per_ml" / Int32ul * "mcg/mL; 1..50000; of its drug",
    "overridden" / flag * "code; table Flags; whether a soft limit was overridden",
)

Program = Struct(
    "mode" / program_mode * "code; table Modes, but for none; kind of program",
    "concentration_mcg_per_ml" / Int32ul * "mcg/mL; 1..50000; of the drug in the reservoir",
    "dose_ng_per_day" / Int64ul * "ng/day; 1..2^64-1; daily dose; of a week its seventh, rounded down",
    "rate_nl_per_day" / Int64ul * "nL/day; 1..2^64-1; dose / concentration, rounded to the nearest nL/day",
)

FlexStep = Struct(
    "from_min" / Int16ul * "min; 0..1439; local time of day at which the step begins; it lasts to the next",
    "dose_ng" / Int32ul * "ng; 0..2^32-1; dose delivered within the step",
    "rate_nl_per_day" / Int32ul * "nL/day; 0..2^32-1; its rate, rounded to the nearest nL/day",
)

Day = Struct(
    "day" / Int8ul * "-; 0..6; day of the week, 0 is Monday",
    "steps"
    / PrefixedArray(Int8ul, FlexStep)
    * "list; up to 32; the day's steps in order, the first at 0 min; over 13 are refused",
)

PatientBolus = Struct(
    "dose_ng" / Int32ul * "ng; 0..2^32-1; dose of one bolus",
    "over_s" / Int32ul * "s; 0..86400; how long one takes",
    "lockout_s" / Int32ul * "s; 0..86400; least time between the beginnings of two",
    "per_day" / Int8ul * "-; 0..24, 0 allows none; most in any 24 hours",
)

Empty = Struct()


class Message(NamedTuple):
    """A message: its code, name, layout and meaning. `role` is the least that may send it, None for anybody."""

    code: int
    name: str
    layout: Struct
    text: str
    role: str | None = None


_WANTED = (
    "first_seq" / Int32ul * "-; 0..2^32-2; first entry wanted; older ones may be gone",
    "last_seq" / Int32ul * "-; 0..2^32-2; last entry wanted; there is none before `first_seq`",
)
_PIECE = (
    "oldest_seq" / Int32ul * "-; 1..2^32-2; oldest entry kept",
    "next_seq" / Int32ul * "-; 1..2^32-1; number that the next entry will get",
    "entries" / PrefixedArray(Int8ul, LogEntry) * "list; up to 12; from the first one wanted that is kept",
)

REQUESTS = (
    Message(0x01, "HELLO", Empty, "Who are you?"),
    Message(0x02, "STATUS", Empty, "What do you do, settled to this instant?"),
    Message(
        0x03,
        "LOG",
        Struct(*_WANTED),
        "Read the event log from `first_seq` on. An answer holds as many entries as fit: ask on from there.",
    ),
    Message(
        0x04,
        "SUBSCRIBE",
        Struct("period_s" / Int16ul * "s; 0..65535, 0 ends it; time between two pushed TELEMETRY messages"),
        "Push telemetry on this line until told otherwise.",
    ),
    Message(0x0A, "PATIENT_BOLUS_SETTINGS", Empty, "What may the patient ask for?"),
    Message(0x0D, "LINE", Empty, "What stands between reservoir and tip?"),
    Message(
        0x0B, "DIAGNOSTICS", Empty, "What do you run on? For deployment and benchmarks; therapy asks nothing of it."
    ),
    Message(
        0x05,
        "READ_RECORD",
        Struct("field" / record * "code; table Records; which text"),
        "Read a text of the patient's record.",
        "observer",
    ),
    Message(
        0x06,
        "DOSES",
        Struct("first" / Int32ul * "-; 0..2^32-2; number of the first commit wanted; older ones may be gone"),
        "Read the daily doses that were committed. An answer holds as many as fit: ask on from there.",
    ),
    Message(0x07, "READ_PROGRAM", Empty, "Read the committed program.", "observer"),
    Message(
        0x09,
        "READ_PROGRAM_DAY",
        Struct("day" / Int8ul * "-; 0..6; day of the week, 0 is Monday"),
        "Read a day of the committed flex program.",
        "observer",
    ),
    Message(0x0C, "READ_IMPLANT", Empty, "Read what IMPLANT recorded.", "observer"),
    Message(
        0x08,
        "FAULTS",
        Struct(*_WANTED),
        "Read the fault log, as LOG reads the event log. Its entries have numbers of their own.",
    ),
    Message(
        0x10,
        "OPEN",
        Struct(
            "role" / role * "code; table Roles; who asks",
            "nonce" / Bytes(NONCE_BYTES) * "-; any; the programmer's share of the session's freshness",
        ),
        "Begin a session. Needs the telemetry head. Ends one of this line that was not proved.",
    ),
    Message(0x11, "PROVE", Empty, "First authenticated message: shows that the programmer has the key.", "observer"),
    Message(0x12, "CLOSE", Empty, "End the session. A staged program is forgotten.", "observer"),
    Message(
        0x13,
        "PROVISION",
        Struct("masked_key" / Bytes(KEY_BYTES) * "-; any; the new device key, under the session's mask"),
        "Take this device key in place of the one that the session was opened with. Ends every session.",
        "manufacturing",
    ),
    Message(
        0x14,
        "RESET_KEY",
        Empty,
        "The device key is lost: go back to the test key. Needs the telemetry head and a waiting time.",
    ),
    Message(
        0x20,
        "IMPLANT",
        Struct(
            "wall_s" / Int32ul * "s; 0..2^30-1; wall time now, since 2018-01-01T00:00:00",
            "implanted_wall_s" / Int32ul * "s; 0..2^30-1; wall time of the operation",
            "catheter_mm" / Int16ul * "mm; 0..2000; length of the catheter left in place",
            "tubing_nl" / Int32ul * "nL; 0..1000000; dead volume of the pump's own tubing",
            "depth_mm" / Int8ul * "mm; 0..255; depth under the skin; over 25 needs `override`",
            "site" / Bytes(SITE_BYTES) * "UTF-8; one line, padded with 0x00; where the pump sits",
            "override" / flag * "code; table Flags; accept a soft limit",
            "catheter" / catheter * "code; table Catheters; which one: `same` puts words right and moves no drug",
            "tubing"
            / tubing
            * "code; table Tubings; what the pump's own tubing holds, unless the catheter is the same",
            "dose_ng_per_day"
            / Int64ul
            * "ng/day; 0..2^63, 0 unknown; of a kept catheter: the daily dose that the earlier pump gave",
            "parcels"
            / PrefixedArray(Int8ul, Parcel)
            * "list; up to 8; of a kept catheter: what it holds, from the tip back",
        ),
        "Record the implantation and set the clock.",
        "clinician",
    ),
    Message(
        0x21,
        "REFILL",
        Struct(
            "volume_nl" / Int32ul * "nL; 1..2^32-1; volume filled in after all was taken out, at most the capacity",
            "concentration_mcg_per_ml" / Int32ul * "mcg/mL; 0..50000; of the new drug, 0 for a filling without any",
            "aspirated_nl" / Int32ul * "nL; 0..2^32-2, not measured 2^32-1; volume taken out before",
            "bridge" / flag * "code; table Flags; no: the line is known to hold the new drug already",
            "drug" / Bytes(DRUG_BYTES) * "UTF-8; one line, padded with 0x00; name of the new drug",
        ),
        "The reservoir was emptied and filled. The dose goes on, at whatever concentration stands at the tip.",
        "clinician",
    ),
    Message(
        0x35,
        "CORRECT",
        Struct(
            "concentration_mcg_per_ml"
            / Int32ul
            * "mcg/mL; 0..50000, unchanged 2^32-1; of the newest filling, whatever was recorded",
            "volume_nl" / Int32ul * "nL; 1..2^32-2, unchanged 2^32-1; of the newest filling",
            "override" / flag * "code; table Flags; accept a concentration more than four times away",
            "parcels"
            / PrefixedArray(Int8ul, Parcel)
            * "list; up to 8; what the line holds, from the tip back, the reservoir's drug behind it; empty: unchanged",
        ),
        "The record of the newest filling, or of the line, was wrong. No drug moves; the dose stays, the rate follows.",
        "clinician",
    ),
    Message(0x22, "STAGE", Program, "Put a program beside the running one. Changes nothing.", "clinician"),
    Message(
        0x2D,
        "STAGE_DAY",
        Day,
        "Put a day of a flex program beside the running one, after STAGE; all seven are needed.",
        "clinician",
    ),
    Message(
        0x2E,
        "READ_DAY",
        Struct("day" / Int8ul * "-; 0..6; day of the week, 0 is Monday"),
        "Read a day of the staged program.",
        "clinician",
    ),
    Message(0x23, "READ_BACK", Empty, "Read the staged program.", "clinician"),
    Message(
        0x24,
        "COMMIT",
        Struct(
            "digest" / Bytes(DIGEST_BYTES) * "-; any; digest of the program that was read back",
            "override" / flag * "code; table Flags; accept a dose outside the soft limits",
            "after_commit" / Int32ul * "-; 0..2^32-1; `newest` of DOSES when the program was compared with the old one",
        ),
        "Make the staged program the running one, at once and whole. Refused as `inconsistent` when another one was "
        "committed since the two were compared.",
        "clinician",
    ),
    Message(0x25, "STOP", Empty, "Stop delivery.", "clinician"),
    Message(
        0x26,
        "RESUME",
        Struct("override" / flag * "code; table Flags; accept a full dose after 48 h without any"),
        "Deliver by the committed program again.",
        "clinician",
    ),
    Message(
        0x27,
        "SILENCE",
        Struct("alarm" / alarm_or_all * "code; table Alarms, or `all`; which alarm"),
        "Silence an alarm. Its condition stays listed until it is over.",
        "clinician",
    ),
    Message(
        0x28,
        "SET_CLOCK",
        Struct("wall_s" / Int32ul * "s; 0..2^30-1; wall time now, since 2018-01-01T00:00:00"),
        "Set the wall clock.",
        "clinician",
    ),
    Message(0x29, "MINIMUM_RATE", Empty, "Deliver at the minimum rate. The committed program is kept.", "clinician"),
    Message(
        0x2A,
        "DEMO_ALARM",
        Struct("alarm_class" / alarm_class * "code; table Classes; whose tone"),
        "Sound a class's tone once, now, to show what it is like. Raises nothing, and gives way to a real alarm.",
        "clinician",
    ),
    Message(
        0x2B,
        "LIMITS",
        Struct(
            "max_dose_mcg_per_day" / Int32ul * "mcg/day; 1..10000, unchanged 2^32-1; limit of the daily dose",
            "max_bolus_mcg" / Int32ul * "mcg; 1..2000, unchanged 2^32-1; limit of a bolus",
            "max_change_percent" / Int32ul * "%; 1..100, unchanged 2^32-1; soft limit of a dose's rise within 24 h",
        ),
        "Set limits, for programs to come. None can be switched off; the running program goes on.",
        "clinician",
    ),
    Message(
        0x2C,
        "PRIME",
        Struct(
            "volume_nl"
            / Int32ul
            * "nL; 0..2^32-1; at most what is not primed yet of pump tubing and catheter, and not 0"
        ),
        "Fill the line at the highest rate, in place of the basal rate.",
        "clinician",
    ),
    Message(
        0x2F,
        "BOLUS",
        Struct(
            "dose_ng" / Int32ul * "ng; 1..2^32-1; dose on top of the basal rate",
            "over_s" / Int32ul * "s; 1..86400; how long it takes",
        ),
        "Give a single bolus.",
        "clinician",
    ),
    Message(0x30, "PATIENT_BOLUS", Empty, "Give the bolus that the patient may ask for.", "patient"),
    Message(
        0x31,
        "SET_PATIENT_BOLUS",
        PatientBolus,
        "Set what the patient may ask for.",
        "clinician",
    ),
    Message(0x34, "CANCEL_BOLUS", Empty, "End a single or a patient's bolus. The basal rate goes on.", "clinician"),
    Message(
        0x32,
        "ALARM_SETTINGS",
        Struct(
            "critical_interval_s" / Int32ul * "s; 60..3600, unchanged 2^32-1; between two critical tones",
            "non_critical_interval_s" / Int32ul * "s; 600..14400, unchanged 2^32-1; between two non-critical tones",
            "stopped_after_s" / Int32ul * "s; 3600..86400, unchanged 2^32-1; stopped for so long, the pump warns",
            "low_reservoir_nl"
            / Int32ul
            * "nL; 0..40000000, unchanged 2^32-1; below it the pump warns; the residual volume to half the capacity",
        ),
        "Set how soon and how often the pump warns. None can be switched off, and the 48 h alarm is not a setting.",
        "clinician",
    ),
    Message(
        0x33,
        "WRITE_RECORD",
        Struct(
            "field" / record * "code; table Records; which text",
            "text" / Bytes(TEXT_BYTES) * "UTF-8; padded with 0x00; the new text, empty to delete it",
        ),
        "Write a text of the patient's record. Each has a greatest length of its own (table Records).",
        "clinician",
    ),
)

ANSWERS = (
    Message(
        0x81,
        "HELLO",
        Struct(
            "serial" / Bytes(ADDRESS_BYTES) * "ASCII; padded with 0x00; serial number",
            "model" / Bytes(ADDRESS_BYTES) * "ASCII; padded with 0x00; model",
            "firmware" / Bytes(ADDRESS_BYTES) * "ASCII; padded with 0x00; firmware version",
            "version" / Int16ul * "-; 1..65535; version of the message tables",
            "fingerprint" / Int32ul * "-; any; CRC-32 over the message tables",
            "key" / key * "code; table Keys; which key opens this pump",
        ),
        "Who the pump is.",
    ),
    Message(
        0x82,
        "STATUS",
        Struct(
            "uptime_s" / Int32ul * "s; 0..2^30-1; since first power-up, without the time unpowered",
            "wall_s" / Int32ul * "s; 0..2^32-2, none 2^32-1; wall time since 2018-01-01T00:00:00",
            "boots" / Int16ul * "-; 1..65535; power-ups and resets, this one included",
            "therapy" / therapy * "code; table Therapies; what was ordered",
            "operation" / operation * "code; table Operations; what the machine does",
            "mode" / mode * "code; table Modes; kind of the committed program",
            "rate_nl_per_day" / Int32ul * "nL/day; 0..24000000; what flows: 0 while idle, halted or stalled",
            "ordered_rate_nl_per_day" / Int32ul * "nL/day; 0..24000000; what is ordered, whether it flows or not",
            "dose_ng_per_day" / Int64ul * "ng/day; 0..2^63; daily dose being delivered",
            "concentration_mcg_per_ml" / Int32ul * "mcg/mL; 0..50000, 0 unfilled; of the drug in the reservoir",
            "reservoir_nl" / Int32ul * "nL; 0..40000000; computed from what was delivered",
            "sensor_nl" / Int32ul * "nL; 0..2^32-2, none 2^32-1; what the fill sensor reads",
            "delivered_nl" / Int64ul * "nL; 0..2^63; since the first fill",
            "delivered_today_ng" / Int64ul * "ng; 0..2^63; since midnight of the wall clock",
            "low_reservoir_s" / Int32ul * "s; 0..2^32-2, none 2^32-1; uptime at which the reservoir will be low",
            "refill_by_s" / Int32ul * "s; 0..2^32-2, none 2^32-1; uptime by which to refill",
            "last_refill_s" / Int32ul * "s; 0..2^30-1, none 2^32-1; uptime of the last refill",
            "implanted_wall_s" / Int32ul * "s; 0..2^30-1, none 2^32-1; wall time of the operation",
            "battery_mv" / Int16ul * "mV; 0..5000, no reading 65535; at rest",
            "battery_load_mv" / Int16ul * "mV; 0..5000, no reading 65535; under the motor's load",
            "eri_s" / Int32ul * "s; 0..2^30-1, none 2^32-1; uptime at which ERI was reached",
            "eos_s" / Int32ul * "s; 0..2^30-1, none 2^32-1; uptime at which end of service was reached",
            "eri_forecast_s" / Int32ul * "s; 0..2^32-1; uptime at which ERI is expected, or was reached",
            "stopped_s"
            / Int32ul
            * "s; 0..2^30-1; since the stop, or the first step that was not confirmed; 0 while something is delivered",
            "telemetry_dropped" / Int32ul * "-; 0..2^32-1; pushed messages that this line had no room for",
            "comms_errors" / Int32ul * "-; 0..2^32-1; corrupt frames received on all lines",
            "max_dose_mcg_per_day" / Int32ul * "mcg/day; 1..2^30-1; limit of the daily dose",
            "max_bolus_mcg" / Int32ul * "mcg; 1..2^30-1; limit of a bolus",
            "max_change_percent" / Int8ul * "%; 1..100; soft limit of a dose's rise within 24 h",
            "soft_min_dose_ng_per_day" / Int64ul * "ng/day; 0..2^63; a program below it needs `override`",
            "soft_max_dose_ng_per_day" / Int64ul * "ng/day; 0..2^63, none 0; a program above it needs `override`",
            "min_rate_nl_per_day" / Int32ul * "nL/day; 0..24000000; lowest programmable rate",
            "max_rate_nl_per_day" / Int32ul * "nL/day; 0..24000000; highest programmable rate",
            "capacity_nl" / Int32ul * "nL; 0..40000000; what the reservoir holds",
            "low_reservoir_nl" / Int32ul * "nL; 0..40000000; volume of the low-reservoir alarm",
            "drug" / Bytes(DRUG_BYTES) * "UTF-8; one line, padded with 0x00; name of the drug in the reservoir",
            "tip_mcg_per_ml"
            / Int32ul
            * "mcg/mL; 0..50000; concentration at the tip, or the reservoir's where there is no drug",
            "bolus" / bolus * "code; table Boluses; what is delivered on top or in place of the basal rate",
            "bolus_left_nl" / Int32ul * "nL; 0..2^32-1; what is left of it",
            "last_bolus"
            / bolus
            * "code; table Boluses; kind of the newest single or patient's bolus, this one included",
            "last_bolus_ng" / Int32ul * "ng; 0..2^32-1; its dose as ordered",
            "last_bolus_delivered_ng" / Int32ul * "ng; 0..2^32-1; of it, what may have been delivered so far",
            "last_bolus_s" / Int32ul * "s; 0..2^30-1, none 2^32-1; uptime at which it began",
            "patient_boluses_left" / Int8ul * "-; 0..24; how many the patient may still ask for in these 24 hours",
            "critical_interval_s" / Int32ul * "s; 1..2^30-1; between two critical tones",
            "non_critical_interval_s" / Int32ul * "s; 1..2^30-1; between two non-critical tones",
            "stopped_after_s" / Int32ul * "s; 1..2^30-1; stopped for so long, the pump warns",
            "advisories" / PrefixedArray(Int8ul, advisory) * "code; table Advisories, up to 5; silent notes",
            "alarms" / PrefixedArray(Int8ul, AlarmEntry) * "list; up to 17; alarms on or not yet silenced",
        ),
        "What the pump does and believes.",
    ),
    Message(
        0x8D,
        "LINE",
        Struct(
            "line_nl" / Int32ul * "nL; 0..3000000; dead volume of pump tubing and catheter",
            "unprimed_nl" / Int32ul * "nL; 0..3000000; what stands at its tip without drug",
            "refill_expected_nl" / Int32ul * "nL; 0..2^32-2, none 2^32-1; what the newest refill should have found",
            "refill_aspirated_nl" / Int32ul * "nL; 0..2^32-2, not measured 2^32-1; what it found",
            "refill_last_filled_nl" / Int32ul * "nL; 0..2^32-2, none 2^32-1; volume of the refill before it",
            "parcels"
            / PrefixedArray(Int8ul, Parcel)
            * "list; up to 9; what stands in the line, from the tip back, the reservoir's drug the last",
        ),
        "What stands between reservoir and tip, and how the newest refill went.",
    ),
    Message(
        0x83,
        "LOG",
        Struct(*_PIECE),
        "A piece of the event log, oldest first.",
    ),
    Message(
        0x84,
        "SUBSCRIBED",
        Struct("period_s" / Int16ul * "s; 0..65535; as asked for"),
        "Telemetry will be pushed (or not, at 0).",
    ),
    Message(0x8A, "PATIENT_BOLUS_SETTINGS", PatientBolus, "What the patient may ask for."),
    Message(
        0x8B,
        "DIAGNOSTICS",
        Struct(
            "runtime" / Bytes(RUNTIME_BYTES) * "ASCII; padded with 0x00; interpreter, its version, and its machine",
            "free_bytes" / Int32ul * "bytes; 0..2^32-2, none known 2^32-1; memory free after a collection",
        ),
        "What the firmware runs on. The only message in which one body's pump differs from another's.",
    ),
    Message(
        0x85,
        "RECORD",
        Struct(
            "field" / record * "code; table Records; which text",
            "text" / Bytes(TEXT_BYTES) * "UTF-8; padded with 0x00; empty where none was written",
        ),
        "A text of the patient's record.",
    ),
    Message(
        0x86,
        "DOSES",
        Struct(
            "newest" / Int32ul * "-; 0..2^32-1; number of the newest commit, 0 for none",
            "doses" / PrefixedArray(Int8ul, DoseEntry) * "list; up to 10; from the first one wanted that is kept",
        ),
        "Committed daily doses, oldest first. The pump keeps 64.",
    ),
    Message(
        0x87,
        "PROGRAM",
        Program,
        "What was ordered last: it runs, or RESUME would run it. Refused as `state` when nothing.",
    ),
    Message(0x89, "PROGRAM_DAY", Day, "A day of the committed program. Refused as `state` when it is no flex program."),
    Message(
        0x8C,
        "IMPLANTATION",
        Struct(
            "implanted_wall_s" / Int32ul * "s; 0..2^30-1, none 2^32-1; wall time of the operation",
            "catheter_mm" / Int16ul * "mm; 0..2000; length of the catheter left in place",
            "tubing_nl" / Int32ul * "nL; 0..1000000; dead volume of the pump's own tubing",
            "depth_mm" / Int8ul * "mm; 0..255; depth under the skin",
            "site" / Bytes(SITE_BYTES) * "UTF-8; one line, padded with 0x00; where the pump sits",
            "kept_catheter" / flag * "code; table Flags; the catheter is an earlier pump's",
        ),
        "The implantation, as it was recorded last.",
    ),
    Message(0x88, "FAULTS", Struct(*_PIECE), "A piece of the fault log, oldest first."),
    Message(
        0x90,
        "CHALLENGE",
        Struct(
            "session" / Int32ul * "-; 1..2^32-1; number of the new session, never used before",
            "nonce" / Bytes(NONCE_BYTES) * "-; any; the pump's share of the session's freshness",
        ),
        "Prove it.",
    ),
    Message(
        0x91,
        "PROVED",
        Struct("idle_s" / Int16ul * "s; 1..65535; a session idle for so long ends"),
        "The session is open, and this answer's MAC shows that the pump has the key as well.",
    ),
    Message(
        0x94,
        "KEY_RESET",
        Struct("left_s" / Int32ul * "s; 0..2^30-1; waiting time left; 0: the test key opens the pump"),
        "How long until the pump can go back to the test key.",
    ),
    Message(
        0xA1,
        "REFILLED",
        Struct(
            "expected_nl" / Int32ul * "nL; 0..40000000; what the pump thought was left before the refill",
            "last_filled_nl" / Int32ul * "nL; 0..40000000, none 2^32-1; what the refill before had filled in",
        ),
        "The refill is booked.",
    ),
    Message(
        0xA2,
        "STAGED",
        Struct(
            "digest"
            / Bytes(DIGEST_BYTES)
            * "-; any; first bytes of SHA-256 over the program's bytes, those of its days after it"
        ),
        "The program lies ready.",
    ),
    Message(
        0xA3,
        "STAGED_PROGRAM",
        Struct(
            "program" / Program * "-; -; the staged program",
            "digest" / Bytes(DIGEST_BYTES) * "-; any; to be sent back with COMMIT",
        ),
        "What a COMMIT would make the running program.",
    ),
    Message(
        0xAD,
        "STAGED_DAY",
        Struct("day" / Int8ul * "-; 0..6; day of the week, 0 is Monday"),
        "The day lies ready.",
    ),
    Message(0xAE, "DAY", Day, "A day of the staged program."),
    Message(
        0xFE,
        "DONE",
        Struct("request" / Int8ul * "code; table Requests; what was done"),
        "Done, and it survives a loss of power.",
    ),
    Message(
        0xFF,
        "REFUSED",
        Struct(
            "request" / Int8ul * "code; table Requests; what was refused",
            "reason" / reason * "code; table Reasons; why; nothing was changed, but see `store`",
        ),
        "No.",
    ),
)

PUSHED = (
    Message(
        0xC0,
        "TELEMETRY",
        Struct(
            "uptime_s" / Int32ul * "s; 0..2^30-1; pump uptime",
            "therapy" / therapy * "code; table Therapies; what was ordered",
            "operation" / operation * "code; table Operations; what the machine does",
            "revision" / Int16ul * "-; 0..65535; rises when STATUS changes beyond this message; wraps",
            "rate_nl_per_day" / Int32ul * "nL/day; 0..24000000; what flows: 0 while idle, halted or stalled",
            "reservoir_nl" / Int32ul * "nL; 0..40000000; computed",
            "delivered_nl" / Int64ul * "nL; 0..2^63; since the first fill",
            "delivered_today_ng" / Int64ul * "ng; 0..2^63; since midnight of the wall clock",
            "battery_mv" / Int16ul * "mV; 0..5000, no reading 65535; at rest",
            "dropped" / Int32ul * "-; 0..2^32-1; messages that this line had no room for",
        ),
        "Pushed every `period_s` to a line that subscribed. The frame's sequence counts them.",
    ),
)
