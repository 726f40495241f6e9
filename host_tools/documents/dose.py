"""The dose with the strength of the drug that leaves the catheter's tip."""

from collections.abc import Mapping
from typing import Any

from host_tools.programmer import Programmer
from host_tools.programmer.refill import DRUG
from host_tools.programmer.status import Status
from host_tools.programmer.units import mcg_from_ng

ROUNDING_NL_PER_DAY = 2  # by which a rate in whole nL/day may miss its dose, boluses and steps of a week aside

Ordered = Mapping[str, Any] | None
"""An entry of the titration history, None where there is none."""


def last_ordered(pump: Programmer) -> Ordered:
    """The order that was committed last, whatever is delivered now. Needs no key."""
    return next(reversed(pump.titration()), None)


def drug_name(status: Status) -> str:
    """The name of the drug in the reservoir, and where it goes."""
    return f"{status['drug'] or DRUG}, intrathecal"


def drug_text(status: Status) -> str:
    """The drug, and its strength in the reservoir and at the tip."""
    strength, tip = status["concentration_mcg_per_ml"], status["tip_mcg_per_ml"]
    if status["therapy"] == "unfilled" or not (strength or tip):
        return f"none: {no_drug_text(status)}"
    if tip == strength:
        return f"{drug_name(status)}, {strength} mcg/mL"
    reservoir = f"{strength} mcg/mL in the reservoir" if strength else "none in the reservoir"
    return f"{drug_name(status)}; {tip} mcg/mL at the catheter's tip, {reservoir}"


def no_drug_text(status: Status) -> str:
    """Reason for which a pump has no drug."""
    unfilled = status["therapy"] == "unfilled"
    return "the pump was never filled" if unfilled else "the pump was filled without drug"


def dose_text(status: Status) -> str:
    """Delivery now: dose, the strength of what leaves the tip, and the rate. The rate is that dose's, or the
    dose of that rate is named beside it."""
    tip, rate = status["tip_mcg_per_ml"], status["rate_nl_per_day"]
    dose = f"{status['dose_mcg_per_day']} mcg/day, of {tip} mcg/mL"
    if status["operation"] == "priming":
        return f"{dose}, after the prime; the prime runs at {ml(rate)} mL/day"
    if abs(rate * tip - status["dose_ng_per_day"] * 1000) <= ROUNDING_NL_PER_DAY * tip:
        return f"{dose} ({ml(rate)} mL/day)"
    now_ng = rate * tip // 1000
    now = f"now {ml(rate)} mL/day, which is {mcg_from_ng(round(now_ng, -2))} mcg/day"
    if status["bolus"] in ("single", "patient"):
        return f"{dose}, and a bolus: {now}"
    return f"{dose}, by time of day: {now}"


def mean_nl_per_day(status: Status) -> int:
    """The rate of now; of a week, which changes by the hour, the mean of today."""
    if status["rate_nl_per_day"] and rate_varies(status):
        return status["dose_ng_per_day"] * 1000 // status["tip_mcg_per_ml"]
    return status["rate_nl_per_day"]


def rate_varies(status: Status) -> bool:
    """True while the rate is a week's."""
    return status["mode"] == "flex" and status["therapy"] == "running" and status["operation"] != "priming"


def ml(nl: int) -> str:
    """A volume or rate in mL, to the microlitre."""
    return f"{nl / 1e6:.3f}"
