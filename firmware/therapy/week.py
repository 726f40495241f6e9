"""A week of dosing: for each day up to 13 steps, each with its own dose, from 00:00 on.

A step's volume is what counts; its rate follows from it, and what the rate's rounding leaves over is given at the
step's end. Times are minutes of a day; days count from Monday, 0.
"""

from firmware import wire
from firmware.records import slots
from firmware.records.record import Record
from firmware.therapy import prescription
from firmware.therapy.prescription import RATE_TOLERANCE_NL_PER_DAY, fastest_nl_per_day

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.state import State
    from firmware.therapy.prescription import Program
    from hal.contract import Store

    Step = tuple[int, int, int]  # from_min, dose_ng, nL/day
    Day = list[Step]

MAX_STEPS = 13  # changes of rate a day (docs/sources.md, SEED-33)
DAYS = 7
DAY_MIN = 1440
_DAY_S = 86400
_WEEK_S = DAYS * _DAY_S

_STEP_LAYOUT = "HII"
_LAYOUT = ("B" + _STEP_LAYOUT * MAX_STEPS) * DAYS


def volume_nl(dose_ng: int, mcg_per_ml: int) -> int:
    """The volume of a dose, to the nearest nL. 1 mcg/mL is 1 ng in 1000 nL."""
    return (dose_ng * 1000 + mcg_per_ml // 2) // mcg_per_ml


def day_refusal(steps: "Day", mcg_per_ml: int, max_dose_mcg_per_day: int, config: "Config") -> int | None:
    """Check a well-formed day: the REASON code for which it cannot be ordered, or None."""
    if len(steps) > MAX_STEPS:
        return wire.REASON_TOO_MANY_STEPS
    ends_min = [step[0] for step in steps[1:]] + [DAY_MIN]
    for i in range(len(steps)):
        from_min, dose_ng, rate_nl_per_day = steps[i]
        exact = dose_ng * 1000 * DAY_MIN // (mcg_per_ml * (ends_min[i] - from_min))
        if abs(rate_nl_per_day - exact) > RATE_TOLERANCE_NL_PER_DAY:
            return wire.REASON_INCONSISTENT
    if sum([step[1] for step in steps]) > max_dose_mcg_per_day * 1000:
        return wire.REASON_DOSE_LIMIT
    fastest = fastest_nl_per_day(max_dose_mcg_per_day, mcg_per_ml)
    for _, _, rate_nl_per_day in steps:
        if rate_nl_per_day > fastest:
            return wire.REASON_RATE_LIMIT
        if not config.lowest_program_rate_nl_per_day <= rate_nl_per_day <= config.max_rate_nl_per_day:
            return wire.REASON_RATE_LIMIT
    return None


def week_refusal(week: "Week", program: "Program", state: "State") -> int | None:
    """Check a week as the days of this program: the REASON code for which it cannot be ordered, or None."""
    if program[2] != week.dose_ng // DAYS:
        return wire.REASON_INCONSISTENT
    if week.highest_dose_ng() > state.max_dose_mcg_per_day * 1000:
        return wire.REASON_DOSE_LIMIT
    return None


def well_formed(_config: "Config", _day: int, steps: "Day") -> bool:
    """True if a day from the wire is sorted, from 00:00 on, and has a dose in it."""
    if not steps or steps[0][0] != 0 or not sum([step[1] for step in steps]):
        return False
    return all(steps[i - 1][0] < steps[i][0] for i in range(1, len(steps)))


class Week:
    """A schedule ready to run. `days` are seven.

    Its steps stand in a row: step i lasts from `edges_s[i]` to `edges_s[i + 1]`, in seconds from Monday 00:00, and
    gives `volumes_nl[i]`.
    """

    def __init__(self, days: "list[Day]", mcg_per_ml: int) -> None:
        self.days = days
        self.mcg_per_ml = mcg_per_ml
        self.edges_s = [day * _DAY_S + step[0] * 60 for day in range(DAYS) for step in days[day]] + [_WEEK_S]
        self.volumes_nl = [volume_nl(step[1], mcg_per_ml) for day in days for step in day]
        self.volume_nl = sum(self.volumes_nl)
        self.dose_ng = sum([step[1] for day in days for step in day])
        self._edges_copy = self.edges_s[:]
        self._volumes_copy = self.volumes_nl[:]
        self._sum = self.volume_nl + self.dose_ng + self.mcg_per_ml
        self._days_seen = self._look_through_days()

    def _look_through_days(self) -> int:
        """A number that any flipped bit in the days changes. Never larger than they are, it takes no memory."""
        seen = 0
        for day in self.days:
            for from_min, dose_ng, rate_nl_per_day in day:
                seen ^= from_min ^ dose_ng ^ rate_nl_per_day
        return seen

    @property
    def intact(self) -> bool:
        """True if the steps in their row, by which it is delivered, still are what they were made as."""
        same = self.edges_s == self._edges_copy and self.volumes_nl == self._volumes_copy
        return same and self._sum == self.volume_nl + self.dose_ng + self.mcg_per_ml

    @property
    def valid(self) -> bool:
        """True if the days that it was made of are so, too. Takes no memory."""
        return self.intact and self._look_through_days() == self._days_seen

    def index_at(self, local_s: int, guess: int = 0) -> int:
        """The step that runs at a local time (seconds since a Monday 00:00). A right guess saves the search."""
        week_s = local_s % _WEEK_S
        if self.edges_s[guess] <= week_s < self.edges_s[guess + 1]:
            return guess
        low = 0
        high = len(self.volumes_nl)
        while high - low > 1:
            middle = (low + high) // 2
            if self.edges_s[middle] <= week_s:
                low = middle
            else:
                high = middle
        return low

    def rate_nl_per_day(self, index: int) -> int:
        """The rate of a step, rounded down."""
        return self.volumes_nl[index] * _DAY_S // (self.edges_s[index + 1] - self.edges_s[index])

    def rounding_remainder(self, index: int, seconds: int) -> int:
        """The part of a step's volume that so many seconds at the rounded rate leave, in nL times 86,400."""
        lasting_s = self.edges_s[index + 1] - self.edges_s[index]
        per_s = self.volumes_nl[index] * _DAY_S
        return per_s * seconds // lasting_s - per_s // lasting_s * seconds

    def day_dose_ng(self, local_s: int) -> int:
        """The dose of the day of a local time."""
        return sum([step[1] for step in self.days[local_s // _DAY_S % DAYS]])

    def seconds_for(self, wanted_nl: int, local_s: int) -> int:
        """The time from a local time on until so much has been delivered."""
        seconds = wanted_nl // self.volume_nl * _WEEK_S
        wanted_nl %= self.volume_nl
        index = self.index_at(local_s)
        at_s = local_s % _WEEK_S
        while True:
            end_s = self.edges_s[index + 1]
            rate_nl_per_day = self.rate_nl_per_day(index)
            step_nl = rate_nl_per_day * (end_s - at_s) // _DAY_S
            if step_nl > wanted_nl:
                return seconds + wanted_nl * _DAY_S // rate_nl_per_day
            seconds += end_s - at_s
            wanted_nl -= step_nl
            index = (index + 1) % len(self.volumes_nl)
            at_s = self.edges_s[index]

    def pieces(self, from_s: int, until_s: int, local_offset_s: int | None) -> list[tuple[int, int]]:
        """(from_s, nL/day times mcg/mL) of each step between two uptimes, local time being that much ahead of them.
        Where nobody knows the local time (None) it is the week's mean."""
        if local_offset_s is None:
            return [(from_s, self.dose_ng * 1000 // DAYS)]
        found = []
        at_s = from_s
        while at_s < until_s:
            index = self.index_at(at_s + local_offset_s)
            found.append((at_s, self.rate_nl_per_day(index) * self.mcg_per_ml))
            at_s += self.edges_s[index + 1] - (at_s + local_offset_s) % _WEEK_S
        return found

    def highest_nl_per_day(self) -> int:
        """The rate of the fastest step."""
        return max([self.rate_nl_per_day(index) for index in range(len(self.volumes_nl))])

    def lowest_nl_per_day(self) -> int:
        """The rate of the slowest step."""
        return min([self.rate_nl_per_day(index) for index in range(len(self.volumes_nl))])

    def highest_dose_ng(self) -> int:
        """The largest dose in any 24 hours, which begin or end where a step does."""
        doses_ng = [step[1] for day in self.days for step in day]
        highest = 0
        for edge_s in self.edges_s:
            highest = max(highest, self._dose_between(doses_ng, edge_s, edge_s + _DAY_S))
            highest = max(highest, self._dose_between(doses_ng, edge_s + _WEEK_S - _DAY_S, edge_s + _WEEK_S))
        return highest

    def _dose_between(self, doses_ng: list[int], from_s: int, to_s: int) -> int:
        """The dose of a stretch of at most a day, a step cut in two counting by its time, rounded up.

        Say Monday gives 24,000 ng until 16:00 and 12,001 ng after it, Tuesday 48,001 ng all day. From Monday 16:00 to
        Tuesday 16:00 that is 12,001 ng of 8 hours in 8, and of 16 hours in 24 a share of 32,000.7 ng, for which 32,001
        are taken: 44,002 ng.
        """
        total_ng = 0
        count = len(self.volumes_nl)
        index = self.index_at(from_s)
        at_s = from_s
        while at_s < to_s:
            end_s = self.edges_s[index + 1]
            length_s = end_s - self.edges_s[index]
            left_s = min(to_s - at_s, end_s - at_s % _WEEK_S)
            total_ng -= -doses_ng[index] * left_s // length_s
            at_s += left_s
            index = (index + 1) % count
        return total_ng


def passes(dose_ng_per_day: int, week: "Week | None", strengths: "list[int]", config: "Config") -> bool:
    """True if a dose can be made of drugs of all these strengths, in mcg/mL: no interval needs more than the pump's
    highest rate, nor less than the standby rate. A rate below the lowest program rate is delivered: to refuse a lower
    dose to a drowsy patient is the worse error."""
    for mcg_per_ml in strengths:
        if not mcg_per_ml:
            continue
        slowest = fastest = prescription.rate_nl_per_day(dose_ng_per_day, mcg_per_ml)
        if week is not None:
            slowest = week.lowest_nl_per_day() * week.mcg_per_ml // mcg_per_ml
            fastest = week.highest_nl_per_day() * week.mcg_per_ml // mcg_per_ml
        if slowest < config.standby_rate_nl_per_day or fastest > config.max_rate_nl_per_day:
            return False
    return True


class WeekStore:
    """Three places for weeks, each with two copies: a new one is written in the place after that of the one in force,
    and the state says which that is."""

    def __init__(self, store: "Store") -> None:
        self._records = [Record(store, place, _LAYOUT) for place in slots.WEEKS]

    def save(self, days: "list[Day]", in_use: int) -> int:
        """Write a week where the one `in_use` (1 to 3, 0 for none) is not. Its place, or 0 when that failed."""
        which = in_use % len(self._records) + 1
        return which if self.rewrite(days, which) else 0

    def rewrite(self, days: "list[Day]", which: int) -> bool:
        """Write a week in that place, both copies. False when that failed."""
        values: list[int] = []
        for steps in days:
            values.append(len(steps))
            for step in steps:
                values += step
            values += [0] * (len(_STEP_LAYOUT) * (MAX_STEPS - len(steps)))
        return self._records[which - 1].save_both(*values)

    def valid(self, which: int) -> bool:
        """True if both copies in that place are still as they were written, and the same."""
        return self._records[which - 1].paired

    def load(self, which: int, dose_ng_per_day: int) -> "list[Day] | None":
        """The days in that place, or None when they are corrupt, or of another mean dose than the program that they
        belong to: another week in their place."""
        values = self._records[which - 1].load()
        if values is None:
            return None
        days: "list[Day]" = []
        size = 1 + len(_STEP_LAYOUT) * MAX_STEPS
        for day in range(DAYS):
            row = values[day * size : (day + 1) * size]
            days.append([(row[i], row[i + 1], row[i + 2]) for i in range(1, 1 + 3 * row[0], 3)])
        dose_ng = sum([step[1] for steps in days for step in steps])
        return days if dose_ng // DAYS == dose_ng_per_day else None
