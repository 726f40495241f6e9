"""What the pump feels, and what it makes of it: temperature, the reservoir's gauge, a supply that sags, lost steps."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.checks.fillsensor import IN_A_ROW
from firmware.config import Config

from .body import Body
from .clinic import DAY_S, Clinic

HOUR_S = 3600
TOLERANCE_NL = Config.sensor_tolerance_nl
LEFT_NL = 20_000_000
GOOD_READINGS = 3  # before a faulty gauge is believed again


class Gauge:
    """Reads what the books say and `off_nl` more, never below zero; or `held_nl`, whatever that is."""

    pump: Any = None
    off_nl = 0
    held_nl: int | None = None

    def volume_nl(self) -> int:
        if self.held_nl is not None:
            return self.held_nl
        return max(0, self.pump.reservoir.volume_nl + self.off_nl)


class GaugedClinic(Clinic):
    def __init__(self, body):
        self.gauge = body.fill_sensor = Gauge()
        super().__init__(body)

    def poll(self):
        self.gauge.pump = self.pump
        super().poll()

    def faults(self):
        names = [str(entry.event) for entry in self.events()]
        return [name for name in names if name in ("RESERVOIR_MISMATCH", "RESERVOIR_SENSOR_FAULT")]


def treat(clinic, dose_ng_per_day=500_000):
    clinic.implant()
    clinic.refill()
    clinic.program(dose_ng_per_day)


def running():
    clinic = Clinic(Body())
    treat(clinic)
    return clinic


def gauged(dose_ng_per_day=500_000):
    clinic = GaugedClinic(Body())
    treat(clinic, dose_ng_per_day)
    return clinic


def advisories(clinic):
    return [str(advisory) for advisory in clinic.status().advisories]


@pytest.mark.shows("R9.1", "FI-51")
@given(
    st.lists(st.sampled_from([-4000, 3449, 3499, 3500, 3549, 3550, 3700, 3950, 3951, 4000, 4001, 12500]), max_size=9)
)
def test_a_temperature_out_of_range_is_noted_until_it_is_well_inside(readings):
    clinic = running()
    noted, out = [], False
    for centi_celsius in readings:
        clinic.body.centi_celsius = lambda value=centi_celsius: value
        clinic.run(HOUR_S)
        if not 3500 <= centi_celsius <= 4000:
            noted += [] if out else [centi_celsius]
            out = True
        elif 3550 <= centi_celsius <= 3950:
            out = False
        assert advisories(clinic) == ["temperature"] * out
    found = [entry.a for entry in clinic.events() if str(entry.event) == "TEMP_RANGE"]
    assert found == [centi_celsius % 2**32 for centi_celsius in noted]
    assert clinic.body.tones == []


def test_a_thermometer_without_a_reading_changes_nothing():
    clinic = running()
    for centi_celsius, expected in ((-27316, []), (4100, ["temperature"]), (-27316, ["temperature"])):
        clinic.body.centi_celsius = lambda value=centi_celsius: value
        clinic.run(HOUR_S)
        assert advisories(clinic) == expected


@pytest.mark.shows("R2.3")
@given(st.integers(-TOLERANCE_NL, TOLERANCE_NL))
def test_a_gauge_within_its_tolerance_is_never_complained_of(off_nl):
    clinic = gauged()
    clinic.gauge.off_nl = off_nl
    clinic.run(12 * DAY_S)
    assert clinic.faults() == []


@given(st.lists(st.integers(-TOLERANCE_NL // 4, TOLERANCE_NL // 4), min_size=30, max_size=60))
def test_little_noise_is_never_complained_of(offs_nl):
    clinic = gauged()
    for off_nl in offs_nl:
        clinic.gauge.off_nl = off_nl
        clinic.run(HOUR_S)
    assert clinic.faults() == []


def test_a_difference_that_is_not_steady_is_none():
    clinic = gauged()
    clinic.run(DAY_S)
    for hour in range(48):
        clinic.gauge.off_nl = TOLERANCE_NL + (1 if hour % 2 else -1)
        clinic.run(HOUR_S)
    assert clinic.faults() == []


@pytest.mark.shows("FI-15")
@given(st.lists(st.integers(-9_000_000, 9_000_000), min_size=24, max_size=72))
def test_much_noise_makes_no_storm(offs_nl):
    clinic = gauged()
    clinic.run(20 * DAY_S)
    for off_nl in offs_nl:
        clinic.gauge.off_nl = off_nl
        clinic.run(HOUR_S)
    assert len(clinic.faults()) <= len(offs_nl) // 6


@pytest.mark.shows("R2.3", "FI-14")
@pytest.mark.parametrize("off_nl", [TOLERANCE_NL + 1, -TOLERANCE_NL - 1, 3_000_000, -3_000_000])
def test_a_steady_difference_is_a_mismatch_after_three_readings(off_nl):
    clinic = gauged()
    clinic.run(20 * DAY_S)
    clinic.gauge.off_nl = off_nl
    leaps = abs(off_nl) > TOLERANCE_NL  # the first reading does, and does not count
    clinic.run((IN_A_ROW - 1 + leaps) * HOUR_S)
    assert clinic.alarms() == {}
    clinic.run(HOUR_S)
    assert str(clinic.alarms()["reservoir_mismatch"].condition) == "active"
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "RESERVOIR_MISMATCH"]
    assert event.b - event.a == off_nl
    clinic.gauge.off_nl = 0
    clinic.run((IN_A_ROW + 1) * HOUR_S)
    assert str(clinic.alarms()["reservoir_mismatch"].condition) == "past"


@pytest.mark.shows("R2.3")
@pytest.mark.parametrize("less_nl", [600_000, 3_000_000, 10_000_000])
def test_the_lower_estimate_makes_the_alarm_and_the_date(less_nl):
    clinic = gauged()
    clinic.gauge.off_nl = -less_nl
    clinic.run(5 * HOUR_S)
    left_s = (LEFT_NL - less_nl - Config.low_reservoir_nl) * DAY_S // 250_000
    status = clinic.status()
    assert abs(status.low_reservoir_s - clinic.pump.clock.now_s - (left_s - 5 * HOUR_S)) <= 120
    clinic.run(left_s - 7 * HOUR_S)
    assert "low_reservoir" not in clinic.alarms()
    clinic.run(3 * HOUR_S)
    assert "low_reservoir" in clinic.alarms()
    assert clinic.status().reservoir_nl > Config.low_reservoir_nl
    assert str(clinic.status().operation) == "basal"


@pytest.mark.shows("FI-15")
@pytest.mark.parametrize("dose_ng_per_day", [100_000, 500_000, 999_000])
def test_a_gauge_that_stands_still_is_faulty_and_no_mismatch(dose_ng_per_day):
    clinic = gauged(dose_ng_per_day)
    clinic.run(DAY_S)
    clinic.gauge.held_nl = clinic.pump.reservoir.volume_nl
    days = TOLERANCE_NL * 2000 // dose_ng_per_day // 1000
    clinic.run(days * DAY_S)
    assert advisories(clinic) == ["sensor_fault"]
    assert clinic.faults() == ["RESERVOIR_SENSOR_FAULT"]
    clinic.refill()
    clinic.run(days * DAY_S)
    assert clinic.faults() == ["RESERVOIR_SENSOR_FAULT"]
    clinic.gauge.held_nl = None
    clinic.run(12 * HOUR_S)
    assert advisories(clinic) == []


def test_a_dry_reservoir_is_no_gauge_that_stands_still():
    clinic = gauged()
    clinic.gauge.held_nl = 0
    clinic.run(10 * DAY_S)
    assert clinic.faults() == ["RESERVOIR_MISMATCH"]
    assert list(clinic.alarms()) == ["reservoir_mismatch", "low_reservoir"]


@pytest.mark.parametrize("held_nl", [-1, LEFT_NL + TOLERANCE_NL + 1, (1 << 30) - 1])
def test_no_reading_and_an_impossible_one_are_a_fault_after_three(held_nl):
    clinic = gauged()
    clinic.run(DAY_S)
    clinic.gauge.held_nl = held_nl
    clinic.run((IN_A_ROW - 1) * HOUR_S)
    assert advisories(clinic) == []
    clinic.run(HOUR_S)
    assert advisories(clinic) == ["sensor_fault"]
    clinic.run(DAY_S)
    assert clinic.faults() == ["RESERVOIR_SENSOR_FAULT"]
    clinic.gauge.held_nl = None
    clinic.run((IN_A_ROW + 2) * HOUR_S)
    assert advisories(clinic) == []
    assert clinic.alarms() == {}


def silent(clinic):
    clinic.gauge.held_nl = -1
    clinic.run(IN_A_ROW * HOUR_S)
    clinic.gauge.held_nl = None


def stuck(clinic):
    clinic.gauge.held_nl = clinic.pump.reservoir.volume_nl
    clinic.run(2 * DAY_S)
    clinic.gauge.held_nl = None


def leaping(clinic):
    for off_nl in (-2_000_000, 0, -2_000_000, 0):
        clinic.gauge.off_nl = off_nl
        clinic.run(HOUR_S)
    clinic.run(21 * HOUR_S)  # until the first leaps are a day ago


@pytest.mark.parametrize("fault", [silent, stuck, leaping])
def test_a_faulty_gauge_is_believed_after_three_good_readings_and_no_sooner(fault):
    clinic = gauged()
    clinic.run(DAY_S)
    fault(clinic)
    assert advisories(clinic) == ["sensor_fault"]
    for _ in range(GOOD_READINGS - 1):
        clinic.run(HOUR_S)
        assert advisories(clinic) == ["sensor_fault"]
    clinic.run(HOUR_S)
    assert advisories(clinic) == []
    assert clinic.faults() == ["RESERVOIR_SENSOR_FAULT"]


@pytest.mark.parametrize("good", range(1, GOOD_READINGS))
def test_good_readings_that_a_bad_one_follows_do_not_count(good):
    clinic = gauged()
    clinic.run(DAY_S)
    silent(clinic)
    for _ in range(5):
        clinic.run(good * HOUR_S)
        clinic.gauge.held_nl = -1
        clinic.run(HOUR_S)
        clinic.gauge.held_nl = None
        assert advisories(clinic) == ["sensor_fault"]
    assert clinic.alarms() == {}


def test_a_mismatch_outlives_a_reset_and_ends_with_a_refill():
    clinic = gauged()
    clinic.gauge.off_nl = -2_000_000
    clinic.run(DAY_S)
    clinic.boot()
    clinic.run(HOUR_S)
    assert "reservoir_mismatch" in clinic.alarms()
    clinic.gauge.off_nl = 0
    clinic.refill()
    assert "reservoir_mismatch" not in clinic.alarms()
    clinic.run(DAY_S)
    assert "reservoir_mismatch" not in clinic.alarms()


def test_an_empty_pump_does_not_ask_its_gauge():
    clinic = GaugedClinic(Body())
    clinic.gauge.held_nl = 7_000_000
    clinic.run(DAY_S)
    assert clinic.faults() == []


@pytest.mark.shows("FI-27", "R6.4")
@pytest.mark.parametrize(
    ("order", "therapy", "rate_nl_per_day"), [("MINIMUM_RATE", "minimum", 6000), ("STOP", "stopped", 0)]
)
def test_a_sagging_supply_leaves_what_is_no_more_than_the_least(order, therapy, rate_nl_per_day):
    clinic = running()
    clinic.command(order)
    clinic.body.load_mv = lambda: 2000
    clinic.run(2 * HOUR_S)
    assert list(clinic.alarms()) == ["low_battery_reset"]
    status = clinic.status()
    assert (str(status.therapy), status.rate_nl_per_day) == (therapy, rate_nl_per_day)


@pytest.mark.shows("FI-26", "FI-27", "FI-28")
@pytest.mark.parametrize(
    ("rest_mv", "load_mv", "therapy"),
    [
        (2600, 2300, "running"),
        (2600, 2299, "safe_state"),
        (-1, 2299, "safe_state"),
        (2599, 2299, "end_of_service"),
        (2599, 2300, "running"),
        (3000, -1, "running"),
    ],
)
def test_a_sagging_supply_is_told_from_a_worn_one(rest_mv, load_mv, therapy):
    clinic = running()
    clinic.body.rest_mv = lambda: rest_mv
    clinic.body.load_mv = lambda: load_mv
    clinic.run(HOUR_S)
    assert str(clinic.status().therapy) == therapy
    assert ("low_battery_reset" in clinic.alarms()) == (therapy == "safe_state")


def test_a_sag_that_a_reset_fell_into_is_over_when_the_supply_is_good():
    clinic = running()
    clinic.body.load_mv = lambda: 2000
    clinic.run(HOUR_S)
    clinic.body.load_mv = lambda: 2900
    clinic.boot()
    clinic.run(HOUR_S)
    assert str(clinic.alarms()["low_battery_reset"].condition) == "past"
    assert str(clinic.status().therapy) == "safe_state"


@pytest.mark.shows("FI-50")
def test_good_steps_do_not_excuse_one_backwards():
    clinic = running()
    clinic.run(DAY_S)
    clinic.body.stalled = True
    clinic.run(60)
    clinic.poll()
    clinic.body.stalled = False
    clinic.run(600)
    clinic.body.now_ms += 60_000
    clinic.body.motor.counts[2] += 1
    clinic.poll()
    assert str(clinic.alarms()["step_mismatch"].condition) == "active"
    names = [str(entry.event) for entry in clinic.events()]
    assert (names.count("REVERSE_STEP"), names.count("STEP_LOSS")) == (1, 0)


@pytest.mark.shows("FI-07")
def test_a_head_that_comes_and_goes_is_logged_once():
    clinic = running()
    there = [False]
    clinic.body.present = lambda: there[0]
    clinic.poll()
    before = len(clinic.events())
    for _ in range(100):
        there[0] = not there[0]
        clinic.poll()
    assert [str(entry.event) for entry in clinic.events()[before:]] == ["TELEMETRY_MODE_ENTER"]


@given(noise_nl=st.integers(0, TOLERANCE_NL // 4), seed=st.integers(0, 99))
def test_a_gauges_noise_makes_no_second_low_reservoir(noise_nl, seed):
    """It reads 15 mL too little, within its noise, and so a reservoir that becomes low."""
    dice = Random(seed)
    clinic = gauged()
    for _ in range(24 * 14):
        clinic.gauge.off_nl = -15_000_000 + dice.randint(-noise_nl, noise_nl)
        clinic.run(HOUR_S)
    assert [str(entry.event) for entry in clinic.events()].count("LOW_RESERVOIR") == 1
