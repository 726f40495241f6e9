"""What a clinician orders, as the wire's numbers, and the checks in words before it is sent.

The pump checks everything again and has the last word; a check here only says it with both values.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from host_tools.common.durations import format_duration
from host_tools.programmer.errors import BadValue, Refused
from host_tools.programmer.ranges import check_range
from host_tools.programmer.units import NG_PER_MCG, NL_PER_ML, Number, mcg_from_ng, ng_from_mcg, option
from protocol import codes
from protocol.fields import fields_of
from protocol.registry import REQUEST

LIMITS = tuple(field.name for field in fields_of(REQUEST["LIMITS"].layout))
ALARM_INTERVALS = tuple(name for name in codes.ALARM_SETTING if name.endswith("_s"))

ACCURACY_PERCENT = 14.5
"""A pump further off than this is outside its labelling (docs/sources.md, DF-02)."""
NOTICEABLE_NL = 500_000
"""A difference below this says nothing: so much is lost in needle and syringe."""


class Program(NamedTuple):
    """A program: dose, concentration and the rate that follows from them."""

    mode: str
    concentration_mcg_per_ml: int
    dose_ng_per_day: int
    rate_nl_per_day: int

    @property
    def dose_mcg_per_day(self) -> int | float:
        return mcg_from_ng(self.dose_ng_per_day)


class Refill(NamedTuple):
    """A booked refill. `expected_nl` is what the pump thought was left, `aspirated_nl` what was taken out.

    `last_filled_nl` is the volume of the refill before, None for the first; `bridge_nl` what is left in
    the line of the drug before, None without a bridge.
    """

    expected_nl: int
    aspirated_nl: int | None
    filled_nl: int
    last_filled_nl: int | None
    bridge_nl: int | None = None

    @property
    def discrepancy_nl(self) -> int | None:
        """Below zero: the pump gave more than it counted; above: less."""
        return None if self.aspirated_nl is None else self.aspirated_nl - self.expected_nl

    @property
    def accuracy_percent(self) -> float | None:
        """Volume that left the reservoir, in percent of what the pump counted."""
        if self.aspirated_nl is None or self.last_filled_nl is None or self.last_filled_nl == self.expected_nl:
            return None
        left_nl, counted_nl = self.last_filled_nl - self.aspirated_nl, self.last_filled_nl - self.expected_nl
        return round(100 * left_nl / counted_nl, 2)

    @property
    def out_of_tolerance(self) -> bool:
        """Whether pump or catheter may be at fault: too much or too little left, in percent and in volume."""
        if self.accuracy_percent is None or self.discrepancy_nl is None:
            return False
        return abs(self.accuracy_percent - 100) > ACCURACY_PERCENT and abs(self.discrepancy_nl) >= NOTICEABLE_NL


def simple_program(dose_mcg_per_day: Number, concentration_mcg_per_ml: int) -> Program:
    """The same dose all day. BadValue for more than three decimals of a mcg."""
    dose_ng = ng_from_mcg("dose_mcg_per_day", dose_mcg_per_day)
    return Program("simple", concentration_mcg_per_ml, dose_ng, volume_nl(dose_ng, concentration_mcg_per_ml))


def volume_nl(dose_ng: int, concentration_mcg_per_ml: int) -> int:
    """The volume of a dose, to the nearest nL."""
    return (dose_ng * 1000 + concentration_mcg_per_ml // 2) // concentration_mcg_per_ml


def check_program(program: Program, status: Mapping[str, Any], override: bool = False) -> None:
    """Raise what stands against ordering `program` on a pump with this status."""
    limits = status["limits"]
    if program.dose_ng_per_day == 0:
        raise BadValue("--dose-mcg-per-day 0 mcg/day is no dose; `thecal stop` stops delivery")
    check_range("STAGE", "concentration_mcg_per_ml", program.concentration_mcg_per_ml)
    if not status["concentration_mcg_per_ml"]:
        raise Refused("PROGRAM", "not_filled")
    if program.dose_mcg_per_day > limits["max_dose_mcg_per_day"]:
        most_mcg = limits["max_dose_mcg_per_day"]
        dose_mcg = program.dose_mcg_per_day
        words = f"--dose-mcg-per-day: {dose_mcg} mcg/day is above the pump's limit of {most_mcg} mcg/day"
        raise Refused("PROGRAM", "dose_limit", words)
    least, most = limits["min_rate_nl_per_day"], limits["max_rate_nl_per_day"]
    if not least <= program.rate_nl_per_day <= most:
        words = (
            f"--dose-mcg-per-day: {program.dose_mcg_per_day} mcg/day at {program.concentration_mcg_per_ml} mcg/mL is "
            f"{program.rate_nl_per_day / 1e6:g} mL/day; the pump delivers "
            f"{least / 1e6:g} to {most / 1e6:g} mL/day"
        )
        raise Refused("PROGRAM", "rate_limit", words)
    if not override:
        check_change(program, limits)


def check_change(program: Program, limits: Mapping[str, Any]) -> None:
    """Raise when the daily dose is too far from those of the last 24 hours."""
    soft_least, soft_most = limits["soft_min_dose_mcg_per_day"], limits["soft_max_dose_mcg_per_day"]
    if soft_most is not None and not soft_least <= program.dose_mcg_per_day <= soft_most:
        allowed = f"which allow {soft_least} to {soft_most} mcg/day"
        if soft_least > soft_most:
            allowed = "which lie so far apart that they allow none"
        dose = f"{program.dose_mcg_per_day} mcg/day"
        words = f"{dose} is too far from the doses of the last 24 hours, {allowed}; --override accepts it"
        raise Refused("PROGRAM", "soft_limit", words)


def check_refill(
    volume_nl: int, concentration_mcg_per_ml: int, aspirated_nl: int | None, status: Mapping[str, Any]
) -> None:
    """Raise what stands against this refill of a pump with this status."""
    if volume_nl == 0:
        raise BadValue("--volume-ml 0 mL is no refill")
    check_range("REFILL", "concentration_mcg_per_ml", concentration_mcg_per_ml)
    if aspirated_nl is not None:
        check_range("REFILL", "aspirated_nl", aspirated_nl, "aspirated_ml", NL_PER_ML)
    capacity_nl = status["limits"]["capacity_nl"]
    if volume_nl > capacity_nl:
        words = f"--volume-ml: {volume_nl / 1e6:g} mL is more than the reservoir's {capacity_nl / 1e6:g} mL"
        raise Refused("REFILL", "overfill", words)


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
    """What the patient may ask for: a dose over a time, at least `lockout_s` apart, so many in 24 hours."""

    dose_ng: int
    over_s: int
    lockout_s: int
    per_day: int

    @property
    def dose_mcg(self) -> int | float:
        return mcg_from_ng(self.dose_ng)


def bridge_nl(status: Mapping[str, Any], concentration_mcg_per_ml: int) -> int | None:
    """The bridge that a refill of this concentration needs: the line's volume, of the old drug in it; None for none."""
    old = status["concentration_mcg_per_ml"]
    return status["line_nl"] if old and old != concentration_mcg_per_ml else None


def check_bolus(dose_mcg: Number, over_s: int, status: Mapping[str, Any]) -> None:
    """Raise what stands against a bolus on a pump with this status."""
    if dose_mcg <= 0:
        raise BadValue(f"--dose-mcg {dose_mcg} mcg is no dose")
    check_range("BOLUS", "over_s", over_s)
    if not status["concentration_mcg_per_ml"]:
        raise Refused("BOLUS", "not_filled")
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


def check_limits(limits: Mapping[str, int]) -> None:
    """Raise what stands against setting these limits."""
    if not limits:
        raise BadValue(f"there is no limit to set; give one of {', '.join(map(option, LIMITS))}")
    for name, limit in limits.items():
        check_range("LIMITS", name, limit, advice="; no limit can be switched off")


def check_alarm_settings(given: Mapping[str, int], capacity_nl: int) -> None:
    """Raise what stands against setting the alarms so."""
    if not given:
        options = [option(name.removesuffix("_s")) for name in ALARM_INTERVALS]
        raise BadValue(f"there is nothing to set; give one of {', '.join(options)}, --low-reservoir-ml")
    for name in ALARM_INTERVALS:
        if name in given:
            check_range("ALARM_SETTINGS", name, given[name], advice="; no alarm can be switched off")
    low_nl = given.get("low_reservoir_nl")
    if low_nl is not None and not 0 < low_nl <= capacity_nl // 2:
        words = f"at most half of the {capacity_nl / 1e6:g} mL, and not less than the residual volume"
        raise BadValue(f"--low-reservoir-ml {low_nl / 1e6:g} mL is not possible: {words}")
