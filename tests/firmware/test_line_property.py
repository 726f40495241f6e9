"""The dose is what leaves the tip: whatever is done to line, reservoir and orders, every window of time gets there what
was ordered for it, within a step for each order and edge in it, or the pump said why not.

After power cuts the windows get no more than that; and less by at most what a cut leaves unknown, 20,000 nL, times the
difference of strengths at each edge.
"""

import os
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from protocol import codes

from .clinic import DAY_S, MONDAY_S, Clinic, Refused
from .linemodel import LineModel
from .tipdose import BATCH_NL, DAY_MS, STEP_NL, Account, TipBody

LIVES = 400 if os.environ.get("THECAL_HYPOTHESIS") == "thorough" else 40  # of each kind
ORDERS = 30
STANDBY_NL_PER_DAY, FASTEST_NL_PER_DAY = 6_000, 24_000_000
THERAPIES = {code: name for name, code in codes.THERAPY.items()}
LAST_BATCH_S = 60  # the one that leaves the residual may end so much before its time
STRENGTHS = (500, 1000, 2000, 4000)
CATHETERS_MM = (890, 890, 500, 200, 1200)
WEEKS = (
    [(0, 150_000), (420, 100_000), (1290, 50_000)],
    [(0, 60_000), (600, 100_000), (720, 140_000)],
    [(0, 300_000)],
)
WEIGHTS = {
    "refill": 6,
    "program": 5,
    "flex": 3,
    "bolus": 4,
    "patient": 2,
    "cancel": 1,
    "stop": 2,
    "minimum": 1,
    "resume": 4,
    "prime": 4,
    "implant": 3,
    "correct": 3,
    "side_port": 2,
    "swap": 1,
    "stall": 1,
    "look": 3,
}


class AnyLine:
    """A life in any order. `account` compares what is given with what was ordered."""

    def __init__(self, seed, cuts):
        self.random = Random(seed)
        self.weights = WEIGHTS | ({"cut": 5} if cuts else {})
        self.cuts = 0
        self.account = Account()
        self.said = []
        self.program_ng: Any = None
        self.week: Any = None
        self.bolus_ng = 0
        self.body = TipBody()
        self.clinic = Clinic(self.body)
        self.last = []
        self.taken = 0
        self.was_halted = False
        self.merged = False
        self.resized = 0
        self.implant()
        self.refill()
        self.prime()
        self.program()

    @property
    def state(self) -> Any:
        return self.clinic.pump.state

    @property
    def line(self):
        return self.body.catheter

    @property
    def halted(self):
        return self.clinic.pump.orders.halted

    @property
    def priming(self):
        return bool(self.clinic.pump.catheter.prime_steps)

    @property
    def tip(self):
        """The strength of the next whole step: what is left of less than one has passed."""
        left_nl = STEP_NL
        for parcel in self.line.parcels:
            if parcel[0] >= left_nl:
                return self.line.strength(parcel) or 0
            left_nl -= parcel[0]
        return self.line.drug or 0

    def live(self, orders):
        names, weights = zip(*self.weights.items(), strict=True)
        for name in self.random.choices(names, weights, k=orders):
            getattr(self, name)()
            self.wait(self.random.choice((0, 0, 1, 20, 90, 300, 900, 2000)))
        self.wait(3000)

    # Time

    def wait(self, minutes):
        end_ms = self.body.now_ms + self.random.randint(30 * minutes, 60 * minutes) * 1000
        while True:
            due_ms = max(self.body.now_ms, self.clinic.due_s * 1000 + self.clinic.boot_ms)
            self.pass_time(min(end_ms, due_ms))
            if due_ms > end_ms:
                self.note()
                return
            therapy = self.state.therapy
            self.clinic.poll()
            self.explain(therapy)
            self.note()

    def pass_time(self, to_ms):
        from_ms, self.body.now_ms = self.body.now_ms, to_ms
        tip, self.body.parts = self.tip, []
        self.body.motor.progress()
        parts = self.body.parts or [(1, tip)]
        self.account.order(self.ordered_pg(from_ms, to_ms, parts), to_ms - from_ms, max(tip, self.tip))
        passed = [tip, *(mcg_per_ml for _, mcg_per_ml in parts), self.tip]
        for edge in pairwise(passed):
            if edge[0] != edge[1]:
                self.account.change(*edge, steps=3)

    def note(self):
        if self.body.parts:
            self.last = [mcg_per_ml for _, mcg_per_ml in self.body.parts[-3:]]
        taken = self.clinic.pump.catheter.given_mcg_per_ml
        if taken != self.taken:  # the pump's edge, which falls on a step
            self.account.change(taken, self.taken)
            self.taken = taken
        strongest = max([self.tip, self.line.tip or 0, taken, *self.last])
        self.account.note(self.body.now_ms, self.body.given_pg, strongest)

    def ordered_pg(self, from_ms, to_ms, parts):
        """For a time in which (nL, mcg/mL) `parts` passed the tip: nothing of it for those without drug."""
        pump: Any = self.clinic.pump
        state = self.state
        if self.body.stalled or self.halted or self.priming:
            return Fraction(0)
        therapy = self.status_therapy()
        passed_nl = sum(nl for nl, _ in parts)
        if therapy in ("minimum", "safe_state") or (therapy == "running" and pump.program.held):
            mean = Fraction(sum(nl * mcg_per_ml for nl, mcg_per_ml in parts)) / passed_nl
            return STANDBY_NL_PER_DAY * mean * (to_ms - from_ms) / DAY_MS
        if therapy != "running":
            return Fraction(0)
        pg = self.basal_pg(from_ms, to_ms)
        if pump.bolus.active:
            lasted_ms = to_ms - from_ms
            pg += Fraction(self.bolus_ng * 1000 * lasted_ms, (state.bolus_until_s - state.bolus_from_s) * 1000)
        return pg * sum(nl for nl, mcg_per_ml in parts if mcg_per_ml) / passed_nl

    def status_therapy(self):
        return THERAPIES[self.state.therapy]

    def basal_pg(self, from_ms, to_ms):
        if self.week is None:
            return Fraction(self.program_ng * 1000 * (to_ms - from_ms), DAY_MS)
        if self.clinic.pump.clock.wall_s == 2**32 - 1:
            mean_ng = sum(ng for day in self.week for _, ng in day) // 7
            return Fraction(mean_ng * 1000 * (to_ms - from_ms), DAY_MS)
        pg = Fraction(0)
        for number in range(from_ms // DAY_MS, to_ms // DAY_MS + 1):
            day = self.week[number % 7]
            ends = [minute for minute, _ in day[1:]] + [1440]
            for (minute, ng), end in zip(day, ends, strict=True):
                begins_ms, ends_ms = number * DAY_MS + minute * 60_000, number * DAY_MS + end * 60_000
                lasting_ms = min(to_ms, ends_ms) - max(from_ms, begins_ms)
                if lasting_ms > 0:
                    pg += Fraction(ng * 1000 * lasting_ms, ends_ms - begins_ms)
        return pg

    def explain(self, before):
        """Anything that the pump does by itself must have a reason."""
        if self.halted and not self.was_halted:
            assert self.clinic.pump.reservoir.low
            self.account.less_pg += Fraction(FASTEST_NL_PER_DAY * LAST_BATCH_S, DAY_S) * max(self.last, default=0)
        self.was_halted = self.halted
        if self.state.therapy == before:
            return
        self.account.change(self.tip, 4000)
        therapy = self.status_therapy()
        self.said.append(therapy)
        if therapy == "safe_state":
            slow, fast = self.rates_nl_per_day(self.tip or self.line.drug)
            assert slow < STANDBY_NL_PER_DAY + 2 or fast > FASTEST_NL_PER_DAY - 2 or self.merged or self.cuts
        else:
            assert therapy == "minimum", therapy
            assert not self.line.drug or self.clinic.pump.orders.lapsed

    def rates_nl_per_day(self, mcg_per_ml):
        if self.week is None:
            rate = Fraction(self.program_ng * 1000, mcg_per_ml)
            return rate, rate
        rates = []
        for day in self.week:
            ends = [minute for minute, _ in day[1:]] + [1440]
            rates += [
                Fraction(ng * 1440, mcg_per_ml * (end - at)) * 1000 for (at, ng), end in zip(day, ends, strict=True)
            ]
        return min(rates), max(rates)

    # Orders

    def order(self, command, *args, **fields):
        """Whether the pump took it."""
        tip = self.tip
        try:
            command(*args, **fields)
        except Refused as refused:
            self.said.append(str(refused))
            return False
        self.changed = tip
        self.account.change(tip, self.tip)
        return True

    def told(self):
        """After the line or the drug was told anew."""
        self.account.change(self.changed, self.tip, steps=2)
        self.merged |= len(self.line.runs()) > 8
        self.note()

    def wall_s(self):
        return MONDAY_S + self.body.now_ms // 1000

    def implant(self):
        catheter = self.random.choice(("new", "same", "kept"))
        if self.random.random() < 0.7 and self.state.last_refill_s != 2**32 - 1:
            self.stop()
        if self.state.implanted_wall_s == 2**32 - 1:
            catheter = "new"
        self.fit(catheter)

    def fit(self, catheter):
        line = self.line
        catheter_mm = self.random.choice(CATHETERS_MM)
        tubing_nl = self.random.choice((140_000, 140_000, 0, 50_050))
        tubing = self.random.choice(("empty", "primed"))
        held = self.held(catheter_mm * 220) if catheter == "kept" else []
        fields = {"catheter": catheter, "catheter_mm": catheter_mm, "tubing_nl": tubing_nl, "tubing": tubing}
        parcels = [{"volume_nl": int(nl), "mcg_per_ml": strength} for nl, strength in held if int(nl)]
        if not self.order(self.clinic.implant, wall_s=self.wall_s(), parcels=parcels, **fields):
            return
        if catheter == "same":
            line.leave_out(STEP_NL)
            line.resize(tubing_nl, catheter_mm * 220)
            self.resized += 1
        else:
            line.tubing_nl, line.catheter_nl = tubing_nl, catheter_mm * 220
            line.fit([parcel for parcel in held if parcel[0]], tubing == "primed")
        self.told()

    def held(self, room_nl):
        """What the catheter holds, as much as another one takes."""
        held = []
        for nl, mcg_per_ml in self.line.runs():
            part = min(nl, room_nl)
            if not part:
                break
            held.append((part, mcg_per_ml))
            room_nl -= part
        return held

    def refill(self):
        strength = self.random.choice((0, *STRENGTHS, *STRENGTHS, self.line.drug or 500))
        bridge = "no" if self.random.random() < 0.15 else "yes"
        drug = b"morphine" if self.random.random() < 0.1 else b"baclofen"
        volume_nl = self.random.choice((20_000_000, 20_000_000, 10_000_000, 3_000_001))
        newest = self.state.filled_nl, self.state.drug_mcg_per_ml, self.state.drug.rstrip(bytes(1))
        again = (volume_nl, strength, drug) == newest  # taken for a repetition within a day
        if again or not self.order(self.clinic.refill, volume_nl, strength, bridge, drug):
            return
        self.line.refill(strength, bridge == "no")
        self.told()
        if self.random.random() < 0.5:
            self.random.choice((self.program, self.flex))()

    def correct(self):
        strength = self.random.choice((*STRENGTHS, self.line.drug))
        fields = {"mcg_per_ml": strength} if self.random.random() < 0.8 else {}
        if self.random.random() < 0.4:
            fields["volume_nl"] = self.random.choice((20_000_000, 15_000_000))
        if self.order(self.clinic.correct, override="yes", **fields):
            if "mcg_per_ml" in fields:
                self.account.unknown_pg += self.cuts * BATCH_NL * max(STRENGTHS)
                self.line.correct(strength)
            self.told()

    def side_port(self):
        contents = []
        left_nl = self.line.dead_nl
        longest_nl = self.random.choice((150_000, 30_000, 900))
        for _ in range(self.random.randint(1, 8)):
            nl = self.random.randint(1, longest_nl)
            if nl <= left_nl:
                contents.append((nl, self.random.choice((0, *STRENGTHS))))
                left_nl -= nl
        parcels = [{"volume_nl": nl, "mcg_per_ml": strength} for nl, strength in contents]
        if contents and self.order(self.clinic.correct, parcels=parcels):
            self.line.put(contents)
            self.told()

    def swap(self):
        """Another pump takes over the catheter, in mid-dose as well."""
        old = self.line
        body = TipBody(LineModel())
        body.now_ms = self.body.now_ms // 1000 * 1000
        body.given_pg, body.pushed_nl, body.edges = self.body.given_pg, self.body.pushed_nl, self.body.edges
        body.catheter.parcels = [[nl, old.strength([nl, strength]) or 0] for nl, strength in old.parcels]
        body.catheter.tubing_nl, body.catheter.catheter_nl = old.tubing_nl, old.catheter_nl
        self.body.motor.halt()
        self.body.stalled = False
        self.body = body
        self.clinic = Clinic(body)
        self.program_ng = self.week = None
        self.changed = 4000
        self.fit("kept")
        self.refill()

    def program(self):
        dose_ng = self.random.choice((100, 200, 300, 300, 400, 24, 900)) * 1000
        override = self.random.choice(("yes", "yes", "yes", "no"))
        if self.order(self.clinic.program, dose_ng, self.line.drug or 1, override=override):
            self.program_ng, self.week = dose_ng, None

    def flex(self):
        week = self.random.choices(WEEKS, k=7)
        if self.order(self.clinic.flex, week, self.line.drug or 1, override="yes"):
            self.week = week

    def bolus(self):
        dose_ng = self.random.choice((1, 1000, 5000, 20_000, 50_000, 100_000))
        over_s = self.random.choice((60, 600, 3600, 36_000))
        if self.order(self.clinic.command, "BOLUS", dose_ng=dose_ng, over_s=over_s):
            self.bolus_ng = dose_ng

    def patient(self):
        dose_ng = self.random.choice((1, 5000, 20_000))
        fields = {"dose_ng": dose_ng, "over_s": 1200, "lockout_s": 0, "per_day": 24}
        self.order(self.clinic.command, "SET_PATIENT_BOLUS", **fields)
        if self.order(self.clinic.command, "PATIENT_BOLUS"):
            self.bolus_ng = dose_ng

    def cancel(self):
        self.order(self.clinic.command, "CANCEL_BOLUS")

    def stop(self):
        self.order(self.clinic.command, "STOP")

    def minimum(self):
        self.order(self.clinic.command, "MINIMUM_RATE")

    def resume(self):
        self.order(self.clinic.command, "RESUME", override=self.random.choice(("yes", "yes", "no")))

    def prime(self):
        unprimed_nl = self.clinic.unprimed_nl()
        self.order(self.clinic.command, "PRIME", volume_nl=self.random.choice((unprimed_nl, unprimed_nl // 2 + 50)))
        if self.random.random() < 0.5:
            self.program()

    def stall(self):
        self.body.motor.progress()
        self.body.stalled = True
        self.account.change(4000)
        self.wait(self.random.choice((5, 30, 300, 5000)))
        self.body.motor.progress()
        self.body.stalled = False
        self.account.change(4000)

    def cut(self):
        self.body.motor.progress()
        self.body.motor.halt()
        self.cuts += 1
        strengths = [mcg_per_ml for _, mcg_per_ml in self.line.runs()] + [self.line.drug or 0]
        self.account.unknown_pg += BATCH_NL * sum(abs(a - b) for a, b in pairwise(strengths))
        self.account.change(4000, steps=2)
        self.clinic.boot()
        if self.random.random() < 0.6:
            self.order(self.clinic.command, "SET_CLOCK", wall_s=self.wall_s())

    def look(self):
        """What the pump tells of its line is the model's, edges aside."""
        told = self.clinic.ask("LINE")
        status = self.clinic.status()
        if self.cuts or self.merged:
            return
        edges = sum(1 for _ in told.parcels) + self.resized + 2
        found = [(parcel.volume_nl, parcel.mcg_per_ml) for parcel in told.parcels]
        if found:
            assert abs(sum(nl for nl, _ in found) - told.line_nl) <= STEP_NL, (found, told.line_nl)
        if self.line.drug is not None:
            assert differing_nl(found, self.line) <= edges * STEP_NL, (found, self.line.parcels)
        if str(status.operation) == "bridge":
            assert status.tip_mcg_per_ml != status.concentration_mcg_per_ml
            other = [i for i, (_, strength) in enumerate(found) if strength != status.concentration_mcg_per_ml]
            assert status.bolus_left_nl == sum(nl for nl, _ in found[: other[-1] + 1]), (status, found)
        tip = found[0][1] if found else self.line.drug
        assert status.tip_mcg_per_ml == (tip or self.line.drug or 0)


def differing_nl(found, line):
    """The volume in which two lines have not the same strength."""
    one = [[Fraction(nl), strength] for nl, strength in found]
    other = [list(run) for run in line.runs()]
    differing = Fraction(0)
    while one and other:
        part = min(one[0][0], other[0][0])
        differing += part if one[0][1] != other[0][1] else 0
        for parcels in (one, other):
            parcels[0][0] -= part
            if not parcels[0][0]:
                parcels.pop(0)
    return differing


def live(seed, cuts):
    life = AnyLine(seed, cuts)
    life.live(ORDERS)
    return life


@pytest.mark.parametrize("cuts", [False, True], ids=["no cut", "cuts"])
def test_every_window_gets_at_the_tip_what_was_ordered_for_it(cuts):
    windows = 0
    for seed in range(LIVES):
        life = live(seed, cuts)
        (more_pg, *more), (less_pg, *less) = life.account.worst()
        windows += len(life.account.points)
        assert more_pg <= 0, f"seed {seed}: {float(more_pg) / 1e6} mcg too many in {more}"
        assert life.merged or less_pg <= 0, f"seed {seed}: {float(less_pg) / 1e6} mcg missing in {less}"
    print(f"{LIVES} seeds, {windows} moments, each window between two of them")
