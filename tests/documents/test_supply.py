"""`lasts`: what it promises is what the pump then does."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.documents.supply import ClockNotSet, forecast_supply
from tests.documents.bench import START, Bench

DAY = timedelta(days=1)
TODAY = START.date()
SHELF_LIFE = timedelta(days=180)
MIDNIGHT = time(0)


def lasts(bench: Bench, until: date) -> bool:
    return forecast_supply(bench.pump.status(), until).lasts


@pytest.mark.shows("SEED-47", "SEED-24")
@settings(max_examples=40)
@given(
    st.integers(10_000, 20_000),
    st.integers(100, 1000),
    st.sampled_from([500, 2000]),
    st.integers(0, 2),
    st.integers(-3, 3),
    st.booleans(),
)
def test_yes_means_that_no_alarm_comes_and_no_that_one_does_or_the_drug_is_old(
    volume_ul: int, dose: int, concentration: int, waited_days: int, off: int, flex: bool
) -> None:
    bench = Bench()
    bench.treat(volume_ul / 1000, concentration, dose)
    if flex:
        bench.pump.program_flex({"default": [("00:00", dose / 4), ("06:00", dose * 3 / 4)], "sun": [("00:00", dose)]})
    bench.pass_time(days=waited_days)
    status = bench.pump.status()
    low = date.fromisoformat(str(status["low_reservoir_date"]))
    until = max(TODAY + waited_days * DAY, min(low, TODAY + SHELF_LIFE) + off * DAY)
    said = forecast_supply(status, until)
    bench.run_to(datetime.combine(until + DAY, MIDNIGHT))
    alarmed = "low_reservoir" in bench.pump.status()["alarms"]
    assert said.lasts == (not alarmed and until <= TODAY + SHELF_LIFE), (said, alarmed)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_what_lasts_until_a_day_lasts_until_those_before(first: int, second: int) -> None:
    early, late = sorted((TODAY + first * DAY, TODAY + second * DAY))
    assert lasts(TREATED, early) or not lasts(TREATED, late)


TREATED = Bench()
TREATED.treat()


def test_both_dates_are_said_either_way() -> None:
    status = TREATED.pump.status()
    for until, words in ((date(2026, 3, 1), "Yes"), (date(2026, 4, 1), "No: the low-reservoir alarm begins")):
        sentence = forecast_supply(status, until).sentence()
        assert sentence.startswith(words)
        assert "low on 2026-03-18; refill by 2026-03-11" in sentence


def test_within_a_week_of_the_alarm_it_says_to_refill_before() -> None:
    status = TREATED.pump.status()
    assert forecast_supply(status, date(2026, 3, 11)).notes == ()
    assert "before you go" in forecast_supply(status, date(2026, 3, 12)).sentence()


def stopped(bench: Bench) -> None:
    bench.pump.stop()
    bench.pass_time(hours=7)


def empty(bench: Bench) -> None:
    bench.pass_time(days=100)


@pytest.mark.shows("SEED-19", "SEED-47")
@pytest.mark.parametrize(
    ("happened", "words"),
    [
        (stopped, "nothing has been delivered for 7h; dangerous withdrawal can follow"),
        (lambda bench: bench.pump.minimum_rate(), "no therapy; dangerous withdrawal"),
        (empty, "nothing has been delivered for"),
        (lambda bench: bench.pass_time(days=73), "the reservoir is low already"),
    ],
)
def test_no_therapy_is_no(happened: Any, words: str) -> None:
    bench = Bench()
    bench.treat()
    happened(bench)
    status = bench.pump.status()
    found = forecast_supply(status, date.fromisoformat(str(status["wall"])[:10]))
    assert not found.lasts
    assert words in found.sentence()


def test_a_pump_without_drug_or_program_says_so() -> None:
    bench = Bench()
    bench.pump.implant(89, wall=START)
    assert "no drug has been filled in" in forecast_supply(bench.pump.status(), TODAY).sentence()
    bench.pump.refill(20, 2000)
    assert "no program has been ordered" in forecast_supply(bench.pump.status(), TODAY).sentence()


def test_the_pumps_own_end_is_counted_too() -> None:
    bench = Bench()
    bench.treat()
    for _ in range(41):
        bench.pass_time(days=60)
        bench.pump.refill(20, 2000)
    bench.pass_time(days=8)
    status = bench.pump.status()
    assert status["eri"]
    today = date.fromisoformat(str(status["wall"])[:10])
    soon, end = forecast_supply(status, today + 7 * DAY), date.fromisoformat(status["eri"]) + 90 * DAY
    assert soon.lasts
    assert "replacement date was reached" in soon.sentence()
    assert "end of service" not in forecast_supply(status, end - DAY).sentence()
    assert "end of service" in forecast_supply(status, end).sentence()
    bench.run_to(datetime.combine(end + DAY, MIDNIGHT))
    over = bench.pump.status()
    assert over["therapy"] == "end_of_service"
    assert "nothing is being delivered" in forecast_supply(over, end + DAY).sentence()


def test_a_past_date_and_a_clock_that_is_not_set_are_no_questions() -> None:
    with pytest.raises(ValueError, match="2026-01-04 is past: the pump's clock says 2026-01-05"):
        forecast_supply(TREATED.pump.status(), TODAY - DAY)
    with pytest.raises(ClockNotSet, match="thecal clock"):
        forecast_supply(Bench().pump.status(), TODAY)
