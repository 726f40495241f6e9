"""One line for each thing that happens to a running emulator: boots, resets, alarms, tones, faults, power, connections.

    1d 4h 30m  2026-01-06 12:30:00  alarm motor_stall raised

Pump time since first power-up, the pump's own wall clock, and what happened.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from hal.plant.drivetrain import NEVER_MS
from host_tools.common.durations import format_duration
from host_tools.machines.machine import Boot
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer.units import wall_text
from protocol.codes import ALARM_EVENT, OTHER_EVENT
from protocol.messages import NONE32

_RAISED = {event: alarm for events in (ALARM_EVENT, OTHER_EVENT) for alarm, event in events.items()}
_NO_WALL = "clock not set"
_NO_BOOT = Boot(0, 0, 0)  # of firmware that raised before it was up
_TONE, _ALARM = "tone", "alarm"


class _Happening(NamedTuple):
    at_ms: int
    text: str
    wall: str | None
    kind: str = ""


class Activity:
    """Gives lines to `tell`, each once, in the order of pump time as far as it looks; without `tell` to nobody."""

    def __init__(self, machine: MockMachine, tell: Callable[[str], None] | None) -> None:
        self._machine = machine
        self._tell = tell
        self._boot = self._events = self._tones = 0
        self._sounding: set[str] = set()  # tones that went on to sound since an alarm changed last
        self._faults = dict(machine.plant.faults)
        self._notes = [f"fault {name} is on" for name in self._faults]

    def look(self) -> None:
        """Tell what came up since the last look. The pump is to be awake for the present."""
        if self._tell is None:
            return
        happened = sorted([*self._logged(), *self._sounded(), *self._ended()], key=lambda each: each.at_ms)
        for each in happened:
            if each.kind == _TONE:
                if each.text in self._sounding:
                    continue
                self._sounding.add(each.text)
            elif each.kind == _ALARM:
                self._sounding.clear()
            self._say(each)
        notes, self._notes = self._notes, []
        for text in notes:
            self._say(self._happening(self._machine.now_ms, text))

    def note(self, text: str) -> None:
        """Tell of something at the next look, as of then."""
        self._notes.append(text)

    def fault_begun(self, name: str) -> None:
        """Tell of a fault that was just begun."""
        lasting = name in self._machine.plant.faults
        self.note(f"fault {name} begun" if lasting else f"fault {name}, over at once")
        self.look()
        self._faults = dict(self._machine.plant.faults)  # one of the same name may have taken another's place

    def power_cut(self, for_s: int) -> None:
        """Tell of a cut that comes now."""
        self.note(f"power cut for {format_duration(for_s)}")
        self.look()

    def _say(self, happening: _Happening) -> None:
        if self._tell is None:
            return
        wall = happening.wall.replace("T", " ") if happening.wall else _NO_WALL
        try:
            self._tell(f"{format_duration(happening.at_ms // 1000):>12}  {wall:<19}  {happening.text}")
        except OSError:
            self._tell = None  # nobody reads it any more, and the pump lives on

    def _logged(self) -> Iterator[_Happening]:
        events, boots = self._machine.events, self._machine.boots
        while self._events < len(events):
            while self._boot + 1 < len(boots) and boots[self._boot + 1].events <= self._events:
                self._boot += 1
            event = events[self._events]
            self._events += 1
            if text := _text(event):
                boot = boots[self._boot] if boots else _NO_BOOT
                at_s = boot.at_s + max(0, event["t_s"] - boot.uptime_s)
                at_ms = min(at_s * 1000, self._machine.now_ms)
                yield _Happening(at_ms, text, event["wall"], _ALARM if "alarm" in text else "")

    def _sounded(self) -> Iterator[_Happening]:
        tones = self._machine.plant.tones
        for number in range(self._tones, len(tones)):
            yield self._happening(tones[number].at_ms, f"{tones[number].kind} tone sounds", _TONE)
        self._tones = len(tones)

    def _ended(self) -> Iterator[_Happening]:
        """Faults that are over: healed, at their end, or at the reset that ended a hang."""
        present = self._machine.plant.faults
        if present.keys() == self._faults.keys():
            return
        for name, fault in self._faults.items():
            if name not in present:
                end_ms = self._boot_of_now.at_s * 1000 if fault.end_ms == NEVER_MS else fault.end_ms
                yield self._happening(min(end_ms, self._machine.now_ms), f"fault {name} over")
        self._faults = dict(present)

    @property
    def _boot_of_now(self) -> Boot:
        return self._machine.boots[-1] if self._machine.boots else _NO_BOOT

    def _happening(self, at_ms: int, text: str, kind: str = "") -> _Happening:
        return _Happening(at_ms, text, self._wall(at_ms), kind)

    def _wall(self, at_ms: int) -> str | None:
        """The pump's wall clock at a time since its last start, None where it has none."""
        pump = self._machine.pump
        offset_s = pump.clock.local_offset_s if pump else None
        if offset_s is None:
            return None
        boot = self._boot_of_now
        return wall_text(min(NONE32 - 1, at_ms // 1000 - boot.at_s + boot.uptime_s + offset_s))


def _text(event: dict[str, Any]) -> str | None:
    """The line's words for an entry of the log, None for one that has no line."""
    name, data = event["name"], event["data"]
    if name in _RAISED:
        return f"alarm {_RAISED[name]} raised"
    if name in ("ALARM_SILENCED", "ALARM_CLEARED"):
        return f"alarm {data['alarm']} {'silenced' if name == 'ALARM_SILENCED' else 'ended'}"
    return {
        "ALARM_DEMO": "demo alarm",
        "BOOT": f"boot {data.get('boots')}",
        "WATCHDOG_RESET": "watchdog reset",
        "RESET_LOOP": "reset loop",
    }.get(name)
