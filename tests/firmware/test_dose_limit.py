"""The safety invariant (R1.3): whatever is ordered, and whenever the power fails, no 24 hours of the patient's time get
more at the tip than the largest limit that was in force, and a step at each end."""

import os
from random import Random
from typing import Any

import pytest

from firmware.config import Config

from .clinic import DAY_S, MONDAY_S, Clinic, Refused
from .delivered import DAY_MS, RecordingBody
from .test_power_cut import CuttingStore, PowerLost

STEP_NL = Config.step_nl
HOUR_S = 3600
LINE_NL = 335_800
STRONGEST_MCG_PER_ML = 2000
STEPS = 3  # one that waited, and one at each end of the 24 hours
LARGEST_MCG = 1000
LIVES = 100 if os.environ.get("THECAL_HYPOTHESIS") == "thorough" else 6  # of each kind of clinic

WEIGHTS = {
    "program": 3,
    "flex": 3,
    "bolus": 8,
    "cancel_bolus": 1,
    "patient_asks": 4,
    "allow_patient": 1,
    "refill": 2,
    "stop": 1,
    "resume": 3,
    "prime": 1,
    "stall": 1,
    "limit": 1,
    "cut": 2,
    "torn": 2,
    "set_clock": 1,
}
CLINICS = {  # what each never orders
    "anything": (),
    "one drug": ("refill", "prime"),
    "one drug and limit, no stall": ("refill", "prime", "limit", "stall", "set_clock"),
    "no flex": ("flex", "refill", "prime", "limit"),
    "no bolus": ("bolus", "patient_asks", "cancel_bolus"),
    "no cut": ("cut", "torn"),
    "boluses and cuts": ("flex", "refill", "prime", "limit", "stall", "set_clock", "patient_asks"),
}
WEEKS = (
    [(0, 150_000), (420, 100_000), (1290, 50_000)],
    [(0, 45_000), (600, 400_000), (660, 400_000), (720, 60_000)],
    [(0, 450_000), (120, 450_000), (240, 90_000)],
    [(0, 90_000), (1200, 450_000), (1320, 450_000)],
)


class CuttableBody(RecordingBody):
    def __init__(self, line_steps):
        super().__init__(line_steps)
        self.store = CuttingStore()


class AnyOrders:
    """Programs, boluses, refills, stops, cuts and waiting in any order; refusals are the pump's own affair."""

    def __init__(self, seed, never=()):
        self.random = Random(seed)
        self.weights = {name: weight for name, weight in WEIGHTS.items() if name not in never}
        self.body = CuttableBody(LINE_NL // STEP_NL)
        self.clinic = Clinic(self.body)
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
        self.wait(2 * 1440)
        self.body.motor.progress()

    def order(self, name, command, *args, **fields):
        """Whether the pump took it."""
        try:
            command(*args, **fields)
        except Refused:
            return False
        finally:
            state: Any = self.clinic.pump.state
            highest_mcg = state.highest_dose_ng // 1000
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
        limit_mcg = self.clinic.status().max_dose_mcg_per_day
        dose_mcg = self.random.choice((100, 300, 600, limit_mcg - 30, limit_mcg - 1, limit_mcg, limit_mcg))
        self.order("simple", self.clinic.program, dose_mcg * 1000, self.body.line_of_drug.drug, override="yes")

    def flex(self):
        week = self.random.choices(WEEKS, k=7)
        if self.random.random() < 0.5:
            week = [self.random.choice(WEEKS)] * 7
        self.order("flex", self.clinic.flex, week, self.body.line_of_drug.drug, override="yes")

    def bolus(self):
        """A little, or as much as is taken."""
        over_s = self.random.choice((300, 3600, 36_000, DAY_S))
        little = ((1,), (5,), (50,))
        for dose_mcg in self.random.choice((*little, (900, 500, 300, 200, 100, 50, 20, 10, 5, 2, 1))):
            if self.order("single", self.clinic.command, "BOLUS", dose_ng=dose_mcg * 1000, over_s=over_s):
                return

    def cancel_bolus(self):
        self.order("cancel", self.clinic.command, "CANCEL_BOLUS")

    def allow_patient(self):
        lockout_s = self.random.choice((0, 3600))
        fields = {"dose_ng": self.random.choice((1, 5, 50, 100)) * 1000, "over_s": 600, "lockout_s": lockout_s}
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
        if self.order("refill", self.clinic.refill, 20_000_000, mcg_per_ml, "yes" if bridge else "no"):
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
        self.order("prime", self.clinic.command, "PRIME", volume_nl=self.clinic.unprimed_nl())

    def stall(self):
        """For as long as it takes to be noticed, or not."""
        self.body.motor.progress()
        self.body.stalled = True
        self.wait(self.random.choice((5, 20, 120)))
        self.body.motor.progress()
        self.body.stalled = False

    def set_clock(self):
        by_s = self.random.choice((60, 3600, 6 * 3600)) * self.random.randint(-2, 2)
        self.order("clock", self.clinic.command, "SET_CLOCK", wall_s=MONDAY_S + self.body.now_ms // 1000 + by_s)

    def cut(self):
        """At any moment; then perhaps the right time, and perhaps the program again."""
        self._lose_power()
        if self.random.random() < 0.5:
            self.order("clock", self.clinic.command, "SET_CLOCK", wall_s=MONDAY_S + self.body.now_ms // 1000)
        if self.random.random() < 0.3:
            self.program()

    def torn(self):
        """In the middle of what an order, or the time after it, writes."""
        store = self.body.store
        store.cut_at = self.random.randint(1, 12)
        store.keep = self.random.choice((0, 0.5, 1.0))
        name = self.random.choice(("program", "flex", "bolus", "stop", "resume", "cancel_bolus"))
        try:
            if name in self.weights:
                getattr(self, name)()
            self.wait(90)
        except PowerLost:
            self._lose_power()
        store.cut_at = 0

    def _lose_power(self):
        self.body.motor.progress()
        self.body.motor.halt()
        self.body.store.on = True
        self.body.now_ms += self.random.choice((0, 10_000, 3_600_000))
        self.clinic.boot()

    def wait(self, minutes):
        self.body.motor.progress()
        self.clinic.run(self.random.randint(30 * minutes, 60 * minutes))

    def most_mcg(self, from_ms):
        """The largest limit that may still have counted, and the steps that no limit can count."""
        until_ms = from_ms + DAY_MS
        places = [i for i, (at_ms, _) in enumerate(self.limits) if at_ms <= max(0, until_ms)]
        first = max(i for i in places if self.limits[i][0] <= max(0, from_ms - DAY_MS))
        largest_mcg = max(self.limits[i][1] for i in places if i >= first)
        return largest_mcg + STEPS * STEP_NL * STRONGEST_MCG_PER_ML / 1_000_000

    def worst(self):
        """(mcg over what is allowed, mcg, from_ms) of the worst of all 24 hours, and how many were looked at."""
        days = [(from_ms, dose * STEP_NL / 1_000_000) for from_ms, dose in self.body.worst_days()]
        return max((mcg - self.most_mcg(from_ms), mcg, from_ms) for from_ms, mcg in days), len(days)


@pytest.mark.parametrize("kind", CLINICS)
def test_no_24_hours_have_more_than_the_limit(kind):
    windows = 0
    for seed in range(LIVES):
        orders = AnyOrders(seed, CLINICS[kind])
        orders.live(60)
        (over_mcg, mcg, from_ms), count = orders.worst()
        windows += count
        assert over_mcg <= 0, (
            f"seed {seed}: {mcg} mcg, {over_mcg} too many, in the 24 hours from {from_ms / 3.6e6} h on"
        )
    print(f"{kind}: {LIVES} seeds, {windows} windows")


@pytest.mark.parametrize("minute", [1, 5, 10, 30, 50])
def test_the_week_that_goes_on_after_a_cut_counts_what_the_cut_batch_gave(minute):
    """19 hours of its mean without a clock, since a stop; then a second cut, the right time, and a strong hour that the
    19 just leave no room for. How long the batch had run that was cut, the pump does not know."""
    body = RecordingBody(LINE_NL // STEP_NL)
    clinic = Clinic(body)
    clinic.implant()
    body.line_of_drug.fill(2000)
    clinic.refill(mcg_per_ml=2000)
    clinic.flex([[(0, 90_000), (1200, 450_000), (1320, 450_000)]] * 7)
    clinic.boot()
    clinic.command("STOP")
    clinic.run(25 * HOUR_S)
    clinic.command("RESUME")
    clinic.run(18 * HOUR_S + minute * 60)
    body.motor.progress()
    clinic.boot()
    clinic.command("SET_CLOCK", wall_s=MONDAY_S + body.now_ms // 1000)
    clinic.run(2 * DAY_S)
    body.motor.progress()
    most_mcg = max(dose for _, dose in body.worst_days()) * STEP_NL / 1_000_000
    assert 900 <= most_mcg <= LARGEST_MCG + STEPS * STEP_NL * STRONGEST_MCG_PER_ML / 1_000_000
