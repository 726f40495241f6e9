"""The safety monitor alone stops a delivery that has gone wrong."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import firmware
from firmware.pump import Pump
from firmware.safety.monitor import OVERSPEED, REVERSE, Monitor
from firmware.therapy.delivery import Delivery
from hal.contract import Motor

from .body import Body
from .clinic import DAY_S, Clinic, Refused


class TenfoldDelivery(Delivery):
    """Orders ten times what it is told to."""

    def set_rate(self, rate_nl_per_day):
        super().set_rate(rate_nl_per_day * 10)


class TenfoldPump(Pump):
    delivery_class = TenfoldDelivery


def running(pump_class=Pump):
    clinic = Clinic(Body(), pump_class=pump_class)
    clinic.implant()
    clinic.refill()
    clinic.program()
    return clinic


@pytest.mark.shows("R4.4", "R4.7", "R1.3")
def test_a_tenfold_delivery_is_stopped_within_the_days_limit():
    clinic = running(TenfoldPump)
    clinic.run(2 * DAY_S)
    confirmed = clinic.body.motor.counts[1]
    legal_steps = 1000 * 1000 * 1000 // (2000 * 100)  # of the daily limit: 1000 mcg at 2000 mcg/mL and 100 nL
    assert confirmed <= legal_steps * 1.1 + 400  # its tolerance, a batch that may be late, and one
    assert clinic.body.motor.inhibited
    assert "overspeed" in clinic.alarms()
    assert clinic.status().therapy == "safe_state"


def test_the_same_delivery_runs_on_without_the_monitor():
    clinic = running(TenfoldPump)
    clinic.pump.monitor.watch = lambda now_s: None
    clinic.run(2 * DAY_S)
    assert clinic.body.motor.counts[1] > 20_000


@pytest.mark.shows("R4.7")
def test_a_legal_delivery_never_trips_it():
    clinic = running()
    clinic.program(dose_ng_per_day=1_000_000, override="yes")
    clinic.run(30 * DAY_S)
    assert not clinic.pump.monitor.tripped


def test_a_programmer_lets_it_go_and_it_trips_again():
    clinic = running(TenfoldPump)
    clinic.run(DAY_S // 2)
    with pytest.raises(Refused, match="dose_limit"):  # the day's dose is used up
        clinic.command("RESUME")
    clinic.run(DAY_S)
    before = clinic.body.motor.counts[1]
    clinic.command("RESUME")
    assert not clinic.body.motor.inhibited
    clinic.run(DAY_S // 4)
    assert clinic.body.motor.inhibited
    assert clinic.body.motor.counts[1] - before <= 5000 * 1.1 + 400


def test_a_lower_limit_is_the_monitors_a_day_later():
    clinic = running(TenfoldPump)
    clinic.command("LIMITS", max_dose_mcg_per_day=6000, max_bolus_mcg=100, max_change_percent=10)
    clinic.run(2 * DAY_S)  # 5000 mcg a day are legal now
    assert not clinic.body.motor.inhibited
    clinic.command("LIMITS", max_dose_mcg_per_day=4000, max_bolus_mcg=100, max_change_percent=10)
    clinic.run(23 * 3600)
    assert not clinic.body.motor.inhibited
    clinic.run(2 * 3600)
    assert "overspeed" in clinic.alarms()


def test_a_limit_below_the_running_dose_does_not_trip_it():
    clinic = running()
    clinic.command("LIMITS", max_dose_mcg_per_day=100, max_bolus_mcg=100, max_change_percent=10)
    clinic.run(3 * DAY_S)
    clinic.boot()
    clinic.run(3 * DAY_S)
    assert not clinic.body.motor.inhibited


class Rotor(Motor):
    """Counts that a test sets."""

    def __init__(self):
        self.counts: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
        self.inhibited = False

    def progress(self):
        return self.counts

    def inhibit(self):
        self.inhibited = True
        return 0


@pytest.mark.shows("R1.10")
def test_steps_that_nobody_ordered():
    rotor = Rotor()
    monitor = Monitor(rotor, 100, 1000, 110, 0)
    monitor.set_drug(2000)
    rotor.counts = (100, 101, 0, 0, 0)
    monitor.watch(10)
    assert not rotor.inhibited  # one may be seen a moment after its order was
    rotor.counts = (100, 103, 0, 0, 0)
    monitor.watch(20)
    assert rotor.inhibited
    assert monitor.tripped == OVERSPEED


@pytest.mark.shows("R1.9")
def test_a_backward_step():
    rotor = Rotor()
    monitor = Monitor(rotor, 100, 1000, 110, 0)
    rotor.counts = (10, 9, 1, 0, 0)
    monitor.watch(10)
    assert rotor.inhibited
    assert monitor.tripped == REVERSE


@given(missing=st.integers(0, 5000))
def test_missing_steps_are_none_of_its_business(missing):
    rotor = Rotor()
    monitor = Monitor(rotor, 100, 1000, 110, 0)
    monitor.set_drug(2000)
    rotor.counts = (2000 + missing, 2000, 0, missing, 0)
    monitor.watch(86_000)
    assert monitor.tripped == 0


@given(strong=st.integers(0, 6000), weak=st.integers(0, 24_000), first=st.sampled_from([500, 2000]))
def test_the_days_dose_is_what_counts_not_its_steps(strong, weak, first):
    rotor = Rotor()
    monitor = Monitor(rotor, 100, 1000, 110, 0)
    steps = {2000: strong, 500: weak}
    confirmed = 0
    for hour, mcg_per_ml in enumerate((first, 2500 - first)):
        monitor.set_drug(mcg_per_ml)
        for half in (0, 1):
            confirmed += (steps[mcg_per_ml] + half) // 2
            rotor.counts = (confirmed, confirmed, 0, 0, 0)
            monitor.watch(hour * 7200 + half * 3600)
    dose_mcg = strong * 0.2 + weak * 0.05
    hours_mcg = max((strong + 1) // 2 * 0.2, (weak + 1) // 2 * 0.05)
    assert bool(monitor.tripped) == (dose_mcg > 1100 or hours_mcg > 550)


def test_it_imports_nothing_but_the_type_of_its_motor():
    tree = ast.parse(Path(firmware.__file__).parent.joinpath("safety", "monitor.py").read_text())
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert imports == ["from hal.contract import Motor"]


@pytest.mark.shows("R4.7")
@pytest.mark.parametrize(("max_mcg", "first_mcg", "rest_mcg"), [(1000, 900, 95), (100, 75, 24)])
def test_a_legal_week_never_trips_it(max_mcg, first_mcg, rest_mcg):
    """Most of the day's dose in two hours: the next day's begins a day later."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=500)
    clinic.command("LIMITS", max_dose_mcg_per_day=max_mcg, max_bolus_mcg=100, max_change_percent=10)
    clinic.flex([[(0, first_mcg * 1000), (120, rest_mcg * 1000)]] * 7, mcg_per_ml=500)
    clinic.run(5 * DAY_S)
    assert not clinic.pump.monitor.tripped
    assert clinic.status().therapy == "running"
