"""Does to the plant what the programmer told the pump of catheter and dose."""

from typing import Any

from firmware import wire
from firmware.config import Config
from hal.plant.plant import Plant
from protocol.codes import FLAG
from protocol.messages import NONE32

EVENT_FIELD = 3  # which field of a log entry is the event
PLANT_EVENTS = (wire.EVENT_RATE_STEP, wire.EVENT_IMPLANT, wire.EVENT_PROGRAM_COMMITTED, wire.EVENT_BOLUS_DONE)
"""Entries of the log after which the plant's catheter or dose may differ from the pump's."""


def sync_plant(plant: Plant, state: Any, config: Config, dose_ng_per_day: int) -> None:
    """Give the plant the catheter of the pump's `state`, and the patient the pump's dose as the prescribed one."""
    sync_catheter(plant, state, config)
    plant.prescribe(dose_ng_per_day)


def sync_catheter(plant: Plant, state: Any, config: Config) -> None:
    """Fit the catheter that the pump's `state` describes, if it was implanted."""
    if state.implanted_wall_s != NONE32:
        catheter_nl = state.catheter_mm * config.catheter_nl_per_cm // 10
        plant.fit_catheter(catheter_nl, state.tubing_nl, state.kept_catheter == FLAG["yes"])
