"""What is about to be delivered is written down before the motor hears of it, and what was delivered stays written."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.config import Config
from firmware.records.ledger import Ledger
from firmware.therapy.delivery import MAX_BATCH_NL

from .body import Body, Motor
from .clinic import DAY_S, Clinic, Refused

LARGEST_STEPS = MAX_BATCH_NL // Config.step_nl
LINE_NL = 335_800
WEEK = [[(0, 150_000), (420, 100_000), (1290, 50_000)]] * 7


class WitnessedMotor(Motor):
    """Looks at each order what the store knows of it: all that was pulsed before, and this batch."""

    def order(self, steps, first_ms, period_ms, give_up_ms, miss_limit):
        kept = Ledger(self.body.store, LARGEST_STEPS)
        assert kept.recovered_steps == steps, f"{steps} steps ordered, {kept.recovered_steps} written down"
        assert kept.delivered_steps + kept.missed_steps + kept.unknown_steps >= self.progress()[0] + steps
        self.body.witnessed += 1
        return super().order(steps, first_ms, period_ms, give_up_ms, miss_limit)


class WitnessedBody(Body):
    def __init__(self):
        super().__init__()
        self.motor = WitnessedMotor(self)
        self.witnessed = 0


def refill(clinic):
    status = clinic.status()
    now = status.concentration_mcg_per_ml
    clinic.refill(mcg_per_ml=2500 - now)
    clinic.program(300_000, 2500 - now, override="yes")


def stall(clinic):
    clinic.body.motor.progress()
    clinic.body.stalled = True
    clinic.run(3 * 3600)
    clinic.body.motor.progress()
    clinic.body.stalled = False


ORDERS = {
    "simple": lambda clinic: clinic.program(330_000, clinic.status().concentration_mcg_per_ml, override="yes"),
    "flex": lambda clinic: clinic.flex(WEEK, clinic.status().concentration_mcg_per_ml, override="yes"),
    "bolus": lambda clinic: clinic.command("BOLUS", dose_ng=50_000, over_s=2000),
    "patient bolus": lambda clinic: clinic.command("PATIENT_BOLUS"),
    "cancel": lambda clinic: clinic.command("CANCEL_BOLUS"),
    "prime": lambda clinic: clinic.command("PRIME", volume_nl=clinic.unprimed_nl() // 3),
    "refill": refill,
    "stop": lambda clinic: clinic.command("STOP"),
    "minimum rate": lambda clinic: clinic.command("MINIMUM_RATE"),
    "resume": lambda clinic: clinic.command("RESUME"),
    "stall": stall,
    "cut": lambda clinic: clinic.boot(),
    "clock": lambda clinic: clinic.command("SET_CLOCK", wall_s=clinic.pump.clock.now_s + 253_000_000),
    "empty": lambda clinic: clinic.refill(1_450_000, clinic.status().concentration_mcg_per_ml),
}


def live(orders):
    """The body of a pump that lived through these (order, seconds after it)."""
    clinic = Clinic(WitnessedBody())
    clinic.implant_empty()
    clinic.refill(mcg_per_ml=2000)
    clinic.command("SET_PATIENT_BOLUS", dose_ng=10_000, over_s=600, lockout_s=0, per_day=24)
    for name, seconds in orders:
        with suppress(Refused):
            ORDERS[name](clinic)
        clinic.run(seconds)
    return clinic.body


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(sorted(ORDERS)), st.sampled_from([0, 7, 900, 5000, DAY_S])), max_size=20))
def test_no_batch_is_ordered_before_it_is_written_down(orders):
    live(orders)


def test_each_kind_of_batch_is_witnessed():
    body = live([("prime", 5000), *[(name, seconds) for name in ORDERS for seconds in (600, 5000)]])
    assert body.witnessed > 40
    assert len({period_ms for _, _, _, period_ms, _, _ in body.orders}) >= 8
