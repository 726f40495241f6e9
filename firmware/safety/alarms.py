"""Alarms: two classes with a tone each, latched until a programmer silences them.

A critical alarm sounds two tones for 3 s, a non-critical one a single tone of 1 s (docs/sources.md, DF-09, DF-10).
While a critical one sounds the others wait for their turn. A demonstration (SEED-10) is a tone without an alarm.
"""

from firmware import wire
from firmware.records.state import NEVER
from firmware.records.statefields import ALARMS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State
    from hal.contract import Buzzer

    AlarmEntry = tuple[int, int, int, int]  # alarm, since_s, FLAG silenced, CONDITION

_SINGLE = 0x33  # the buzzer's pattern codes (hal/contract.py)
_DUAL = 0x55
_LASTS_S = {_SINGLE: 1, _DUAL: 3}

# An alarm's mark: one of four bytes that are four bits apart.
_NONE = 0x00
_SOUNDING = 0x55  # its condition holds
_SILENCED = 0x33  # its condition holds, and it was silenced
_PAST = 0x5A  # its condition is over, and nobody silenced it

_INDEX = {ALARMS[i]: i for i in range(len(ALARMS))}
_CRITICAL_FROM = wire.SEVERITY_CRITICAL << 8


def is_critical(alarm: int) -> bool:
    """True for an alarm of the critical class, which is the code's high byte."""
    return alarm & 0xFF00 == _CRITICAL_FROM


class Alarms:
    """The latches of every alarm, kept in the state, and the tones. Times are pump uptime in seconds."""

    def __init__(self, buzzer: "Buzzer", state: "State", log: "EventLog") -> None:
        self._buzzer = buzzer
        self._state = state
        self._log = log
        self._critical_due_s = self._single_due_s = self.due_s = NEVER
        self._tone = 0  # the pattern that an alarm sounded last
        self._tone_until_s = 0
        self._demo_until_s = NEVER

    def resume(self, now_s: int) -> None:
        """After a reset: sound again at once what was sounding."""
        for alarm in ALARMS:
            if self._mark(alarm) in (_SOUNDING, _PAST):
                self._sound_at(alarm, now_s)
        self._plan()

    def raise_alarm(self, alarm: int, now_s: int, a: int = 0, b: int = 0, c: int = 0, cause: int | None = None) -> None:
        """Raise the alarm, whose condition holds: log it and sound, unless it held before. `cause` is the event that
        says why, where the alarm has several."""
        if self._mark(alarm) in (_SOUNDING, _SILENCED):
            return
        self._set(alarm, _SOUNDING, now_s)
        self._log.add(cause or wire.ALARM_EVENT[alarm], a, b, c)
        self._sound_at(alarm, now_s)
        self._plan()

    def clear_condition(self, alarm: int, by_programmer: bool = False) -> None:
        """End the alarm's condition. The alarm stays until silenced, unless a programmer's order ended it."""
        mark = self._mark(alarm)
        if mark == _SILENCED or (mark != _NONE and by_programmer):
            self._clear(alarm)
        elif mark == _SOUNDING:
            self._set(alarm, _PAST)
        self._plan()

    def silence(self, alarms: list[int]) -> list[tuple[int, int]]:
        """Silence those of `alarms` that sound; the caller keeps that and logs the (event, alarm) pairs returned."""
        done = []
        for alarm in alarms:
            mark = self._mark(alarm)
            if mark in (_SOUNDING, _PAST):
                done.append((wire.EVENT_ALARM_SILENCED, alarm))
                self._set(alarm, _SILENCED)
            if mark == _PAST:
                done.append((wire.EVENT_ALARM_CLEARED, alarm))
                self._set(alarm, _NONE, 0)
        self._plan()
        return done

    def active(self, alarm: int) -> bool:
        """True while the alarm's condition holds."""
        return self._state.alarms[_INDEX[alarm]][0] in (_SOUNDING, _SILENCED)  # asked before every batch

    def since_s(self, alarm: int) -> int:
        """When the alarm was raised last; 0 while it is not on."""
        return self._state.alarms[_INDEX[alarm]][1]

    @property
    def critical(self) -> bool:
        """True while the condition of any critical alarm holds."""
        return bool([alarm for alarm in ALARMS if is_critical(alarm) and self.active(alarm)])

    def entries(self) -> "list[AlarmEntry]":
        """(alarm, since_s, silenced, condition) of each alarm on or not yet silenced, critical ones first."""
        found = []
        for alarm in reversed(ALARMS):
            mark, since_s = self._state.alarms[_INDEX[alarm]]
            if mark != _NONE:
                silenced = wire.FLAG_YES if mark == _SILENCED else wire.FLAG_NO
                condition = wire.CONDITION_PAST if mark == _PAST else wire.CONDITION_ACTIVE
                found.append((alarm, since_s, silenced, condition))
        return found

    def sound(self, now_s: int) -> None:
        """Play the tone that is due. A pump that was never filled makes none before its end of service."""
        state = self._state
        pattern = 0
        if self._critical_due_s <= now_s:
            self._critical_due_s = now_s + state.critical_interval_s
            pattern = _DUAL
        if self._single_due_s <= now_s:
            self._single_due_s = now_s + state.non_critical_interval_s
            if self._critical_due_s == NEVER:
                pattern = _SINGLE
        if pattern and state.therapy != wire.THERAPY_UNFILLED:
            self._end_demo()
            self._buzzer.play(pattern)
            self._tone = pattern
            self._tone_until_s = now_s + _LASTS_S[pattern]
        elif now_s >= self._demo_until_s:
            self._end_demo()
        self._set_due()

    def reschedule_tones(self, now_s: int) -> None:
        """Go by changed intervals: the next tone is no later than they ask."""
        if self._critical_due_s != NEVER:
            self._critical_due_s = min(self._critical_due_s, now_s + self._state.critical_interval_s)
        if self._single_due_s != NEVER:
            self._single_due_s = min(self._single_due_s, now_s + self._state.non_critical_interval_s)
        self._set_due()

    def demonstrate(self, alarm_class: int, now_s: int) -> None:
        """Sound the tone of a class, once and at once. No latch knows of it, and any alarm's tone cuts it off."""
        pattern = _DUAL if alarm_class == wire.CLASS_CRITICAL else _SINGLE
        self._end_demo()
        self._log.add(wire.EVENT_ALARM_DEMO, alarm_class)
        self._demo_until_s = now_s + _LASTS_S[pattern]
        self._put_between(pattern, now_s)

    def announce(self, now_s: int) -> None:
        """Sound a single tone, once and at once: somebody is at the pump's key. As little an alarm as a demonstration,
        and as silent in a pump that was never filled."""
        if self._state.therapy != wire.THERAPY_UNFILLED:
            self._end_demo()
            self._put_between(_SINGLE, now_s)

    def _put_between(self, pattern: int, now_s: int) -> None:
        """Sound a tone that is no alarm's. An alarm's tone that it cuts off is sounded again after it."""
        self._buzzer.play(pattern)
        until_s = now_s + _LASTS_S[pattern]
        if now_s < self._tone_until_s:
            if self._tone == _DUAL:
                self._critical_due_s = min(self._critical_due_s, until_s)
            else:
                self._single_due_s = min(self._single_due_s, until_s)
        self._plan()

    def _end_demo(self) -> None:
        if self._demo_until_s != NEVER:
            self._demo_until_s = NEVER
            self._log.add(wire.EVENT_DEMO_END)

    def _mark(self, alarm: int) -> int:
        return self._state.alarms[_INDEX[alarm]][0]

    def _set(self, alarm: int, mark: int, since_s: int | None = None) -> None:
        entry = self._state.alarms[_INDEX[alarm]]
        entry[0] = mark
        if since_s is not None:
            entry[1] = since_s
        self._state.changed = True

    def _clear(self, alarm: int) -> None:
        self._set(alarm, _NONE, 0)
        self._log.add(wire.EVENT_ALARM_CLEARED, alarm)

    def _sound_at(self, alarm: int, at_s: int) -> None:
        if is_critical(alarm):
            self._critical_due_s = at_s
        else:
            self._single_due_s = at_s

    def _plan(self) -> None:
        """Drop the tones of a class in which nothing sounds any more."""
        marks = [(is_critical(alarm), self._mark(alarm) in (_SOUNDING, _PAST)) for alarm in ALARMS]
        if (True, True) not in marks:
            self._critical_due_s = NEVER
        if (False, True) not in marks:
            self._single_due_s = NEVER
        self._set_due()

    def _set_due(self) -> None:
        self.due_s = min(self._critical_due_s, self._single_due_s, self._demo_until_s)
