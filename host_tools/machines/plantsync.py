"""Does to the plant what the programmer told the pump of implantation and dose."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from firmware import wire
from firmware.config import Config
from firmware.therapy.catheter import Catheter
from hal.plant.flow import Implantation
from hal.plant.plant import Plant
from protocol.codes import FLAG
from protocol.messages import NONE32

EVENT_FIELD = 3  # which field of a log entry is the event
DATA_FIELD = 5  # which field of a log entry is the first of its data
PLANT_EVENTS = (wire.EVENT_RATE_STEP, wire.EVENT_IMPLANT, wire.EVENT_PROGRAM_COMMITTED, wire.EVENT_BOLUS_DONE)
"""Entries of the log after which the plant's catheter or dose may differ from the pump's."""

_KINDS: dict[int, Implantation] = {
    wire.CATHETER_NEW: "new",
    wire.CATHETER_SAME: "same",
    wire.CATHETER_KEPT: "kept",
}


class Implanted(NamedTuple):
    """An implantation that the pump logged."""

    catheter_mm: int
    tubing_nl: int
    kind: Implantation


def implants_in(entries: Iterable[Sequence[Any]]) -> list[Implanted]:
    """The implantations among log entries, each a sequence of an entry's fields."""
    data = [entry[DATA_FIELD:] for entry in entries if entry[EVENT_FIELD] == wire.EVENT_IMPLANT]
    return [Implanted(catheter_mm, tubing_nl, _KINDS[code]) for catheter_mm, tubing_nl, code in data]


def sync_plant(
    plant: Plant, state: Any, ledger: Any, config: Config, dose_ng_per_day: int, implants: Sequence[Implanted]
) -> None:
    """Do the `implants` that the pump logged since the last call, and tell the patient of the program's dose.

    `state` and `ledger` are the pump's.
    """
    if state.implanted_wall_s != NONE32:
        told = _Told(state, Catheter(config, state, ledger), ledger.booked_steps, config.step_nl)
        told.do(plant, implants)
        plant.impairment.depth_mm = state.depth_mm
    plant.begin_therapy(dose_ng_per_day)


class _Told:
    """What the pump was told of its implantation."""

    def __init__(self, state: Any, catheter: Catheter, booked_steps: int, step_nl: int) -> None:
        self._state = state
        self._catheter = catheter
        ends = [end for _, end in state.line]
        self._written_nl = (ends[-1] - booked_steps) * step_nl if ends else 0  # of parcels in the line

    def do(self, plant: Plant, implants: Sequence[Implanted]) -> None:
        for implanted in implants:
            self._implant(plant, implanted)
        recorded = Implanted(self._state.catheter_mm, self._state.tubing_nl, self._unlogged_kind(plant))
        if plant.implanted_as != (self._catheter.catheter_nl(recorded.catheter_mm), recorded.tubing_nl):
            self._implant(plant, recorded)  # a power cut took its entry of the log, or this plant is a new one

    def _implant(self, plant: Plant, implanted: Implanted) -> None:
        catheter_nl = self._catheter.catheter_nl(implanted.catheter_mm)
        primed = self._was_primed(implanted.tubing_nl)
        plant.implant(implanted.kind, catheter_nl, implanted.tubing_nl, primed=primed)

    def _was_primed(self, tubing_nl: int) -> bool:
        """True if the tubing was filled on the table. No record says so, but then the parcels that the pump put into
        its line end before the tubing; a length that was put right since moved that end as much as the line's."""
        return self._written_nl < self._catheter.dead_nl - tubing_nl // 2

    def _unlogged_kind(self, plant: Plant) -> Implantation:
        if self._state.kept_catheter == FLAG["yes"]:
            return "kept"
        return "same" if plant.implanted_as and self._catheter.given_mcg_per_ml else "new"
