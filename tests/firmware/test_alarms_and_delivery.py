"""Alarms never hold up delivery: a pump that sounds every minute makes the steps of one that is silent, to the ms."""

import pytest

from firmware import wire

from .body import Body, Motor
from .clinic import DAY_S, Clinic

HOUR_S = 3600
DAYS = 3
SHORTEST_S = 60
SETTINGS = {"critical_interval_s": SHORTEST_S, "non_critical_interval_s": 600, "stopped_after_s": wire.NONE32}
SETTINGS |= {"low_reservoir_nl": 10_000_000}
PATIENT_BOLUS = {"dose_ng": 10_000, "over_s": 600, "lockout_s": HOUR_S, "per_day": 12}


class TimedMotor(Motor):
    """Also notes when each step was made, in ms."""

    def __init__(self, body):
        super().__init__(body)
        self.made_at_ms = []

    def _count(self, new):
        assert self.left is not None
        _, first_ms, period_ms = self.left
        start_ms = self.order_at_ms + first_ms
        self.made_at_ms += [start_ms + place * period_ms for place in range(self.given, self.given + new)]
        super()._count(new)


class AlarmBody(Body):
    """Its buzzer may be one that takes no tone."""

    def __init__(self, tone_code):
        super().__init__()
        self.motor = TimedMotor(self)
        self.tone_code = tone_code

    def play(self, pattern):
        super().play(pattern)
        return self.tone_code


def simple(clinic):
    clinic.run(DAYS * DAY_S)


def flex(clinic):
    clinic.flex([[(0, 150_000), (420, 100_000), (1290, 50_000)]] * 7, override="yes")
    clinic.run(DAYS * DAY_S)


def boluses(clinic):
    clinic.command("SET_PATIENT_BOLUS", **PATIENT_BOLUS)
    for _ in range(2 * DAYS):
        clinic.open("patient")
        clinic.signed("PATIENT_BOLUS")
        clinic.signed("CLOSE")
        clinic.run(DAY_S // 2)


def bridge(clinic):
    clinic.refill(9_000_000, mcg_per_ml=500)
    clinic.run(DAYS * DAY_S)


def minimum_rate(clinic):
    clinic.command("MINIMUM_RATE")
    clinic.run(DAYS * DAY_S)
    clinic.command("RESUME")
    clinic.run(DAY_S)


def stop_and_resume(clinic):
    for _ in range(DAYS):
        clinic.command("STOP")
        clinic.run(HOUR_S + 1)
        clinic.command("RESUME")
        clinic.run(DAY_S)


def resets(clinic):
    for _ in range(DAYS):
        clinic.run(DAY_S - 1)
        clinic.boot()


def treated(therapy, silenced, tone_code):
    """A pump treated so, with a critical alarm of a stall that is over and a non-critical one of a low reservoir."""
    clinic = Clinic(AlarmBody(tone_code))
    clinic.implant()
    clinic.refill(9_000_000)
    clinic.program()
    clinic.command("ALARM_SETTINGS", **SETTINGS)
    clinic.body.stalled = True
    clinic.run(4 * HOUR_S)
    clinic.body.stalled = False
    clinic.run(4 * HOUR_S)
    if silenced:
        clinic.command("SILENCE", alarm="all")
    else:
        clinic.command("READ_IMPLANT")  # a session as long
    clinic.body.tones.clear()
    therapy(clinic)
    clinic.body.motor.progress()
    return clinic


def duals(clinic):
    return len([pattern for _, pattern in clinic.body.tones if pattern == 0x55])


@pytest.mark.shows("R3.6")
@pytest.mark.parametrize("tone_code", [0, 2], ids=["sounding", "buzzer fails"])
@pytest.mark.parametrize("therapy", [simple, flex, boluses, bridge, minimum_rate, stop_and_resume, resets])
def test_the_steps_are_the_same_to_the_ms_with_and_without_tones(therapy, tone_code):
    loud, silent = (treated(therapy, silenced, tone_code) for silenced in (False, True))
    assert duals(loud) >= DAYS * DAY_S // SHORTEST_S - DAYS
    assert duals(silent) == 0
    assert len(loud.body.motor.made_at_ms) > 100
    assert loud.body.motor.made_at_ms == silent.body.motor.made_at_ms
    assert loud.body.orders == silent.body.orders
