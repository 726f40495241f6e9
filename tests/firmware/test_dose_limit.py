"""The safety invariant (R1.3): whatever is ordered, no 24 hours deliver more than the limit in force, and a little."""

from random import Random
from typing import Any

import pytest

from firmware.config import Config

from .clinic import DAY_S, Clinic, Refused
from .delivered import DAY_MS, RecordingBody

STEP_NL = Config.step_nl
LINE_NL = 335_800
BATCH_STEPS = 200
STARTS = 3  # steps for each start, stop or change of delivery
LARGEST_MCG = 1000

WEIGHTS = {
    "program": 3,
    "flex": 3,
    "bolus": 8,
    "cancel_bolus": 1,
    "patient_asks": 4,
    "allow_patient": 1,
    "refill": 3,
    "stop": 1,
    "resume": 3,
    "prime": 1,
    "stall": 1,
}
WEEKS = (
    [(0, 150_000), (420, 100_000), (1290, 50_000)],
    [(0, 45_000), (600, 400_000), (660, 400_000), (720, 60_000)],
    [(0, 450_000), (120, 450_000), (240, 90_000)],
    [(0, 90_000), (1200, 450_000), (1320, 450_000)],
)


class AnyOrders:
    """Programs, boluses, refills, stops, cuts and waiting in any order; refusals are the pump's own affair."""

    def __init__(self, seed):
        self.random = Random(seed)
        self.weights = WEIGHTS | {"set_clock": seed % 4 == 0, "limit": 2 * (seed % 2), "cut": seed % 3 == 0}
        self.body = RecordingBody(LINE_NL // STEP_NL)
        self.clinic = Clinic(self.body)
        self.changes_ms = []
        self.cuts_ms = []
        self.shifts = []  # (ms, seconds) by which the clock was set
        self.limits = [(0, LARGEST_MCG)]  # (from_ms, mcg/day): what was ordered under a higher one goes on
        self.taken = []
        self.clinic.implant()
        self.body.line_of_drug.fill(2000)
        self.clinic.refill(mcg_per_ml=2000)
        self.limit_to(LARGEST_MCG)
        self.allow_patient()
        self.program()

    def live(self, orders):
        """So many orders, some time after most of them, and two days."""
        names, weights = zip(*self.weights.items(), strict=True)
        for name in self.random.choices(names, weights, k=orders):
            getattr(self, name)()
            self.wait(self.random.choice((0, 1, 30, 90, 300, 700)))
        self.clinic.run(2 * DAY_S)
        self.body.motor.progress()

    def order(self, name, command, *args, **fields):
        """Whether the pump took it."""
        self.changes_ms.append(self.body.now_ms)
        try:
            command(*args, **fields)
        except Refused:
            return False
        state: Any = self.clinic.pump.state
        highest_mcg = max(state.highest_dose_ng, state.next_highest_dose_ng) // 1000
        self.limits.append((self.body.now_ms, max(state.max_dose_mcg_per_day, highest_mcg)))
        self.taken.append(name)
        return True

    def limit_to(self, max_dose_mcg):
        none = 2**32 - 1
        fields = {"max_dose_mcg_per_day": max_dose_mcg, "max_bolus_mcg": 1000, "max_change_percent": none}
        assert self.order("LIMITS", self.clinic.command, "LIMITS", **fields)

    def limit(self):
        self.limit_to(self.random.choice((400, 700, LARGEST_MCG, LARGEST_MCG)))

    def program(self):
        dose_mcg = self.random.choice((100, 300, 400, 600, 800, 1000))
        self.order("simple", self.clinic.program, dose_mcg * 1000, self.body.line_of_drug.drug, override="yes")

    def flex(self):
        week = self.random.choices(WEEKS, k=7)
        if self.random.random() < 0.5:
            week = [self.random.choice(WEEKS)] * 7
        self.order("flex", self.clinic.flex, week, self.body.line_of_drug.drug, override="yes")

    def bolus(self):
        over_s = self.random.choice((300, 3600, 36_000, DAY_S))
        dose_ng = self.random.choice((5, 50, 150, 300, 600)) * 1000
        self.order("single", self.clinic.command, "BOLUS", dose_ng=dose_ng, over_s=over_s)

    def cancel_bolus(self):
        self.order("cancel", self.clinic.command, "CANCEL_BOLUS")

    def allow_patient(self):
        lockout_s = self.random.choice((0, 3600))
        fields = {"dose_ng": self.random.choice((5, 50, 100)) * 1000, "over_s": 600, "lockout_s": lockout_s}
        self.order("settings", self.clinic.command, "SET_PATIENT_BOLUS", per_day=self.random.choice((1, 24)), **fields)

    def patient_asks(self):
        for _ in range(self.random.randint(1, 12)):
            self.order("patient", self.clinic.command, "PATIENT_BOLUS")
            self.wait(11)

    def refill(self):
        line = self.body.line_of_drug
        mcg_per_ml = self.random.choice((500, 1000, 2000, line.drug))
        changes = mcg_per_ml != line.drug
        bridge = self.random.random() < 0.8
        bridge_nl = LINE_NL if changes and bridge else 2**32 - 1
        if self.order("refill", self.clinic.refill, 20_000_000, mcg_per_ml, bridge_nl):
            line.drug = mcg_per_ml
            if changes and (not bridge or not self.body.motor.counts[1]):  # the clinician's risk; nothing in the line
                line.fill(mcg_per_ml)
        if changes:
            self.random.choice((self.program, self.flex))()

    def stop(self):
        self.order("stop", self.clinic.command, self.random.choice(("STOP", "MINIMUM_RATE")))

    def resume(self):
        self.order("resume", self.clinic.command, "RESUME")

    def prime(self):
        self.order("prime", self.clinic.command, "PRIME", volume_nl=self.clinic.status().unprimed_nl)

    def stall(self):
        """For as long as it takes to be noticed, or not."""
        self.body.stalled = True
        self.changes_ms.append(self.body.now_ms)
        self.wait(self.random.choice((5, 20, 120)))
        self.body.motor.progress()
        self.body.stalled = False
        self.wait(60)
        self.changes_ms.append(self.body.now_ms)

    def set_clock(self):
        by_s = self.random.randint(-10, 10) * 60
        self.shifts.append((self.body.now_ms, abs(by_s)))
        self.order("clock", self.clinic.command, "SET_CLOCK", wall_s=self.clinic.status().wall_s + by_s)

    def cut(self):
        self.cuts_ms.append(self.body.now_ms)
        self.body.motor.halt()
        wall_s = self.clinic.status().wall_s
        self.clinic.boot()
        self.order("clock", self.clinic.command, "SET_CLOCK", wall_s=wall_s)

    def wait(self, minutes):
        self.body.motor.progress()
        self.clinic.run(minutes * 60)

    def most_mcg(self, from_ms):
        """The largest limit that may still have counted, and what is nobody's to prevent."""
        until_ms = from_ms + DAY_MS

        def during(moments_ms):
            return sum(from_ms - DAY_MS <= at_ms <= until_ms for at_ms in moments_ms)

        places = [i for i, (at_ms, _) in enumerate(self.limits) if at_ms <= max(0, until_ms)]
        first = max(i for i in places if self.limits[i][0] <= max(0, from_ms - DAY_MS))
        largest_mcg = max(self.limits[i][1] for i in places if i >= first)
        shifted_s = sum(seconds for at_ms, seconds in self.shifts if from_ms - DAY_MS <= at_ms <= until_ms)
        steps = STARTS * (1 + during(self.changes_ms)) + BATCH_STEPS * during(self.cuts_ms)
        shifted_mcg = 2 * shifted_s * LARGEST_MCG / 2 / 3600  # no hour of a week has more than half a day's limit
        return largest_mcg * 1.002 + steps * STEP_NL * 2000 / 1_000_000 + shifted_mcg


@pytest.mark.parametrize("seed", range(40))
def test_no_24_hours_have_more_than_the_limit(seed):
    orders = AnyOrders(seed)
    orders.live(40)
    for from_ms, dose in orders.body.worst_days():
        dose_mcg = dose * STEP_NL / 1_000_000
        most_mcg = orders.most_mcg(from_ms)
        assert dose_mcg <= most_mcg, f"{dose_mcg} mcg, not {most_mcg}, in the 24 hours from {from_ms / 3.6e6} h on"
