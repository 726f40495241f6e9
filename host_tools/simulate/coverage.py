"""Which requirements a campaign exercised, and how often: by what was done, logged, refused and checked in it."""

from collections.abc import Mapping

EXERCISED_BY: dict[str, tuple[str, ...]] = {
    "R1.1": ("refused rate_limit",),
    "R1.2": ("event PROGRAM_STAGED",),
    "R1.3": ("daily_limit",),
    "R1.4": ("bolus", "patient_bolus"),
    "R1.5": ("event BOLUS_DONE",),
    "R1.6": ("event BOLUS_DENIED", "refused bolus_limit"),
    "R1.7": ("event BOLUS_CANCELLED",),
    "R1.8": ("no_step_unordered",),
    "R1.9": ("event REVERSE_STEP",),
    "R1.10": ("event STEP_LOSS",),
    "R1.11": ("event CONCENTRATION_CHANGED",),
    "R1.12": ("event SAFE_STATE_ENTER",),
    "R2.1": ("belief_reservoir",),
    "R2.2": ("event LOW_RESERVOIR", "event EMPTY_RESERVOIR"),
    "R2.3": ("event RESERVOIR_MISMATCH", "event RESERVOIR_SENSOR_FAULT"),
    "R2.4": ("refused overfill",),
    "R3.1": ("alarm_latched", "alarm_sounds"),
    "R3.2": ("event ALARM_SILENCED",),
    "R3.3": ("fault_told",),
    "R3.4": ("event ALARM_DEMO",),
    "R3.5": ("event ALARM_DEVICE_FAULT",),
    "R3.6": ("tip_below",),
    "R3.7": ("motor_stall_intermittent",),
    "R4.1": ("event POST_FAIL",),
    "R4.2": ("event MEM_CORRECTED",),
    "R4.3": ("event WATCHDOG_RESET",),
    "R4.4": ("event OVERSPEED",),
    "R4.5": ("power_cut", "store_corrupt"),
    "R4.6": ("event CLOCK_CHANGED", "status_wall"),
    "R4.7": ("alarm_has_cause", "refusal_has_cause", "tone_has_cause"),
    "R5.1": ("applied_once", "done_by_order"),
    "R5.3": ("log_has_no_hole",),
    "R5.4": ("event LOG_FAIL",),
    "R6.1": ("battery_film",),
    "R6.2": ("event ERI",),
    "R6.3": ("event EOS",),
    "R6.4": ("event LOW_BATTERY_RESET",),
    "R7.1": ("limits_hold", "event LIMIT_OVERRIDE"),
    "R7.2": ("refused soft_limit", "refused dose_limit"),
    "R7.4": ("event PROGRAM_COMMITTED",),
    "R7.5": ("event PROGRAM_ROLLBACK",),
    "R7.6": ("event STOPPED", "event STOPPED_48H"),
    "R8.2": ("link_duplicate",),
    "R8.6": ("refused auth",),
    "R8.10": ("link_noise", "emi"),
    "R9.1": ("event TEMP_RANGE",),
}
"""Requirement -> counters, each of which shows that it was exercised: of a life's acts, faults, events and refusals, or
of the checks (host_tools/scenario/checkers)."""

BEYOND: dict[str, str] = {
    "R2.5": "No checker judges the date of the next refill: tests/scenarios/patient_bolus.yaml.",
    "R5.2": "Nobody reads the whole log in a life: tests/firmware/test_eventlog.py and test_log_full.py.",
    "R7.3": "The programmer computes the rate, and so it always agrees: tests/firmware/test_flex.py.",
    "R8.1": "Nobody in a life has a wrong key: tests/firmware/test_attacks.py.",
    "R8.3": "Noise is no forgery: tests/firmware/test_attacks.py.",
    "R8.4": "Nobody forges answers in a life: tests/programmer/test_reading.py.",
    "R8.5": "Everybody in a life asks for what their role may: tests/firmware/test_roles.py.",
    "R8.7": "Nobody in a life has a key of its own: tests/firmware/test_keys.py, tests/cli/test_keys.py.",
    "R8.8": "Nobody in a life fails to authenticate: tests/firmware/test_attacks.py, tests/emulator/test_strangers.py.",
    "R8.9": "The head is always there when people order: tests/firmware/test_staged.py, test_keys.py.",
    "R8.11": "No firmware comes over the wire, and a life has only one.",
    "R8.12": "Nobody attacks in a life: tests/firmware/test_attacks.py, test_roles.py.",
    "R9.2": "It is about claims, and the README makes none.",
    "R9.3": "It is about tests: docs/traceability.md.",
}
"""Requirement that no life can exercise -> why, and what shows it instead."""


def requirement_counts(counts: Mapping[str, int], checks: Mapping[str, int]) -> dict[str, int]:
    """Requirement -> how often what shows it happened."""
    return {
        requirement: sum(counts.get(name, 0) + checks.get(name, 0) for name in names)
        for requirement, names in EXERCISED_BY.items()
    }
