"""What the pump says against what was ordered, what its log told, and what the plant knows."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from firmware.config import Config
from hal.plant.plant import Plant
from host_tools.machines.mock.machine import MockMachine
from host_tools.scenario.checkers.alarmbook import AlarmBook
from host_tools.scenario.checkers.findings import Tally
from host_tools.scenario.checkers.orderbook import OrderBook
from host_tools.scenario.checkers.programs import FlexProgram

STEPS_SLACK = 3
WALL_SLACK_S = 2


class Belief:
    """Judges readings of the status. `line_unknown_nl` is what power cuts left unknown since the line held one drug."""

    def __init__(self, tally: Tally, machine: MockMachine, alarms: AlarmBook, config: Config) -> None:
        self._tally = tally
        self._machine = machine
        self._alarms = alarms
        self._config = config
        self._step_nl = config.step_nl
        self.line_unknown_nl = 0
        self.patient_boluses = False  # were ever allowed, which the forecast takes for granted

    @property
    def _plant(self) -> Plant:
        """The plant that is: a machine that goes back to a snapshot has another."""
        return self._machine.plant

    def agrees(self, status: Mapping[str, Any], book: OrderBook, now_ms: int) -> list[str]:
        """In words, where the status says other orders than those written down."""
        found = []

        def same(key: str, said: object, expected: object) -> None:
            if said != expected:
                found.append(f"{key} {said}, ordered {expected}")

        allowed = {book.therapy, "minimum"} if book.may_fall_back else {book.therapy}
        if self._alarms.undelivered or status["therapy"] == "end_of_service":
            allowed |= {"safe_state", "end_of_service", "minimum"}
        if status["therapy"] not in allowed:
            same("therapy", status["therapy"], book.therapy)
        program = book.program
        same("mode", status["mode"], program.mode if program else "none")
        if program and status["therapy"] == "running" and status["operation"] not in ("halted", "stalled"):
            expected_ng = program.ng_per_day
            if isinstance(program, FlexProgram) and book.wall_off_ms is not None:
                expected_ng = program.day_ng(book.local_ms(now_ms))
            if abs(status["dose_ng_per_day"] - expected_ng) > 1:
                same("dose_ng_per_day", status["dose_ng_per_day"], expected_ng)
        if book.mcg_per_ml is not None:
            same("concentration_mcg_per_ml", status["concentration_mcg_per_ml"], book.mcg_per_ml)
            same("drug", status["drug"], book.drug)
        limits = status["limits"]
        same("max_dose_mcg_per_day", limits["max_dose_mcg_per_day"] * 1000, book.max_dose_ng)
        same("max_bolus_mcg", limits["max_bolus_mcg"] * 1000, book.max_bolus_ng)
        same("max_change_percent", limits["max_change_percent"], book.max_change_percent)
        settings = status["alarm_settings"]
        same("low_reservoir_nl", settings["low_reservoir_nl"], book.low_nl)
        same("critical_interval_s", settings["critical_interval_s"] * 1000, book.critical_interval_ms)
        same("non_critical_interval_s", settings["non_critical_interval_s"] * 1000, book.non_critical_interval_ms)
        return found

    def compare(
        self, status: Mapping[str, Any], book: OrderBook, now_ms: int, spoilt: frozenset[str], unknown_nl: int
    ) -> None:
        """Check a reading, but for what faults spoil."""
        check = self._tally.check
        if "records" not in spoilt:
            check(
                "status_alarms",
                set(status["alarms"]) == self._alarms.on.keys(),
                lambda: f"status says {sorted(status['alarms'])}, the log {sorted(self._alarms.on)}",
            )
        if not spoilt & {"clock", "records"}:
            self._compare_wall(status, book.wall(now_ms))
        self._compare_forecast(status, book, now_ms)
        flow = self._plant.flow
        slack_nl = STEPS_SLACK * self._step_nl + unknown_nl
        moving = spoilt & {"rotor_above", "rotor_below", "records", "reservoir", "tip"}
        if not moving and book.mcg_per_ml is not None:
            self._near(
                "belief_reservoir", status["reservoir_nl"], flow.reservoir.volume_nl, slack_nl, "nL in the reservoir"
            )
            if not flow.reservoir.missing_nl:
                self._compare_line(status)
        check(
            "status_flow",
            status["rate_nl_per_day"] <= status["ordered_rate_nl_per_day"] or status["bolus"] != "none",
            lambda: f"{status['rate_nl_per_day']} nL/day flow, {status['ordered_rate_nl_per_day']} are ordered",
        )

    def _compare_forecast(self, status: Mapping[str, Any], book: OrderBook, now_ms: int) -> None:
        """The day on which the reservoir will be low, where nothing but one steady dose of one drug is to come."""
        wall, program = book.wall(now_ms), book.program
        steady = status["operation"] == "basal" and status["bolus"] == "none" and len(status["line"]) == 1
        steady &= status["therapy"] == "running" and not (self._config.fill_sensor or self.patient_boluses)
        if not steady or wall is None or program is None or program.mode != "simple":
            return
        low_nl = max(book.low_nl, self._warning_nl(status["rate_nl_per_day"]))
        days = (status["reservoir_nl"] - low_nl) / status["rate_nl_per_day"]
        expected = (wall + timedelta(days=days)).date() if days > 0 else None
        said = status["low_reservoir_date"]
        off_days = abs((date.fromisoformat(said) - expected).days) if said and expected else 0
        sure = expected is None or days > 1
        self._tally.check(
            "status_forecast",
            off_days <= 1 and (bool(said) or not sure or not expected),
            lambda: f"the pump says that it will be low on {said}, it will on {expected}",
        )

    def _warning_nl(self, rate_nl_per_day: int) -> int:
        """The volume at which it warns by time."""
        ahead_nl = rate_nl_per_day * self._config.low_warning_h // 24
        return self._config.residual_nl + ahead_nl if ahead_nl else 0

    def line_is_known(self, status: Mapping[str, Any]) -> bool:
        """True if line and reservoir hold the drug that the pump takes them to hold."""
        flow = self._plant.flow
        said = [(parcel["nl"], parcel["mcg_per_ml"]) for parcel in status["line"]]
        off_nl = mismatch_nl(said, flow.catheter.contents)
        known = off_nl <= STEPS_SLACK * self._step_nl and len(said) == 1 and said[0][1] > 0
        if known:
            self.line_unknown_nl = 0
        return off_nl <= STEPS_SLACK * self._step_nl and flow.reservoir.mcg_per_ml == status["concentration_mcg_per_ml"]

    def _near(self, name: str, said: float, true: float, slack: float, what: str) -> None:
        self._tally.check(name, abs(said - true) <= slack, lambda: f"the pump says {said} {what}, there are {true}")

    def _compare_wall(self, status: Mapping[str, Any], expected: datetime | None) -> None:
        said = status["wall"] and datetime.fromisoformat(status["wall"])
        near = abs((said - expected).total_seconds()) <= WALL_SLACK_S if said and expected else said == expected
        self._tally.check("status_wall", near, lambda: f"the pump's clock shows {said}, it should show {expected}")

    def _compare_line(self, status: Mapping[str, Any]) -> None:
        """Each strength of the line, from the tip back, as far as both hold."""
        said = [(parcel["nl"], parcel["mcg_per_ml"]) for parcel in status["line"]]
        true = self._plant.flow.catheter.contents
        off_nl = mismatch_nl(said, true)
        edges = len(said) + len(true)
        slack_nl = STEPS_SLACK * self._step_nl + self.line_unknown_nl * edges
        self._tally.check(
            "belief_line",
            off_nl <= slack_nl + edges * self._step_nl,
            lambda: f"the line holds {true}, the pump says {said}",
        )


def mismatch_nl(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> int:
    """The volume in which two lines, (nL, mcg/mL) from the tip back, hold other drugs."""
    off_nl = 0
    one, other = list(one), list(other)
    while one and other:
        (one_nl, one_strength), (other_nl, other_strength) = one[0], other[0]
        part_nl = min(one_nl, other_nl)
        off_nl += part_nl if one_strength != other_strength else 0
        for line, whole_nl, strength in ((one, one_nl, one_strength), (other, other_nl, other_strength)):
            if whole_nl > part_nl:
                line[0] = (whole_nl - part_nl, strength)
            else:
                line.pop(0)
    return off_nl
