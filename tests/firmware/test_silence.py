"""Too little: a motor that is ordered to turn and gives no pulse at all is noticed, as a rotor that stands is."""

from typing import Any

import pytest

from firmware.config import Config
from hal.contract import INHIBITED, OK

from .body import Body
from .clinic import DAY_S, Clinic

HOUR_S = 3600


def running(**config) -> Any:
    clinic: Any = Clinic(Body(), Config(**config))
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(DAY_S + 100)
    return clinic


def silence(clinic, code=OK):
    """From now on the motor takes its orders, or refuses them, and gives no pulse."""
    clinic.body.motor.progress()
    clinic.body.motor.left = None
    clinic.body.motor.order = lambda *_: code


def events(clinic, name):
    return [event for event in clinic.events() if str(event.event) == name]


@pytest.mark.parametrize("code", [OK, INHIBITED])
@pytest.mark.shows("FI-02")
def test_a_motor_without_pulses_is_a_stall_within_three_hours(code):
    clinic = running()
    silence(clinic, code)
    clinic.run(2 * HOUR_S - 200)
    assert not clinic.alarms()
    clinic.run(HOUR_S + 200)
    assert set(clinic.alarms()) == {"motor_stall"}
    (stall,) = events(clinic, "MOTOR_STALL")
    assert (stall.a, stall.b) == (0, 1)
    assert clinic.body.tones[-1][1] == 0x55
    clinic.run(6 * HOUR_S)
    assert clinic.status().stopped_s >= 6 * HOUR_S
    assert "stopped" in clinic.alarms()
    assert len(events(clinic, "MOTOR_STALL")) == 1


def test_it_is_over_when_pulses_are_confirmed_again():
    clinic = running()
    silence(clinic)
    clinic.run(5 * HOUR_S)
    del clinic.body.motor.order
    clinic.run(2 * HOUR_S)
    assert str(clinic.alarms()["motor_stall"].condition) == "past"
    (recovery,) = events(clinic, "MOTOR_STALL_RECOVERY")
    assert (recovery.a, recovery.b // HOUR_S) == (0, 2)
    assert clinic.status().stopped_s == 0


def test_at_the_least_rate_eight_steps_are_waited_for():
    clinic = running()
    clinic.command("MINIMUM_RATE")  # a step in 1440 s
    clinic.run(HOUR_S)
    silence(clinic)
    clinic.run(3 * HOUR_S)
    assert not clinic.alarms()
    clinic.run(HOUR_S + 900)
    assert set(clinic.alarms()) == {"motor_stall"}


@pytest.mark.parametrize("step_nl", [100, 2000])
def test_a_motor_that_turns_slowly_or_rests_by_order_is_not_silent(step_nl):
    clinic = running(step_nl=step_nl)
    for order in ("MINIMUM_RATE", "STOP", "RESUME"):
        clinic.command(order)
        clinic.run(5 * HOUR_S)
        assert not set(clinic.alarms()) & {"motor_stall", "stopped"}, order
    clinic.command("MINIMUM_RATE")
    clinic.run(3 * DAY_S)
    assert not clinic.alarms()
