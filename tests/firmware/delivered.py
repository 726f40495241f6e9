"""What a body's motor really delivered, step by step, and the drug that left the catheter's tip with it."""

from bisect import bisect_right
from itertools import accumulate

from .body import Body, Motor

DAY_MS = 86_400_000
PRIME_PERIOD_MS = 360  # the fastest there is: only a prime goes at that


class Line:
    """Tubing and catheter as plug flow: what goes in at one end pushes out what went in first."""

    def __init__(self, steps):
        self.steps = steps
        self.plugs = []  # [steps, mcg/mL], the tip's first
        self.drug = 0  # mcg/mL in the reservoir

    def fill(self, mcg_per_ml):
        """It holds nothing else, or what else it holds is not to count."""
        self.drug = mcg_per_ml
        self.plugs = [[self.steps, mcg_per_ml]]

    def push(self, steps):
        """Steps go in; what comes out, as (steps, mcg/mL)."""
        self.plugs.append([steps, self.drug])
        out = []
        while steps:
            plug = self.plugs[0]
            part = min(steps, plug[0])
            out.append((part, plug[1]))
            steps -= part
            plug[0] -= part
            if not plug[0]:
                self.plugs.pop(0)
        return out


class RecordingMotor(Motor):
    """Tells the body of every run of steps that turned the rotor."""

    def _count(self, new):
        super()._count(new)
        assert self.left
        _, first_ms, period_ms = self.left
        if not self.body.stalled:
            last = self.order_at_ms + first_ms + (self.given - 1) * period_ms
            self.body.moved(last - (new - 1) * period_ms, period_ms, new)


class RecordingBody(Body):
    """`doses` are (first_ms, last_ms, dose) of runs of even steps, dose in steps times mcg/mL; a prime is no dose."""

    def __init__(self, line_steps):
        super().__init__()
        self.motor = RecordingMotor(self)
        self.line_of_drug = Line(line_steps)
        self.doses = []
        self.primed_steps = 0

    def moved(self, first_ms, period_ms, steps):
        for part, mcg_per_ml in self.line_of_drug.push(steps):
            if period_ms == PRIME_PERIOD_MS:
                self.primed_steps += part
            else:
                self.doses.append((first_ms, first_ms + (part - 1) * period_ms, part * mcg_per_ml))
            first_ms += part * period_ms

    def worst_days(self):
        """(from_ms, dose) of the 24 hours that begin or end with every run of steps."""
        times = [first_ms for first_ms, _, _ in self.doses]
        before = [0, *accumulate(dose for _, _, dose in self.doses)]
        edges_ms = [at_ms for first_ms, last_ms, _ in self.doses for at_ms in (first_ms, last_ms + 1 - DAY_MS)]
        return [
            (at_ms, self._until(at_ms + DAY_MS, times, before) - self._until(at_ms, times, before))
            for at_ms in edges_ms
        ]

    def _until(self, at_ms, times, before):
        index = bisect_right(times, at_ms) - 1
        if index < 0:
            return 0
        first_ms, last_ms, dose = self.doses[index]
        share = 1 if at_ms >= last_ms else (at_ms - first_ms) / (last_ms - first_ms)
        return before[index] + dose * share
