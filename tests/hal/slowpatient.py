"""The patient as a child would write one: all levels in small steps of time, and one look at the rules after each.

The reference for hal/plant/patient.py; nothing is shared with it but the equations and the table in docs/patient.md.
"""

from math import log

import numpy

STEP_H = 0.25
DAY_H = 24
TERMS = 30  # of the series


class SlowPatient:
    """Rates are per hour: mcg at the tip, mcg into tissue. Levels are in ng/mL, but for `tissue`, in mcg."""

    def __init__(
        self, used_to_mcg_per_day=None, dependent=False, prone=False, tolerance=0.0, clearance=30.0, half_life=1.5
    ):
        self.clearance, self.half_life = clearance, half_life
        self.volume = clearance * half_life / log(2)
        self.tissue = self.csf = self.effect = self.needle_csf = self.needle_effect = self.habit = self.grown = 0.0
        self.leak_csf(0)
        self.prone, self.tolerance = prone, tolerance
        self.dependent_from_start = dependent
        self.known = self.effective = used_to_mcg_per_day is not None
        if used_to_mcg_per_day is not None:
            self.habit = used_to_mcg_per_day * 1000 / DAY_H / clearance
        self.exposed_h = None
        self.lowest_h = None

    def begin_therapy(self, mcg_per_day):
        if not self.known:
            self.known, self.effective = True, False
            self.habit = mcg_per_day * 1000 / DAY_H / self.clearance

    def bolus(self, mcg):
        self.csf += mcg * 1000 / self.volume

    def needle(self, mcg):
        self.needle_csf += mcg * 1000 / 120

    def leak_csf(self, ml_per_h):
        """Build the matrix that takes all levels, and the two inflows behind them, on by one step."""
        elimination = log(2) / self.half_life * (1 + ml_per_h / self.clearance)
        slopes = numpy.zeros((9, 9))
        slopes[0, [0, 8]] = -log(2) / 3, 1
        slopes[1, [0, 1, 7]] = log(2) / 3 / 100 * 1000 / self.volume, -elimination, 1000 / self.volume
        slopes[2, [1, 2]] = 0.1155, -0.1155
        slopes[3, 3] = -elimination
        slopes[4, [3, 4]] = 0.3, -0.3
        slopes[5, [2, 4, 5]] = log(2) / 120 * numpy.array([1, 1, -1])
        slopes[6, [2, 4, 6]] = log(2) / 1440 * numpy.array([1, 1, -1])
        term = self.step = numpy.eye(9)
        for number in range(1, TERMS):
            term = term @ slopes * STEP_H / number
            self.step = self.step + term

    def live(self, hours, tip=0.0, tissue=0.0):
        """So many hours, in whole steps; mcg an hour at the tip, and into tissue."""
        levels = numpy.array(
            [
                self.tissue,
                self.csf,
                self.effect,
                self.needle_csf,
                self.needle_effect,
                self.habit,
                self.grown,
                tip,
                tissue,
            ]
        )
        for _ in range(round(hours / STEP_H)):
            levels = self.step @ levels
            (self.tissue, self.csf, self.effect, self.needle_csf, self.needle_effect, self.habit, self.grown, _, _) = (
                levels
            )
            self._look()

    @property
    def whole(self):
        return self.effect + self.needle_effect

    @property
    def needed(self):
        return self.habit + self.tolerance * self.grown

    def _look(self):
        if not self.effective and self.whole >= 0.75 * self.needed:
            self.effective = True
        if not self.effective:
            return
        if self.habit < 20:
            if self.exposed_h is not None:
                self.exposed_h, self.dependent_from_start = None, False
        else:
            self.exposed_h = 0.0 if self.exposed_h is None else self.exposed_h + STEP_H
        if self.whole >= 0.25 * self.needed:
            self.lowest_h = None
        else:
            self.lowest_h = 0.0 if self.lowest_h is None else self.lowest_h + STEP_H

    @property
    def dependent(self):
        exposed = self.exposed_h is not None and (self.prone or self.exposed_h >= 90 * DAY_H)
        return self.dependent_from_start or exposed

    @property
    def risk(self):
        if self.whole > max(2.5 * self.needed, 700):
            return "overdose_high"
        if self.whole > max(1.5 * self.needed, 350):
            return "overdose_watch"
        if not self.effective or self.habit < 20 or self.whole >= 0.75 * self.needed:
            return "normal"
        if self.whole >= 0.5 * self.needed:
            return "watch"
        if self.whole >= 0.25 * self.needed or not self.dependent or self.habit < 100:
            return "elevated"
        return "emergency" if (self.lowest_h or 0) >= (12 if self.prone else 24) else "high"

    @property
    def near_an_edge(self):
        """True if a hair more or less of anything would be another risk."""
        levels = [(self.whole, share * self.needed) for share in (0.25, 0.5, 0.75, 1.5, 2.5)]
        levels += [(self.whole, 350), (self.whole, 700), (self.habit, 20), (self.habit, 100)]
        times = [(self.lowest_h, 24), (self.lowest_h, 12), (self.exposed_h, 90 * DAY_H)]
        return any(edge and abs(level - edge) < 2e-3 * edge for level, edge in levels) or any(
            at_h is not None and abs(at_h - edge_h) < 2 * STEP_H for at_h, edge_h in times
        )
