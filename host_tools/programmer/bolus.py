"""Boluses, single and of the patient, and their checks before they are sent.

The pump checks everything again and has the last word; a check here only says it with both values.
"""

from typing import NamedTuple

from host_tools.common.durations import format_duration
from host_tools.programmer.client import Client
from host_tools.programmer.errors import BadValue, Refused
from host_tools.programmer.program import volume_nl
from host_tools.programmer.ranges import check_range
from host_tools.programmer.reading import read_status
from host_tools.programmer.status import Status
from host_tools.programmer.units import NG_PER_MCG, Number, mcg_from_ng, ng_from_mcg


class Bolus(NamedTuple):
    """A single bolus: a dose over a time, and the volume that it is at this concentration."""

    dose_ng: int
    over_s: int
    concentration_mcg_per_ml: int
    volume_nl: int

    @property
    def dose_mcg(self) -> int | float:
        return mcg_from_ng(self.dose_ng)


class PatientBolus(NamedTuple):
    """The bolus that the patient may ask for: a dose over a time, at least `lockout_s` apart, so many in 24 hours."""

    dose_ng: int
    over_s: int
    lockout_s: int
    per_day: int

    @property
    def dose_mcg(self) -> int | float:
        return mcg_from_ng(self.dose_ng)


def plan_bolus(client: Client, dose_mcg: Number, over_s: int) -> Bolus:
    """The single bolus of this dose, of the drug at the tip."""
    status = read_status(client)
    if client.checks:
        check_bolus(dose_mcg, over_s, status)
    dose_ng = ng_from_mcg("dose_mcg", dose_mcg)
    concentration = status["tip_mcg_per_ml"] or 1  # unfilled: refused whatever it says
    return Bolus(dose_ng, over_s, concentration, volume_nl(dose_ng, concentration))


def give_bolus(client: Client, dose_mcg: Number, over_s: int) -> None:
    """Give a single bolus on top of the basal rate."""
    planned = plan_bolus(client, dose_mcg, over_s)
    client.change("BOLUS", dose_ng=planned.dose_ng, over_s=over_s)


def give_patient_bolus(client: Client) -> None:
    """Ask, as the patient, for the bolus that a clinician allowed."""
    with client.session("patient"):
        client.ask("PATIENT_BOLUS")


def patient_bolus_settings(client: Client) -> PatientBolus:
    """The bolus that the patient may ask for."""
    fields = client.read("PATIENT_BOLUS_SETTINGS")
    return PatientBolus(*(fields[name] for name in PatientBolus._fields))


def set_patient_bolus(client: Client, dose_mcg: Number, over_s: int, lockout_s: int, per_day: int) -> None:
    """Set the bolus that the patient may ask for."""
    wanted = PatientBolus(ng_from_mcg("dose_mcg", dose_mcg), over_s, lockout_s, per_day)
    if client.checks:
        check_patient_bolus(wanted)
    client.change("SET_PATIENT_BOLUS", **wanted._asdict())


def check_bolus(dose_mcg: Number, over_s: int, status: Status) -> None:
    """Raise what stands against a bolus on a pump with this status."""
    if dose_mcg <= 0:
        raise BadValue(f"--dose-mcg {dose_mcg} mcg is no dose")
    check_range("BOLUS", "over_s", over_s)
    if status["therapy"] == "unfilled":
        raise Refused("BOLUS", "not_filled")
    if not status["tip_mcg_per_ml"]:
        raise Refused("BOLUS", "inconsistent", "there is no drug in the reservoir, nor in the line")
    most_mcg = status["limits"]["max_bolus_mcg"]
    if dose_mcg > most_mcg:
        words = f"--dose-mcg: {dose_mcg} mcg is above the pump's limit of {most_mcg} mcg a bolus"
        raise Refused("BOLUS", "bolus_limit", words)


def check_patient_bolus(wanted: PatientBolus) -> None:
    """Raise what stands against letting a patient ask for this."""
    check_range("SET_PATIENT_BOLUS", "dose_ng", wanted.dose_ng, "dose_mcg", NG_PER_MCG)
    check_range("SET_PATIENT_BOLUS", "over_s", wanted.over_s)
    check_range("SET_PATIENT_BOLUS", "lockout_s", wanted.lockout_s)
    check_range("SET_PATIENT_BOLUS", "per_day", wanted.per_day, advice="; 0 allows none")
    if wanted.per_day and not (wanted.dose_ng and wanted.over_s):
        over = format_duration(wanted.over_s)
        raise BadValue(f"--dose-mcg {wanted.dose_mcg} mcg --over {over} is no bolus; give a dose and a time")
