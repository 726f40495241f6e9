"""The drive train: pulses, rotor and rotor sensor, in closed form between two events."""

from collections.abc import Callable

NEVER_MS = 1 << 62
RUNAWAY_MS = 1000  # between two steps that nobody ordered
_SATURATED = (1 << 30) - 1
_LOSS_PATTERN = 100  # pulses after which lost ones come again in the same places


class Drivetrain:
    """Executes one order at a time. Times are plant time in ms and never go back.

    An order or a fault acts after the pulses of its own millisecond. `change` is called just
    before the rotor, which turned evenly so far, gets another rhythm. A motor that has `seized` is held for good.
    """

    __slots__ = (
        "_due_ms",
        "_earlier_steps",
        "_given",
        "_loss_percent",
        "_loss_pulses",
        "_miss_limit",
        "_period_ms",
        "_runaway_ms",
        "_settled_ms",
        "_steps",
        "_stray_ms",
        "alert_ms",
        "change",
        "confirmed",
        "confirmed_run",
        "held",
        "inhibited",
        "miss_due_ms",
        "missed_run",
        "off",
        "pulses",
        "reversed",
        "seized",
        "work_pulses",
    )

    def __init__(self, work_pulses: int = 0, rotor_steps: int = 0, change: Callable[[], None] = lambda: None) -> None:
        self.change = change
        self.work_pulses = work_pulses  # that ever drew current, unordered ones included
        self._earlier_steps = rotor_steps  # before this power-up
        self.held = self.seized = False
        self.off = False  # without power nothing turns, nor runs away
        self._loss_percent = self._loss_pulses = 0  # pulses: since the loss began
        self._settled_ms = -1
        self._runaway_ms = NEVER_MS  # of the next step that nobody ordered
        self._stray_ms = NEVER_MS  # when the rotor does, or did, what no pulse asked for, and nobody has looked
        self.alert_ms = NEVER_MS  # when the firmware is to be woken for the rotor's sake
        self._power_up()

    def _power_up(self) -> None:
        self.pulses = self.confirmed = self.reversed = self.missed_run = self.confirmed_run = 0
        self.inhibited = False
        self._miss_limit = 0
        self._drop()
        self._plan_stray()

    def _drop(self) -> None:
        self._steps = self._given = 0
        self._due_ms = 0
        self._period_ms = 1
        self.miss_due_ms = NEVER_MS
        self.alert_ms = self._stray_ms

    def order(self, at_ms: int, steps: int, first_ms: int, period_ms: int, give_up_ms: int, miss_limit: int) -> bool:
        """Pulse k (from 0) at `at_ms + first_ms + k * period_ms`; later than `at_ms + give_up_ms` there are none.

        False, and nothing done, while pulses of another order are still to come.
        """
        self.settle(at_ms)
        if self._given < self._steps:
            return False
        if period_ms != self._period_ms or at_ms + first_ms > self._due_ms + (self._steps + 1) * self._period_ms:
            self.change()
        self._due_ms = at_ms + first_ms
        self._period_ms = period_ms
        most = (give_up_ms - first_ms) // period_ms + 1
        self._steps = steps if steps < most else max(0, most)
        self._given = 0
        self._miss_limit = miss_limit
        self._settled_ms = -1  # its first pulse may be at once
        if self.held or self._loss_percent:
            self._plan_miss()
        return True

    def halt(self, at_ms: int) -> None:
        """Drop what is left of the order."""
        self.settle(at_ms)
        self.change()
        self._drop()

    def power_cut(self, at_ms: int) -> None:
        """Stop the motor, and forget the counts of its electronics."""
        self.settle(at_ms)
        self._earlier_steps += self.confirmed - self.reversed
        self._power_up()
        self.off = True

    def power_on(self, at_ms: int) -> None:
        """There is power again."""
        self.settle(at_ms)
        self.off = False

    def settle(self, at_ms: int) -> None:
        """Let everything up to and including `at_ms` happen."""
        if at_ms == self._settled_ms:
            return
        self._settled_ms = at_ms
        due = (at_ms - self._due_ms) // self._period_ms + 1
        if due > self._steps:
            due = self._steps
        new = due - self._given
        if new > 0:
            self._given = due
            self.pulses += new
            self.work_pulses += new
            if self.held:
                self.missed_run += new
                self.confirmed_run = 0
                self._plan_miss()
            elif self._loss_percent:
                self._count_losses(new)
            else:
                self.confirmed += new
                self.confirmed_run += new
                self.missed_run = 0
        if at_ms >= self._runaway_ms:
            self._run_away(at_ms)

    def _run_away(self, at_ms: int) -> None:
        count = (at_ms - self._runaway_ms) // RUNAWAY_MS + 1
        self._runaway_ms += count * RUNAWAY_MS
        if not (self.inhibited or self.off):  # which cuts the motor's supply
            self.work_pulses += count
            if not self.held:
                self.confirmed += count

    def _is_lost(self, pulse: int) -> bool:
        """True if this pulse, counted since the loss began, is lost. Lost pulses are spread evenly."""
        return (pulse + 1) * self._loss_percent // 100 > pulse * self._loss_percent // 100

    def _count_losses(self, new: int) -> None:
        first = self._loss_pulses
        self._loss_pulses = end = first + new
        self.confirmed += new - (end * self._loss_percent // 100 - first * self._loss_percent // 100)
        last_lost = self._is_lost(end - 1)
        run = 1
        while run < new and self._is_lost(end - 1 - run) == last_lost:
            run += 1
        before = 0 if run < new else self.missed_run if last_lost else self.confirmed_run
        self.missed_run, self.confirmed_run = (before + run, 0) if last_lost else (0, before + run)
        self._plan_miss()

    def _plan_miss(self) -> None:
        """Set `miss_due_ms` to the time at which the run of missed pulses reaches its limit."""
        pulse = self._given + self._miss_limit - self.missed_run - 1 if self.held else self._pulse_at_loss_limit()
        if self._given <= pulse < self._steps:
            self.miss_due_ms = self._due_ms + pulse * self._period_ms
        else:
            self.miss_due_ms = NEVER_MS
        self.alert_ms = min(self.miss_due_ms, self._stray_ms)

    def _pulse_at_loss_limit(self) -> int:
        """The first pulse of the order with which losses in a row reach the limit, or one that is past."""
        run = self.missed_run
        for ahead in range(_LOSS_PATTERN + self._miss_limit if self._loss_percent else 0):
            run = run + 1 if self._is_lost(self._loss_pulses + ahead) else 0
            if run == self._miss_limit:
                return self._given + ahead
        return -1

    def progress(self, at_ms: int) -> tuple[int, int, int, int, int]:
        """(pulses, confirmed, reversed, missed_run, confirmed_run) since power-up, saturating at 2^30 - 1."""
        self.settle(at_ms)
        if at_ms >= self._stray_ms:
            self._plan_stray()
        counts = (self.pulses, self.confirmed, self.reversed, self.missed_run, self.confirmed_run)
        if self.pulses + self.confirmed + self.reversed > _SATURATED:
            pulses, confirmed, backward, missed, run = (min(count, _SATURATED) for count in counts)
            return pulses, confirmed, backward, missed, run
        return counts

    @property
    def turning_until_ms(self) -> int:
        """End of the rotor's present rhythm, if it turns at all."""
        return self._due_ms + self._steps * self._period_ms if self._runaway_ms == NEVER_MS else NEVER_MS

    @property
    def step_ms(self) -> int:
        """Time between two steps of the present rhythm."""
        return self._period_ms if self._runaway_ms == NEVER_MS else RUNAWAY_MS

    # Faults and the safety monitor; settle first

    def hold(self, held: bool) -> None:
        """Hold the rotor, or let it go."""
        held = held or self.seized
        if held != self.held:
            self.held = held
            self._plan_miss()
            self._plan_stray()

    def seize(self) -> None:
        """Hold the rotor for good."""
        self.seized = True
        self.hold(True)

    def inhibit(self, inhibited: bool) -> None:
        """Cut the motor's supply, or give it back."""
        self.change()
        self.inhibited = inhibited
        self._plan_stray()

    def lose_steps(self, percent: int) -> None:
        """Lose so many of the pulses to come."""
        if percent != self._loss_percent:
            self._loss_percent = percent
            self._loss_pulses = 0
            self._plan_miss()

    def run_away(self, on: bool, at_ms: int) -> None:
        """Make a step that nobody ordered each RUNAWAY_MS from now on, or stop doing so."""
        if on != (self._runaway_ms != NEVER_MS):
            self._runaway_ms = at_ms + RUNAWAY_MS if on else NEVER_MS
            self._plan_stray()

    def step_back(self, at_ms: int) -> None:
        self.reversed += 1
        self.alert_ms = self._stray_ms = at_ms

    def _plan_stray(self) -> None:
        self._stray_ms = NEVER_MS if self.inhibited or self.held else self._runaway_ms
        self.alert_ms = min(self.miss_due_ms, self._stray_ms)

    @property
    def rotor_steps(self) -> int:
        """Forward steps less backward ones, of the whole life."""
        return self._earlier_steps + self.confirmed - self.reversed
