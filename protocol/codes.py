"""The codes of the wire and of the pump's memory, and the events of its log.

Codes on which safety rests are at least four bits apart (in their own table), so that up to three flipped bits make
an invalid code and never another valid one. The eight-bit words are the extended Hamming code that the Bluetooth
Insulin Delivery Service uses as well (docs/sources.md, IDS). Event codes are labels: a CRC guards them.
"""

from typing import NamedTuple

THERAPY = {
    "unfilled": 0x0F,  # no drug was ever filled in
    "stopped": 0x33,
    "minimum": 0x3C,  # minimum rate, as ordered
    "running": 0x55,
    "safe_state": 0x5A,  # the pump lost or stopped trusting something
    "end_of_service": 0x66,
}
"""The therapy that was ordered."""

OPERATION = {
    "idle": 0x0F,
    "halted": 0x33,
    "stalled": 0x3C,
    "basal": 0x55,
    "bolus": 0x5A,
    "priming": 0x66,
    "bridge": 0x69,
}
"""The operation of the pump now. `halted`: ordered to deliver, but inhibited; `stalled`: the motor does not turn."""

MODE = {"none": 0x0F, "simple": 0x55, "flex": 0x33}
"""Kind of the committed program."""

BOLUS = {"none": 0x0F, "single": 0x33, "patient": 0x3C, "prime": 0x55, "bridge": 0x5A}
"""The kind of delivery beside the basal rate, or in place of it."""

ROLE = {"observer": 0x0F, "patient": 0x33, "clinician": 0x55, "manufacturing": 0x5A}

KEY = {"lost": 0x0F, "test": 0x33, "device": 0x55}
"""The key that opens sessions with the pump. `lost`: none does."""

CONDITION = {"past": 0x33, "active": 0x55}
"""The condition of an alarm: `active` while its cause still holds."""

FLAG = {"no": 0x33, "yes": 0x55}
"""A truth value that a flipped bit cannot turn round."""

CATHETER = {"new": 0x0F, "same": 0x33, "kept": 0x55}
"""Which catheter an implantation tells of: a new one, the one that is on record, or an earlier pump's."""

TUBING = {"empty": 0x33, "primed": 0x55}
"""Contents of the pump's own tubing at the implantation. `primed`: the reservoir's drug, or its first filling's."""

SEVERITY = {"info": 0x0F, "non_critical": 0x33, "critical": 0x55}

CLASS = {"non_critical": 0x33, "critical": 0x55}
"""The sound of an alarm, as in SEVERITY."""

ALARM = {
    "motor_stall": 0x550F,
    "reservoir_empty": 0x5533,
    "end_of_service": 0x553C,
    "stopped_48h": 0x5555,
    "memory_critical": 0x555A,
    "low_battery_reset": 0x5566,
    "step_mismatch": 0x5569,
    "overspeed": 0x5596,
    "safe_state": 0x5599,
    "self_test": 0x55A5,
    "low_reservoir": 0x330F,
    "eri": 0x3333,
    "memory": 0x333C,
    "reservoir_mismatch": 0x3355,
    "clock_lost": 0x335A,
    "stopped": 0x3366,
    "program_unconfirmed": 0x3369,
}
"""Alarms: the high byte is the class, as in SEVERITY."""

ADVISORY = {
    "clock_unset": 0x0F0F,
    "temperature": 0x0F33,
    "sensor_fault": 0x0F3C,
    "telemetry_budget": 0x0F55,
    "buzzer_fault": 0x0F5A,
    "key_reset": 0x0F66,  # somebody asked the pump to go back to the published key
}
"""Silent notes in status and log."""

ALL_ALARMS = 0xFFFF

REASON = {
    "malformed": 0x00,
    "auth": 0x0F,
    "replay": 0x33,
    "state": 0x3C,
    "not_filled": 0x55,
    "too_many_steps": 0x5A,
    "inconsistent": 0x66,
    "overfill": 0x69,
    "lockout": 0x96,
    "bolus_limit": 0x99,
    "dose_limit": 0xA5,
    "rate_limit": 0xAA,
    "soft_limit": 0xC3,
    "store": 0xCC,
}
"""The reasons of a refusal, in the order in which the pump checks them."""

REGION = {
    "program": 1,
    "ledger": 2,
    "log": 3,
    "windows": 4,
    "bridge": 5,
    "key": 6,
    "patient": 8,
    "doses": 9,
    "fault_log": 10,
    "week": 11,  # of a flex program
    "rate": 12,  # being delivered
    "code": 13,
    "ram": 14,
    "cpu": 15,
    "battery": 16,
    "watchdog": 17,
    "clock": 18,
    "working": 19,  # what the pump counts and plans with
}
"""Parts of the pump that a self-test looks at, as events name them: its memory's, and its devices."""


ALARM_SETTING = {"critical_interval_s": 1, "non_critical_interval_s": 2, "stopped_after_s": 3, "low_reservoir_nl": 4}
"""The alarm settings of a clinician, as ALARM_CONFIG_CHANGED names them."""


class Text(NamedTuple):
    """A text of the patient's record: its code, and how many bytes of UTF-8 it may have."""

    code: int
    most_bytes: int


RECORDS = {
    "patient_name": Text(1, 48),
    "patient_id": Text(2, 24),
    "born": Text(3, 10),
    "diagnosis": Text(4, 96),
    "allergies": Text(5, 96),
    "medicines": Text(6, 192),
    "emergency_medicines": Text(7, 192),
    "restrictions": Text(8, 192),
    "fever_plan": Text(9, 192),
    "emergency_plan": Text(10, 192),
    "contacts": Text(11, 192),
    "clinic": Text(12, 96),
    "physician": Text(13, 48),
    "catheter_model": Text(14, 32),
    "hearing": Text(15, 96),
    "withdrawal_risk": Text(16, 96),
    "goals": Text(17, 192),
    "scores": Text(18, 192),
    "signs_too_little": Text(19, 192),
    "signs_too_much": Text(20, 192),
    "skin": Text(21, 96),
    "incisions": Text(22, 96),
    "pump_palpable": Text(23, 96),
    "complications": Text(24, 192),
    "screening": Text(25, 192),
}
RECORD = {name: text.code for name, text in RECORDS.items()}
"""The patient's record."""


class Event(NamedTuple):
    """One kind of log entry: its code, severity, and the names of its (up to three) numbers, unit last."""

    code: int
    severity: str
    data: tuple[str, ...] = ()


EVENTS = {
    "BOOT": Event(0x01, "info", ("boots", "unknown_steps")),
    "POST_PASS": Event(0x02, "info"),
    "POST_FAIL": Event(0x03, "critical", ("test",)),
    "LOW_BATTERY_RESET": Event(0x06, "critical", ("load_mv", "rest_mv")),
    "WATCHDOG_RESET": Event(0x04, "info", ("resets",)),
    "RESET_LOOP": Event(0x05, "critical", ("resets", "rate_nl_per_day")),
    "MEM_ERROR_NONCRIT": Event(0x07, "non_critical", ("region",)),
    "MEM_ERROR_CRIT": Event(0x08, "critical", ("region",)),
    "SAFE_STATE_ENTER": Event(0x09, "critical", ("region", "rate_nl_per_day")),
    "SAFE_STATE_EXIT": Event(0x0A, "info", ("rate_nl_per_day",)),
    "MEM_CORRECTED": Event(0x0B, "info", ("region",)),
    "THERAPY_STATE_CHANGED": Event(0x10, "info", ("old", "new")),
    "PROGRAM_STAGED": Event(0x11, "info", ("digest", "dose_ng_per_day")),
    "PROGRAM_COMMITTED": Event(0x12, "info", ("digest", "old_dose_ng_per_day", "new_dose_ng_per_day")),
    "PROGRAM_ROLLBACK": Event(0x13, "info", ("digest", "dose_ng_per_day")),
    "RATE_STEP": Event(0x14, "info", ("step", "rate_nl_per_day")),
    "BOLUS_START": Event(0x15, "info", ("bolus", "ordered_nl", "over_s")),
    "BOLUS_DONE": Event(0x16, "info", ("bolus", "ordered_nl", "delivered_nl")),
    "BOLUS_CANCELLED": Event(0x17, "info", ("bolus", "ordered_nl", "delivered_nl")),
    "BOLUS_DENIED": Event(0x18, "info", ("bolus", "reason")),
    "CONCENTRATION_CHANGED": Event(0x19, "info", ("old_mcg_per_ml", "new_mcg_per_ml", "bridge_nl")),
    "LIMIT_OVERRIDE": Event(0x1A, "info", ("dose_ng_per_day", "soft_min_dose_ng_per_day", "soft_max_dose_ng_per_day")),
    "LIMITS_CHANGED": Event(0x1B, "info", ("max_dose_mcg_per_day", "max_bolus_mcg", "max_change_percent")),
    "DOSE_HELD": Event(0x1E, "info", ("rate_nl_per_day",)),
    "NO_BRIDGE": Event(0x1C, "info", ("old_mcg_per_ml", "new_mcg_per_ml")),
    "PROGRAM_UNCONFIRMED": Event(0x1F, "non_critical", ("program_mcg_per_ml", "tip_mcg_per_ml")),
    "PATIENT_BOLUS_SET": Event(0x1D, "info", ("dose_ng", "lockout_s", "per_day")),
    "REFILL_REJECTED": Event(0x31, "info", ("volume_nl", "reason")),
    "MOTOR_STALL": Event(0x20, "critical", ("missed_steps", "stalls_in_24_h")),
    "MOTOR_STALL_RECOVERY": Event(0x21, "info", ("missed_steps", "duration_s")),
    "STOPPED_48H": Event(0x22, "critical", ("stopped_s",)),
    "STEP_LOSS": Event(0x23, "critical", ("missed_steps", "steps")),
    "OVERSPEED": Event(0x24, "critical", ("steps", "budget_steps")),
    "REVERSE_STEP": Event(0x25, "critical", ("steps",)),
    "STOPPED": Event(0x26, "non_critical", ("stopped_s",)),
    "REFILL": Event(0x30, "info", ("expected_nl", "aspirated_nl", "filled_nl")),
    "RECORD_CORRECTED": Event(0x36, "info", ("old_mcg_per_ml", "new_mcg_per_ml", "filled_nl")),
    "LOW_RESERVOIR": Event(0x32, "non_critical", ("reservoir_nl",)),
    "EMPTY_RESERVOIR": Event(0x33, "critical", ("reservoir_nl",)),
    "RESERVOIR_MISMATCH": Event(0x34, "non_critical", ("computed_nl", "measured_nl")),
    "RESERVOIR_SENSOR_FAULT": Event(0x35, "info", ("computed_nl", "measured_nl")),
    "ERI": Event(0x40, "non_critical", ("rest_mv", "load_mv")),
    "EOS": Event(0x41, "critical", ("rest_mv", "load_mv")),
    "TEMP_RANGE": Event(0x42, "info", ("centi_celsius",)),
    "ALARM_SILENCED": Event(0x51, "info", ("alarm",)),
    "ALARM_CLEARED": Event(0x52, "info", ("alarm",)),
    "ALARM_DEMO": Event(0x53, "info", ("class",)),
    "ALARM_DEVICE_FAULT": Event(0x54, "info"),
    "DEMO_END": Event(0x55, "info"),
    "TELEMETRY_MODE_ENTER": Event(0x56, "info"),
    "SESSION_OPEN": Event(0x60, "info", ("role", "session")),
    "SESSION_CLOSE": Event(0x61, "info", ("session",)),
    "SESSION_TIMEOUT": Event(0x62, "info", ("session",)),
    "AUTH_FAIL": Event(0x63, "info", ("failures",)),
    "AUTH_REPLAY": Event(0x64, "info", ("replays",)),
    "COMMS_RATE_LIMIT": Event(0x65, "info", ("bytes",)),
    "COMMS_ERROR": Event(0x66, "info", ("errors",)),
    "KEY_CHANGED": Event(0x67, "info", ("key",)),
    "KEY_RESET_REQUESTED": Event(0x68, "info", ("wait_s",)),
    "KEY_RESET_CANCELLED": Event(0x69, "info", ("after_s",)),
    "CLOCK_SET": Event(0x70, "info", ("old_wall_s", "new_wall_s")),
    "CLOCK_CHANGED": Event(0x71, "info", ("ahead_s", "behind_s")),
    "CLOCK_LOST": Event(0x72, "non_critical"),
    "LOG_FAIL": Event(0x7F, "info", ("lost",)),
    "RECORD_CHANGED": Event(0x80, "info", ("field",)),
    "ALARM_CONFIG_CHANGED": Event(0x83, "info", ("setting", "old", "new")),
    "DEPTH_OVERRIDE": Event(0x84, "info", ("depth_mm", "limit_mm")),
    "CMD_REJECTED": Event(0x81, "info", ("command", "reason")),
    "IMPLANT": Event(0x82, "info", ("catheter_mm", "tubing_nl", "catheter")),
}
"""The event log's catalogue. A number named `_ng`, `_nl` or `_s` is in that unit; others are codes or counts."""

ALARM_EVENT = {
    "motor_stall": "MOTOR_STALL",
    "reservoir_empty": "EMPTY_RESERVOIR",
    "end_of_service": "EOS",
    "stopped_48h": "STOPPED_48H",
    "memory_critical": "MEM_ERROR_CRIT",
    "low_battery_reset": "LOW_BATTERY_RESET",
    "step_mismatch": "REVERSE_STEP",
    "overspeed": "OVERSPEED",
    "safe_state": "SAFE_STATE_ENTER",
    "self_test": "POST_FAIL",
    "low_reservoir": "LOW_RESERVOIR",
    "eri": "ERI",
    "memory": "MEM_ERROR_NONCRIT",
    "reservoir_mismatch": "RESERVOIR_MISMATCH",
    "clock_lost": "CLOCK_LOST",
    "stopped": "STOPPED",
    "program_unconfirmed": "PROGRAM_UNCONFIRMED",
}
"""The event that says why an alarm was raised."""

OTHER_EVENT = {"step_mismatch": "STEP_LOSS"}
"""The event of alarms that have a second cause."""
