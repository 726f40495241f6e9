"""The schedule of refills: its first date is the pump's own, and the next is what the pump says once it is refilled."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from host_tools.documents.refillcalendar import calendar
from host_tools.documents.schedule import NoSchedule, Schedule, schedule
from host_tools.documents.supply import WEEK, ClockNotSet
from host_tools.programmer.flex import head_of
from tests.documents.bench import START, Bench

DAY = timedelta(days=1)
FULL_NL = 20_000_000


def planned(bench: Bench, filling_nl: int = FULL_NL, early: timedelta = WEEK, count: int = 5) -> Schedule:
    pump = bench.pump
    head = head_of(pump.running_program())
    dose_ng = head.dose_ng_per_day if head else 0
    return schedule(pump.status(), dose_ng, pump.patient_bolus_settings(), filling_nl, early, count=count)


def treated(
    dose: int, mcg_per_ml: int, flex: bool, low_ml: int, boluses: int, waited_h: int, volume_ml: int = 20
) -> Bench:
    bench = Bench()
    bench.treat(volume_ml, mcg_per_ml, dose)
    if flex:
        week = {"default": [("00:00", dose / 4), ("06:00", dose * 3 / 4)], "sun": [("00:00", dose * 9 / 8)]}
        bench.pump.program_flex(week, override=True)
    bench.pump.alarm_settings(low_reservoir_ml=low_ml)
    if boluses:
        bench.pump.set_patient_bolus(dose // 20, 600, 3600, boluses)
    bench.pass_time(hours=waited_h)
    return bench


THERAPIES = (
    st.integers(100, 600),
    st.sampled_from([500, 2000]),
    st.booleans(),
    st.integers(2, 6),
    st.sampled_from([0, 3]),
    st.integers(0, 200),
)


@pytest.mark.shows("SEED-64")
@settings(max_examples=60)
@given(*THERAPIES)
def test_the_first_date_is_the_pumps(
    dose: int, mcg_per_ml: int, flex: bool, low_ml: int, boluses: int, waited_h: int
) -> None:
    bench = treated(dose, mcg_per_ml, flex, low_ml, boluses, waited_h)
    status = bench.pump.status()
    for early_days in (7, 8):
        first = planned(bench, early=timedelta(days=early_days)).dates[0]
        assert first.low_reservoir_date.isoformat() == status["low_reservoir_date"]
        assert (first.refill_by + (early_days - 7) * DAY).isoformat() == status["refill_by"]
        today = date.fromisoformat(str(status["wall"])[:10])
        assert first.overdue == (first.refill_by < today)


@pytest.mark.shows("SEED-64")
@settings(max_examples=25)
@given(*THERAPIES)
def test_the_next_dates_are_those_of_the_pump_once_it_is_refilled(
    dose: int, mcg_per_ml: int, flex: bool, low_ml: int, boluses: int, waited_h: int
) -> None:
    """Where the program is the same each day, to the day, or a day early. No boluses are asked for: only the dates of
    a filling are compared, whose forecast has them too."""
    bench = treated(dose, mcg_per_ml, flex, low_ml, boluses, waited_h)
    first, *later = planned(bench).dates
    for refill in later[:2]:
        made = max(first.refill_by, date.fromisoformat(str(bench.pump.status()["wall"])[:10]))
        bench.run_to(max(datetime.combine(made, time(10)), START + timedelta(hours=waited_h)))
        bench.pump.refill(20, mcg_per_ml)
        status = bench.pump.status()
        late = date.fromisoformat(str(status["low_reservoir_date"])) - refill.low_reservoir_date
        assert (-DAY if flex else 0 * DAY) <= late <= DAY, status["low_reservoir_date"]
        assert abs(date.fromisoformat(str(status["refill_by"])) - refill.refill_by) <= DAY
        first = refill


def test_each_filling_comes_before_the_one_before_is_low_and_ends_with_service() -> None:
    bench = treated(500, 2000, flex=False, low_ml=2, boluses=0, waited_h=0)
    found = planned(bench, count=1000)
    assert found.ended
    assert found.end_of_service_by == date(2033, 1, 5)
    for before, after in zip(found.dates, found.dates[1:], strict=False):
        assert before.refill_by + 65 * DAY == after.refill_by == after.low_reservoir_date - WEEK
    assert found.end_of_service_by - 65 * DAY <= found.dates[-1].refill_by <= found.end_of_service_by
    assert not planned(bench, count=3).ended


def test_earlier_means_as_many_days_before_each_date() -> None:
    bench = treated(500, 2000, flex=False, low_ml=2, boluses=0, waited_h=0)
    for days in (7, 10, 30):
        found = planned(bench, early=days * DAY)
        assert {refill.low_reservoir_date - refill.refill_by for refill in found.dates} == {days * DAY}


@pytest.mark.shows("SEED-64")
def test_a_slow_rate_is_limited_by_the_age_of_the_drug_and_says_so() -> None:
    bench = treated(100, 2000, flex=False, low_ml=2, boluses=0, waited_h=0)
    found = planned(bench, count=3)
    assert [refill.too_old for refill in found.dates] == [True, True, True]
    assert [refill.refill_by for refill in found.dates] == [START.date() + n * 180 * DAY for n in (1, 2, 3)]


def test_after_a_small_filling_only_the_full_ones_are_too_old() -> None:
    bench = treated(100, 2000, flex=False, low_ml=2, boluses=0, waited_h=0, volume_ml=5)
    assert [refill.too_old for refill in planned(bench, count=3).dates] == [False, True, True]


def test_one_that_is_overdue_counts_as_made_today() -> None:
    bench = treated(500, 2000, flex=False, low_ml=2, boluses=0, waited_h=70 * 24)
    first, second, *_ = planned(bench).dates
    assert (first.overdue, second.overdue) == (True, False)
    assert second.low_reservoir_date == START.date() + (70 + 72) * DAY


def test_in_a_bridge_the_first_date_is_the_pumps_and_the_others_of_the_new_drug() -> None:
    bench = treated(500, 2000, flex=False, low_ml=2, boluses=0, waited_h=100)
    bench.pump.refill(20, 500)
    status, found = bench.pump.status(), planned(bench)
    assert status["bolus"] == "bridge"
    assert found.dates[0].low_reservoir_date.isoformat() == status["low_reservoir_date"]
    assert found.dates[1].low_reservoir_date - found.dates[0].refill_by == 18 * DAY


REFUSED = {
    "no drug has been filled in": lambda bench: None,
    "no program": lambda bench: (bench.pump.set_clock(START), bench.pump.refill(20, 2000)),
    "filled without drug": lambda bench: (bench.treat(), bench.pump.refill(20, 0)),
    "nothing is being delivered": lambda bench: (bench.treat(), bench.pump.stop()),
    "no therapy": lambda bench: (bench.treat(), bench.pump.minimum_rate()),
    "end of service": lambda bench: (bench.treat(), bench.wear_out()),
}


def test_a_motor_that_stalls_is_no_order_that_is_missing() -> None:
    bench = Bench()
    bench.treat()
    bench.machine.plant.apply_fault("motor_stall")
    bench.pass_time(hours=3)
    with pytest.raises(NoSchedule, match=r"nothing has been delivered.*`thecal status` says why"):
        planned(bench)


@pytest.mark.parametrize("words", REFUSED)
def test_without_a_therapy_there_is_none_and_it_says_why(words: str) -> None:
    bench = Bench()
    REFUSED[words](bench)
    with pytest.raises(NoSchedule, match=words):
        planned(bench)


def test_without_a_clock_there_is_none() -> None:
    bench = Bench()
    bench.treat()
    with pytest.raises(ClockNotSet):
        schedule({**bench.pump.status(), "wall": None}, 500_000, bench.pump.patient_bolus_settings(), FULL_NL)


@pytest.mark.parametrize(("filling_ml", "early_days"), [(1, 7), (2, 7), (3, 7), (20, 72)])
def test_fillings_that_cannot_follow_each_other_are_refused(filling_ml: int, early_days: int) -> None:
    bench = treated(500, 2000, flex=False, low_ml=2, boluses=0, waited_h=0)
    with pytest.raises(ValueError, match=f"{filling_ml} mL lasts"):
        planned(bench, filling_ml * 1_000_000, early_days * DAY)


def events(bench: Bench, count: int = 4) -> dict[str, tuple[date, int]]:
    """UID -> day and sequence, as a calendar keeps them."""
    found = planned(bench, count=count)
    data = calendar(found.dates, bench.pump.status(), datetime(2026, 1, 1, tzinfo=UTC))
    read: list[Any] = Calendar.from_ical(data).walk("VEVENT")
    assert [event["dtstart"].dt for event in read] == [refill.refill_by for refill in found.dates]
    for event in read:
        assert type(event["dtstart"].dt) is date  # a whole day, of no time zone
        assert event["dtend"].dt - event["dtstart"].dt == DAY
        assert "not a medical device" in event["description"]
    assert data.count(b"\r\n") == data.count(b"\n")
    return {str(event["uid"]): (event["dtstart"].dt, int(event["sequence"])) for event in read}


@pytest.mark.shows("SEED-64")
def test_a_later_calendar_moves_its_events_and_doubles_none() -> None:
    bench = treated(500, 2000, flex=False, low_ml=2, boluses=0, waited_h=0)
    first = events(bench)
    bench.pass_time(days=3)
    bench.pump.program_simple(600)
    second = events(bench)
    assert first.keys() == second.keys()
    assert len(first) == 4
    for uid, (day, sequence) in first.items():
        assert second[uid][0] < day
        assert second[uid][1] > sequence
        assert "THECAL-00001" in uid


def test_a_calendar_names_nobody() -> None:
    bench = treated(500, 2000, flex=False, low_ml=2, boluses=0, waited_h=0)
    bench.pump.write_records({"patient_name": "Ada Holm", "clinic": "North"})
    data = calendar(planned(bench).dates, bench.pump.status())
    assert b"Ada" not in data
    assert b"North" not in data
