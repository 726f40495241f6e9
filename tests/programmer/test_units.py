"""Units are exact: what a person wrote is what goes over the wire, or it is refused."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from host_tools.programmer import BadValue
from host_tools.programmer.program import simple_program
from host_tools.programmer.units import EPOCH, exact, mcg_from_ng, ng_from_mcg, nl_from_ml, wall_s, wall_text

thousandths = st.integers(0, 10**12)


@given(thousandths)
def test_three_decimals_of_a_dose_are_exact_in_every_kind_of_number(ng: int) -> None:
    text = f"{ng // 1000}.{ng % 1000:03}"
    assert ng_from_mcg("dose", Decimal(text)) == ng
    assert ng_from_mcg("dose", float(text)) == ng
    assert ng_from_mcg("dose", mcg_from_ng(ng)) == ng


@given(thousandths, st.integers(1, 9))
def test_a_fourth_decimal_is_refused(ng: int, digit: int) -> None:
    text = f"{ng // 1000}.{ng % 1000:03}{digit}"
    with pytest.raises(BadValue, match=rf"--dose {text} is too fine"):
        ng_from_mcg("dose", Decimal(text))


@pytest.mark.parametrize(("ml", "nl"), [(20, 20_000_000), (0.1, 100_000), (0.14, 140_000), (1e-6, 1)])
def test_volumes(ml: float, nl: int) -> None:
    assert nl_from_ml("volume_ml", ml) == nl


@pytest.mark.parametrize(
    "value",
    [
        -1,
        float("inf"),
        float("-inf"),
        Decimal("NaN"),
        1e308,
        Decimal("1e999999"),
        Decimal("1e99999999999"),
        Decimal("1e-99999999"),
        10**400,
        10**12 + 1,
    ],
)
def test_what_is_no_amount_is_refused(value: float | Decimal) -> None:
    with pytest.raises(BadValue, match=r"--volume-ml .* mL"):
        exact("volume_ml", value, 1, "whole numbers")


@given(st.integers(1, 10**9), st.integers(1, 50_000))
def test_rate_is_the_nearest_whole_nl_a_day(dose_ng: int, concentration: int) -> None:
    program = simple_program(Decimal(dose_ng) / 1000, concentration)
    true_nl = Fraction(dose_ng * 1000, concentration)
    assert program.dose_ng_per_day == dose_ng
    assert Fraction(-1, 2) < program.rate_nl_per_day - true_nl <= Fraction(1, 2)


@given(st.integers(0, 2**30 - 1))
def test_wall_time_there_and_back(seconds: int) -> None:
    moment = EPOCH + timedelta(seconds=seconds)
    assert wall_s("wall", moment) == seconds
    assert wall_text(seconds) == moment.isoformat()


@given(st.datetimes())
def test_wall_time_that_the_pump_cannot_count_is_refused(moment: datetime) -> None:
    assume(moment.microsecond or not EPOCH <= moment < EPOCH + timedelta(seconds=2**30))
    with pytest.raises(BadValue, match="wall"):
        wall_s("wall", moment)
