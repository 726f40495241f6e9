"""The programmer's limits are those of the declarations: at an edge it asks the pump, beyond it says the range."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from host_tools.cli.main import verb_of
from host_tools.programmer import BadValue, PatientBolus
from host_tools.programmer.bolus import check_bolus, check_patient_bolus
from host_tools.programmer.implantation import check_implant, line_nl
from host_tools.programmer.program import check_program, simple_program
from host_tools.programmer.refill import check_correct, check_refill
from host_tools.programmer.settings import ALARM_INTERVALS, LIMITS, check_alarm_settings, check_limits
from host_tools.programmer.units import EPOCH, MM_PER_CM, NL_PER_ML, wall_s
from protocol.fields import fields_of
from protocol.registry import REQUEST, field_of

STATUS: Any = {
    "therapy": "running",
    "tip_mcg_per_ml": 2000,
    "concentration_mcg_per_ml": 2000,
    "limits": {
        "capacity_nl": 20_000_000,
        "max_bolus_mcg": 200,
        "max_dose_mcg_per_day": 10**9,
        "min_rate_nl_per_day": 0,
        "max_rate_nl_per_day": 2**64,
    },
}
ALLOWED = PatientBolus(10_000, 300, 14_400, 3)


def _limit(name: str) -> Callable[[int], None]:
    return lambda value: check_limits({name: value})


def _interval(name: str) -> Callable[[int], None]:
    return lambda value: check_alarm_settings({name: value}, 20_000_000)


def _patient(name: str) -> Callable[[int], None]:
    return lambda value: check_patient_bolus(ALLOWED._replace(**{"per_day": 0, name: value}))


AMOUNTS = r"outside \d+ to [\d.]+ "
UNIT_SAID = {
    "number": re.compile(AMOUNTS + r"(mL|mcg|cm|mm|%|mcg/mL|mcg/day|a day)(;|$)"),
    "duration": re.compile(r"outside \d+[dhms]\b.* to \d+[dhms]\b"),
    "local time": re.compile(r"outside 2018-01-01 00:00:00 to 2052-"),
}
"""How the range of each kind of option ends, or is written."""
COUNTS = {"integer", "integer range"}
OPTIONS = {
    option.opts[0]: "number" if option.type.name in COUNTS else option.type.name
    for verb in ("implant", "refill", "program", "bolus", "bolus-settings", "limits", "alarm-settings", "clock")
    for option in verb_of(verb).params
}
"""The options of the verbs that order something, and their kind."""

CHECKS: dict[tuple[str, str], Callable[[int], Any]] = {
    ("IMPLANT", "wall_s"): lambda value: wall_s("wall", EPOCH + timedelta(seconds=value)),
    ("IMPLANT", "implanted_wall_s"): lambda value: wall_s("date", EPOCH + timedelta(seconds=value)),
    ("IMPLANT", "catheter_mm"): lambda value: check_implant(value, 0, 20, False),
    ("IMPLANT", "tubing_nl"): lambda value: check_implant(0, value, 20, False),
    ("IMPLANT", "depth_mm"): lambda value: check_implant(0, 0, value, True),
    ("REFILL", "concentration_mcg_per_ml"): lambda value: check_refill(1, value, None, STATUS),
    ("REFILL", "aspirated_nl"): lambda value: check_refill(1, 2000, value, STATUS),
    ("CORRECT", "concentration_mcg_per_ml"): lambda value: check_correct(value, None, STATUS, True),
    ("STAGE", "concentration_mcg_per_ml"): lambda value: check_program(
        simple_program(1, 2000)._replace(concentration_mcg_per_ml=value), STATUS, True
    ),
    ("SET_CLOCK", "wall_s"): lambda value: wall_s("wall", EPOCH + timedelta(seconds=value)),
    **{("LIMITS", name): _limit(name) for name in LIMITS},
    ("BOLUS", "over_s"): lambda value: check_bolus(1, value, STATUS),
    **{("SET_PATIENT_BOLUS", name): _patient(name) for name in PatientBolus._fields},
    **{("ALARM_SETTINGS", name): _interval(name) for name in ALARM_INTERVALS},
}


@pytest.mark.parametrize("place", CHECKS, ids=".".join)
def test_a_limit_is_the_declared_one_and_is_said_with_the_option_and_in_peoples_units(place: tuple[str, str]) -> None:
    check, field = CHECKS[place], field_of(*place)
    check(field.least)
    check(field.most)
    for value in (field.least - 1, field.most + 1):
        with pytest.raises(BadValue) as wrong:
            check(value)
        said = str(wrong.value)
        option = said.split()[0]
        assert option in OPTIONS, said
        assert not re.search(r"_|\b(nl|ng|wall)\b", said.removeprefix(option)), said
        assert UNIT_SAID[OPTIONS[option]].search(said), said


def test_every_number_that_is_ordered_has_such_a_limit_but_those_that_the_pump_reports() -> None:
    by_status = {("ALARM_SETTINGS", "low_reservoir_nl"), ("PRIME", "volume_nl"), ("BOLUS", "dose_ng")}
    by_status |= {("STAGE", "dose_ng_per_day"), ("STAGE", "rate_nl_per_day"), ("IMPLANT", "dose_ng_per_day")}
    by_status |= {("REFILL", "volume_nl"), ("CORRECT", "volume_nl")}
    ordered = ("IMPLANT", "REFILL", "CORRECT", "STAGE", "SET_CLOCK", "LIMITS", "PRIME", "BOLUS", "SET_PATIENT_BOLUS")
    numbers = {
        (request, field.name)
        for request in (*ordered, "ALARM_SETTINGS")
        for field in fields_of(REQUEST[request].layout)
        if field.is_number
    }
    assert numbers == CHECKS.keys() | by_status


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (lambda: check_implant(890, 14 * NL_PER_ML, 20, False), "--pump-tubing-ml 14 is outside 0 to 1 mL"),
        (lambda: check_implant(890, 1_000_001, 20, False), "--pump-tubing-ml 1.000001 is outside 0 to 1 mL"),
        (lambda: check_implant(250 * MM_PER_CM, 0, 20, False), "--catheter-cm 250 is outside 0 to 200 cm"),
        (lambda: check_bolus(5, 90_000, STATUS), "--over 1d 1h is outside 1s to 1d"),
        (lambda: check_limits({"max_bolus_mcg": 0}), "--max-bolus-mcg 0 is outside 1 to 2000 mcg; no limit"),
        (
            lambda: check_patient_bolus(ALLOWED._replace(per_day=25)),
            "--per-day 25 is outside 0 to 24 a day; 0 allows none",
        ),
        (lambda: line_nl(89, Decimal(14)), "--pump-tubing-ml 14 is outside 0 to 1 mL"),
    ],
)
def test_the_value_and_its_range_are_said_as_a_person_writes_them(check: Callable[[], None], words: str) -> None:
    with pytest.raises(BadValue) as wrong:
        check()
    assert words in str(wrong.value)


def test_what_a_line_holds() -> None:
    assert line_nl(89, Decimal("0.14")) == 335_800
    assert line_nl(110, Decimal("0.14")) == 382_000
