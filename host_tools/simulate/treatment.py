"""Therapies as clinics have them: who the patient is, what pump and catheter, which dose of which drug."""

from decimal import Decimal
from typing import Any, NamedTuple

from host_tools.machines.draw import Draw

STRENGTHS = (500, 1000, 2000)  # mcg/mL (docs/sources.md, DD-01)
LOWEST_NL_PER_DAY = 48_000
USUAL_ML_PER_DAY = (Decimal("0.06"), Decimal("1.5"))  # so that a filling lasts two weeks to some months

Interval = dict[str, Any]
Schedule = dict[str, list[Interval]]


class Treatment(NamedTuple):
    """A patient, the pump's configuration, and the therapy that is meant at the start."""

    pump: dict[str, Any]
    patient: dict[str, Any]
    catheter_cm: int
    tubing_primed: bool
    dose_mcg: int  # a day
    mcg_per_ml: int
    flex: bool
    grows: bool  # a new patient, whose dose is found in the weeks to come


def draw_treatment(draw: Draw) -> Treatment:
    """A patient of a clinic: a child or an adult, of cerebral or spinal spasticity (docs/sources.md, DD-03 on)."""
    child = draw.chance(30)
    grows = draw.chance(35)
    dose_mcg = draw.whole(50, 150) if grows else draw.spread(60, 500) if child else draw.spread(90, 900)
    if draw.chance(5):
        dose_mcg = draw.whole(24, 60)
    mcg_per_ml = draw.one_of([strength for strength in STRENGTHS if suits(dose_mcg, strength)] or [STRENGTHS[0]])
    patient: dict[str, Any] = {
        "used_to_mcg_per_day": 0 if grows else dose_mcg,
        "dependent": not grows and draw.chance(80),
    }
    if draw.chance(10):
        patient["prone"] = True
    catheter_cm = draw.whole(10, 60) if child else draw.whole(40, 114)
    return Treatment(
        _draw_pump(draw), patient, catheter_cm, draw.chance(25), dose_mcg, mcg_per_ml, draw.chance(35), grows
    )


def _draw_pump(draw: Draw) -> dict[str, Any]:
    """A configuration that a maker or a clinic may choose."""
    pump: dict[str, Any] = {}
    if draw.chance(40):
        pump["reservoir_ml"] = 40
    if draw.chance(25):
        pump["fill_sensor"] = True
    if draw.chance(20):
        pump["step_nl"] = draw.one_of([150, 200, 250])
    if draw.chance(15):
        pump["life_days"], pump["eri_days"] = draw.whole(40, 200), draw.whole(10, 30)
    if draw.chance(20):
        pump["couplings"] = True
    if draw.chance(20):
        pump["low_reservoir_ml"] = draw.one_of([Decimal("1.5"), 3, 4])
    if draw.chance(10):
        pump["low_warning_h"] = draw.one_of([24, 48])
    return pump


def suits(dose_mcg: float, mcg_per_ml: int) -> bool:
    """True if a pump is usually filled with that for such a dose."""
    low, high = USUAL_ML_PER_DAY
    return low <= Decimal(dose_mcg) / mcg_per_ml <= high


def draw_schedule(draw: Draw, dose_mcg: int, mcg_per_ml: int) -> Schedule:
    """A flex week of about that dose: the same every day, or others at the weekend."""
    schedule = {"default": _draw_day(draw, dose_mcg, mcg_per_ml)}
    for day in ("wed", "sat", "sun"):
        if draw.chance(20):
            schedule[day] = _draw_day(draw, dose_mcg, mcg_per_ml)
    return schedule


def _draw_day(draw: Draw, dose_mcg: int, mcg_per_ml: int) -> list[Interval]:
    """Intervals from 00:00 on; each gets its share by time, or so much more or less."""
    count = draw.one_of([1, 2, 2, 3, 3, 4, 6, 8, 13])
    starts_min = sorted({0, *(15 * draw.whole(1, 95) for _ in range(count - 1))})
    lowest_mcg = Decimal(LOWEST_NL_PER_DAY * mcg_per_ml) / 1_000_000
    intervals = []
    for from_min, end_min in zip(starts_min, [*starts_min[1:], 1440], strict=True):
        share = Decimal(end_min - from_min) / 1440
        mcg = max(share * dose_mcg * draw.whole(70, 130) / 100, share * lowest_mcg * Decimal("1.05"))
        intervals.append({"from": f"{from_min // 60:02}:{from_min % 60:02}", "dose_mcg": mcg.quantize(Decimal("0.1"))})
    return intervals
