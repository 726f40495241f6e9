"""What the board's buzzer drives its piezo with, with a stand-in for the board's own module."""

import sys
import time
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

from hal import contract
from hal.rp2040 import board

BUZZER = "hal.rp2040.buzzer"
HEARD: list[tuple[int, int]] = []  # (Hz, ms) of each note


class Pwm:
    driven_hz = 0

    def __init__(self, _pin: Any, freq: int, duty_u16: int) -> None:
        Pwm.driven_hz = freq if duty_u16 else 0

    def deinit(self) -> None:
        Pwm.driven_hz = 0


class Timer:
    """Rings as soon as it is let: `rings` is what it does then."""

    ONE_SHOT = 0
    rings: Any = None

    def __init__(self, _number: int) -> None:
        pass

    def init(self, mode: int, period: int, callback: Any) -> None:
        HEARD.append((Pwm.driven_hz, period))
        Timer.rings = callback

    def deinit(self) -> None:
        Timer.rings = None


class Pin:
    OUT = 1

    def __init__(self, *_arguments: Any, **_options: Any) -> None:
        pass


class Adc:
    def __init__(self, _pin: Any) -> None:
        pass

    def read_u16(self) -> int:
        return board.PIEZO_SENSE_LEAST if Pwm.driven_hz else 0


@pytest.fixture
def buzzer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    machine = ModuleType("machine")
    vars(machine).update(PWM=Pwm, Pin=Pin, Timer=Timer, ADC=Adc)
    monkeypatch.setitem(sys.modules, "machine", machine)
    monkeypatch.setattr(time, "sleep_ms", lambda ms: None, raising=False)
    HEARD.clear()
    yield import_module(BUZZER).Buzzer()
    del sys.modules[BUZZER]


def play(buzzer: Any, pattern: int) -> list[tuple[int, int]]:
    """The notes of a pattern, to its end."""
    HEARD.clear()
    assert buzzer.play(pattern) == contract.OK
    while (rings := Timer.rings) is not None:
        Timer.rings = None
        rings(None)
    assert not buzzer.sounding
    assert Pwm.driven_hz == 0
    return list(HEARD)


@pytest.mark.shows("SEED-01", "SEED-05")
def test_critical_is_two_tones_in_turn_for_three_seconds_and_non_critical_one(buzzer: Any) -> None:
    single, dual = play(buzzer, contract.SINGLE_TONE), play(buzzer, contract.DUAL_TONE)
    assert single == [(board.HIGH_HZ, 1000)]
    assert [hz for hz, _ in dual] == [board.HIGH_HZ, board.LOW_HZ] * (len(dual) // 2)
    assert board.HIGH_HZ != board.LOW_HZ
    assert len(dual) >= 4
    assert sum(ms for _, ms in dual) == 3000


def test_a_self_test_is_not_heard(buzzer: Any) -> None:
    assert buzzer.self_test() == contract.OK
    assert HEARD == []
    assert Pwm.driven_hz == 0
