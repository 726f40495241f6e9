"""The committed program: its week, the interval that runs now, and the rates that follow from them."""

from firmware import wire
from firmware.records.state import NEVER
from firmware.therapy import prescription
from firmware.therapy.delivery import MAX_BATCH_S
from firmware.therapy.prescription import rate_nl_per_day
from firmware.therapy.week import Week, WeekStore, passes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.config import Config
    from firmware.records.state import State
    from firmware.therapy.bolus import Bolus
    from firmware.therapy.dosewindow import DoseWindow
    from hal.contract import Store

DAY_S = 86400
_HOLD_S = 600  # a dose that is held waits so long at a time


class CommittedProgram:
    """`mcg_per_ml` is the strength that it is run with, `mean_nl_per_day` its rate then, of a week the mean. `week` is
    the flex program's, None without one; `step` its interval that runs, -1 while none does. `held` is True
    while the last day's dose leaves no room for what the week would have now."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        bolus: "Bolus",
        dose_window: "DoseWindow",
        store: "Store",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._bolus = bolus
        self._dose_window = dose_window
        self._weeks = WeekStore(store)
        self.week: Week | None = None
        self.mcg_per_ml = state.concentration_mcg_per_ml
        self.mean_nl_per_day = state.rate_nl_per_day
        self.step = -1
        self.held = False
        self._step_since_s = 0
        self._offset_s: int | None = None  # of local time, by which the week is followed
        self._crowded_until_s = 0  # while 24 hours may hold more of the week than it was committed with

    def set_strength(self, mcg_per_ml: int) -> bool:
        """Run it with a drug of this strength (0: with none): the dose stays, the rates follow. False when its week is
        corrupt."""
        state = self._state
        same = mcg_per_ml == state.concentration_mcg_per_ml
        self.mcg_per_ml = mcg_per_ml
        if not mcg_per_ml:
            self.mean_nl_per_day = 0
        else:
            dose_ng_per_day = state.dose_ng_per_day
            self.mean_nl_per_day = state.rate_nl_per_day if same else rate_nl_per_day(dose_ng_per_day, mcg_per_ml)
        if mcg_per_ml and self.week is not None and self.week.mcg_per_ml != mcg_per_ml:
            return self.load_week()
        return True

    def can_pass(self, strengths: "list[int]") -> bool:
        """True if its dose can be made of drugs of all these strengths, in mcg/mL."""
        return passes(self._state.dose_ng_per_day, self.week, strengths, self._config)

    def relabel(self, mcg_per_ml: int) -> None:
        """Put the program into the state as one for a drug of this strength."""
        state = self._state
        state.concentration_mcg_per_ml = mcg_per_ml
        state.rate_nl_per_day = rate_nl_per_day(state.dose_ng_per_day, mcg_per_ml)

    @property
    def rate_nl_per_day(self) -> int:
        """The rate that it asks for now."""
        week = self.week
        if week is not None and self.step >= 0:
            return week.rate_nl_per_day(self.step)
        return self._config.standby_rate_nl_per_day if self.held else self.mean_nl_per_day

    @property
    def dose_now_ng_per_day(self) -> int:
        """The rate of dose that it has now, whatever keeps the pump from it."""
        week = self.week
        if week is not None and self.step >= 0:
            return week.rate_nl_per_day(self.step) * self.mcg_per_ml // 1000
        return self._state.dose_ng_per_day

    @property
    def dose_today_ng(self) -> int:
        """Its dose of this day."""
        week = self.week
        if week is not None and self.step >= 0:
            return week.day_dose_ng(self._clock.local_s)
        return self._state.dose_ng_per_day

    @property
    def within_daily_limit(self) -> bool:
        """True if it keeps every 24 hours from now on within the limit. What was looked at when it was committed may
        have been put off since."""
        now_s = self._clock.now_s
        week = self.week
        if week is None:
            to_come = [(now_s, self._state.dose_ng_per_day * 1000)]
        else:
            to_come = week.pieces(now_s, now_s + 2 * DAY_S, self._clock.local_offset_s)
        return self._dose_window.allow(now_s, to_come, now_s, prescription.largest_mcg_per_day(self._state))

    # The week's record

    def load_week(self) -> bool:
        """Take up the week of the program in force. False when it is corrupt."""
        state = self._state
        days = self._weeks.load(state.week, state.dose_ng_per_day) if state.mode == wire.MODE_FLEX else None
        self.step = -1
        self.week = Week(days, self.mcg_per_ml or state.concentration_mcg_per_ml) if days else None
        return days is not None or state.mode != wire.MODE_FLEX

    def repair_week(self, sound: bool) -> bool | None:
        """Repair the week in force from its record where it is not `sound`, and the record from it. False when nothing
        was wrong, None when both are corrupt."""
        week = self.week
        where = self._state.week
        if week is None or (sound and self._weeks.valid(where)):
            return False
        days = self._weeks.load(where, self._state.dose_ng_per_day)
        if days is None:
            if not week.valid:
                return None
            days = week.days
        self.week = Week(
            days, self.mcg_per_ml or self._state.concentration_mcg_per_ml
        )  # the week's own may have flipped
        return self._weeks.rewrite(days, where)

    def keep_week(self, week: Week | None) -> int:
        """Write a week beside those in use; where it is, 0 for no week and for a store that failed."""
        return self._weeks.save(week.days, self._state.week) if week else 0

    # The week's intervals

    def remainder(self, now_s: int) -> int:
        """Return what rounding left of the interval that ran up to now, in nL times 86,400; 0 where none did."""
        week = self.week
        return (
            week.rounding_remainder(self.step, now_s - self._step_since_s) if week is not None and self.step >= 0 else 0
        )

    def follow(self, week: Week, now_s: int, local_s: int) -> int:
        """Take up the interval of its `week` that it is time for; seconds until the next look.

        Without a clock there is none, and the mean rate goes on. Neither is there while the doses before leave no room
        for it within the limit: the intervals come closer to those before when the clock is set, and the mean may come
        too close to a strong day.
        """
        step = week.index_at(local_s, max(0, self.step))
        left_s = week.edges_s[step + 1] - local_s % (7 * DAY_S)
        ordered = self._state.therapy == wire.THERAPY_RUNNING
        timed = self._clock.wall_s != NEVER
        if self._clock.local_offset_s != self._offset_s:
            self._offset_s = self._clock.local_offset_s
            self._crowded_until_s = now_s + DAY_S
        held = False
        if ordered and not timed:
            held = not self.within_daily_limit
        elif ordered and now_s < self._crowded_until_s:
            held = not self._has_room(week.rate_nl_per_day(step), now_s, min(left_s, MAX_BATCH_S))
            left_s = min(left_s, _HOLD_S) if held else left_s
        self.held = held
        self.step = step if ordered and timed and not held else -1
        self._step_since_s = now_s
        return left_s

    def _has_room(self, rate_nl_per_day: int, now_s: int, lasting_s: int) -> bool:
        """True if a rate, with the bolus that is being given, keeps the 24 hours that end within so long in the
        limit."""
        rate = (rate_nl_per_day + self._bolus.rate_nl_per_day) * self.mcg_per_ml
        if self._bolus.active:
            lasting_s = min(lasting_s, self._bolus.until_s - now_s)
        last_s = now_s - DAY_S + lasting_s
        return self._dose_window.allow(now_s, [(now_s, rate)], last_s, prescription.largest_mcg_per_day(self._state))
