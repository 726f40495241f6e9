"""The dose is what leaves the tip: whatever is done to line, reservoir and orders, every window of time gets there what
was ordered for it, within a step for each order and edge in it, or the pump said why not.

After power cuts the windows get no more than that; and less by at most what a cut leaves unknown, 20,000 nL, times the
difference of strengths at each edge.
"""

import os
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from .clinic import MONDAY_S, Clinic, Refused
from .linelife import LineLife
from .linemodel import LineModel
from .tipdose import BATCH_NL, STEP_NL, TipBody

LIVES = 400 if os.environ.get("THECAL_HYPOTHESIS") == "thorough" else 40  # of each kind
ORDERS = 30
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


class AnyLine(LineLife):
    """Orders of all kinds, in any order."""

    def __init__(self, seed, cuts):
        super().__init__()
        self.random = Random(seed)
        self.weights = WEIGHTS | ({"cut": 5} if cuts else {})
        self.resized = 0
        self.implant()
        self.refill()
        self.prime()
        self.program()

    def live(self, orders):
        names, weights = zip(*self.weights.items(), strict=True)
        for name in self.random.choices(names, weights, k=orders):
            getattr(self, name)()
            self.wait(self.random.choice((0, 0, 1, 20, 90, 300, 900, 2000)))
        self.wait(3000)

    def wait(self, minutes):
        self.run(self.random.randint(30 * minutes, 60 * minutes))

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
