"""An alarm whose condition ends and holds again sounds again, silenced or not in between, whatever ended it.

Each alarm has ways: what makes its condition hold, by a fault or an order, and what ends it. Every way is followed by
every way of the same alarm, and again with the power cut at times that a seed draws.
"""

from contextlib import nullcontext
from itertools import product
from random import Random
from typing import Any

import pytest

from firmware.config import Config
from firmware.records import slots
from protocol import codes

from .clinic import DAY_S, MONDAY_S, Clinic, Refused
from .test_critical_alarms import FaultyBody
from .test_senses import Gauge

HOUR_S = 3600
FAILED = 2
SEEDS = 4
DOSE_NG = 500_000


class FreeClinic(Clinic):
    """A treated patient's pump with a gauge. A reset releases the motor, as it does in a real body."""

    body: Any
    strength = 2000

    def __init__(self):
        self.gauge = Gauge()
        body: Any = FaultyBody()
        body.fill_sensor = self.gauge
        super().__init__(body, Config(low_warning_h=168))
        self.implant()
        self.refill()
        self.order()
        self.run(HOUR_S)

    def boot(self):
        self.body.motor.inhibited = False
        super().boot()

    def poll(self):
        self.gauge.pump = self.pump
        super().poll()

    def resume(self):
        self.command("RESUME", override="yes")

    def order(self, dose_ng_per_day=DOSE_NG):
        self.program(dose_ng_per_day, self.strength, override="yes")

    def refill_same(self, volume_nl=20_000_000):
        self.refill(volume_nl, self.strength)

    def refill_other(self, bridge):
        """One of three strengths after another."""
        self.strength = {2000: 1000, 1000: 1500, 1500: 2000}[self.strength]
        self.refill(mcg_per_ml=self.strength, bridge=bridge)

    def settings(self, **wanted):
        names = ("critical_interval_s", "non_critical_interval_s", "stopped_after_s", "low_reservoir_nl")
        self.command("ALARM_SETTINGS", **dict.fromkeys(names, 2**32 - 1) | wanted)


def later(seconds, *acts):
    """Do it, and let so much time pass."""

    def way(clinic):
        for act in acts:
            act(clinic)
        clinic.run(seconds)

    return way


def fault(seconds, **attributes):
    """Of the body, or of its motor."""

    def act(clinic):
        for name, value in attributes.items():
            setattr(clinic.body.motor if hasattr(clinic.body.motor, name) else clinic.body, name, value)

    return later(seconds, act)


def gauge(off_nl, seconds=30 * HOUR_S):
    """Have it read so much more. Three leaps within a day, and the pump would take it for faulty."""
    return later(seconds, lambda c: setattr(c.gauge, "off_nl", off_nl))


def rot(place):
    """Both copies of a record, until somebody writes it anew or the store reads right again."""

    def act(clinic):
        store = clinic.body.store
        clinic.was = {slot: store.slots.get(slot, b"") for slot in place[0]}
        store.slots |= dict.fromkeys(place[0], b"rotten")

    return later(14 * HOUR_S, act)


def fail_self_test(clinic):
    for answer in (FAILED, 0):
        clinic.body.check_ram = lambda answer=answer: answer
        clinic.boot()


resume = FreeClinic.resume
refill = FreeClinic.refill_same
boot = FreeClinic.boot
cut = later(60, boot)
program = FreeClinic.order
minimum_rate = lambda c: c.command("MINIMUM_RATE")  # noqa: E731
stop = lambda c: c.command("STOP")  # noqa: E731
trusted = (resume, minimum_rate, program)
corrected = lambda volume_nl: lambda c: c.correct(volume_nl=volume_nl)  # noqa: E731
write_chart = lambda c: c.command("WRITE_RECORD", field="patient_name", text=bytes(192))  # noqa: E731
restore = later(14 * HOUR_S, lambda c: c.body.store.slots.update(c.was))
stand = later(0, resume, fault(60 * HOUR_S, stalled=True))
turn = fault(12 * HOUR_S, stalled=False)
mute = later(4 * HOUR_S, lambda c: setattr(c.body.motor, "order", lambda *_: 0))
speak = later(12 * HOUR_S, lambda c: vars(c.body.motor).pop("order"))
unable = later(2 * HOUR_S, lambda c: setattr(c.body.store, "write", lambda *_: FAILED))
able = later(2 * HOUR_S, lambda c: vars(c.body.store).pop("write"))
other_code, own_code = fault(2 * HOUR_S, check_code=lambda: FAILED), fault(0, check_code=lambda: 0)
sag, recover = fault(2 * HOUR_S, load_mv=lambda: 2000), fault(2 * HOUR_S, load_mv=lambda: 2900)
refill_low = later(60, lambda c: c.refill_same(1_900_000))
refill_dry = later(11 * HOUR_S, lambda c: c.refill_same(1_450_000))

WAYS = {
    "motor_stall": [(fault(2 * HOUR_S, stalled=True), turn), (mute, speak)],
    "reservoir_empty": [(corrected(1_300_000), corrected(20_000_000)), (refill_dry, refill)],
    "stopped_48h": [(later(49 * HOUR_S, stop), resume), (stand, turn)],
    "memory_critical": [(unable, able)] + [(other_code, later(1, own_code, end)) for end in trusted],
    "low_battery_reset": [(later(0, resume, sag), recover)],
    "step_mismatch": [(later(0, resume, fault(DAY_S, lose_every=4)), fault(2 * DAY_S, lose_every=0))]
    + [(fault(HOUR_S, backward=1), end) for end in (*trusted, cut, later(2 * DAY_S, boot))],
    "overspeed": [(fault(HOUR_S, unordered=5), later(DAY_S, end)) for end in (*trusted, boot)],
    "safe_state": [(later(0, resume, sag), later(1, recover, end)) for end in (*trusted, stop)],
    "self_test": [(fail_self_test, end) for end in trusted],
    "program_unconfirmed": [
        (later(3 * DAY_S, lambda c: c.refill_other("yes")), program),
        (lambda c: c.refill_other("no"), program),
        (lambda c: c.refill_other("no"), lambda c: c.refill_other("yes")),
    ],
    "low_reservoir": [
        (corrected(1_900_000), corrected(20_000_000)),
        (refill_low, refill),
        (gauge(-18_500_000), gauge(0)),
        (later(1, corrected(9_000_000), lambda c: c.settings(low_reservoir_nl=10_000_000)),
         lambda c: c.settings(low_reservoir_nl=2_000_000)),
        (later(1, program, corrected(4_000_000), lambda c: c.order(1_000_000)), program),
        (later(1, resume, corrected(3_000_000)), minimum_rate),
        (later(1, resume, corrected(3_000_000)), stop),
    ],
    "memory": [(rot(slots.PATIENT), write_chart), (rot(slots.DOSES), program), (rot(slots.PATIENT), restore)],
    "reservoir_mismatch": [
        (later(0, corrected(15_000_000), gauge(off_nl)), end)
        for off_nl, end in product((3_000_000, -3_000_000), (gauge(0), later(0, gauge(0, 0), refill)))
    ],
    "clock_lost": [(boot, lambda c: c.command("SET_CLOCK", wall_s=MONDAY_S))],
    "stopped": [
        (later(25 * HOUR_S, stop), resume),
        (later(7 * HOUR_S, lambda c: c.settings(stopped_after_s=6 * HOUR_S), stop),
         lambda c: c.settings(stopped_after_s=DAY_S)),
        (stand, turn),
    ],
}  # fmt: skip
UNCUT = {"clock_lost", "memory_critical"}
"""A cut is the first one's cause; a pump that boots with what is the second's takes no order."""
LASTING = {"eri", "end_of_service"}
"""They never end."""


def holds(clinic, alarm):
    entry = clinic.alarms().get(alarm)
    return entry is not None and str(entry.condition) == "active"


def sounds(clinic, alarm):
    """Its condition holds, nobody silenced it, and a tone is heard within the longest time between two."""
    heard = len(clinic.body.tones)
    clinic.run(HOUR_S)
    entry = clinic.alarms().get(alarm)
    return holds(clinic, alarm) and str(entry.silenced) == "no" and len(clinic.body.tones) > heard


def silence(clinic, alarm):
    """A store that fails keeps it from being kept: it is obeyed all the same."""
    with pytest.raises(Refused, match="store") if "write" in vars(clinic.body.store) else nullcontext():
        clinic.command("SILENCE", alarm=alarm)


@pytest.mark.shows("R3.2")
@pytest.mark.parametrize("alarm", WAYS)
def test_an_alarm_whose_condition_returns_sounds_again(alarm):
    tried = 0
    cuts = alarm not in UNCUT
    for first, second in product(WAYS[alarm], repeat=2):
        for silenced, seed in product((True, False), range(SEEDS)):
            dice = Random(seed)
            clinic = FreeClinic()
            for round_, (hold, end) in enumerate((first, second)):
                at = f"{alarm} {WAYS[alarm].index(first)} {WAYS[alarm].index(second)} {silenced} {seed} {round_}"
                hold(clinic)
                assert sounds(clinic, alarm), at
                if silenced:
                    silence(clinic, alarm)
                if seed and cuts and dice.random() < 0.5:
                    clinic.boot()
                end(clinic)
                assert end is cut or not holds(clinic, alarm), at
                if seed and cuts and dice.random() < 0.5:
                    clinic.boot()
                if seed:
                    clinic.run(dice.randrange(HOUR_S))
                assert end is cut or not holds(clinic, alarm), at
            tried += 1
    print(f"{alarm}: {tried} cases, seeds 0 to {SEEDS - 1}")
    assert tried >= 2 * SEEDS


def test_every_alarm_is_here():
    assert set(WAYS) | LASTING == set(codes.ALARM)
