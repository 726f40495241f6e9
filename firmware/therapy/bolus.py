"""Boluses that ride on the basal rate, one at a time: a single one as a clinician orders it, and the patient's own.

A bolus is a volume over a time. What a stall made the patient miss of it is not made up for, and whatever fails cancels
it (R1.7): the part that was delivered is then logged.
"""

from firmware import wire
from firmware.records.state import NEVER
from firmware.records.statefields import PATIENT_BOLUSES
from firmware.therapy.week import volume_nl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.ledger import Ledger
    from firmware.records.state import State

DAY_S = 86400


class Bolus:
    """The bolus in the state, if there is one. Volumes in nL, times pump uptime in seconds."""

    def __init__(self, config: "Config", state: "State", ledger: "Ledger") -> None:
        self._config = config
        self._state = state
        self._ledger = ledger

    @property
    def active(self) -> bool:
        """True while one is being given."""
        return self._state.bolus != wire.BOLUS_NONE

    @property
    def until_s(self) -> int:
        """The time at which it is over."""
        return self._state.bolus_until_s

    @property
    def rate_nl_per_day(self) -> int:
        """Its rate on top of the basal one, rounded down; 0 when there is none."""
        state = self._state
        if state.bolus == wire.BOLUS_NONE:
            return 0
        return state.bolus_nl * DAY_S // (state.bolus_until_s - state.bolus_from_s)

    @property
    def rounding_remainder(self) -> int:
        """The part of its volume that the rate's rounding leaves, in nL times 86,400."""
        state = self._state
        return state.bolus_nl * DAY_S - self.rate_nl_per_day * (state.bolus_until_s - state.bolus_from_s)

    def left_nl(self, now_s: int) -> int:
        """The volume still to come."""
        return self._state.bolus_nl - self._due_nl(now_s) if self.active else 0

    def _due_nl(self, now_s: int) -> int:
        state = self._state
        lasted_s = min(now_s, state.bolus_until_s) - state.bolus_from_s
        return state.bolus_nl * lasted_s // (state.bolus_until_s - state.bolus_from_s)

    def begin(self, kind: int, dose_ng: int, volume_nl: int, over_s: int, now_s: int) -> None:
        """Put one into the state."""
        state = self._state
        state.last_bolus = kind
        state.last_bolus_ng = dose_ng
        state.last_bolus_delivered_ng = 0
        state.last_bolus_s = now_s
        state.bolus = kind
        state.bolus_nl = volume_nl
        state.bolus_from_s = now_s
        state.bolus_until_s = now_s + over_s
        state.bolus_missed = self._ledger.missed_steps
        if kind == wire.BOLUS_PATIENT:
            state.patient_boluses_s = [now_s] + state.patient_boluses_s[: PATIENT_BOLUSES - 1]

    def end(self, now_s: int, total_nl_per_day: int, unknown_steps: int = 0) -> tuple[int, int, int]:
        """Take it out of the state; (kind, ordered, delivered) nL. It had its share of the steps missed of a total, and
        of those after `now_s` of which a reset left unknown whether they were made."""
        state = self._state
        delivered_nl = self._delivered_nl(now_s, total_nl_per_day, unknown_steps)
        state.last_bolus_delivered_ng = self._ng(delivered_nl)
        ended = (state.bolus, state.bolus_nl, delivered_nl)
        state.bolus = wire.BOLUS_NONE
        state.changed = True
        return ended

    def last_delivered_ng(self, now_s: int, total_nl_per_day: int) -> int:
        """The dose of the newest bolus that may have been delivered so far."""
        if not self.active:
            return self._state.last_bolus_delivered_ng
        return self._ng(self._delivered_nl(now_s, total_nl_per_day))

    def _delivered_nl(self, now_s: int, total_nl_per_day: int, unknown_steps: int = 0) -> int:
        state = self._state
        missed_nl = (self._ledger.missed_steps - state.bolus_missed) * self._config.step_nl
        unknown_nl = unknown_steps * self._config.step_nl
        if total_nl_per_day:
            missed_nl = missed_nl * self.rate_nl_per_day // total_nl_per_day
            unknown_nl = -(-unknown_nl * self.rate_nl_per_day // total_nl_per_day)
        return min(state.bolus_nl, max(0, self._due_nl(now_s) - missed_nl) + unknown_nl)

    def _ng(self, volume_nl: int) -> int:
        return -(-self._state.last_bolus_ng * volume_nl // self._state.bolus_nl)

    @property
    def patient_nl_per_day(self) -> int:
        """The most that the patient may ask for in a day."""
        state = self._state
        mcg_per_ml = state.drug_mcg_per_ml
        return state.patient_per_day * volume_nl(state.patient_dose_ng, mcg_per_ml) if mcg_per_ml else 0

    def patient_left(self, now_s: int) -> int:
        """The number of the patient's boluses that the last 24 hours leave."""
        given = [at_s for at_s in self._state.patient_boluses_s if at_s != NEVER and now_s - at_s < DAY_S]
        return max(0, self._state.patient_per_day - len(given))

    def locked_out(self, now_s: int) -> bool:
        """True if the patient has to wait, for the lockout or for the daily count."""
        last_s = self._state.patient_boluses_s[0]
        if last_s != NEVER and now_s - last_s < self._state.patient_lockout_s:
            return True
        return not self.patient_left(now_s)
