"""The names that a scenario may use."""

from hal.plant.patient import SYMPTOMS
from host_tools.machines.faultfields import FAULT_FIELDS
from protocol import codes

STATUS_FIELDS = (
    "serial", "model", "firmware", "schema", "key", "uptime_s", "wall", "boots",
    "therapy", "operation", "mode", "rate_nl_per_day", "ordered_rate_nl_per_day", "dose_mcg_per_day", "dose_ng_per_day",
    "concentration_mcg_per_ml", "drug", "tip_mcg_per_ml", "line_nl", "unprimed_nl", "bolus", "bolus_left_nl",
    "last_bolus", "patient_boluses_left", "reservoir_nl", "reservoir_sensor_nl", "delivered_nl", "delivered_today_mcg",
    "low_reservoir_date", "refill_by", "last_refill", "implanted", "battery_mv", "battery_load_mv",
    "eri", "eos", "eri_forecast", "alarms", "advisories", "alarm_list", "stopped_s", "limits",
    "alarm_settings",
    "telemetry_dropped", "comms_errors",
)  # fmt: skip
TRUTH_FIELDS = (
    "reservoir_nl", "delivered_nl", "tip_mcg", "csf_ng_per_ml", "effect_ng_per_ml", "risk", "symptoms", "dependent",
    "wear", "battery_mah", "rotor_steps", "faults",
)  # fmt: skip

ROOTS = {"status": STATUS_FIELDS, "truth": TRUTH_FIELDS, "patient": tuple(codes.RECORDS), "titration": ()}
"""The documents that `expect` can look into, and the fields of each; of a list none."""

WORDS = {
    "status.key": list(codes.KEY),
    "status.therapy": list(codes.THERAPY),
    "status.operation": list(codes.OPERATION),
    "status.mode": list(codes.MODE),
    "status.bolus": list(codes.BOLUS),
    "status.last_bolus.kind": ["single", "patient"],
    "status.alarms": list(codes.ALARM),
    "status.advisories": list(codes.ADVISORY),
    "truth.faults": list(FAULT_FIELDS),
    "truth.risk": list(SYMPTOMS),
    "truth.wear": ["standstill", "ran_dry", "overfill", "occlusion", "off_label_drug"],
    "truth.symptoms": [sign for signs in SYMPTOMS.values() for sign in signs],
}
"""Path -> the only texts that can stand there."""
