"""The reservoir as the pump believes it: computed from what was delivered.

Low reservoir and empty are thresholds in booked steps, so that a wake compares two numbers. A pump that delivers more
than it counts runs dry without an alarm, unless a gauge is fitted; the real device does so too (docs/sources.md, S5,
S6).
"""

from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.ledger import Ledger
    from firmware.records.state import State

_FAR = (1 << 30) - 1  # more steps than a life has


class Reservoir:
    """Volumes in nL."""

    def __init__(self, config: "Config", state: "State", ledger: "Ledger") -> None:
        self._config = config
        self._state = state
        self._ledger = ledger
        self._missing_nl = 0
        self._warning_nl = 0  # what is left so many hours before it is empty
        self.low_at_steps = self.empty_at_steps = _FAR
        if state.last_refill_s != NEVER:
            self.plan()

    def plan(self) -> None:
        """Work out the thresholds: after a refill that was kept, and when the alarm's volume was changed."""
        config = self._config
        filled_nl = self._state.filled_nl
        start_steps = self._state.filled_at_steps
        above_low_nl = filled_nl - self._missing_nl - self._low_nl
        self.low_at_steps = start_steps + max(0, above_low_nl // config.step_nl + 1)
        self.empty_at_steps = start_steps + max(0, (filled_nl - config.residual_nl) // config.step_nl)

    def set_rate(self, rate_nl_per_day: int) -> None:
        """Warn `low_warning_h` hours before it is empty at this rate, where that is sooner than by volume.

        At 2,000,000 nL/day 24 hours are 2,000,000 nL: it is low at 3,400,000 nL, the residual of 1,400,000 among them.
        """
        config = self._config
        ahead_nl = rate_nl_per_day * config.low_warning_h // 24
        warning_nl = config.residual_nl + ahead_nl if ahead_nl else 0
        if warning_nl != self._warning_nl:
            self._warning_nl = warning_nl
            if self._state.last_refill_s != NEVER:
                self.plan()

    @property
    def _low_nl(self) -> int:
        return max(self._state.low_reservoir_nl, self._warning_nl)

    @property
    def volume_nl(self) -> int:
        """Computed volume; never below zero."""
        used_steps = self._ledger.booked_steps - self._state.filled_at_steps
        return max(0, self._state.filled_nl - used_steps * self._config.step_nl)

    @property
    def delivered_nl(self) -> int:
        """Volume booked since the first fill. Beyond 32 bits in a long life at high rates."""
        return self._ledger.booked_steps * self._config.step_nl

    @property
    def deliverable_steps(self) -> int:
        """Steps until only the residual is left: the pump must not run dry (it damages it)."""
        steps = self.empty_at_steps - self._ledger.booked_steps
        return steps if steps > 0 else 0

    @property
    def low(self) -> bool:
        """True if the computed volume is below the alarm's, or nothing but the residual is left."""
        return self._ledger.booked_steps >= self.low_at_steps or not self.deliverable_steps

    @property
    def used_much(self) -> bool:
        """True if half of what the newest filling could give is gone, by the books or by a gauge that is believed, or
        if it was not low at first, and is.

        Of 20,000,000 nL, 1,400,000 of them the residual, it is at 10,700,000; at 12,000,000 where that is low.
        """
        config = self._config
        given_steps = self._ledger.booked_steps - self._state.filled_at_steps
        gone_nl = given_steps * config.step_nl + self._missing_nl
        if given_steps and 2 * gone_nl >= max(0, self._state.filled_nl - config.residual_nl):
            return True
        return self.low and self._state.filled_nl > self._low_nl

    def fill(self, volume_nl: int, mcg_per_ml: int, now_s: int) -> None:
        """Put a refill into the state, which the caller keeps before it calls `filled`."""
        state = self._state
        state.filled_nl = volume_nl
        state.filled_at_steps = self._ledger.booked_steps
        state.drug_mcg_per_ml = mcg_per_ml
        state.last_refill_s = now_s
        state.refills += 1

    def filled(self) -> None:
        """Go by a refill that was kept: what a gauge said before it says nothing of the volume now."""
        self._missing_nl = 0
        self.plan()

    def assume_low(self) -> None:
        """Take the reservoir to be low, so that somebody looks: more was delivered than is booked, and nobody knows how
        much."""
        if self._state.last_refill_s != NEVER:
            self._ledger.assume(self.low_at_steps)

    def set_sensor_deficit(self, volume_nl: int) -> None:
        """Take it from a gauge that is believed that so much less is there: low comes sooner, empty does not. A little
        less than before is the gauge's noise, which ends no alarm."""
        noise_nl = self._config.sensor_tolerance_nl // 2 if volume_nl else 0
        if volume_nl > self._missing_nl or volume_nl < self._missing_nl - noise_nl:
            self._missing_nl = volume_nl
            self.plan()

    @property
    def above_low_nl(self) -> int:
        """Volume left until the reservoir is low."""
        return max(0, self.volume_nl - self._missing_nl - self._low_nl)
