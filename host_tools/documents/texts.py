"""Texts on alarms, states and signs, for patients, families and clinics.

The seed documents disagree about blood pressure in withdrawal, so that it is named nowhere (docs/sources.md).
"""

from collections.abc import Mapping
from typing import Any

from host_tools.common.durations import format_duration
from host_tools.programmer.status import Status

NOT_A_DEVICE = "simulation and engineering tool, not a medical device"
UNSIGNED = "UNSIGNED, anybody on the line could have said this"
RECORDS_CORRUPT = (
    "The patient's record in the pump is corrupt: what it said of patient, clinic and medicines is blank here. "
    "`thecal patient` with --set or --file writes it anew."
)
KEY = {
    "test": "TEST KEY: anybody can program this pump with the published key",
    "lost": "KEY LOST: nothing opens this pump until `thecal pair --lost` has led back to the test key",
}
"""Warnings about the key that opens a pump, where it is not the pump's own."""
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MODE = {"none": "no program yet", "simple": "the same rate all day", "flex": "flex, by time of day and day of the week"}
ERI_TO_EOS_DAYS = 90  # at most (docs/sources.md, SEED-17)

TONES = {
    "critical": ("two tones in turn", "critical: drug is no longer given as ordered. Call the doctor at once."),
    "non_critical": ("single beep", "about once an hour, not critical: something must be done soon. Call the clinic."),
}
"""Sound and meaning of each class of alarm."""

ALARM = {
    "motor_stall": "the motor stands still and no drug flows",
    "reservoir_empty": "the reservoir is empty and no drug flows",
    "end_of_service": "the pump has reached its end of service and has stopped",
    "stopped_48h": "nothing has been delivered for a very long time",
    "memory_critical": "the stored program or delivery record may be corrupt",
    "low_battery_reset": "the battery gave way, and the pump delivers next to nothing",
    "step_mismatch": "the motor does not turn as ordered",
    "overspeed": "the motor turned more than ordered, and was stopped",
    "safe_state": "the pump is in its fail-safe state, and delivers next to nothing or nothing",
    "self_test": "the pump failed its own test and delivers nothing",
    "program_unconfirmed": (
        "drug of another strength has come to the tip, and no program was ordered for it; the dose goes on. Or the "
        "pump went to the minimum rate by itself, and stays there until an order"
    ),
    "low_reservoir": "the drug is getting low; a refill is due",
    "eri": f"the battery or the age of the pump: it must be replaced within {ERI_TO_EOS_DAYS} days",
    "memory": "a record in the pump was damaged; delivery goes on",
    "reservoir_mismatch": "the fill sensor and the pump's books disagree about what is left",
    "clock_lost": "the pump does not know the time; a program by time of day gives its mean",
    "stopped": "delivery is stopped",
}
"""Meaning of each alarm (`class` is its urgency)."""

REFILL_CAUSES = (
    "a pump that delivers more or less than it counts, a catheter that leaks or is kinked, a reservoir that leaks, a "
    "filling that went into the pocket, a wrong measurement, or a wrong volume on record"
)
"""Causes of another volume in the reservoir than was expected."""

WITHDRAWAL = (
    "early: spasticity that comes back or grows, itching, tingling, light-headedness, sweating, irritability",
    "then: high fever, a changed mental state, hallucinations, stiff muscles",
    "at worst: failing organs, and death",
)
"""Signs of too little drug (docs/sources.md, SEED-54)."""

OVERDOSE = (
    "early: drowsiness, light-headedness, dizziness, limp muscles",
    "then: difficult waking, slow or shallow breathing, a slow heart, a low body temperature, seizures",
    "at worst: loss of consciousness, and coma",
)
"""Signs of too much drug (docs/sources.md, SEED-55)."""

SIDE_EFFECTS = (
    "drowsiness, dizziness, headache, weak or limp muscles, nausea or vomiting, constipation: call the clinic",
    "convulsions: call for medical help at once",
    "what comes suddenly, grows, or comes with another sign of too much drug may be an overdose: an emergency",
)
"""Common at the dose that was ordered, and what tells them from an overdose (docs/sources.md, SEED-60)."""

CAUSES = (
    "Too little may come of an empty reservoir, a stopped or failing pump, a program that is wrong, or a catheter that "
    "leaks, is kinked or came loose: the pump does not notice what happens in the catheter. Too much may come of a "
    "wrong program or filling, a failing pump, or baclofen taken by mouth besides."
)

ACTIONS = (
    "Signs of too much or too little drug are an emergency: call for medical help at once, and tell of the pump.",
    "Go by the person, not by the pump: it counts what its motor does, not what reaches the patient.",
    "Call whoever looks after the pump. Only a clinician's programmer can change or stop it, or silence an alarm.",
    "Nobody should be left without the drug at once: after three months of therapy the body depends on it.",
    "Say before any MRI scan or diathermy that there is a pump.",
)
"""First steps, most urgent first."""

RESTRICTIONS = (
    "Before an MRI scan, diathermy or any other procedure: tell the staff about the pump.",
    "A scanner's field stops the motor. Read the pump after the scan, twice: its recovery may take up to 24 hours.",
    "The alarm may be too soft to hear: let others listen too, and do not rely on it alone.",
)
"""Restrictions of every pump (docs/sources.md, SEED-44, DF-36 to DF-39, SEED-11)."""


def loss_of_therapy(status: Status) -> str:
    """Reason for which the patient gets no therapy now, in one sentence; empty while there is some."""
    if status["therapy"] == "unfilled" or status["mode"] == "none":
        return ""
    if status["stopped_s"]:
        return f"nothing has been delivered for {format_duration(status['stopped_s'])}; dangerous withdrawal can follow"
    if status["operation"] in ("idle", "halted", "stalled"):
        return "nothing is being delivered; dangerous withdrawal can follow"
    if status["therapy"] != "running":
        return "the rate is the least that the pump gives, and no therapy; dangerous withdrawal can follow"
    return ""


def alarm_text(alarm: Mapping[str, Any]) -> str:
    """An entry of `alarm_list` in words: name, class, meaning, and a note if it is silenced or past."""
    notes = [word for word, holds in (("silenced", alarm["silenced"]), ("past", alarm["condition"] == "past")) if holds]
    extra = f" ({', '.join(notes)})" if notes else ""
    words = alarm["name"].replace("_", " "), alarm["class"].replace("_", "-")
    return f"{words[0]}, {words[1]}: {ALARM[alarm['name']]}{extra}"
