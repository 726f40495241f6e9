"""The people around a pump: a clinic that treats, a patient who listens. Each visit says, act by act, what is meant."""

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush
from typing import Any

from host_tools.machines.draw import Draw
from host_tools.scenario.checkers.outcome import Outcome
from host_tools.simulate.novice import try_something
from host_tools.simulate.slips import Act
from host_tools.simulate.treatment import STRENGTHS, Treatment, draw_schedule, suits

HOUR_S = 3600
DAY_S = 86_400
LOOK: Act = {"expect": {"status.boots": {"min": 1}}}
"""To read the pump's status."""

RESTARTS = {"safe_state", "self_test", "memory_critical", "overspeed", "step_mismatch", "low_battery_reset"}
STOPPED = {"stopped", "stopped_48h"}
LOW = {"low_reservoir", "reservoir_empty"}

Status = Mapping[str, Any] | None
Visit = Generator[Act, Any, None]
"""Yields what is meant; is sent the Outcome of it, or the status (None where there came none) for a look."""


class People:
    """`due_s` is when they do something next; `visit` then says what. What is meant: a dose of a drug, and a clock that
    shows local time, `away_s` after that of the place where it began."""

    def __init__(self, draw: Draw, treatment: Treatment, start: datetime) -> None:
        self._draw = draw
        self._treatment = treatment
        self._start = start
        self._dose_mcg = Decimal(treatment.dose_mcg)
        self._mcg_per_ml = treatment.mcg_per_ml
        self._catheter_cm = treatment.catheter_cm
        self._flex = treatment.flex
        self._filled = self._treated = False
        self._rises = 4 if treatment.grows else 0
        self.away_s = 0
        self._agenda: list[tuple[int, int, str]] = []
        self._plans = 0
        self._alarm_visit_s: int | None = None
        self._refill_visit_s: int | None = None
        self.plan("surgery", 8 * HOUR_S + draw.whole(0, 6 * HOUR_S))
        if draw.chance(60):
            self.plan("bolus", draw.wait_s(20 * DAY_S))
        if draw.chance(40):
            self.plan("travel", draw.wait_s(40 * DAY_S))
        if draw.chance(35):
            self.plan("settings", draw.wait_s(15 * DAY_S))
        if draw.chance(30):
            self.plan("procedure", draw.wait_s(40 * DAY_S))
        if draw.chance(35):
            self.plan("trial", draw.wait_s(5 * DAY_S))
        if draw.chance(10):
            self.plan("replacement", draw.wait_s(50 * DAY_S))
        if draw.chance(15):
            self.plan("revision", draw.wait_s(60 * DAY_S))

    def plan(self, purpose: str, at_s: int) -> None:
        """Put something on the agenda."""
        self._plans += 1
        heappush(self._agenda, (at_s, self._plans, purpose))

    @property
    def due_s(self) -> int:
        return self._agenda[0][0]

    @property
    def has_plans(self) -> bool:
        return bool(self._agenda)

    def visit(self, now_s: int) -> tuple[str, Visit]:
        """What is due now: its name, and its acts."""
        _, _, purpose = heappop(self._agenda)
        return purpose, getattr(self, f"_{purpose}")(now_s)

    # At home

    def hear(self, now_s: int) -> None:
        """The pump was heard. Some call at once, some wait for days, and some do not hear it."""
        if self._alarm_visit_s is not None and self._alarm_visit_s > now_s:
            return
        after_s = self._draw.one_of([HOUR_S, 6 * HOUR_S, DAY_S, 2 * DAY_S, 5 * DAY_S, 15 * DAY_S])
        self._alarm_visit_s = now_s + self._draw.whole(after_s // 4, after_s)
        self.plan("alarm", self._alarm_visit_s)

    def _patient_bolus(self, now_s: int) -> Visit:
        yield {"patient_bolus": {}}
        self.plan("patient_bolus", now_s + self._draw.wait_s(2 * DAY_S))

    # In the clinic

    def _surgery(self, now_s: int) -> Visit:
        implant: dict[str, Any] = {"catheter_cm": self._catheter_cm}
        if self._treatment.tubing_primed:
            implant["tubing"] = "primed"
        if self._draw.chance(20):
            implant["depth_mm"] = self._draw.whole(10, 25)
        yield {"implant": implant}
        if self._draw.chance(70):
            yield from self._first_fill(now_s)
            if self._draw.chance(20):
                yield {"demo_alarm": self._draw.one_of(["critical", "non_critical"])}
        else:
            self.plan("first_fill", now_s + self._draw.wait_s(4 * DAY_S))

    def _first_fill(self, now_s: int) -> Visit:
        yield from self._fill()
        yield from self._prime()
        yield from self._program()
        status = yield LOOK
        self._expect_refill(status, now_s)
        self.plan("adjust", now_s + DAY_S if self._rises else now_s + self._draw.wait_s(20 * DAY_S))

    def _fill(self) -> Visit:
        capacity_ml = self._treatment.pump.get("reservoir_ml", 20)
        short_ml = self._draw.one_of([0, 0, 0, 1, 2, capacity_ml // 2])
        fields = {"volume_ml": capacity_ml - short_ml, "concentration_mcg_per_ml": self._mcg_per_ml}
        if self._draw.chance(8):
            yield from self._say_wrong_strength(fields)
            return
        outcome: Outcome = yield {"refill": fields}
        self._filled |= outcome.reason is None

    def _say_wrong_strength(self, fields: dict[str, Any]) -> Visit:
        """Another strength is said than the vial's, and most put that right when they see it."""
        said = self._draw.one_of([strength for strength in STRENGTHS if strength != self._mcg_per_ml])
        yield {"fault": {"name": "wrong_concentration", "mcg_per_ml": self._mcg_per_ml}}
        meant = f"concentration_mcg_per_ml {self._mcg_per_ml}"
        outcome: Outcome = yield {"refill": fields | {"concentration_mcg_per_ml": said}, "meant": meant}
        self._filled |= outcome.reason is None
        yield {"heal": "wrong_concentration"}
        if outcome.reason is None and self._draw.chance(75):
            yield LOOK
            yield {"correct": {"concentration_mcg_per_ml": self._mcg_per_ml, "override": True}}
            yield LOOK

    def _prime(self) -> Visit:
        if self._draw.chance(85):
            yield {"prime": {}}

    def _program(self) -> Visit:
        """The dose that is meant, in the way that is meant; what the pump asks about is meant all the same."""
        fields: dict[str, Any] = {"mode": "simple", "dose_mcg_per_day": self._dose_mcg}
        if self._flex:
            schedule = draw_schedule(self._draw, int(self._dose_mcg), self._mcg_per_ml)
            fields = {"mode": "flex", "schedule": schedule}
        outcome: Outcome = yield {"program": fields}
        if outcome.reason == "soft_limit":
            outcome = yield {"program": fields | {"override": True}}
        self._treated |= outcome.reason is None

    def _adjust(self, now_s: int) -> Visit:
        """A dose is found in steps of 5 to 25 %, and put right later on."""
        if not self._treated:
            return
        yield LOOK
        if self._rises:
            self._rises -= 1
            self._dose_mcg = self._changed(self._draw.whole(5, 25))
        elif self._draw.chance(25):
            self._flex = not self._flex
        else:
            self._dose_mcg = self._changed(self._draw.whole(-18, 15))
        yield from self._program()
        self._expect_refill((yield LOOK), now_s)
        soon = self._rises and self._draw.chance(60)
        self.plan("adjust", now_s + self._draw.whole(1, 3) * DAY_S if soon else now_s + self._draw.wait_s(20 * DAY_S))

    def _changed(self, percent: int) -> Decimal:
        """The dose, so much more (or less), within what the drug can be delivered at and the limit."""
        least = Decimal(self._mcg_per_ml) * Decimal("0.05")
        dose = self._dose_mcg * (100 + percent) / 100
        return min(max(dose, least), Decimal(990)).quantize(Decimal("0.1"))

    def _refill(self, now_s: int) -> Visit:
        """The reservoir is filled anew, now and then with another strength."""
        self._refill_visit_s = None
        yield LOOK
        if self._draw.chance(20):
            fitting = [strength for strength in STRENGTHS if suits(float(self._dose_mcg), strength)]
            other = self._draw.one_of(fitting or [self._mcg_per_ml])
            changed, self._mcg_per_ml = other != self._mcg_per_ml, other
            yield from self._fill()
            if changed:
                yield from self._program()
        else:
            yield from self._fill()
        status = yield LOOK
        if status and status["therapy"] in ("stopped", "minimum") and self._treated:
            yield from self._restart(status)
        self._expect_refill(status, now_s)

    def _expect_refill(self, status: Status, now_s: int) -> None:
        """Make the appointment that the pump's date asks for: in time, a little late, or much too late."""
        if self._refill_visit_s is not None and self._refill_visit_s > now_s:
            return
        days = 30
        if status and status["refill_by"]:
            local = self._start + timedelta(seconds=now_s + self.away_s)
            days = max(1, (datetime.fromisoformat(status["refill_by"]) - local).days)
        late_days = self._draw.one_of([-3, 0, 0, 2, 5, 12, 40]) if self._draw.chance(40) else 0
        self._refill_visit_s = now_s + max(1, days + late_days) * DAY_S + self._draw.whole(0, 4 * HOUR_S)
        self.plan("refill", self._refill_visit_s)

    def _alarm(self, now_s: int) -> Visit:
        """Somebody heard it, and the clinic looks after it."""
        status = yield LOOK
        if status is None:
            self.plan("alarm", now_s + DAY_S)
            return
        alarms = set(status["alarms"])
        if alarms & LOW and self._filled:
            yield from self._refill(now_s)
        if "clock_lost" in alarms:
            yield self._clock(now_s)
        if self._treated and (alarms & RESTARTS or alarms & STOPPED or status["therapy"] == "safe_state"):
            yield from self._restart(status)
        elif "program_unconfirmed" in alarms:
            yield from self._program()
        if self._draw.chance(80):
            yield {"silence": "all"}
        yield LOOK

    def _restart(self, status: Mapping[str, Any]) -> Visit:
        """Therapy goes on: by a program, or as it was."""
        if status["therapy"] == "end_of_service":
            return
        if status["mode"] == "none" or self._draw.chance(50):
            yield from self._program()
            return
        outcome: Outcome = yield {"resume": {}}
        if outcome.reason == "soft_limit":
            yield {"resume": {"override": True}}

    def _clock(self, now_s: int) -> Act:
        return {"set_clock": (self._start + timedelta(seconds=now_s + self.away_s)).isoformat()}

    def _travel(self, now_s: int) -> Visit:
        """Another time zone, or summer time."""
        self.away_s = HOUR_S * self._draw.one_of([-9, -6, -1, 0, 1, 1, 7, 12])
        yield self._clock(now_s)
        self.plan("travel", now_s + self._draw.wait_s(40 * DAY_S))

    def _bolus(self, now_s: int) -> Visit:
        if not self._treated:
            return
        yield LOOK
        dose_mcg = self._draw.whole(5, 60)
        over = self._draw.one_of(["5m", "30m", "2h", "6h"])
        if self._draw.chance(30):
            fields = {"dose_mcg": dose_mcg, "over": over, "lockout": "4h", "per_day": self._draw.whole(1, 4)}
            yield {"set_patient_bolus": fields}
            self.plan("patient_bolus", now_s + self._draw.wait_s(DAY_S))
        else:
            yield {"bolus": {"dose_mcg": dose_mcg, "over": over}}
            if self._draw.chance(15):
                yield {"cancel_bolus": {}}
        yield LOOK
        self.plan("bolus", now_s + self._draw.wait_s(30 * DAY_S))

    def _settings(self, now_s: int) -> Visit:
        choice = self._draw.whole(0, 3)
        if choice == 0:
            yield {"alarm_settings": {"critical_interval": self._draw.one_of(["5m", "20m"]), "stopped_after": "4h"}}
        elif choice == 1:
            yield {"alarm_settings": {"low_reservoir_ml": self._draw.one_of([2, 3])}}
        elif choice == 2:
            yield {"limits": {"max_dose_mcg_per_day": self._draw.one_of([800, 1000, 1200])}}
        else:
            yield {"patient": {"patient_name": "A. Patient", "physician": "Dr. B"}}
        yield LOOK
        self.plan("settings", now_s + self._draw.wait_s(60 * DAY_S))

    def _procedure(self, now_s: int) -> Visit:
        """Delivery is stopped, or kept small, for an operation; and begun again."""
        if not self._treated:
            return
        yield self._draw.one_of([{"stop": {}}, {"minimum_rate": {}}])
        yield LOOK
        self.plan("after_procedure", now_s + self._draw.wait_s(8 * HOUR_S))
        self.plan("procedure", now_s + self._draw.wait_s(60 * DAY_S))

    def _after_procedure(self, _now_s: int) -> Visit:
        status = yield LOOK
        if status:
            yield from self._restart(status)
        yield LOOK

    def _revision(self, now_s: int) -> Visit:
        """A catheter is replaced, or its length put right."""
        if not self._treated:
            return
        yield {"stop": {}}
        if self._draw.chance(50):
            self._catheter_cm = max(5, self._catheter_cm + self._draw.whole(-8, 8))
            yield {"implant": {"catheter_cm": self._catheter_cm, "catheter": "new"}}
            yield from self._prime()
        else:
            yield {"implant": {"catheter_cm": self._catheter_cm, "catheter": "same"}}
        yield from self._program()
        self._expect_refill((yield LOOK), now_s)

    def _trial(self, now_s: int) -> Visit:
        """Somebody tries what the programmer can do."""
        yield LOOK
        for _ in range(self._draw.whole(1, 5)):
            yield try_something(self._draw)
        yield LOOK
        if self._draw.chance(40):
            yield from self._program()
            yield LOOK
        self.plan("trial", now_s + self._draw.wait_s(4 * DAY_S))

    def _replacement(self, now_s: int) -> Visit:
        """A new pump is put onto the old one's catheter."""
        if not self._treated:
            return
        yield {"replace_pump": {}}
        yield {"implant": {"keep_catheter": True}}
        yield from self._fill()
        yield from self._program()
        self._expect_refill((yield LOOK), now_s)

    def repair(self, now_s: int) -> Visit:
        """When all that was amiss is over: whatever the pump asks for is done, and therapy goes on."""
        yield {"silence": "all"}
        yield {"limits": {"max_dose_mcg_per_day": 1000, "max_bolus_mcg": 200, "max_change_percent": 30}}
        yield self._clock(now_s)
        yield from self._fill()
        self._flex = False
        self._dose_mcg = max(self._dose_mcg, Decimal(self._mcg_per_ml) * Decimal("0.05"))
        yield from self._program()
