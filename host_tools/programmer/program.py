"""Simple programs, and their checks before they are sent.

The pump checks everything again and has the last word; a check here only says it with both values.
"""

from typing import NamedTuple

from host_tools.programmer.errors import BadValue, Refused
from host_tools.programmer.ranges import check_range
from host_tools.programmer.status import Limits, Status
from host_tools.programmer.units import Number, mcg_from_ng, ng_from_mcg


class Program(NamedTuple):
    """A program: dose, concentration and the rate that follows from them."""

    mode: str
    concentration_mcg_per_ml: int
    dose_ng_per_day: int
    rate_nl_per_day: int

    @property
    def dose_mcg_per_day(self) -> int | float:
        return mcg_from_ng(self.dose_ng_per_day)


def simple_program(dose_mcg_per_day: Number, concentration_mcg_per_ml: int) -> Program:
    """The same dose all day. BadValue for more than three decimals of a mcg."""
    dose_ng = ng_from_mcg("dose_mcg_per_day", dose_mcg_per_day)
    return Program("simple", concentration_mcg_per_ml, dose_ng, volume_nl(dose_ng, concentration_mcg_per_ml))


def volume_nl(dose_ng: int, concentration_mcg_per_ml: int) -> int:
    """The volume of a dose, to the nearest nL."""
    return (dose_ng * 1000 + concentration_mcg_per_ml // 2) // concentration_mcg_per_ml


def check_program(program: Program, status: Status, override: bool = False) -> None:
    """Raise what stands against ordering `program` on a pump with this status."""
    limits = status["limits"]
    if program.dose_ng_per_day == 0:
        raise BadValue("--dose-mcg-per-day 0 mcg/day is no dose; `thecal stop` stops delivery")
    check_range("STAGE", "concentration_mcg_per_ml", program.concentration_mcg_per_ml)
    if status["therapy"] == "unfilled":
        raise Refused("PROGRAM", "not_filled")
    if not status["concentration_mcg_per_ml"]:
        raise Refused("PROGRAM", "inconsistent", "the reservoir was filled without drug; `thecal refill` books another")
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


def check_change(program: Program, limits: Limits) -> None:
    """Raise when the daily dose is too far above those of the last 24 hours, or below those of the last 48."""
    soft_least, soft_most = limits["soft_min_dose_mcg_per_day"], limits["soft_max_dose_mcg_per_day"]
    if soft_most is not None and not soft_least <= program.dose_mcg_per_day <= soft_most:
        allowed = f"which allow {soft_least} to {soft_most} mcg/day"
        if soft_least > soft_most:
            allowed = "which lie so far apart that they allow none"
        dose = f"{program.dose_mcg_per_day} mcg/day"
        words = f"{dose} is too far from the doses of the last two days, {allowed}; --override accepts it"
        raise Refused("PROGRAM", "soft_limit", words)
