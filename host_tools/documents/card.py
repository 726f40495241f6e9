"""The two faces of the device identification card: their fields, cut to the size of a bank card.

Allergies, the dose and what identifies patient and device are never cut; other texts give way, longest first. Where
that is not enough, hearing and the risk of withdrawal are left out: the footer says "…", and the sheet below has them.
"""

from collections.abc import Iterator
from typing import NamedTuple

from host_tools.documents.dose import drug_name
from host_tools.documents.facts import Facts
from host_tools.documents.fit import Field, Row, fit
from host_tools.documents.line import drug_change
from host_tools.documents.texts import loss_of_therapy
from host_tools.programmer.flex import head_of
from host_tools.programmer.status import Status
from host_tools.programmer.texts import shown

FACE_LINES = 17
LINE_EM = 29.5
"""Room for text on a face, as the template lays it out."""
TOO_LITTLE = "spasticity, itching, sweating, irritable; then high fever, stiff muscles, hallucinations, confusion"
TOO_MUCH = "drowsy, dizzy, limp; then hard to wake, slow breathing, slow heart, seizures, coma"


class Face(NamedTuple):
    """A face's rows."""

    rows: tuple[Row, ...]

    @property
    def cut(self) -> bool:
        """True if a text is cut on it."""
        return any(row.cut for row in self.rows)


def front(facts: Facts) -> Face:
    """Return the front: patient and device."""
    return _face(_front(facts))


def back(facts: Facts) -> Face:
    """Return the back, for an emergency."""
    return _face(_back(facts))


def _face(fields: Iterator[Field]) -> Face:
    plain = [field._replace(text=_in_a_line(field.text), first=_in_a_line(field.first)) for field in fields]
    return Face(tuple(fit(plain, FACE_LINES, LINE_EM)))


def _in_a_line(text: str) -> str:
    return " ".join(shown(text, lines=True).split())


def _front(facts: Facts) -> Iterator[Field]:
    status, records, implant = facts.status, facts.records, facts.implant
    catheter = [records["catheter_model"], f"{implant['catheter_cm']:g} cm" if implant else ""]
    yield Field("Patient", records["patient_name"], bold=True)
    yield Field("Born", records["born"])
    yield Field("Number", records["patient_id"])
    yield Field("Implanted", status["implanted"] or "")
    yield Field("Institution", records["clinic"], least=1)
    yield Field("Physician", records["physician"], least=1)
    yield Field("Device", "programmable intrathecal drug pump, emulated")
    yield Field("Type", status["model"])
    yield Field("SN", status["serial"], bold=True)
    yield Field("Pump sits", implant["site"] if implant else "", least=1)
    yield Field("Catheter", ", ".join(filter(None, catheter)), least=1)
    yield Field("Manufacturer", f"none: Thecal, firmware {status['firmware']}")
    yield Field("UDI", "none: an emulator")
    yield Field("Web", "none: an emulator")


def _back(facts: Facts) -> Iterator[Field]:
    status, records = facts.status, facts.records
    dates = f"last {status['last_refill']}; next by {status['refill_by'] or '-'}" if status["last_refill"] else ""
    yield Field("Drug", _drug(status))
    yield Field("Dose", _dose(facts))
    yield Field("Refill", dates)
    yield Field("Allergies", records["allergies"])
    if records["hearing"]:
        yield Field("Hearing", records["hearing"], least=0)
    if records["withdrawal_risk"]:
        yield Field("At risk", f"of withdrawal: {records['withdrawal_risk']}", least=0)
    yield Field("Call", records["contacts"], least=1)
    yield Field("Emergency", records["emergency_medicines"], least=1)
    yield Field("Diagnosis", records["diagnosis"], least=1)
    yield Field("Medicines", records["medicines"], least=1)
    yield _signs("Too little", records["signs_too_little"].strip(), TOO_LITTLE)
    yield _signs("Too much", records["signs_too_much"].strip(), TOO_MUCH)


def _signs(label: str, own: str, general: str) -> Field:
    """This patient's own signs, then those of all, which give way before any other text does."""
    if not own:
        return Field(label, general, least=1)
    return Field(label, f"{own}; in general: {general}", least=1, first=f"{own};")


def _drug(status: Status) -> str:
    strength = status["concentration_mcg_per_ml"]
    if status["therapy"] == "unfilled":
        return ""
    text = f"{drug_name(status)}, {strength} mcg/mL" if strength else "filled without drug"
    coming = drug_change(status)
    if not coming:
        return text
    until = f"until {coming.at:%Y-%m-%d %H:%M}" if coming.at else "still"
    return f"{text}; {coming.old_mcg_per_ml} mcg/mL at the tip {until}"


def _dose(facts: Facts) -> str:
    """The dose of the program in force, with the strength at which it is delivered; where it is not, with the strength
    that the program was made for."""
    head, status = head_of(facts.program), facts.status
    if head is None:
        return ""
    mean = " on average" if head.mode == "flex" else ""
    if loss_of_therapy(status):
        text = f"{head.dose_mcg_per_day} mcg/day{mean}, for {head.concentration_mcg_per_ml} mcg/mL; not delivered now"
    else:
        text = f"{head.dose_mcg_per_day} mcg/day{mean}, of {status['tip_mcg_per_ml']} mcg/mL"
    if status["unprimed_nl"]:
        text += "; line not filled yet"
    return text
