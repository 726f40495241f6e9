"""Codes and layouts of the wire. Written by `make gen` from protocol/: change those, not this."""

from struct import calcsize, pack, unpack

from firmware.text import is_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

VERSION = 9
FINGERPRINT = 0x1E40B876
NONE32 = 0xFFFFFFFF
ALL_ALARMS = 0xFFFF

THERAPY_UNFILLED = 0x0F
THERAPY_STOPPED = 0x33
THERAPY_MINIMUM = 0x3C
THERAPY_RUNNING = 0x55
THERAPY_SAFE_STATE = 0x5A
THERAPY_END_OF_SERVICE = 0x66

OPERATION_IDLE = 0x0F
OPERATION_HALTED = 0x33
OPERATION_STALLED = 0x3C
OPERATION_BASAL = 0x55
OPERATION_BOLUS = 0x5A
OPERATION_PRIMING = 0x66
OPERATION_BRIDGE = 0x69

MODE_NONE = 0x0F
MODE_SIMPLE = 0x55
MODE_FLEX = 0x33

BOLUS_NONE = 0x0F
BOLUS_SINGLE = 0x33
BOLUS_PATIENT = 0x3C
BOLUS_PRIME = 0x55
BOLUS_BRIDGE = 0x5A

ROLE_OBSERVER = 0x0F
ROLE_PATIENT = 0x33
ROLE_CLINICIAN = 0x55
ROLE_MANUFACTURING = 0x5A

KEY_LOST = 0x0F
KEY_TEST = 0x33
KEY_DEVICE = 0x55

CONDITION_PAST = 0x33
CONDITION_ACTIVE = 0x55

FLAG_NO = 0x33
FLAG_YES = 0x55

CATHETER_NEW = 0x0F
CATHETER_SAME = 0x33
CATHETER_KEPT = 0x55

TUBING_EMPTY = 0x33
TUBING_PRIMED = 0x55

SEVERITY_INFO = 0x0F
SEVERITY_NON_CRITICAL = 0x33
SEVERITY_CRITICAL = 0x55

CLASS_NON_CRITICAL = 0x33
CLASS_CRITICAL = 0x55

ALARM_MOTOR_STALL = 0x550F
ALARM_RESERVOIR_EMPTY = 0x5533
ALARM_END_OF_SERVICE = 0x553C
ALARM_STOPPED_48H = 0x5555
ALARM_MEMORY_CRITICAL = 0x555A
ALARM_LOW_BATTERY_RESET = 0x5566
ALARM_STEP_MISMATCH = 0x5569
ALARM_OVERSPEED = 0x5596
ALARM_SAFE_STATE = 0x5599
ALARM_SELF_TEST = 0x55A5
ALARM_LOW_RESERVOIR = 0x330F
ALARM_ERI = 0x3333
ALARM_MEMORY = 0x333C
ALARM_RESERVOIR_MISMATCH = 0x3355
ALARM_CLOCK_LOST = 0x335A
ALARM_STOPPED = 0x3366
ALARM_PROGRAM_UNCONFIRMED = 0x3369

ADVISORY_CLOCK_UNSET = 0x0F0F
ADVISORY_TEMPERATURE = 0x0F33
ADVISORY_SENSOR_FAULT = 0x0F3C
ADVISORY_TELEMETRY_BUDGET = 0x0F55
ADVISORY_BUZZER_FAULT = 0x0F5A
ADVISORY_KEY_RESET = 0x0F66

REASON_MALFORMED = 0x00
REASON_AUTH = 0x0F
REASON_REPLAY = 0x33
REASON_STATE = 0x3C
REASON_NOT_FILLED = 0x55
REASON_TOO_MANY_STEPS = 0x5A
REASON_INCONSISTENT = 0x66
REASON_OVERFILL = 0x69
REASON_LOCKOUT = 0x96
REASON_BOLUS_LIMIT = 0x99
REASON_DOSE_LIMIT = 0xA5
REASON_RATE_LIMIT = 0xAA
REASON_SOFT_LIMIT = 0xC3
REASON_STORE = 0xCC

REGION_PROGRAM = 0x01
REGION_LEDGER = 0x02
REGION_LOG = 0x03
REGION_WINDOWS = 0x04
REGION_BRIDGE = 0x05
REGION_KEY = 0x06
REGION_PATIENT = 0x08
REGION_DOSES = 0x09
REGION_FAULT_LOG = 0x0A
REGION_WEEK = 0x0B
REGION_RATE = 0x0C
REGION_CODE = 0x0D
REGION_RAM = 0x0E
REGION_CPU = 0x0F
REGION_BATTERY = 0x10
REGION_WATCHDOG = 0x11
REGION_CLOCK = 0x12
REGION_WORKING = 0x13

RECORD_PATIENT_NAME = 0x01
RECORD_PATIENT_ID = 0x02
RECORD_BORN = 0x03
RECORD_DIAGNOSIS = 0x04
RECORD_ALLERGIES = 0x05
RECORD_MEDICINES = 0x06
RECORD_EMERGENCY_MEDICINES = 0x07
RECORD_RESTRICTIONS = 0x08
RECORD_FEVER_PLAN = 0x09
RECORD_EMERGENCY_PLAN = 0x0A
RECORD_CONTACTS = 0x0B
RECORD_CLINIC = 0x0C
RECORD_PHYSICIAN = 0x0D
RECORD_CATHETER_MODEL = 0x0E
RECORD_HEARING = 0x0F
RECORD_WITHDRAWAL_RISK = 0x10
RECORD_GOALS = 0x11
RECORD_SCORES = 0x12
RECORD_SIGNS_TOO_LITTLE = 0x13
RECORD_SIGNS_TOO_MUCH = 0x14
RECORD_SKIN = 0x15
RECORD_INCISIONS = 0x16
RECORD_PUMP_PALPABLE = 0x17
RECORD_COMPLICATIONS = 0x18
RECORD_SCREENING = 0x19

ALARM_SETTING_CRITICAL_INTERVAL_S = 0x01
ALARM_SETTING_NON_CRITICAL_INTERVAL_S = 0x02
ALARM_SETTING_STOPPED_AFTER_S = 0x03
ALARM_SETTING_LOW_RESERVOIR_NL = 0x04

EVENT_BOOT = 0x01
EVENT_POST_PASS = 0x02
EVENT_POST_FAIL = 0x03
EVENT_LOW_BATTERY_RESET = 0x06
EVENT_WATCHDOG_RESET = 0x04
EVENT_RESET_LOOP = 0x05
EVENT_MEM_ERROR_NONCRIT = 0x07
EVENT_MEM_ERROR_CRIT = 0x08
EVENT_SAFE_STATE_ENTER = 0x09
EVENT_SAFE_STATE_EXIT = 0x0A
EVENT_MEM_CORRECTED = 0x0B
EVENT_THERAPY_STATE_CHANGED = 0x10
EVENT_PROGRAM_STAGED = 0x11
EVENT_PROGRAM_COMMITTED = 0x12
EVENT_PROGRAM_ROLLBACK = 0x13
EVENT_RATE_STEP = 0x14
EVENT_BOLUS_START = 0x15
EVENT_BOLUS_DONE = 0x16
EVENT_BOLUS_CANCELLED = 0x17
EVENT_BOLUS_DENIED = 0x18
EVENT_CONCENTRATION_CHANGED = 0x19
EVENT_LIMIT_OVERRIDE = 0x1A
EVENT_LIMITS_CHANGED = 0x1B
EVENT_DOSE_HELD = 0x1E
EVENT_NO_BRIDGE = 0x1C
EVENT_PROGRAM_UNCONFIRMED = 0x1F
EVENT_PATIENT_BOLUS_SET = 0x1D
EVENT_REFILL_REJECTED = 0x31
EVENT_MOTOR_STALL = 0x20
EVENT_MOTOR_STALL_RECOVERY = 0x21
EVENT_STOPPED_48H = 0x22
EVENT_STEP_LOSS = 0x23
EVENT_OVERSPEED = 0x24
EVENT_REVERSE_STEP = 0x25
EVENT_STOPPED = 0x26
EVENT_REFILL = 0x30
EVENT_RECORD_CORRECTED = 0x36
EVENT_LOW_RESERVOIR = 0x32
EVENT_EMPTY_RESERVOIR = 0x33
EVENT_RESERVOIR_MISMATCH = 0x34
EVENT_RESERVOIR_SENSOR_FAULT = 0x35
EVENT_ERI = 0x40
EVENT_EOS = 0x41
EVENT_TEMP_RANGE = 0x42
EVENT_ALARM_SILENCED = 0x51
EVENT_ALARM_CLEARED = 0x52
EVENT_ALARM_DEMO = 0x53
EVENT_ALARM_DEVICE_FAULT = 0x54
EVENT_DEMO_END = 0x55
EVENT_TELEMETRY_MODE_ENTER = 0x56
EVENT_SESSION_OPEN = 0x60
EVENT_SESSION_CLOSE = 0x61
EVENT_SESSION_TIMEOUT = 0x62
EVENT_AUTH_FAIL = 0x63
EVENT_AUTH_REPLAY = 0x64
EVENT_COMMS_RATE_LIMIT = 0x65
EVENT_COMMS_ERROR = 0x66
EVENT_KEY_CHANGED = 0x67
EVENT_KEY_RESET_REQUESTED = 0x68
EVENT_KEY_RESET_CANCELLED = 0x69
EVENT_CLOCK_SET = 0x70
EVENT_CLOCK_CHANGED = 0x71
EVENT_CLOCK_LOST = 0x72
EVENT_LOG_FAIL = 0x7F
EVENT_RECORD_CHANGED = 0x80
EVENT_ALARM_CONFIG_CHANGED = 0x83
EVENT_DEPTH_OVERRIDE = 0x84
EVENT_CMD_REJECTED = 0x81
EVENT_IMPLANT = 0x82

REQ_HELLO = 0x01
REQ_STATUS = 0x02
REQ_LOG = 0x03
REQ_SUBSCRIBE = 0x04
REQ_PATIENT_BOLUS_SETTINGS = 0x0A
REQ_LINE = 0x0D
REQ_DIAGNOSTICS = 0x0B
REQ_READ_RECORD = 0x05
REQ_DOSES = 0x06
REQ_READ_PROGRAM = 0x07
REQ_READ_PROGRAM_DAY = 0x09
REQ_READ_IMPLANT = 0x0C
REQ_FAULTS = 0x08
REQ_OPEN = 0x10
REQ_PROVE = 0x11
REQ_CLOSE = 0x12
REQ_PROVISION = 0x13
REQ_RESET_KEY = 0x14
REQ_IMPLANT = 0x20
REQ_REFILL = 0x21
REQ_CORRECT = 0x35
REQ_STAGE = 0x22
REQ_STAGE_DAY = 0x2D
REQ_READ_DAY = 0x2E
REQ_READ_BACK = 0x23
REQ_COMMIT = 0x24
REQ_STOP = 0x25
REQ_RESUME = 0x26
REQ_SILENCE = 0x27
REQ_SET_CLOCK = 0x28
REQ_MINIMUM_RATE = 0x29
REQ_DEMO_ALARM = 0x2A
REQ_LIMITS = 0x2B
REQ_PRIME = 0x2C
REQ_BOLUS = 0x2F
REQ_PATIENT_BOLUS = 0x30
REQ_SET_PATIENT_BOLUS = 0x31
REQ_CANCEL_BOLUS = 0x34
REQ_ALARM_SETTINGS = 0x32
REQ_WRITE_RECORD = 0x33
ANS_HELLO = 0x81
ANS_STATUS = 0x82
ANS_LINE = 0x8D
ANS_LOG = 0x83
ANS_SUBSCRIBED = 0x84
ANS_PATIENT_BOLUS_SETTINGS = 0x8A
ANS_DIAGNOSTICS = 0x8B
ANS_RECORD = 0x85
ANS_DOSES = 0x86
ANS_PROGRAM = 0x87
ANS_PROGRAM_DAY = 0x89
ANS_IMPLANTATION = 0x8C
ANS_FAULTS = 0x88
ANS_CHALLENGE = 0x90
ANS_PROVED = 0x91
ANS_KEY_RESET = 0x94
ANS_REFILLED = 0xA1
ANS_STAGED = 0xA2
ANS_STAGED_PROGRAM = 0xA3
ANS_STAGED_DAY = 0xAD
ANS_DAY = 0xAE
ANS_DONE = 0xFE
ANS_REFUSED = 0xFF
PUSH_TELEMETRY = 0xC0

RECORD_CODES = (
    RECORD_PATIENT_NAME,
    RECORD_PATIENT_ID,
    RECORD_BORN,
    RECORD_DIAGNOSIS,
    RECORD_ALLERGIES,
    RECORD_MEDICINES,
    RECORD_EMERGENCY_MEDICINES,
    RECORD_RESTRICTIONS,
    RECORD_FEVER_PLAN,
    RECORD_EMERGENCY_PLAN,
    RECORD_CONTACTS,
    RECORD_CLINIC,
    RECORD_PHYSICIAN,
    RECORD_CATHETER_MODEL,
    RECORD_HEARING,
    RECORD_WITHDRAWAL_RISK,
    RECORD_GOALS,
    RECORD_SCORES,
    RECORD_SIGNS_TOO_LITTLE,
    RECORD_SIGNS_TOO_MUCH,
    RECORD_SKIN,
    RECORD_INCISIONS,
    RECORD_PUMP_PALPABLE,
    RECORD_COMPLICATIONS,
    RECORD_SCREENING,
)
ROLE_CODES = (ROLE_OBSERVER, ROLE_PATIENT, ROLE_CLINICIAN, ROLE_MANUFACTURING)
FLAG_CODES = (FLAG_NO, FLAG_YES)
CATHETER_CODES = (CATHETER_NEW, CATHETER_SAME, CATHETER_KEPT)
TUBING_CODES = (TUBING_EMPTY, TUBING_PRIMED)
ALARM_CODES = (
    ALARM_MOTOR_STALL,
    ALARM_RESERVOIR_EMPTY,
    ALARM_END_OF_SERVICE,
    ALARM_STOPPED_48H,
    ALARM_MEMORY_CRITICAL,
    ALARM_LOW_BATTERY_RESET,
    ALARM_STEP_MISMATCH,
    ALARM_OVERSPEED,
    ALARM_SAFE_STATE,
    ALARM_SELF_TEST,
    ALARM_LOW_RESERVOIR,
    ALARM_ERI,
    ALARM_MEMORY,
    ALARM_RESERVOIR_MISMATCH,
    ALARM_CLOCK_LOST,
    ALARM_STOPPED,
    ALARM_PROGRAM_UNCONFIRMED,
)
CLASS_CODES = (CLASS_NON_CRITICAL, CLASS_CRITICAL)

ROLE_OF = {
    REQ_READ_RECORD: ROLE_OBSERVER,
    REQ_READ_PROGRAM: ROLE_OBSERVER,
    REQ_READ_PROGRAM_DAY: ROLE_OBSERVER,
    REQ_READ_IMPLANT: ROLE_OBSERVER,
    REQ_PROVE: ROLE_OBSERVER,
    REQ_CLOSE: ROLE_OBSERVER,
    REQ_PROVISION: ROLE_MANUFACTURING,
    REQ_IMPLANT: ROLE_CLINICIAN,
    REQ_REFILL: ROLE_CLINICIAN,
    REQ_CORRECT: ROLE_CLINICIAN,
    REQ_STAGE: ROLE_CLINICIAN,
    REQ_STAGE_DAY: ROLE_CLINICIAN,
    REQ_READ_DAY: ROLE_CLINICIAN,
    REQ_READ_BACK: ROLE_CLINICIAN,
    REQ_COMMIT: ROLE_CLINICIAN,
    REQ_STOP: ROLE_CLINICIAN,
    REQ_RESUME: ROLE_CLINICIAN,
    REQ_SILENCE: ROLE_CLINICIAN,
    REQ_SET_CLOCK: ROLE_CLINICIAN,
    REQ_MINIMUM_RATE: ROLE_CLINICIAN,
    REQ_DEMO_ALARM: ROLE_CLINICIAN,
    REQ_LIMITS: ROLE_CLINICIAN,
    REQ_PRIME: ROLE_CLINICIAN,
    REQ_BOLUS: ROLE_CLINICIAN,
    REQ_PATIENT_BOLUS: ROLE_PATIENT,
    REQ_SET_PATIENT_BOLUS: ROLE_CLINICIAN,
    REQ_CANCEL_BOLUS: ROLE_CLINICIAN,
    REQ_ALARM_SETTINGS: ROLE_CLINICIAN,
    REQ_WRITE_RECORD: ROLE_CLINICIAN,
}
EVENT_SEVERITY = {
    EVENT_BOOT: SEVERITY_INFO,
    EVENT_POST_PASS: SEVERITY_INFO,
    EVENT_POST_FAIL: SEVERITY_CRITICAL,
    EVENT_LOW_BATTERY_RESET: SEVERITY_CRITICAL,
    EVENT_WATCHDOG_RESET: SEVERITY_INFO,
    EVENT_RESET_LOOP: SEVERITY_CRITICAL,
    EVENT_MEM_ERROR_NONCRIT: SEVERITY_NON_CRITICAL,
    EVENT_MEM_ERROR_CRIT: SEVERITY_CRITICAL,
    EVENT_SAFE_STATE_ENTER: SEVERITY_CRITICAL,
    EVENT_SAFE_STATE_EXIT: SEVERITY_INFO,
    EVENT_MEM_CORRECTED: SEVERITY_INFO,
    EVENT_THERAPY_STATE_CHANGED: SEVERITY_INFO,
    EVENT_PROGRAM_STAGED: SEVERITY_INFO,
    EVENT_PROGRAM_COMMITTED: SEVERITY_INFO,
    EVENT_PROGRAM_ROLLBACK: SEVERITY_INFO,
    EVENT_RATE_STEP: SEVERITY_INFO,
    EVENT_BOLUS_START: SEVERITY_INFO,
    EVENT_BOLUS_DONE: SEVERITY_INFO,
    EVENT_BOLUS_CANCELLED: SEVERITY_INFO,
    EVENT_BOLUS_DENIED: SEVERITY_INFO,
    EVENT_CONCENTRATION_CHANGED: SEVERITY_INFO,
    EVENT_LIMIT_OVERRIDE: SEVERITY_INFO,
    EVENT_LIMITS_CHANGED: SEVERITY_INFO,
    EVENT_DOSE_HELD: SEVERITY_INFO,
    EVENT_NO_BRIDGE: SEVERITY_INFO,
    EVENT_PROGRAM_UNCONFIRMED: SEVERITY_NON_CRITICAL,
    EVENT_PATIENT_BOLUS_SET: SEVERITY_INFO,
    EVENT_REFILL_REJECTED: SEVERITY_INFO,
    EVENT_MOTOR_STALL: SEVERITY_CRITICAL,
    EVENT_MOTOR_STALL_RECOVERY: SEVERITY_INFO,
    EVENT_STOPPED_48H: SEVERITY_CRITICAL,
    EVENT_STEP_LOSS: SEVERITY_CRITICAL,
    EVENT_OVERSPEED: SEVERITY_CRITICAL,
    EVENT_REVERSE_STEP: SEVERITY_CRITICAL,
    EVENT_STOPPED: SEVERITY_NON_CRITICAL,
    EVENT_REFILL: SEVERITY_INFO,
    EVENT_RECORD_CORRECTED: SEVERITY_INFO,
    EVENT_LOW_RESERVOIR: SEVERITY_NON_CRITICAL,
    EVENT_EMPTY_RESERVOIR: SEVERITY_CRITICAL,
    EVENT_RESERVOIR_MISMATCH: SEVERITY_NON_CRITICAL,
    EVENT_RESERVOIR_SENSOR_FAULT: SEVERITY_INFO,
    EVENT_ERI: SEVERITY_NON_CRITICAL,
    EVENT_EOS: SEVERITY_CRITICAL,
    EVENT_TEMP_RANGE: SEVERITY_INFO,
    EVENT_ALARM_SILENCED: SEVERITY_INFO,
    EVENT_ALARM_CLEARED: SEVERITY_INFO,
    EVENT_ALARM_DEMO: SEVERITY_INFO,
    EVENT_ALARM_DEVICE_FAULT: SEVERITY_INFO,
    EVENT_DEMO_END: SEVERITY_INFO,
    EVENT_TELEMETRY_MODE_ENTER: SEVERITY_INFO,
    EVENT_SESSION_OPEN: SEVERITY_INFO,
    EVENT_SESSION_CLOSE: SEVERITY_INFO,
    EVENT_SESSION_TIMEOUT: SEVERITY_INFO,
    EVENT_AUTH_FAIL: SEVERITY_INFO,
    EVENT_AUTH_REPLAY: SEVERITY_INFO,
    EVENT_COMMS_RATE_LIMIT: SEVERITY_INFO,
    EVENT_COMMS_ERROR: SEVERITY_INFO,
    EVENT_KEY_CHANGED: SEVERITY_INFO,
    EVENT_KEY_RESET_REQUESTED: SEVERITY_INFO,
    EVENT_KEY_RESET_CANCELLED: SEVERITY_INFO,
    EVENT_CLOCK_SET: SEVERITY_INFO,
    EVENT_CLOCK_CHANGED: SEVERITY_INFO,
    EVENT_CLOCK_LOST: SEVERITY_NON_CRITICAL,
    EVENT_LOG_FAIL: SEVERITY_INFO,
    EVENT_RECORD_CHANGED: SEVERITY_INFO,
    EVENT_ALARM_CONFIG_CHANGED: SEVERITY_INFO,
    EVENT_DEPTH_OVERRIDE: SEVERITY_INFO,
    EVENT_CMD_REJECTED: SEVERITY_INFO,
    EVENT_IMPLANT: SEVERITY_INFO,
}
ALARM_EVENT = {
    ALARM_MOTOR_STALL: EVENT_MOTOR_STALL,
    ALARM_RESERVOIR_EMPTY: EVENT_EMPTY_RESERVOIR,
    ALARM_END_OF_SERVICE: EVENT_EOS,
    ALARM_STOPPED_48H: EVENT_STOPPED_48H,
    ALARM_MEMORY_CRITICAL: EVENT_MEM_ERROR_CRIT,
    ALARM_LOW_BATTERY_RESET: EVENT_LOW_BATTERY_RESET,
    ALARM_STEP_MISMATCH: EVENT_REVERSE_STEP,
    ALARM_OVERSPEED: EVENT_OVERSPEED,
    ALARM_SAFE_STATE: EVENT_SAFE_STATE_ENTER,
    ALARM_SELF_TEST: EVENT_POST_FAIL,
    ALARM_LOW_RESERVOIR: EVENT_LOW_RESERVOIR,
    ALARM_ERI: EVENT_ERI,
    ALARM_MEMORY: EVENT_MEM_ERROR_NONCRIT,
    ALARM_RESERVOIR_MISMATCH: EVENT_RESERVOIR_MISMATCH,
    ALARM_CLOCK_LOST: EVENT_CLOCK_LOST,
    ALARM_STOPPED: EVENT_STOPPED,
    ALARM_PROGRAM_UNCONFIRMED: EVENT_PROGRAM_UNCONFIRMED,
}
RECORD_BYTES = {
    RECORD_PATIENT_NAME: 48,
    RECORD_PATIENT_ID: 24,
    RECORD_BORN: 10,
    RECORD_DIAGNOSIS: 96,
    RECORD_ALLERGIES: 96,
    RECORD_MEDICINES: 192,
    RECORD_EMERGENCY_MEDICINES: 192,
    RECORD_RESTRICTIONS: 192,
    RECORD_FEVER_PLAN: 192,
    RECORD_EMERGENCY_PLAN: 192,
    RECORD_CONTACTS: 192,
    RECORD_CLINIC: 96,
    RECORD_PHYSICIAN: 48,
    RECORD_CATHETER_MODEL: 32,
    RECORD_HEARING: 96,
    RECORD_WITHDRAWAL_RISK: 96,
    RECORD_GOALS: 192,
    RECORD_SCORES: 192,
    RECORD_SIGNS_TOO_LITTLE: 192,
    RECORD_SIGNS_TOO_MUCH: 192,
    RECORD_SKIN: 96,
    RECORD_INCISIONS: 96,
    RECORD_PUMP_PALPABLE: 96,
    RECORD_COMPLICATIONS: 192,
    RECORD_SCREENING: 192,
}

LOG_ENTRY_FMT = "<IIIBBIII"
DOSE_ENTRY_FMT = "<IIIQQIB"


def _unpack(
    payload: bytes,
    fmt: str,
    codes: tuple[tuple[int, tuple[int, ...]], ...] = (),
    ranges: tuple[tuple[int, int, int, int | None], ...] = (),
    texts: tuple[tuple[int, bool], ...] = (),
) -> "tuple[Any, ...] | None":
    """The payload's values; None for another length, or for a value that its declaration forbids.

    `codes` has (index, codes) of each code, `ranges` (index, least, most, sentinel or None) of each number whose range
    is not its whole type, `texts` (index, whether it may have line ends) of each text.
    """
    if len(payload) != calcsize(fmt):
        return None
    values = unpack(fmt, payload)
    for index, valid in codes:
        if values[index] not in valid:
            return None
    for index, least, most, sentinel in ranges:
        if not least <= values[index] <= most and values[index] != sentinel:
            return None
    for index, lines in texts:
        if not is_text(values[index], lines):
            return None
    return values


def _unpack_list(
    payload: bytes, head: "tuple[Any, ...]", row: "tuple[Any, ...]", most: int
) -> "tuple[Any, ...] | None":
    """As `_unpack`, for a counted list of up to `most` rows behind the rest: the last value is the list of their
    tuples. `head` and `row` are what `_unpack` takes beside its payload."""
    start = calcsize(head[0])
    size = calcsize(row[0])
    if len(payload) <= start or payload[start] > most or len(payload) != start + 1 + payload[start] * size:
        return None
    values = _unpack(payload[:start], *head)
    rows = [_unpack(payload[at : at + size], *row) for at in range(start + 1, len(payload), size)]
    return None if values is None or None in rows else values + (rows,)


def _pack(fmt: str, values: "Sequence[Any]") -> bytes:
    """As `struct.pack`, but a value that does not fit raises ValueError: MicroPython's own wraps silently."""
    place = digits = 0
    for letter in fmt[1:]:
        if letter.isdigit():
            digits = digits * 10 + int(letter)
            continue
        value = values[place]
        place += 1
        if letter == "s":
            if len(value) != digits:
                raise ValueError("value %d: %d bytes instead of %d" % (place, len(value), digits))
            digits = 0
        elif value >> 8 * calcsize(letter):
            raise ValueError("value %d: %d does not fit %d bytes" % (place, value, calcsize(letter)))
    if len(values) != place:
        raise ValueError("%d values for %d fields" % (len(values), place))
    return pack(fmt, *values)


def _pack_list(fmt: str, rows: "Sequence[Sequence[Any]]") -> bytes:
    """A count in one byte, then the rows: tuples, or bytes that are packed already (a stored log entry)."""
    out = _pack("<B", (len(rows),))
    for row in rows:
        out += row if isinstance(row, bytes) and len(row) == calcsize(fmt) else _pack(fmt, row)
    return out


def unpack_empty(payload: bytes) -> tuple[()] | None:
    """() for a request without fields, None when there is something in it."""
    return _unpack(payload, "<")


def unpack_log(payload: bytes) -> tuple[int, int] | None:
    """(first_seq, last_seq)"""
    return _unpack(payload, "<II", (), ((0, 0, 4294967294, None), (1, 0, 4294967294, None)))


def unpack_subscribe(payload: bytes) -> tuple[int] | None:
    """(period_s,)"""
    return _unpack(payload, "<H")


def unpack_read_record(payload: bytes) -> tuple[int] | None:
    """(field,)"""
    return _unpack(payload, "<B", ((0, RECORD_CODES),))


def unpack_doses(payload: bytes) -> tuple[int] | None:
    """(first,)"""
    return _unpack(payload, "<I", (), ((0, 0, 4294967294, None),))


def unpack_read_program_day(payload: bytes) -> tuple[int] | None:
    """(day,)"""
    return _unpack(payload, "<B", (), ((0, 0, 6, None),))


def unpack_faults(payload: bytes) -> tuple[int, int] | None:
    """(first_seq, last_seq)"""
    return _unpack(payload, "<II", (), ((0, 0, 4294967294, None), (1, 0, 4294967294, None)))


def unpack_open(payload: bytes) -> tuple[int, bytes] | None:
    """(role, nonce)"""
    return _unpack(payload, "<B16s", ((0, ROLE_CODES),))


def unpack_provision(payload: bytes) -> tuple[bytes] | None:
    """(masked_key,)"""
    return _unpack(payload, "<32s")


def unpack_implant(
    payload: bytes,
) -> tuple[int, int, int, int, int, bytes, int, int, int, int, list[tuple[int, int]]] | None:
    """(
        wall_s,
        implanted_wall_s,
        catheter_mm,
        tubing_nl,
        depth_mm,
        site,
        override,
        catheter,
        tubing,
        dose_ng_per_day,
        [(volume_nl, mcg_per_ml)],
    )"""
    return _unpack_list(
        payload,
        (
            "<IIHIB24sBBBQ",
            ((6, FLAG_CODES), (7, CATHETER_CODES), (8, TUBING_CODES)),
            (
                (0, 0, 1073741823, None),
                (1, 0, 1073741823, None),
                (2, 0, 2000, None),
                (3, 0, 1000000, None),
                (9, 0, 9223372036854775808, None),
            ),
            ((5, False),),
        ),
        ("<II", (), ((0, 0, 3000000, None), (1, 0, 50000, None))),
        8,
    )


def unpack_refill(payload: bytes) -> tuple[int, int, int, int, bytes] | None:
    """(volume_nl, concentration_mcg_per_ml, aspirated_nl, bridge, drug)"""
    return _unpack(
        payload,
        "<IIIB12s",
        ((3, FLAG_CODES),),
        ((0, 1, 4294967295, None), (1, 0, 50000, None)),
        ((4, False),),
    )


def unpack_correct(payload: bytes) -> tuple[int, int, int, list[tuple[int, int]]] | None:
    """(concentration_mcg_per_ml, volume_nl, override, [(volume_nl, mcg_per_ml)])"""
    return _unpack_list(
        payload,
        ("<IIB", ((2, FLAG_CODES),), ((0, 0, 50000, NONE32), (1, 1, 4294967294, NONE32))),
        ("<II", (), ((0, 0, 3000000, None), (1, 0, 50000, None))),
        8,
    )


def unpack_stage(payload: bytes) -> tuple[int, int, int, int] | None:
    """(mode, concentration_mcg_per_ml, dose_ng_per_day, rate_nl_per_day)"""
    return _unpack(
        payload,
        "<BIQQ",
        ((0, (MODE_SIMPLE, MODE_FLEX)),),
        ((1, 1, 50000, None), (2, 1, 18446744073709551615, None), (3, 1, 18446744073709551615, None)),
    )


def unpack_stage_day(payload: bytes) -> tuple[int, list[tuple[int, int, int]]] | None:
    """(day, [(from_min, dose_ng, rate_nl_per_day)])"""
    return _unpack_list(
        payload,
        ("<B", (), ((0, 0, 6, None),)),
        ("<HII", (), ((0, 0, 1439, None),)),
        32,
    )


def unpack_read_day(payload: bytes) -> tuple[int] | None:
    """(day,)"""
    return _unpack(payload, "<B", (), ((0, 0, 6, None),))


def unpack_commit(payload: bytes) -> tuple[bytes, int, int] | None:
    """(digest, override, after_commit)"""
    return _unpack(payload, "<8sBI", ((1, FLAG_CODES),))


def unpack_resume(payload: bytes) -> tuple[int] | None:
    """(override,)"""
    return _unpack(payload, "<B", ((0, FLAG_CODES),))


def unpack_silence(payload: bytes) -> tuple[int] | None:
    """(alarm,)"""
    return _unpack(payload, "<H", ((0, ALARM_CODES + (ALL_ALARMS,)),))


def unpack_set_clock(payload: bytes) -> tuple[int] | None:
    """(wall_s,)"""
    return _unpack(payload, "<I", (), ((0, 0, 1073741823, None),))


def unpack_demo_alarm(payload: bytes) -> tuple[int] | None:
    """(alarm_class,)"""
    return _unpack(payload, "<B", ((0, CLASS_CODES),))


def unpack_limits(payload: bytes) -> tuple[int, int, int] | None:
    """(max_dose_mcg_per_day, max_bolus_mcg, max_change_percent)"""
    return _unpack(
        payload,
        "<III",
        (),
        ((0, 1, 10000, NONE32), (1, 1, 2000, NONE32), (2, 1, 100, NONE32)),
    )


def unpack_prime(payload: bytes) -> tuple[int] | None:
    """(volume_nl,)"""
    return _unpack(payload, "<I")


def unpack_bolus(payload: bytes) -> tuple[int, int] | None:
    """(dose_ng, over_s)"""
    return _unpack(payload, "<II", (), ((0, 1, 4294967295, None), (1, 1, 86400, None)))


def unpack_set_patient_bolus(payload: bytes) -> tuple[int, int, int, int] | None:
    """(dose_ng, over_s, lockout_s, per_day)"""
    return _unpack(payload, "<IIIB", (), ((1, 0, 86400, None), (2, 0, 86400, None), (3, 0, 24, None)))


def unpack_alarm_settings(payload: bytes) -> tuple[int, int, int, int] | None:
    """(critical_interval_s, non_critical_interval_s, stopped_after_s, low_reservoir_nl)"""
    return _unpack(
        payload,
        "<IIII",
        (),
        ((0, 60, 3600, NONE32), (1, 600, 14400, NONE32), (2, 3600, 86400, NONE32), (3, 0, 40000000, NONE32)),
    )


def unpack_write_record(payload: bytes) -> tuple[int, bytes] | None:
    """(field, text)"""
    return _unpack(payload, "<B192s", ((0, RECORD_CODES),), (), ((1, True),))


def pack_hello(
    serial: bytes,
    model: bytes,
    firmware: bytes,
    version: int,
    fingerprint: int,
    key: int,
) -> bytes:
    values = (serial, model, firmware, version, fingerprint, key)
    return _pack("<12s12s12sHIB", values)


def pack_status(
    *,
    uptime_s: int,
    wall_s: int,
    boots: int,
    therapy: int,
    operation: int,
    mode: int,
    rate_nl_per_day: int,
    ordered_rate_nl_per_day: int,
    dose_ng_per_day: int,
    concentration_mcg_per_ml: int,
    reservoir_nl: int,
    sensor_nl: int,
    delivered_nl: int,
    delivered_today_ng: int,
    low_reservoir_s: int,
    refill_by_s: int,
    last_refill_s: int,
    implanted_wall_s: int,
    battery_mv: int,
    battery_load_mv: int,
    eri_s: int,
    eos_s: int,
    eri_forecast_s: int,
    stopped_s: int,
    telemetry_dropped: int,
    comms_errors: int,
    max_dose_mcg_per_day: int,
    max_bolus_mcg: int,
    max_change_percent: int,
    soft_min_dose_ng_per_day: int,
    soft_max_dose_ng_per_day: int,
    min_rate_nl_per_day: int,
    max_rate_nl_per_day: int,
    capacity_nl: int,
    low_reservoir_nl: int,
    drug: bytes,
    tip_mcg_per_ml: int,
    bolus: int,
    bolus_left_nl: int,
    last_bolus: int,
    last_bolus_ng: int,
    last_bolus_delivered_ng: int,
    last_bolus_s: int,
    patient_boluses_left: int,
    critical_interval_s: int,
    non_critical_interval_s: int,
    stopped_after_s: int,
    advisories: "Sequence[int]",
    alarms: "Sequence[tuple[int, int, int, int] | bytes]",
) -> bytes:
    values = (
        uptime_s,
        wall_s,
        boots,
        therapy,
        operation,
        mode,
        rate_nl_per_day,
        ordered_rate_nl_per_day,
        dose_ng_per_day,
        concentration_mcg_per_ml,
        reservoir_nl,
        sensor_nl,
        delivered_nl,
        delivered_today_ng,
        low_reservoir_s,
        refill_by_s,
        last_refill_s,
        implanted_wall_s,
        battery_mv,
        battery_load_mv,
        eri_s,
        eos_s,
        eri_forecast_s,
        stopped_s,
        telemetry_dropped,
        comms_errors,
        max_dose_mcg_per_day,
        max_bolus_mcg,
        max_change_percent,
        soft_min_dose_ng_per_day,
        soft_max_dose_ng_per_day,
        min_rate_nl_per_day,
        max_rate_nl_per_day,
        capacity_nl,
        low_reservoir_nl,
        drug,
        tip_mcg_per_ml,
        bolus,
        bolus_left_nl,
        last_bolus,
        last_bolus_ng,
        last_bolus_delivered_ng,
        last_bolus_s,
        patient_boluses_left,
        critical_interval_s,
        non_critical_interval_s,
        stopped_after_s,
    )
    out = _pack("<IIHBBBIIQIIIQQIIIIHHIIIIIIIIBQQIIII12sIBIBIIIBIII", values)
    out += _pack_list("<H", [(entry,) for entry in advisories])
    out += _pack_list("<HIBB", alarms)
    return out


def pack_line(
    line_nl: int,
    unprimed_nl: int,
    refill_expected_nl: int,
    refill_aspirated_nl: int,
    refill_last_filled_nl: int,
    parcels: "Sequence[tuple[int, int] | bytes]",
) -> bytes:
    values = (line_nl, unprimed_nl, refill_expected_nl, refill_aspirated_nl, refill_last_filled_nl)
    out = _pack("<IIIII", values)
    out += _pack_list("<II", parcels)
    return out


def pack_log(
    oldest_seq: int,
    next_seq: int,
    entries: "Sequence[tuple[int, int, int, int, int, int, int, int] | bytes]",
) -> bytes:
    values = (oldest_seq, next_seq)
    out = _pack("<II", values)
    out += _pack_list("<IIIBBIII", entries)
    return out


def pack_subscribed(period_s: int) -> bytes:
    values = (period_s,)
    return _pack("<H", values)


def pack_patient_bolus_settings(dose_ng: int, over_s: int, lockout_s: int, per_day: int) -> bytes:
    values = (dose_ng, over_s, lockout_s, per_day)
    return _pack("<IIIB", values)


def pack_diagnostics(runtime: bytes, free_bytes: int) -> bytes:
    values = (runtime, free_bytes)
    return _pack("<32sI", values)


def pack_record(field: int, text: bytes) -> bytes:
    values = (field, text)
    return _pack("<B192s", values)


def pack_doses(newest: int, doses: "Sequence[tuple[int, int, int, int, int, int, int] | bytes]") -> bytes:
    values = (newest,)
    out = _pack("<I", values)
    out += _pack_list("<IIIQQIB", doses)
    return out


def pack_program(
    mode: int,
    concentration_mcg_per_ml: int,
    dose_ng_per_day: int,
    rate_nl_per_day: int,
) -> bytes:
    values = (mode, concentration_mcg_per_ml, dose_ng_per_day, rate_nl_per_day)
    return _pack("<BIQQ", values)


def pack_program_day(day: int, steps: "Sequence[tuple[int, int, int] | bytes]") -> bytes:
    values = (day,)
    out = _pack("<B", values)
    out += _pack_list("<HII", steps)
    return out


def pack_implantation(
    implanted_wall_s: int,
    catheter_mm: int,
    tubing_nl: int,
    depth_mm: int,
    site: bytes,
    kept_catheter: int,
) -> bytes:
    values = (implanted_wall_s, catheter_mm, tubing_nl, depth_mm, site, kept_catheter)
    return _pack("<IHIB24sB", values)


def pack_faults(
    oldest_seq: int,
    next_seq: int,
    entries: "Sequence[tuple[int, int, int, int, int, int, int, int] | bytes]",
) -> bytes:
    values = (oldest_seq, next_seq)
    out = _pack("<II", values)
    out += _pack_list("<IIIBBIII", entries)
    return out


def pack_challenge(session: int, nonce: bytes) -> bytes:
    values = (session, nonce)
    return _pack("<I16s", values)


def pack_proved(idle_s: int) -> bytes:
    values = (idle_s,)
    return _pack("<H", values)


def pack_key_reset(left_s: int) -> bytes:
    values = (left_s,)
    return _pack("<I", values)


def pack_refilled(expected_nl: int, last_filled_nl: int) -> bytes:
    values = (expected_nl, last_filled_nl)
    return _pack("<II", values)


def pack_staged(digest: bytes) -> bytes:
    values = (digest,)
    return _pack("<8s", values)


def pack_staged_program(program: tuple[int, int, int, int], digest: bytes) -> bytes:
    values = program + (digest,)
    return _pack("<BIQQ8s", values)


def pack_staged_day(day: int) -> bytes:
    values = (day,)
    return _pack("<B", values)


def pack_day(day: int, steps: "Sequence[tuple[int, int, int] | bytes]") -> bytes:
    values = (day,)
    out = _pack("<B", values)
    out += _pack_list("<HII", steps)
    return out


def pack_done(request: int) -> bytes:
    values = (request,)
    return _pack("<B", values)


def pack_refused(request: int, reason: int) -> bytes:
    values = (request, reason)
    return _pack("<BB", values)


def pack_telemetry(
    *,
    uptime_s: int,
    therapy: int,
    operation: int,
    revision: int,
    rate_nl_per_day: int,
    reservoir_nl: int,
    delivered_nl: int,
    delivered_today_ng: int,
    battery_mv: int,
    dropped: int,
) -> bytes:
    values = (
        uptime_s,
        therapy,
        operation,
        revision,
        rate_nl_per_day,
        reservoir_nl,
        delivered_nl,
        delivered_today_ng,
        battery_mv,
        dropped,
    )
    return _pack("<IBBHIIQQHI", values)
