"""Alarms as the log and the listener know them: latched, in time, and heard."""

from collections.abc import Mapping, Sequence
from typing import Any

from host_tools.scenario.checkers.findings import Tally
from host_tools.scenario.checkers.orderbook import OrderBook
from protocol import codes

LATE_TONE_MS = 60_000
ALARM_OF_EVENT = {event: alarm for alarm, event in codes.ALARM_EVENT.items()} | {
    event: alarm for alarm, event in codes.OTHER_EVENT.items()
}
ALARM_OF_EVENT["RESET_LOOP"] = "safe_state"
ALSO_LOGGED = ("MEM_ERROR_NONCRIT", "MEM_ERROR_CRIT")  # of another record, while the alarm is on already
DELIVERY_ALARMS = frozenset(
    (
        "motor_stall",
        "reservoir_empty",
        "end_of_service",
        "low_battery_reset",
        "overspeed",
        "step_mismatch",
        "safe_state",
        "self_test",
        "memory_critical",
        "stopped",
        "stopped_48h",
        "program_unconfirmed",
    )
)
"""Alarms that say that the dose may not be given as ordered."""


def is_critical(alarm: str) -> bool:
    return codes.ALARM[alarm] >> 8 == codes.SEVERITY["critical"]


class AlarmBook:
    """`on` is alarm -> whether it was silenced. `over` are those whose cause is over, as the log tells."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.on: dict[str, bool] = {}
        self.over: set[str] = set()
        self.raised_ms: dict[str, int] = {}
        self._wanted_since_ms: dict[str, int] = {}
        self._sounding_since_ms: dict[str, int | None] = {"dual": None, "single": None}
        self._last_tone_ms: dict[str, int] = {"dual": -1, "single": -1}

    def log(self, event: Mapping[str, Any], now_ms: int, by_order: bool) -> None:
        """Read an entry of the log; `by_order`: while a programmer gave an order."""
        name = event["name"]
        if name in ALARM_OF_EVENT:
            alarm = ALARM_OF_EVENT[name]
            if name not in ALSO_LOGGED or alarm not in self.on:
                self.on[alarm] = False
            self.over.discard(alarm)
            self.raised_ms[alarm] = now_ms
        elif name == "MOTOR_STALL_RECOVERY":
            self.over.add("motor_stall")
        elif name == "ALARM_SILENCED":
            alarm = event["data"]["alarm"]
            self._tally.check("silenced_by_order", by_order, lambda: f"{alarm} was silenced by nobody")
            if alarm in self.on:
                self.on[alarm] = True
        elif name == "ALARM_CLEARED":
            alarm = event["data"]["alarm"]
            silenced = self.on.pop(alarm, True)
            self._tally.check(
                "alarm_latched", silenced or by_order, lambda: f"{alarm} ended, and nobody had silenced it"
            )

    def take(self, alarm_list: Sequence[Mapping[str, Any]]) -> None:
        """Take the pump's own list for true: entries of its log may be lost."""
        self.on = {alarm["name"]: alarm["silenced"] for alarm in alarm_list}
        self.over = {alarm["name"] for alarm in alarm_list if alarm["condition"] == "past"}

    def reset(self) -> None:
        """After a reset of the pump its tones begin anew."""
        self._sounding_since_ms = {"dual": None, "single": None}

    @property
    def newest_ms(self) -> int:
        """When an alarm was last raised."""
        return max(self.raised_ms.values(), default=-LATE_TONE_MS)

    @property
    def undelivered(self) -> bool:
        """True while an alarm says that the dose may not be given as ordered."""
        return bool(DELIVERY_ALARMS & self.on.keys() - self.over)

    def want(self, alarm: str, wanted: bool, now_ms: int, within_ms: int, why: str, instead: frozenset[str]) -> None:
        """An alarm, or one that stands for it, must be on within a time of its cause."""
        if not wanted or alarm in self.on or instead & self.on.keys():
            self._wanted_since_ms.pop(alarm, None)
            late_ms = 0
        else:
            late_ms = now_ms - self._wanted_since_ms.setdefault(alarm, now_ms)
        self._tally.check(
            "alarm_in_time", late_ms <= within_ms, lambda: f"no {alarm} in {late_ms // 60_000} min, though {why}"
        )

    # Tones

    def hear(self, kind: str, at_ms: int, demonstrated: bool) -> None:
        """A tone began to sound."""
        self._last_tone_ms[kind] = at_ms
        sounding = any(is_critical(alarm) == (kind == "dual") for alarm, silenced in self.on.items() if not silenced)
        self._tally.check("tone_has_cause", sounding or demonstrated, lambda: f"a {kind} tone, and nothing to say")

    def listen(self, now_ms: int, book: OrderBook, can_sound: bool) -> None:
        """Compare the tones with the alarms that nobody silenced."""
        loud = {is_critical(alarm) for alarm, silenced in self.on.items() if not silenced} if can_sound else set()
        kinds = (("dual", True, book.critical_interval_ms), ("single", False, book.non_critical_interval_ms))
        for kind, critical, interval_ms in kinds:
            waits = critical not in loud or (not critical and True in loud)
            if waits:
                self._sounding_since_ms[kind] = None
                continue
            since_ms = self._sounding_since_ms[kind]
            if since_ms is None:
                since_ms = self._sounding_since_ms[kind] = now_ms
            silent_ms = now_ms - max(since_ms, self._last_tone_ms[kind])
            self._tally.check(
                "alarm_sounds",
                silent_ms <= interval_ms + LATE_TONE_MS,
                lambda kind=kind, silent_ms=silent_ms: f"no {kind} tone for {silent_ms // 1000} s",
            )
