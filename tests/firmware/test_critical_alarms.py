"""What a critical alarm means: no drug flows, or too little; at once if the motor is at fault. Storms are bounded."""

import pytest

from protocol import codes

from .body import Body, Motor
from .clinic import DAY_S, Clinic

HOUR_S = 3600
ORDERED_STEPS = 2500  # a day
STALL_NOTICED_S = 900


class FaultyMotor(Motor):
    """Loses each `lose_every`th step, and makes steps of its own: `unordered` and `backward`, once."""

    lose_every = unordered = backward = pulses = 0

    def _count(self, new):
        for _ in range(new):
            self.pulses += 1
            stalled = self.body.stalled
            self.body.stalled = stalled or bool(self.lose_every and self.pulses % self.lose_every == 0)
            super()._count(1)
            self.body.stalled = stalled

    def progress(self):
        self.counts[1] += self.unordered
        self.counts[2] += self.backward
        self.unordered = self.backward = 0
        return super().progress()


class FaultyBody(Body):
    def __init__(self):
        super().__init__()
        self.motor = FaultyMotor(self)


def running():
    clinic = Clinic(FaultyBody())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(DAY_S)
    return clinic


def stall(clinic):
    clinic.body.stalled = True


def empty(clinic):
    clinic.run(80 * DAY_S)


def worn_out(clinic):
    clinic.body.rest_mv = lambda: 2400
    clinic.body.load_mv = lambda: 2200


def sagging(clinic):
    clinic.body.load_mv = lambda: 2000


def stop(clinic):
    clinic.command("STOP")


def other_code(clinic):
    clinic.body.check_code = lambda: 2


def other_code_at_boot(clinic):
    other_code(clinic)
    clinic.boot()


def lose_steps(clinic):
    clinic.body.motor.lose_every = 4


def run_away(clinic):
    clinic.body.motor.unordered = 5000


def reset_loop(clinic):
    clinic.body.reset_by_watchdog = True
    for _ in range(3):
        clinic.run(60)
        clinic.boot()
    clinic.body.reset_by_watchdog = False


CAUSES = {
    "motor_stall": stall,
    "reservoir_empty": empty,
    "end_of_service": worn_out,
    "stopped_48h": stop,
    "memory_critical": other_code,
    "low_battery_reset": sagging,
    "step_mismatch": lose_steps,
    "overspeed": run_away,
    "safe_state": reset_loop,
    "self_test": other_code_at_boot,
}


def test_each_critical_alarm_has_its_cause_here():
    assert set(CAUSES) == {name for name, code in codes.ALARM.items() if code >> 8 == codes.CLASS["critical"]}


@pytest.mark.shows("SEED-06", "SEED-07")
@pytest.mark.parametrize("alarm", CAUSES)
def test_no_drug_flows_or_too_little(alarm):
    clinic = running()
    CAUSES[alarm](clinic)
    clinic.run(49 * HOUR_S)
    assert alarm in clinic.alarms()
    before = clinic.body.motor.progress()[1]
    clinic.run(DAY_S)
    assert clinic.body.motor.progress()[1] - before < 0.9 * ORDERED_STEPS


@pytest.mark.shows("R1.8")
@pytest.mark.parametrize("steps", [{"backward": 1}, {"unordered": 5000}])
@pytest.mark.parametrize("after_s", [1, 17, 34, 35, 1000])
def test_a_faults_stop_is_at_once(steps, after_s):
    """In the midst of a batch, with the very look that finds it."""
    clinic = running()
    clinic.run(after_s)
    motor = clinic.body.motor
    assert motor.left
    vars(motor).update(steps)
    clinic.poll()
    assert motor.left is None
    pulses = motor.counts[0]
    clinic.run(2 * DAY_S)
    assert motor.progress()[0] == pulses


@pytest.mark.shows("R3.7")
@pytest.mark.parametrize("pause_s", [1800, 2700, HOUR_S, 3 * HOUR_S])
def test_a_storm_of_stalls_is_one_alarm_and_bounded(pause_s):
    """Held and let go, for days: each is logged once, with its count in 24 h, and tones come no more often than due."""
    clinic = running()
    began_s, days = clinic.status().uptime_s, 4
    before = len(clinic.events())
    while clinic.status().uptime_s < began_s + days * DAY_S:
        clinic.body.stalled = not clinic.body.stalled
        clinic.run(pause_s)
    told = [entry for entry in clinic.events()[before:] if str(entry.event) == "MOTOR_STALL"]
    assert 1 < len(told) <= days * DAY_S / max(STALL_NOTICED_S, 2 * pause_s) + 1
    for entry in told:
        recent = [one for one in told if entry.uptime_s - DAY_S < one.uptime_s <= entry.uptime_s]
        assert entry.b == len(recent)
    assert [str(entry.alarm) for entry in clinic.status().alarms].count("motor_stall") == 1
    assert len(clinic.body.tones) <= days * DAY_S / clinic.config.critical_interval_s + len(told)
