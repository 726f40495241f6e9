"""The safety monitor: apart from delivery, with its own limits, its own count and its own look at the rotor.

It has one right, to inhibit the motor. It acts on more steps confirmed than ordered, on a backward step, and on a
step budget passed, never on missing steps; it knows nothing of programs, batches or schedules.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from hal.contract import Motor

HOUR_S = 3600
_HOURS = 24  # the day's budget is held against the running hour and the 23 before it

_UNKNOWN_MCG_PER_ML = 2000  # the strongest in common use: a drug that is not known is counted as that one

OVERSPEED = 1
REVERSE = 2


class Monitor:
    """Watches one motor. `tripped` is 0, OVERSPEED or REVERSE; `steps` and `budget_steps` say what it saw.

    Doses are counted in steps times mcg/mL, each step at the concentration it was made with. Up to `late_nl` may be
    seen after the hour in which they were delivered, and are left over from the one before it.
    """

    def __init__(self, motor: "Motor", step_nl: int, max_dose_mcg_per_day: int, percent: int, late_nl: int) -> None:
        self._motor = motor
        self._late_steps = late_nl // step_nl
        self._late = self._late_steps * _UNKNOWN_MCG_PER_ML
        self._per_mcg = 10_000 * percent // step_nl
        self._next_budget = self._day_budget = max_dose_mcg_per_day * self._per_mcg
        self._lower_hour = 0  # when a lower budget takes effect
        self._mcg_per_ml = _UNKNOWN_MCG_PER_ML
        self._ordered, self._confirmed, self._reversed = motor.progress()[:3]
        self._hours = [0] * _HOURS
        self._hour = 0
        self._day = 0
        self._excess_steps = 0
        self.prime_allowance_steps = 0
        self.tripped = 0
        self.untold = False
        self.steps = self.budget_steps = 0

    def set_drug(self, mcg_per_ml: int) -> None:
        """Count the steps to come at this concentration; 0 when it is not known."""
        self._mcg_per_ml = mcg_per_ml or _UNKNOWN_MCG_PER_ML
        self._late = self._late_steps * self._mcg_per_ml

    def set_prime_allowance(self, steps: int) -> None:
        """Let so many steps fill the line with drug, once: they count against no budget."""
        self.prime_allowance_steps = steps

    def set_limit(self, max_dose_mcg_per_day: int) -> None:
        """Set the largest legal dose of a day. A lower one counts when nothing is left of the day before it."""
        budget = max_dose_mcg_per_day * self._per_mcg
        if budget != self._next_budget:
            self._next_budget = budget
            self._lower_hour = self._hour + _HOURS
            self._day_budget = max(budget, self._day_budget)

    def watch(self, now_s: int) -> None:
        """Look at the rotor; inhibit the motor if it did what nobody may order. `now_s` never goes backwards."""
        ordered, confirmed, backward, _, _ = self._motor.progress()
        steps = confirmed - self._confirmed
        hour = now_s // HOUR_S
        if hour != self._hour:
            self._turn(hour)
        if backward != self._reversed:
            self._trip(REVERSE, backward - self._reversed, 0)
        ordered_steps = ordered - self._ordered
        if steps or ordered_steps:
            excess_steps = self._excess_steps + steps - ordered_steps
            self._excess_steps = excess_steps if excess_steps > 0 else 0
            self._count(steps, ordered_steps)
        self._ordered = ordered
        self._confirmed = confirmed
        self._reversed = backward

    def release(self) -> None:
        """A programmer has looked at it: let the motor turn again. The budgets go on counting."""
        self.tripped = 0
        self._excess_steps = 0
        self._motor.release()

    def _count(self, steps: int, ordered_steps: int) -> None:
        """Hold new steps against what was ordered, then their dose against the budgets of the hour and of the day.

        Say a step is 100 nL, the limit 1000 mcg a day, `percent` 110 and `late_nl` 20,000. A step at 2000 mcg/mL is
        0.2 mcg and counts 2000; the day's budget of 11,000,000 is 5500 of those, 1100 mcg. An hour may have half of it,
        and 200 late steps: its step 2951 trips. At 500 mcg/mL a step counts 500, and the hour's step 11,201 trips. Of
        1000 steps in a prime with 900 to go, 100 count.
        """
        if self.prime_allowance_steps:
            spare_steps = min(steps, self.prime_allowance_steps)
            self.prime_allowance_steps -= spare_steps
            dose = (steps - spare_steps) * self._mcg_per_ml
        else:
            dose = steps * self._mcg_per_ml
        self._day += dose
        slot = self._hour % _HOURS
        self._hours[slot] = hour_dose = self._hours[slot] + dose
        if self._excess_steps > 1:  # one step may be seen a moment after its order was
            self._trip(OVERSPEED, steps, ordered_steps)
        elif hour_dose > (self._day_budget >> 1) + self._late:
            self._overdose(hour_dose, self._day_budget >> 1)
        elif self._day > self._day_budget + self._late:
            self._overdose(self._day, self._day_budget)

    def _overdose(self, dose: int, budget: int) -> None:
        self._trip(OVERSPEED, dose // self._mcg_per_ml, budget // self._mcg_per_ml)

    def _turn(self, hour: int) -> None:
        over = self._hour if hour - self._hour < _HOURS else hour - _HOURS
        while over < hour:
            over += 1
            slot = over % _HOURS
            self._day -= self._hours[slot]
            self._hours[slot] = 0
        self._hour = hour
        if hour >= self._lower_hour:
            self._day_budget = self._next_budget

    def _trip(self, cause: int, steps: int, budget_steps: int) -> None:
        self._motor.inhibit()
        if not self.tripped:
            self.tripped = cause
            self.untold = True
            self.steps = steps
            self.budget_steps = budget_steps
