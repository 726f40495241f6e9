"""What was ordered and acknowledged, as a clinic would write it down, and what it asks for."""

from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from firmware.config import Config
from host_tools.scenario.checkers.programs import DAY_MS, FlexProgram, Program, SimpleProgram
from host_tools.scenario.schema import Program as ProgramStep

NL_PER_ML = 1_000_000
HOUR_MS = 3_600_000
LAPSE_MS = 48 * HOUR_MS
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass
class Bolus:
    """One that was accepted: its dose in ng, over so long, from `from_ms` to `until_ms` if nothing ends it before."""

    ng: int
    from_ms: int
    over_ms: int
    until_ms: int

    def ng_in(self, from_ms: int, to_ms: int) -> float:
        """Its part in a stretch of time."""
        common_ms = min(to_ms, self.until_ms) - max(from_ms, self.from_ms)
        return self.ng * max(0, common_ms) / self.over_ms


class OrderBook:
    """`therapy`, `program`, limits and settings as they should be in force; volumes in nL.

    `wall_off_ms` is by how much the pump's local time should differ from the clinic's, None while it has none.
    `doses` are (committed at, ng/day), oldest first. `stopped_ms` is since when nothing is ordered to flow.
    """

    def __init__(self, config: Config, start: datetime) -> None:
        self._config = config
        self._start = start
        monday = start.replace(hour=0, minute=0, second=0) - timedelta(days=start.weekday())
        self._start_ms = round((start - monday).total_seconds() * 1000)
        self.therapy = "unfilled"
        self.program: Program | None = None
        self.program_drug = self.drug = "baclofen"
        self.mcg_per_ml: int | None = None
        self.wall_off_ms: int | None = None
        self.max_dose_ng = config.max_dose_mcg_per_day * 1000
        self.max_bolus_ng = config.max_bolus_mcg * 1000
        self.max_change_percent = config.max_change_percent
        self.low_nl = config.low_reservoir_nl
        self.stopped_after_ms = config.stopped_alarm_after_s * 1000
        self.critical_interval_ms = config.critical_interval_s * 1000
        self.non_critical_interval_ms = config.non_critical_interval_s * 1000
        self.patient_bolus: Any = None
        self.bolus: Bolus | None = None
        self.doses: list[tuple[int, int]] = []
        self.implanted = False
        self.refills = 0
        self.had_clock = False
        self.may_fall_back = False  # to the minimum rate, when the last drug is out
        self.took_over = False  # an earlier pump's catheter, and with it its dose
        self.last_refill: tuple[Any, ...] = ()
        self.last_refill_ms = 0

    def copy(self) -> "OrderBook":
        other = copy(self)
        other.doses, other.bolus = list(self.doses), copy(self.bolus)
        return other

    def same_as(self, other: "OrderBook") -> bool:
        """True if both say the same."""
        return vars(self) == vars(other)

    # What is in force

    def local_ms(self, now_ms: int) -> int:
        """The pump's local time since a Monday, where it has one."""
        return self._start_ms + now_ms + (self.wall_off_ms or 0)

    def wall(self, now_ms: int) -> datetime | None:
        """The pump's local time."""
        if self.wall_off_ms is None:
            return None
        return self._start + timedelta(milliseconds=now_ms + self.wall_off_ms)

    def program_ng(self, from_ms: int, to_ms: int, clock_known: bool) -> tuple[float, float]:
        """The least and the most drug that the program may ask for in a stretch of time."""
        program, lasting_ms = self.program, to_ms - from_ms
        if self.therapy != "running" or program is None:
            return 0.0, 0.0
        if isinstance(program, FlexProgram) and not clock_known:
            days = lasting_ms / DAY_MS
            return program.least_ng_per_day * days, program.most_ng_per_day * days
        if isinstance(program, FlexProgram) and self.wall_off_ms is None:
            ng = program.ng_per_day * lasting_ms / DAY_MS
        else:
            ng = program.ng(self.local_ms(from_ms), lasting_ms)
        return ng, ng

    def soft_range_ng(self, now_ms: int) -> tuple[float, float] | None:
        """The daily doses that need no override, by those in force in the closed last 24 h (up) and 48 h (down)."""
        if not self.doses:
            return None
        ends_ms = [at_ms for at_ms, _ in self.doses[1:]] + [now_ms]
        lately = [(ng, now_ms - end_ms) for (_, ng), end_ms in zip(self.doses, ends_ms, strict=True)]
        lowest = min(ng for ng, ago_ms in lately if ago_ms <= DAY_MS)
        highest = max(ng for ng, ago_ms in lately if ago_ms <= 2 * DAY_MS)
        down, up = self._config.max_decrease_percent, self.max_change_percent
        return highest * (100 - down) / 100, lowest * (100 + up) / 100

    def lose_power(self) -> None:
        """A reset ends what the clock showed."""
        self.wall_off_ms = None

    def end_bolus(self, now_ms: int) -> None:
        """The bolus is over."""
        if self.bolus:
            self.bolus.until_ms = min(self.bolus.until_ms, now_ms)

    # What is ordered: each does what an accepted order does

    def accept(self, verb: str, fields: Any, now_ms: int, lapsed: bool) -> None:
        """Write down an order. `lapsed`: nothing was delivered for 48 h."""
        handler = getattr(self, f"_do_{verb}", None)
        if handler:
            handler(fields, now_ms, lapsed)

    def _do_implant(self, fields: Any, _now_ms: int, _lapsed: bool) -> None:
        self.wall_off_ms, self.had_clock = 0, True
        self.took_over |= fields.keeps
        self.implanted = True

    def _do_set_clock(self, wall: datetime, now_ms: int, _lapsed: bool) -> None:
        self.had_clock = True
        self.wall_off_ms = round((wall - self._start).total_seconds() * 1000) - now_ms // 1000 * 1000

    def _do_refill(self, fields: Any, now_ms: int, lapsed: bool) -> None:
        told = (fields.volume_ml, fields.concentration_mcg_per_ml, fields.aspirated_ml, fields.drug)
        if told == self.last_refill and fields.aspirated_ml is not None and now_ms - self.last_refill_ms <= DAY_MS:
            return  # said again: its answer was lost
        self.last_refill, self.last_refill_ms = told, now_ms
        drug = fields.drug or "baclofen"
        other_drug = self.refills and fields.concentration_mcg_per_ml and drug != self.drug
        if self.therapy == "unfilled":
            self.therapy = "stopped"
        elif self.therapy == "running" and (lapsed or other_drug):
            self.therapy = "minimum"
        self.end_bolus(now_ms)
        self.may_fall_back |= self.mcg_per_ml == 0 or fields.concentration_mcg_per_ml == 0
        self.drug, self.mcg_per_ml = drug, fields.concentration_mcg_per_ml
        self.refills += 1

    def _do_correct(self, fields: Any, now_ms: int, _lapsed: bool) -> None:
        if fields.concentration_mcg_per_ml is not None:
            self.may_fall_back |= fields.concentration_mcg_per_ml == 0
            self.mcg_per_ml = fields.concentration_mcg_per_ml
        if fields.volume_ml is not None:
            self.end_bolus(now_ms)

    def _do_program(self, fields: ProgramStep, now_ms: int, _lapsed: bool) -> None:
        self.may_fall_back = False
        self.program = ordered_program(fields)
        self.program_drug = self.drug
        self.therapy = "running"
        self.doses.append((now_ms, self.program.ng_per_day))

    def _do_stop(self, _fields: Any, now_ms: int, _lapsed: bool) -> None:
        self.therapy = "stopped"
        self.end_bolus(now_ms)

    def _do_minimum_rate(self, _fields: Any, now_ms: int, _lapsed: bool) -> None:
        self.therapy = "minimum"
        self.end_bolus(now_ms)

    def _do_resume(self, _fields: Any, _now_ms: int, _lapsed: bool) -> None:
        self.therapy, self.may_fall_back = "running", False

    def _do_bolus(self, fields: Any, now_ms: int, _lapsed: bool) -> None:
        self.bolus = Bolus(int(fields.dose_mcg * 1000), now_ms, fields.over * 1000, now_ms + fields.over * 1000)

    def _do_patient_bolus(self, _fields: Any, now_ms: int, _lapsed: bool) -> None:
        allowed = self.patient_bolus
        if allowed is not None:
            self._do_bolus(allowed, now_ms, False)

    def _do_set_patient_bolus(self, fields: Any, _now_ms: int, _lapsed: bool) -> None:
        self.patient_bolus = fields if fields.per_day else None

    def _do_cancel_bolus(self, _fields: Any, now_ms: int, _lapsed: bool) -> None:
        self.end_bolus(now_ms)

    def _do_limits(self, fields: Any, _now_ms: int, _lapsed: bool) -> None:
        if fields.max_dose_mcg_per_day is not None:
            self.max_dose_ng = fields.max_dose_mcg_per_day * 1000
        if fields.max_bolus_mcg is not None:
            self.max_bolus_ng = fields.max_bolus_mcg * 1000
        if fields.max_change_percent is not None:
            self.max_change_percent = fields.max_change_percent

    def _do_alarm_settings(self, fields: Any, _now_ms: int, _lapsed: bool) -> None:
        if fields.low_reservoir_ml is not None:
            self.low_nl = int(fields.low_reservoir_ml * NL_PER_ML)
        if fields.stopped_after is not None:
            self.stopped_after_ms = fields.stopped_after * 1000
        if fields.critical_interval is not None:
            self.critical_interval_ms = fields.critical_interval * 1000
        if fields.non_critical_interval is not None:
            self.non_critical_interval_ms = fields.non_critical_interval * 1000


def ordered_program(fields: ProgramStep) -> Program:
    """The program that a step orders."""
    if fields.mode == "simple":
        return SimpleProgram(int(fields.dose_mcg_per_day * 1000))
    days = []
    for day in _DAYS:
        steps = fields.schedule.get(day) or fields.schedule["default"]
        days.append([(_minute(step.from_), int(step.dose_mcg * 1000)) for step in steps])
    return FlexProgram(days)


def _minute(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)
