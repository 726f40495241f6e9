"""What must make the pump sound an alarm, as the order books and the plant show it, and what must not."""

from collections.abc import Mapping, Sequence
from typing import Any

from firmware.config import Config
from hal.plant.plant import Plant
from host_tools.machines.atlas import HAZARDS
from host_tools.machines.mock.machine import MockMachine
from host_tools.scenario.checkers.alarmbook import AlarmBook
from host_tools.scenario.checkers.delivery import DeliveryWatch
from host_tools.scenario.checkers.findings import Tally
from host_tools.scenario.checkers.orderbook import HOUR_MS, OrderBook
from host_tools.scenario.checkers.programs import DAY_MS

LATE_MS = HOUR_MS + 300_000  # a batch, and a wake
BOOT_MS = 60_000
STEPS_SLACK = 3
STANDS_FOR_EMPTY = frozenset(("end_of_service",))
STANDS_FOR_LOW = frozenset(("reservoir_empty",))
NOTHING: frozenset[str] = frozenset()


class Causes:
    """`unknown_nl` is what power cuts left unknown since the newest refill."""

    def __init__(self, tally: Tally, machine: MockMachine, config: Config, alarms: AlarmBook) -> None:
        self._tally = tally
        self._machine = machine
        self._config = config
        self._alarms = alarms
        self.unknown_nl = 0
        self._age_known = True  # no cut can have lost more of it than a batch
        self._filled_steps = self._filled_nl = 0
        self._running_since_ms: int | None = None

    @property
    def _plant(self) -> Plant:
        """The plant that is: a machine that goes back to a snapshot has another."""
        return self._machine.plant

    def log(self, event: Mapping[str, Any], books: Sequence[OrderBook], spoilt: frozenset[str]) -> None:
        """An entry of the log: a refill, or an alarm of the reservoir, which must have its reason."""
        name = event["name"]
        if name == "REFILL":
            self._filled_steps, self.unknown_nl = self._plant.drivetrain.rotor_steps, 0
            self._filled_nl = event["data"]["filled_nl"]
        elif name == "RECORD_CORRECTED":
            self._filled_nl = event["data"]["filled_nl"]
        elif name in ("LOW_RESERVOIR", "EMPTY_RESERVOIR") and len(books) == 1 and not self._is_unsure(spoilt):
            limit_nl = books[0].low_nl if name == "LOW_RESERVOIR" else self._config.residual_nl
            left_nl = self._left_nl
            most_nl = limit_nl + self.unknown_nl + STEPS_SLACK * self._config.step_nl
            warned_by_time = name == "LOW_RESERVOIR" and (self._config.low_warning_h or self._config.fill_sensor)
            self._tally.check(
                "alarm_has_cause", bool(warned_by_time) or left_nl <= most_nl, lambda: f"{name} with {left_nl} nL left"
            )

    def _is_unsure(self, spoilt: frozenset[str]) -> bool:
        return bool(spoilt & {"rotor_above", "rotor_below", "records", "firmware"})

    @property
    def _left_nl(self) -> int:
        """The volume that is left by what was said of the filling, and the rotor's steps."""
        return self._filled_nl - (self._plant.drivetrain.rotor_steps - self._filled_steps) * self._config.step_nl

    def look(self, books: Sequence[OrderBook], delivery: DeliveryWatch, spoilt: frozenset[str]) -> None:
        """Want the alarms that are due."""
        plant, want, now_ms = self._plant, self._alarms.want, self._plant.now_ms
        self._age_known &= "records" not in spoilt
        if spoilt & {"records", "firmware"} or len(books) > 1:
            self._running_since_ms = None
            return
        book = books[0]
        uptime_ms = now_ms - plant.unpowered_ms
        filled = book.therapy != "unfilled"
        ended = "end_of_service" in self._alarms.on
        left_nl = self._left_nl
        slack_nl = STEPS_SLACK * self._config.step_nl
        if not self._is_unsure(spoilt):
            low = filled and not ended and left_nl < book.low_nl - slack_nl
            want("low_reservoir", low, now_ms, LATE_MS, f"{left_nl} nL are left", STANDS_FOR_LOW)
            empty = filled and not ended and left_nl <= self._config.residual_nl
            want("reservoir_empty", empty, now_ms, LATE_MS, f"{left_nl} nL are left", NOTHING)
        stopped = filled and not ended and book.program is not None and book.therapy != "minimum"
        for alarm, after_ms in (
            ("stopped", book.stopped_after_ms),
            ("stopped_48h", self._config.stopped_critical_alarm_after_s * 1000),
        ):
            idle = stopped and delivery.idle_ms >= after_ms + HOUR_MS
            want(alarm, idle, now_ms, LATE_MS, f"nothing moved for {delivery.idle_ms // HOUR_MS} h", STANDS_FOR_EMPTY)
        clock_lost = book.had_clock and book.wall_off_ms is None
        want("clock_lost", clock_lost, now_ms, BOOT_MS, "the power was away", NOTHING)
        self._want_faults_told(book, delivery, now_ms)
        if not self._age_known:
            return
        life_ms = self._config.life_days * DAY_MS
        eri = uptime_ms >= life_ms - self._config.eri_days * DAY_MS
        want("eri", eri, now_ms, DAY_MS, "its days are nearly over", STANDS_FOR_EMPTY)
        want("end_of_service", uptime_ms >= life_ms, now_ms, DAY_MS, "its days are over", NOTHING)

    def _want_faults_told(self, book: OrderBook, delivery: DeliveryWatch, now_ms: int) -> None:
        """Each fault whose alarm is promised is told in time, while something is ordered."""
        ordered = book.therapy == "running" and book.program is not None and not self._alarms.undelivered
        if not ordered:
            self._running_since_ms = None
            return
        if self._running_since_ms is None:
            self._running_since_ms = now_ms
        for name, fault in self._plant.faults.items():
            hazard = HAZARDS[name]
            if hazard.promise != "alarm" or hazard.within_s is None:
                continue
            if fault.fields.get("lasting_ms", hazard.within_s * 3000) < hazard.within_s * 1000 * delivery.slowness(
                book
            ):
                continue  # each stall is too short to be one
            told = any(self._alarms.raised_ms.get(alarm, -1) >= fault.from_ms for alarm in hazard.told_by)
            told = told or any(alarm in self._alarms.on for alarm in hazard.told_by)
            within_ms = hazard.within_s * 1000 * delivery.slowness(book) + fault.fields.get("every_ms", 0)
            late_ms = now_ms - max(self._running_since_ms, fault.from_ms) - within_ms
            self._tally.check(
                "fault_told", told or late_ms <= 0, lambda name=name: f"{name} is on, and no alarm says so"
            )
