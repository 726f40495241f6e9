"""What left the catheter's tip beside what was ordered for it: two sums over time, and every window between them.

Doses are in pg: a nL of 1 mcg/mL. The drug that leaves is told by the reference model of the line, which the steps of
the body's motor push.
"""

from fractions import Fraction
from typing import NamedTuple

from .body import Body, Motor
from .clinic import DAY_S
from .linemodel import LineModel

STEP_NL = 100
DAY_MS = DAY_S * 1000
BATCH_NL = 20_000
"""The largest batch: a cut leaves no more unknown."""


class TipMotor(Motor):
    def _count(self, new):
        super()._count(new)
        if not self.body.stalled:
            self.body.moved(new)


class TipBody(Body):
    """`given_pg` left the tip of `catheter` so far, `pushed_nl` the pump; `edges` are (pushed_nl, difference) of the
    changes of strength that passed the tip."""

    def __init__(self, catheter=None):
        super().__init__()
        self.motor = TipMotor(self)
        self.catheter = catheter or LineModel()
        self.given_pg = Fraction(0)
        self.pushed_nl = 0
        self.edges = []
        self.parts = []

    def moved(self, steps):
        before = self.catheter.tip or 0
        for nl, mcg_per_ml in self.catheter.push(Fraction(steps * STEP_NL)):
            if mcg_per_ml != before:
                self.edges.append((self.pushed_nl, abs((mcg_per_ml or 0) - before)))
            self.given_pg += nl * (mcg_per_ml or 0)
            self.parts.append((nl, mcg_per_ml or 0))
            before = mcg_per_ml or 0
        self.pushed_nl += steps * STEP_NL
        after = self.catheter.tip or 0
        if after != before:
            self.edges.append((self.pushed_nl, abs(after - before)))


class Point(NamedTuple):
    """A moment: how much more was given than ordered, the slack that was used up, how much less an empty reservoir
    gives, and how much less all cuts so far may have made it."""

    at_ms: int
    more_pg: Fraction
    slack_pg: Fraction
    tip_mcg_per_ml: int
    less_pg: Fraction
    unknown_pg: int


class Account:
    """Compares what was given in every window with what was ordered in it."""

    def __init__(self):
        self.points = []
        self.ordered_pg = Fraction(0)
        self.slack_pg = Fraction(0)
        self.less_pg = Fraction(0)
        self.unknown_pg = 0

    def order(self, pg, lasting_ms, mcg_per_ml):
        """So much is to be given in that time, and the rate may be off by 1 nL/day."""
        self.ordered_pg += pg
        self.slack_pg += Fraction(lasting_ms * mcg_per_ml, DAY_MS)

    def change(self, *mcg_per_ml, steps=1):
        """An order or an edge: it may cost a step."""
        self.slack_pg += steps * STEP_NL * max(mcg_per_ml)

    def note(self, at_ms, given_pg, mcg_per_ml):
        more_pg = given_pg - self.ordered_pg
        self.points.append(Point(at_ms, more_pg, self.slack_pg, mcg_per_ml, self.less_pg, self.unknown_pg))

    def worst(self):
        """(pg beyond the slack, from_ms, to_ms) of the window with most too much, and of that with most too little."""
        worst = []
        for sign in (1, -1):
            least, since, found = None, 0, (Fraction(-1), 0, 0)
            for point in self.points:
                allowed = point.slack_pg + (point.less_pg if sign < 0 else 0)
                step_pg = STEP_NL * point.tip_mcg_per_ml
                begins = sign * point.more_pg - allowed + step_pg
                ends = sign * point.more_pg - allowed - step_pg - (point.unknown_pg if sign < 0 else 0)
                if least is None or begins < least:
                    least, since = begins, point.at_ms
                found = max(found, (ends - least, since, point.at_ms))
            worst.append(found)
        return worst
