"""Somebody who tries things: orders of every kind in any order, ordinary and absurd ones. None is meant as therapy."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from host_tools.machines.draw import Draw
from host_tools.simulate.slips import Act
from host_tools.simulate.treatment import draw_schedule

TRIED = "nothing of it, only to try"
STRENGTHS = (0, 50, 500, 500, 1000, 1000, 2000, 2000, 10_000)
VOLUMES_ML = (1, 2, 5, 10, 18, 20, 20, 40, 41)
DOSES_MCG = (24, 2500)
BOLUS_MCG = (1, 400)
OVERS = ("1m", "5m", "20m", "1h", "6h", "24h")
MOST_INTERVALS = 14


def try_something(draw: Draw) -> Act:
    """An order, drawn."""
    act = draw.one_of(_KINDS)(draw)
    return act | {"meant": TRIED} if _is_therapy(act) else act


def _is_therapy(act: Act) -> bool:
    return not act.keys() & {"silence", "demo_alarm", "alarm_settings", "patient"}


def _program(draw: Draw) -> Act:
    fields: dict[str, Any] = {"mode": "simple", "dose_mcg_per_day": draw.spread(*DOSES_MCG)}
    if draw.chance(40):
        fields = {"mode": "flex", "schedule": _week(draw)}
    if draw.chance(60):
        fields["override"] = True
    return {"program": fields}


def _week(draw: Draw) -> dict[str, Any]:
    """A week: even, or strong around one midnight, or of more intervals than a day may have."""
    kind = draw.whole(0, 3)
    if kind == 0:
        day = [{"from": f"{hour:02}:00", "dose_mcg": Decimal(draw.whole(3, 40))} for hour in range(MOST_INTERVALS)]
        return {"default": day}
    dose_mcg = draw.spread(100, 1500)
    if kind == 1:
        late = [{"from": "00:00", "dose_mcg": Decimal(10)}, {"from": "18:00", "dose_mcg": Decimal(dose_mcg)}]
        early = [{"from": "00:00", "dose_mcg": Decimal(dose_mcg)}, {"from": "06:00", "dose_mcg": Decimal(10)}]
        return {"default": [{"from": "00:00", "dose_mcg": Decimal(100)}], "sat": late, "sun": early}
    return draw_schedule(draw, dose_mcg, draw.one_of((500, 1000, 2000)))


def _refill(draw: Draw) -> Act:
    fields: dict[str, Any] = {
        "volume_ml": draw.one_of(VOLUMES_ML),
        "concentration_mcg_per_ml": draw.one_of(STRENGTHS),
    }
    if draw.chance(20):
        fields["drug"] = draw.one_of(("baclofen", "morphine"))
    return {"refill": fields}


def _bolus(draw: Draw) -> Act:
    return {"bolus": {"dose_mcg": draw.spread(*BOLUS_MCG), "over": draw.one_of(OVERS)}}


def _set_patient_bolus(draw: Draw) -> Act:
    fields = {"dose_mcg": draw.spread(1, 300), "over": draw.one_of(OVERS), "lockout": draw.one_of(("0s", "1h", "8h"))}
    return {"set_patient_bolus": {**fields, "per_day": draw.whole(0, 4)}}


def _correct(draw: Draw) -> Act:
    fields: dict[str, Any] = {"concentration_mcg_per_ml": draw.one_of(STRENGTHS)}
    if draw.chance(40):
        fields = {"volume_ml": draw.one_of(VOLUMES_ML)}
    return {"correct": {**fields, "override": True} if draw.chance(50) else fields}


def _limits(draw: Draw) -> Act:
    name, least, most = draw.one_of(
        (("max_dose_mcg_per_day", 100, 2500), ("max_bolus_mcg", 5, 400), ("max_change_percent", 5, 100))
    )
    return {"limits": {name: draw.spread(least, most)}}


def _settings(draw: Draw) -> Act:
    name, values = draw.one_of(
        (
            ("critical_interval", ("3m", "10m", "30m")),
            ("non_critical_interval", ("30m", "2h")),
            ("stopped_after", ("1h", "12h")),
            ("low_reservoir_ml", (Decimal("1.5"), 4)),
        )
    )
    return {"alarm_settings": {name: draw.one_of(values)}}


def _prime(draw: Draw) -> Act:
    return {"prime": {"volume_ml": Decimal(draw.spread(50, 500)) / 1000} if draw.chance(40) else {}}


def _implant(draw: Draw) -> Act:
    return {"implant": {"catheter_cm": draw.whole(5, 114), "catheter": draw.one_of(("new", "new", "same"))}}


def _plain(name: str, fields: Any) -> Callable[[Draw], Act]:
    return lambda _draw: {name: fields}


_KINDS: tuple[Callable[[Draw], Act], ...] = (
    _program,
    _program,
    _program,
    _refill,
    _refill,
    _bolus,
    _bolus,
    _bolus,
    _set_patient_bolus,
    _plain("patient_bolus", {}),
    _plain("patient_bolus", {}),
    _plain("cancel_bolus", {}),
    _correct,
    _limits,
    _settings,
    _prime,
    _implant,
    _plain("stop", {}),
    _plain("minimum_rate", {}),
    _plain("resume", {}),
    _plain("resume", {"override": True}),
    _plain("silence", "all"),
    lambda draw: {"silence": draw.one_of(("low_reservoir", "clock_lost", "motor_stall", "stopped", "eri"))},
    lambda draw: {"demo_alarm": draw.one_of(("critical", "non_critical"))},
)
