"""Data that a replaced pump hands on to the next one: its implantation, and the patient record."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from host_tools.programmer.errors import BadValue
from protocol import codes

IMPLANT_KEYS = ("catheter_cm", "pump_tubing_ml", "site", "depth_mm")


class Handover(NamedTuple):
    """`implant` as Programmer.implant_record gives it, `patient` as Programmer.records does. It is personal data."""

    serial: str
    implant: dict[str, Any]
    patient: dict[str, str]


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
    return Handover(str(document.get("serial", "")), dict(implant), texts_of(patient, source))


def texts_of(document: object, source: str) -> dict[str, str]:
    """The patient's record in a document: field -> text. BadValue names `source`."""
    if not isinstance(document, Mapping) or not all(isinstance(text, str) for text in document.values()):
        raise BadValue(f"{source} holds no texts of a patient's record: fields are {', '.join(codes.RECORDS)}")
    return {str(field): text for field, text in document.items()}
