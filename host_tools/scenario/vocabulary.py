"""The names that a scenario may use."""

from hal.plant.patient import SYMPTOMS
from host_tools.machines.faultfields import FAULT_FIELDS
from protocol import codes
from protocol.statusjson import HELLO_KEYS, STATUS_KEYS

STATUS_FIELDS = tuple(entry.name for entry in (*HELLO_KEYS, *STATUS_KEYS))
TRUTH_FIELDS = (
    "reservoir_nl", "delivered_nl", "tip_mcg", "csf_ng_per_ml", "effect_ng_per_ml", "used_to_ng_per_ml", "tissue_mcg",
    "risk", "symptoms", "dependent", "wear", "tip_centi_celsius", "tip_cem43_min", "tissue_damage",
    "battery_mah", "rotor_steps", "faults",
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
