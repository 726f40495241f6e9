"""Data that a replaced pump hands on to the next one: its implantation, and the patient record."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from host_tools.programmer.errors import BadValue
from host_tools.programmer.status import Parcel
from protocol import codes

IMPLANT_KEYS = ("catheter_cm", "pump_tubing_ml", "site", "depth_mm")


class Handover(NamedTuple):
    """`implant` as Programmer.implant_record gives it, `patient` as Programmer.records does. It is personal data.

    `line` is that of the status, None where nobody knows; the dose is the program's, 0 without one.
    """

    serial: str
    implant: dict[str, Any]
    patient: dict[str, str]
    line: list[Parcel] | None = None
    drug: str = ""
    concentration_mcg_per_ml: int = 0
    dose_mcg_per_day: int | float = 0


def handover_of(document: object, source: str) -> Handover:
    """A document in the form of `Handover._asdict`, checked as far as a pump cannot. BadValue names `source`."""
    if not isinstance(document, Mapping):
        raise BadValue(f"{source} holds no pump's record; `thecal patient --json` prints one")
    implant, patient = document.get("implant"), document.get("patient")
    if not isinstance(implant, Mapping) or any(key not in implant for key in IMPLANT_KEYS):
        raise BadValue(f"{source} does not say how a pump was implanted; `thecal patient --json` prints that")
    for key in IMPLANT_KEYS:
        if not isinstance(implant[key], str if key == "site" else int | float):
            raise BadValue(f"{source}: implant.{key} cannot be {implant[key]!r}")
    if not implant["catheter_cm"]:
        raise BadValue(f"{source}: that pump had no catheter, so there is none to keep")
    dose_mcg_per_day = document.get("dose_mcg_per_day", 0)
    if isinstance(dose_mcg_per_day, bool) or not isinstance(dose_mcg_per_day, int | float) or dose_mcg_per_day < 0:
        raise BadValue(f"{source}: dose_mcg_per_day cannot be {dose_mcg_per_day!r}")
    return Handover(
        str(document.get("serial", "")),
        dict(implant),
        texts_of(patient, source),
        _line_of(document.get("line"), source),
        str(document.get("drug", "")),
        int(document.get("concentration_mcg_per_ml", 0)),
        dose_mcg_per_day,
    )


def _line_of(line: object, source: str) -> list[Parcel] | None:
    """The line in a document, None where it says nothing of it (one of an older version)."""
    if line is None:
        return None
    if not isinstance(line, Sequence) or isinstance(line, str):
        raise BadValue(f"{source}: line cannot be {line!r}")
    parcels: list[Parcel] = []
    for parcel in line:
        numbers = [parcel.get(key) for key in Parcel.__annotations__] if isinstance(parcel, Mapping) else []
        match numbers:
            case [int(nl), int(mcg_per_ml)] if nl >= 0 and mcg_per_ml >= 0:
                parcels.append({"nl": nl, "mcg_per_ml": mcg_per_ml})
            case _:
                raise BadValue(f"{source}: line cannot hold {parcel!r}")
    return parcels


def texts_of(document: object, source: str) -> dict[str, str]:
    """The patient's record in a document: field -> text. BadValue names `source`."""
    if not isinstance(document, Mapping) or not all(isinstance(text, str) for text in document.values()):
        raise BadValue(f"{source} holds no texts of a patient's record: fields are {', '.join(codes.RECORDS)}")
    return {str(field): text for field, text in document.items()}
