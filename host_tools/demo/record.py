"""What is kept of a pump's life: enough to tell, plot and check it afterwards."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from protocol.codes import ALARM_EVENT, EVENTS, OTHER_EVENT

ALARM_OF_EVENT = {event: alarm for table in (ALARM_EVENT, OTHER_EVENT) for alarm, event in table.items()}
TONE_OF_SEVERITY = {"non_critical": "single", "critical": "dual"}
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Sample:
    """Belief and truth at one instant. A voltage is None where the pump has no reading."""

    at_s: int
    rate_nl_per_day: int
    reservoir_nl: int
    delivered_nl: int
    battery_mv: int | None
    battery_load_mv: int | None
    truth_reservoir_nl: int
    truth_delivered_nl: int


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
    hello: dict[str, Any] = field(default_factory=dict)
    status: dict[str, Any] = field(default_factory=dict)
    wall_s: float = 0.0

    def date(self, at_s: int) -> datetime:
        """The pump's local time at an uptime."""
        return self.start + timedelta(seconds=at_s)

    def named(self, name: str) -> list[dict[str, Any]]:
        """The logged events of one name, in order."""
        return [event for event in self.events if event["name"] == name]

    def end_s(self) -> int:
        """When the pump reached its end of service, or else when the record stops."""
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


def summary(life: Life) -> dict[str, Any]:
    """The numbers of build/demo/summary.json. `refills` is without the first fill."""
    last = life.samples[-1]
    heard: dict[str, int] = {}
    for alarm in life.alarms():
        if alarm.tones:
            heard[alarm.name] = heard.get(alarm.name, 0) + 1
    return {
        "days": life.end_s() // DAY_S,
        "refills": len(life.named("REFILL")) - 1,
        "delivered_ml": last.delivered_nl / 1e6,
        "truth_delivered_ml": last.truth_delivered_nl / 1e6,
        "alarms": heard,
        "end": life.status["therapy"],
        "tones": len(life.tones),
        "events": len(life.events),
        "start": life.start.isoformat(),
        "ended": life.date(life.end_s()).isoformat(),
        "port": life.port,
        "wall_seconds": round(life.wall_s, 2),
    }


def differences(told: dict[str, Any]) -> list[str]:
    """What came out otherwise than the demo's story says, each in words; none when all is as told."""
    wrong = []
    if told["days"] != 2557:
        wrong.append(f"the pump served {told['days']} days, not 2557")
    if not 35 <= told["refills"] <= 40:
        wrong.append(f"it was refilled {told['refills']} times, not 35 to 40")
    for key in ("delivered_ml", "truth_delivered_ml"):
        if abs(told[key] - 639) > 1:
            wrong.append(f"{key} is {told[key]:.3f}, not within 1 mL of 639")
    for alarm in ("low_reservoir", "motor_stall", "eri", "end_of_service"):
        if not told["alarms"].get(alarm):
            wrong.append(f"the alarm {alarm} was never heard")
    if told["end"] != "end_of_service":
        wrong.append(f"the pump's therapy ended as {told['end']}, not end_of_service")
    return wrong
