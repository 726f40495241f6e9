"""A reference model of the line, written from its rules: plug flow in exact fractions, no steps and no batches.

It is told what a clinician says of catheter and fillings, and what is pushed; it says what stands at the tip.
"""

from fractions import Fraction
from typing import Any


class LineModel:
    """`parcels` are [nL, mcg/mL] from the tip back, 0 without drug; `drug` is the reservoir's strength."""

    def __init__(self, tubing_nl=140_000, catheter_nl=195_800):
        self.drug: Any = None  # before the first filling
        self.tubing_nl, self.catheter_nl = tubing_nl, catheter_nl
        self.parcels = []
        self.fit()

    def fit(self, held=(), primed=False):
        """Another catheter: `held` is (nL, mcg/mL) of an earlier pump's, from the tip back."""
        empty_nl = self.catheter_nl - sum(nl for nl, _ in held)
        self.parcels = [[Fraction(nl), strength] for nl, strength in (*held, (empty_nl, 0)) if nl]
        if self.tubing_nl:
            self.parcels.append([Fraction(self.tubing_nl), None if primed else 0])

    def resize(self, tubing_nl, catheter_nl):
        """The same line has another volume than was said: the parcel at the tip is cut, or stretched."""
        longer_nl = tubing_nl + catheter_nl - self.dead_nl
        self.tubing_nl, self.catheter_nl = tubing_nl, catheter_nl
        if longer_nl > 0:
            self.parcels[:0] = [[Fraction(longer_nl), self.parcels[0][1] if self.parcels else None]]
        while longer_nl < 0:
            self.parcels[0][0] += longer_nl
            longer_nl = min(0, self.parcels[0][0])
            if self.parcels[0][0] <= 0:
                self.parcels.pop(0)

    def leave_out(self, nl):
        """What is less than so much at the tip is taken for a part of what stands behind it."""
        while len(self.parcels) > 1 and self.parcels[0][0] < nl:
            self.parcels[1][0] += self.parcels.pop(0)[0]

    def refill(self, strength, known_new=False):
        """Until now the newest filling's drug stood where `parcels` say None; `known_new`: the whole line holds it.
        Before the first one the line was told, and holds what it was told to."""
        known_new = known_new and self.drug is not None
        for parcel in self.parcels:
            if parcel[1] is None and not known_new and self.drug is not None:
                parcel[1] = self.drug
        if known_new:
            empty = list(self.parcels[: self._leading_empty()])
            self.parcels = [*empty, [self.dead_nl - sum(nl for nl, _ in empty), None]]
        self.drug = strength

    def correct(self, strength):
        """The newest filling was of another strength all along."""
        self.drug = strength

    def put(self, contents):
        """The line was found to hold this; behind it the reservoir's drug."""
        left_nl = self.dead_nl - sum(nl for nl, _ in contents)
        self.parcels = [[Fraction(nl), strength] for nl, strength in contents] + [[Fraction(left_nl), None]]

    def push(self, nl):
        """Push so much; (nL, mcg/mL) of what leaves the tip, in order."""
        out = []
        self.parcels.append([Fraction(nl), None])
        while nl > 0:
            part = min(nl, self.parcels[0][0])
            out.append((part, self.strength(self.parcels[0])))
            self.parcels[0][0] -= part
            nl -= part
            if not self.parcels[0][0]:
                self.parcels.pop(0)
        return out

    def strength(self, parcel):
        return self.drug if parcel[1] is None else parcel[1]

    def runs(self):
        """[nL, mcg/mL] of all that it holds from the tip back, equal neighbours as one."""
        runs = []
        for parcel in self.parcels:
            mcg_per_ml = self.strength(parcel) or 0
            if runs and runs[-1][1] == mcg_per_ml:
                runs[-1][0] += parcel[0]
            elif parcel[0]:
                runs.append([parcel[0], mcg_per_ml])
        return runs

    @property
    def dead_nl(self):
        return self.tubing_nl + self.catheter_nl

    @property
    def tip(self):
        return self.strength(self.parcels[0]) if self.parcels else self.drug

    @property
    def unprimed_nl(self):
        return sum(nl for nl, _ in self.parcels[: self._leading_empty()])

    @property
    def edge_nl(self):
        """What is left of the drug at the tip; None where nothing but the reservoir's will come."""
        nl = 0
        for parcel in self.parcels:
            if self.strength(parcel) != self.tip:
                return nl
            nl += parcel[0]
        return None if self.tip == self.drug else nl

    def _leading_empty(self):
        drugs = [i for i, parcel in enumerate(self.parcels) if parcel[1] != 0]
        return drugs[0] if drugs else len(self.parcels)
