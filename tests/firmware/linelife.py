"""A pump's life beside the account of what its tip should have given: time passes, and whatever the pump does by itself
must have a reason."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

from protocol import codes

from .clinic import DAY_S, Clinic
from .tipdose import DAY_MS, STEP_NL, Account, TipBody

STANDBY_NL_PER_DAY, FASTEST_NL_PER_DAY = 6_000, 24_000_000
THERAPIES = {code: name for name, code in codes.THERAPY.items()}
LAST_BATCH_S = 60  # the one that leaves the residual may end so much before its time


class LineLife:
    """A pump and its line in time. `account` compares what is given with what was ordered: `program_ng` a day or
    `week`, and `bolus_ng`."""

    def __init__(self):
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

    def run(self, seconds):
        end_ms = self.body.now_ms + seconds * 1000
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
