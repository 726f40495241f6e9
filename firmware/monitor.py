"""The safety monitor: apart from delivery, with its own limits, its own count and its own look at the rotor.

It has one right, to inhibit the motor. It acts on more steps confirmed than ordered, on a backward step, and on a
step budget passed, never on missing steps; it knows nothing of programs, batches or schedules.
"""

HOUR_S = 3600
_HOURS = 25  # the day's budget is held against the running hour and the 24 before it

OVERSPEED = 1
REVERSE = 2


class Monitor:
    """Watches one motor. `tripped` is 0, OVERSPEED or REVERSE; `steps` and `budget_steps` say what it saw."""

    def __init__(self, motor, step_nl, max_dose_mcg_per_day, minimum_nl_per_day, percent):
        self._motor = motor
        self._step_nl = step_nl
        self._minimum_steps = minimum_nl_per_day * percent // (100 * step_nl)
        self._max_ng_per_day = max_dose_mcg_per_day * 10 * percent
        self._ordered, self._confirmed, self._reversed = motor.progress()[:3]
        self._hours = [0] * _HOURS
        self._hour = 0
        self._day_steps = 0
        self._excess_steps = 0
        self.day_budget_steps = self.hour_budget_steps = 0
        self.tripped = 0
        self.steps = self.budget_steps = 0

    def set_drug(self, mcg_per_ml):
        """Turn the largest legal daily dose into steps of this drug. The minimum rate always passes."""
        dose_steps = self._max_ng_per_day * 1000 // (mcg_per_ml * self._step_nl) if mcg_per_ml else 0
        self.day_budget_steps = max(dose_steps, self._minimum_steps)
        self.hour_budget_steps = self.day_budget_steps // 2

    def watch(self, now_s):
        """Look at the rotor; inhibit the motor if it did what nobody may order. `now_s` never goes backwards."""
        ordered, confirmed, backward = self._motor.progress()[:3]
        steps = confirmed - self._confirmed
        if now_s // HOUR_S != self._hour:
            self._turn(now_s // HOUR_S)
        if backward != self._reversed:
            self._trip(REVERSE, backward - self._reversed, 0)
        ordered_steps = ordered - self._ordered
        if steps or ordered_steps:
            self._excess_steps = max(0, self._excess_steps + steps - ordered_steps)
            self._count(steps, ordered_steps)
        self._ordered = ordered
        self._confirmed = confirmed
        self._reversed = backward

    def release(self):
        """A programmer has looked at it: let the motor turn again. The budgets go on counting."""
        self.tripped = 0
        self._excess_steps = 0
        self._motor.release()

    def _count(self, steps, ordered_steps):
        slot = self._hour % _HOURS
        self._hours[slot] += steps
        self._day_steps += steps
        if self._excess_steps > 1:  # one step may be seen a moment after its order was
            self._trip(OVERSPEED, steps, ordered_steps)
        elif self._hours[slot] > self.hour_budget_steps:
            self._trip(OVERSPEED, self._hours[slot], self.hour_budget_steps)
        elif self._day_steps > self.day_budget_steps:
            self._trip(OVERSPEED, self._day_steps, self.day_budget_steps)

    def _turn(self, hour):
        for passed in range(max(self._hour + 1, hour - _HOURS + 1), hour + 1):
            slot = passed % _HOURS
            self._day_steps -= self._hours[slot]
            self._hours[slot] = 0
        self._hour = hour

    def _trip(self, cause, steps, budget_steps):
        self._motor.inhibit()
        if not self.tripped:
            self.tripped = cause
            self.steps = steps
            self.budget_steps = budget_steps
