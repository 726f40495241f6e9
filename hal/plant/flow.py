"""The drug's path: the rotor's steps move it out of the reservoir, through the catheter, into the patient.

Between two changes of rhythm the rotor turns evenly, and so the drug flows evenly. A look at the present is taken on
a copy: looking, however often, changes nothing.
"""

from copy import deepcopy
from typing import Any, Literal

from hal.plant.catheter import Catheter, Parcel
from hal.plant.effectsite import Inflow
from hal.plant.patient import HOUR_MS, SYMPTOMS, Patient
from hal.plant.reservoir import Drawn, Reservoir

PRIME_NL_PER_DAY = 20_000_000  # from here on drug mixes in the line, where it mixes at all: a choice
WEAR_PERCENT = 20  # that each cause of wear adds to what a step moves: a choice
STANDING_MS = 48 * HOUR_MS  # are too long for the tubing
CLOSED_PERCENT = 100  # of a kink through which nothing gets

_DAY_MS = 24 * HOUR_MS
_PER_MCG = 1_000_000  # nL mcg/mL

Implantation = Literal["new", "same", "kept"]


class Flow:
    """Everything up to `at_ms`, when the rotor had made `steps`.

    Faults make each step move `over_percent` more and `under_percent` less; of that a kink keeps `kink_percent` back.
    `wear` are the causes, in their order, why the tubing lets still more through, which with `couplings` it does for
    good. For `dry_ms` the motor was to turn, and there was nothing to move.
    """

    __slots__ = (
        "_stood_since_ms",
        "at_ms",
        "catheter",
        "couplings",
        "dry_ms",
        "kink_percent",
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
        self.over_percent = self.under_percent = self.kink_percent = 0
        self.dry_ms = 0.0
        self._stood_since_ms: int | None = None  # None before the first step
        self.catheter = Catheter()
        self.patient = Patient()
        self.at_ms = 0
        self.steps = 0

    def advance(self, to_ms: int, steps: int, moving_until_ms: int, step_ms: int) -> None:
        """Let it flow until `to_ms`, evenly while the rotor turned, a step each `step_ms`."""
        from_ms = self.at_ms
        if to_ms == from_ms and steps == self.steps:
            self._check_wear()
            return
        moving_ms = max(0, min(to_ms, moving_until_ms) - from_ms)
        reservoir = self.reservoir
        reservoir.over_percent = self.over_percent - self.under_percent + WEAR_PERCENT * len(self.wear)
        reservoir.through_percent = 100 - self.kink_percent
        drawn = reservoir.draw(steps - self.steps, moving_ms, to_ms - from_ms - moving_ms)
        priming = reservoir.step_nl * _DAY_MS >= PRIME_NL_PER_DAY * step_ms
        self._into_patient(self.catheter.push(drawn.moved_nl, reservoir.mcg_per_ml, priming), drawn)
        self._let_stand(from_ms + moving_ms, to_ms, drawn)
        self.dry_ms += moving_ms - (drawn.moving_ms if steps > self.steps or reservoir.volume_nl else 0)
        if steps > self.steps:
            self._stood_since_ms = from_ms + moving_ms
            if self.closed:
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
        self.dry_ms = 0.0
        self.catheter.connect(tubing_nl)

    # Hands; settle first

    def implant(self, kind: Implantation, catheter_nl: int, tubing_nl: int, primed: bool) -> None:
        """As `Plant.implant`."""
        catheter, reservoir = self.catheter, self.reservoir
        strength = reservoir.mcg_per_ml if reservoir.filled or not primed else None
        if kind == "same":
            catheter.resize(catheter_nl, tubing_nl, reservoir.mcg_per_ml)
        elif kind == "kept" and catheter.catheter_nl:
            catheter.connect(tubing_nl, strength if primed else 0)
        else:
            catheter.fit(catheter_nl, tubing_nl, strength if primed else 0)

    def refill(self, volume_nl: int, mcg_per_ml: int, over_nl: int) -> int:
        """As `Reservoir.refill`."""
        aspirated_nl = self.reservoir.refill(volume_nl, mcg_per_ml, over_nl)
        self.catheter.fill(mcg_per_ml)
        return aspirated_nl

    @property
    def closed(self) -> bool:
        """True while nothing gets through the catheter."""
        return self.kink_percent == CLOSED_PERCENT

    def aspirate_line(self, volume_nl: int) -> list[Parcel]:
        """As `Plant.aspirate_line`."""
        return [] if self.closed else self.catheter.aspirate(volume_nl)

    def inject_line(self, volume_nl: int, mcg_per_ml: int) -> None:
        """As `Plant.inject_line`."""
        if not self.closed:
            for part_nl, strength in self.catheter.inject(volume_nl, mcg_per_ml):
                self._at_once(part_nl * strength)

    # What comes of it

    def wear_out(self, cause: str) -> None:
        """Record a cause of wear, for good."""
        if self.couplings and cause not in self.wear:
            self.wear.append(cause)

    def use_off_label_drug(self, used: bool) -> None:
        """Fill in a drug that the tubing was not made for. Its harm stays when it is gone."""
        if used:
            self.wear_out("off_label_drug")

    def hold_back(self, percent: int) -> None:
        """Hold so much back at the tip; with less than before all that was held comes at once. Settle first."""
        catheter = self.catheter
        if percent < catheter.hold_percent:
            self.patient.site.add_at_tip(catheter.let_go() / 100 / _PER_MCG)
        catheter.hold_percent = percent

    def miss_port(self, volume_nl: int, mcg_per_ml: int) -> None:
        """Put a filling into the tissue around the pump. Settle first."""
        self.patient.site.add_to_tissue(volume_nl * mcg_per_ml / _PER_MCG)

    def _check_wear(self) -> None:
        reservoir = self.reservoir
        if self._stood_since_ms is not None and self.at_ms - self._stood_since_ms > STANDING_MS:
            self.wear_out("standstill")
        if reservoir.missing_nl:
            self.wear_out("ran_dry")
        if reservoir.volume_nl > reservoir.capacity_nl:
            self.wear_out("overfill")

    def _into_patient(self, out: list[Parcel], drawn: Drawn) -> None:
        """Give the patient what comes out at the tip while the rotor turns, or at once, and what leaks from the
        reservoir all the while."""
        mcg_per_ml, moving_ms, patient = self.reservoir.mcg_per_ml, drawn.moving_ms, self.patient
        leak_mcg_per_h = _mcg_per_h(drawn.leaked_moving_nl * mcg_per_ml, moving_ms)
        moved_nl = sum(part_nl for part_nl, _ in out)
        out_nl = 0
        for part_nl, strength in out:
            if not moving_ms:
                self._at_once(part_nl * strength)
                continue
            out_nl += part_nl
            part_ms = moving_ms * part_nl / moved_nl
            reached, _, lost = self.catheter.share(part_nl * strength)
            lost_mcg_per_h = leak_mcg_per_h + _mcg_per_h(lost / 100, part_ms)
            to_ms = self.at_ms + moving_ms * out_nl / moved_nl
            patient.advance(to_ms, Inflow(_mcg_per_h(reached / 100, part_ms), lost_mcg_per_h))
        patient.advance(self.at_ms + moving_ms, Inflow(0.0, leak_mcg_per_h))

    def _let_stand(self, from_ms: int, to_ms: int, drawn: Drawn) -> None:
        """Give the patient what leaks from the reservoir while the rotor stands."""
        patient = self.patient
        leak_mcg_per_h = _mcg_per_h(drawn.leaked_standing_nl * self.reservoir.mcg_per_ml, drawn.standing_ms)
        patient.advance(from_ms, Inflow())
        patient.advance(from_ms + drawn.standing_ms, Inflow(0.0, leak_mcg_per_h))
        patient.advance(to_ms, Inflow())

    def _at_once(self, drug: int) -> None:
        """Give the patient so much drug at the tip, in nL times mcg/mL."""
        reached, _, lost = self.catheter.share(drug)
        self.patient.site.add_at_tip(reached / 100 / _PER_MCG)
        self.patient.site.add_to_tissue(lost / 100 / _PER_MCG)

    def copy(self) -> "Flow":
        return deepcopy(self)

    def truth(self) -> dict[str, Any]:
        patient = self.patient
        return {
            "reservoir_nl": self.reservoir.volume_nl,
            "delivered_nl": self.reservoir.delivered_nl,
            "tip_mcg": self.catheter.tip_mcg,
            "csf_ng_per_ml": round(patient.site.csf + patient.site.needle_csf),
            "effect_ng_per_ml": round(patient.site.effect),
            "used_to_ng_per_ml": round(patient.site.used_to),
            "tissue_mcg": round(patient.site.tissue_mcg),
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
            "dry_ms": self.dry_ms,
        }

    def restore(self, state: dict[str, Any], at_ms: int, steps: int) -> None:
        self.reservoir.restore(state["reservoir"])
        self.catheter.restore(state["catheter"])
        self.patient.restore(state["patient"])
        self.wear = state["wear"]
        self._stood_since_ms = state["stood_since_ms"]
        self.dry_ms = state.get("dry_ms", 0.0)  # a folder of an earlier version has none
        self.at_ms = at_ms
        self.steps = steps


def _mcg_per_h(drug: float, lasted_ms: float) -> float:
    """So much drug, in nL times mcg/mL, evenly within a time."""
    return drug / _PER_MCG * HOUR_MS / lasted_ms if drug else 0.0
