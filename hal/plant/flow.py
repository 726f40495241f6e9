"""The drug's path: the rotor's steps move it out of the reservoir, through the catheter, into the patient.

Between two changes of rhythm the rotor turns evenly, and so the drug flows evenly. A look at the present is taken on
a copy: looking, however often, changes nothing.
"""

from copy import deepcopy
from typing import Any

from hal.plant.catheter import Catheter
from hal.plant.patient import HOUR_MS, SYMPTOMS, Patient
from hal.plant.reservoir import Reservoir

WEAR_PERCENT = 20  # that each cause of wear adds to what a step moves: a choice
STANDING_MS = 48 * HOUR_MS  # are too long for the tubing

_HUNDREDTHS_PER_MCG = 100_000_000  # of a nL mcg/mL, as the catheter counts


class Flow:
    """Everything up to `at_ms`, when the rotor had made `steps`.

    `blocked`: nothing leaves the pump. Faults make each step move `over_percent` more and `under_percent` less. `wear`
    are the causes, in their order, why the tubing lets still more through, which with `couplings` it does for good.
    """

    __slots__ = (
        "_stood_since_ms",
        "at_ms",
        "blocked",
        "catheter",
        "couplings",
        "over_percent",
        "patient",
        "reservoir",
        "steps",
        "under_percent",
        "wear",
    )

    def __init__(self, reservoir: Reservoir, couplings: bool) -> None:
        self.reservoir = reservoir
        self.couplings = couplings
        self.wear: list[str] = []
        self.over_percent = self.under_percent = 0
        self._stood_since_ms: int | None = None  # None before the first step
        self.catheter = Catheter()
        self.patient = Patient()
        self.blocked = False
        self.at_ms = 0
        self.steps = 0

    def advance(self, to_ms: int, steps: int, moving_until_ms: int) -> None:
        """Let it flow until `to_ms`, evenly while the rotor turned."""
        from_ms = self.at_ms
        if to_ms == from_ms and steps == self.steps:
            self._check_wear()
            return
        moving_ms = max(0, min(to_ms, moving_until_ms) - from_ms)
        turned = 0 if self.blocked else steps - self.steps
        self.reservoir.over_percent = self.over_percent - self.under_percent + WEAR_PERCENT * len(self.wear)
        moved_nl, lasted_ms = self.reservoir.draw(turned, moving_ms, to_ms - from_ms - moving_ms)
        self._through_catheter(moved_nl, lasted_ms)
        self.patient.advance(to_ms, 0.0)
        if steps > self.steps:
            self._stood_since_ms = from_ms + moving_ms
            if self.blocked:
                self.wear_out("occlusion")
        self.at_ms = to_ms
        self.steps = steps
        self._check_wear()

    def replace_pump(self, reservoir: Reservoir, tubing_nl: int) -> None:
        """Put another pump in the place of this one. Catheter and patient stay. Settle first."""
        self.reservoir = reservoir
        self.wear = []
        self._stood_since_ms = None
        self.steps = 0
        self.catheter.connect(tubing_nl)
        self.catheter.earlier = True

    def wear_out(self, cause: str) -> None:
        """Record a cause of wear, for good."""
        if self.couplings and cause not in self.wear:
            self.wear.append(cause)

    def use_off_label_drug(self, used: bool) -> None:
        """Fill in a drug that the tubing was not made for. Its harm stays when it is gone."""
        if used:
            self.wear_out("off_label_drug")

    def _check_wear(self) -> None:
        reservoir = self.reservoir
        if self._stood_since_ms is not None and self.at_ms - self._stood_since_ms > STANDING_MS:
            self.wear_out("standstill")
        if reservoir.missing_nl:
            self.wear_out("ran_dry")
        if reservoir.volume_nl > reservoir.capacity_nl:
            self.wear_out("overfill")

    def _through_catheter(self, moved_nl: int, lasted_ms: float) -> None:
        catheter, patient = self.catheter, self.patient
        out_nl = 0
        for part_nl, mcg_per_ml in catheter.push(moved_nl, self.reservoir.mcg_per_ml):
            out_nl += part_nl
            mcg = part_nl * mcg_per_ml * (100 - catheter.leak_percent) / _HUNDREDTHS_PER_MCG
            if lasted_ms:
                part_ms = lasted_ms * part_nl / moved_nl
                patient.advance(self.at_ms + lasted_ms * out_nl / moved_nl, mcg * HOUR_MS / part_ms)
            else:
                patient.body.add_bolus(mcg)

    def copy(self) -> "Flow":
        return deepcopy(self)

    def truth(self) -> dict[str, Any]:
        patient = self.patient
        return {
            "reservoir_nl": self.reservoir.volume_nl,
            "delivered_nl": self.reservoir.delivered_nl,
            "tip_mcg": self.catheter.tip_mcg,
            "csf_ng_per_ml": round(patient.body.csf),
            "effect_ng_per_ml": round(patient.body.effect),
            "risk": patient.risk,
            "symptoms": list(SYMPTOMS[patient.risk]),
            "dependent": patient.dependent,
            "wear": self.wear,
        }

    def snapshot(self) -> dict[str, Any]:
        return {
            "reservoir": self.reservoir.snapshot(),
            "catheter": self.catheter.snapshot(),
            "patient": self.patient.snapshot(),
            "wear": list(self.wear),
            "stood_since_ms": self._stood_since_ms,
        }

    def restore(self, state: dict[str, Any], at_ms: int, steps: int) -> None:
        self.reservoir.restore(state["reservoir"])
        self.catheter.restore(state["catheter"])
        self.patient.restore(state["patient"])
        self.wear = state["wear"]
        self._stood_since_ms = state["stood_since_ms"]
        self.at_ms = at_ms
        self.steps = steps
