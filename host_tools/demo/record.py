"""Record of a pump's life: enough to tell, plot and check it afterwards."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from host_tools.programmer import Refill
from protocol.codes import ALARM_EVENT, EVENTS, OTHER_EVENT

ALARM_OF_EVENT = {event: alarm for table in (ALARM_EVENT, OTHER_EVENT) for alarm, event in table.items()}
TONE_OF_SEVERITY = {"non_critical": "single", "critical": "dual"}
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Sample:
    """Belief and truth at one instant. A voltage is None where the pump has no reading."""

    at_s: int
    rate_nl_per_day: int
    tip_mcg_per_ml: int
    reservoir_nl: int
    delivered_nl: int
    battery_mv: int | None
    battery_load_mv: int | None
    truth_reservoir_nl: int
    truth_delivered_nl: int
    effect_ng_per_ml: int


@dataclass(frozen=True, slots=True)
class HiddenFault:
    """A fault that the pump cannot see, from its begin to the refill that found it."""

    name: str
    percent: int
    begin_s: int
    found_s: int


@dataclass(frozen=True, slots=True)
class Tone:
    """Something that could be heard: a `single` or a `dual` tone."""

    kind: str
    at_s: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something of the world that no pump can log."""

    at_s: int
    text: str


@dataclass(slots=True)
class Alarm:
    """One occurrence of an alarm. `silenced_s` and `cleared_s` are None for what had not come by the end."""

    name: str
    severity: str
    raised_s: int
    silenced_s: int | None = None
    cleared_s: int | None = None
    tones: int = 0


@dataclass(slots=True)
class Life:
    """One pump's life. Times are seconds of pump uptime; `events` are as the programmer read the log."""

    start: datetime
    port: str
    low_reservoir_nl: int
    residual_nl: int
    samples: list[Sample] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    tones: list[Tone] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    hidden: HiddenFault | None = None
    hello: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    wall_s: float = 0.0

    def date(self, at_s: int) -> datetime:
        """The pump's local time at an uptime."""
        return self.start + timedelta(seconds=at_s)

    def named(self, name: str) -> list[dict[str, Any]]:
        """The logged events of one name, in order."""
        return [event for event in self.events if event["name"] == name]

    def refills(self) -> list[tuple[dict[str, Any], Refill]]:
        """Every refill, the first fill included: its log entry and its volumes."""
        booked: list[tuple[dict[str, Any], Refill]] = []
        for event in self.named("REFILL"):
            data = event["data"]
            last_filled_nl = booked[-1][1].filled_nl if booked else None
            volumes = Refill(data["expected_nl"], data["aspirated_nl"], data["filled_nl"], last_filled_nl)
            booked.append((event, volumes))
        return booked

    def discrepancies(self) -> list[tuple[int, Refill]]:
        """The refills whose aspirated volume was far from what the pump computed, with their numbers."""
        return [(number, refill) for number, (_, refill) in enumerate(self.refills()) if refill.out_of_tolerance]

    def end_s(self) -> int:
        """Uptime of the end of service, or else of the end of the record."""
        ends = self.named("EOS")
        return ends[0]["t_s"] if ends else self.samples[-1].at_s

    def alarms(self) -> list[Alarm]:
        """Every occurrence of an alarm, with the tones that sounded from its start until it was silenced."""
        found: list[Alarm] = []
        for event in self.events:
            if alarm := ALARM_OF_EVENT.get(event["name"]):
                found.append(Alarm(alarm, EVENTS[event["name"]].severity, event["t_s"]))
            elif event["name"] in ("ALARM_SILENCED", "ALARM_CLEARED"):
                _end(found, event)
        for alarm in found:
            alarm.tones = self._tones_of(alarm)
        return found

    def _tones_of(self, alarm: Alarm) -> int:
        kind = TONE_OF_SEVERITY[alarm.severity]
        ends = [end_s for end_s in (alarm.silenced_s, alarm.cleared_s) if end_s is not None]
        until_s = min(ends, default=self.samples[-1].at_s)
        return sum(tone.kind == kind and alarm.raised_s <= tone.at_s <= until_s for tone in self.tones)


def _end(found: list[Alarm], event: dict[str, Any]) -> None:
    for alarm in reversed(found):
        if alarm.name == event["data"]["alarm"]:
            if event["name"] == "ALARM_CLEARED":
                alarm.cleared_s = event["t_s"]
            elif alarm.silenced_s is None:
                alarm.silenced_s = event["t_s"]
            return
