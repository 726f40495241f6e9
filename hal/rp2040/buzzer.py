"""The piezo: two patterns by PWM, which a timer moves on."""

from time import sleep_ms

from machine import ADC, PWM, Pin, Timer

from hal import contract
from hal.contract import DUAL_TONE, FAILED, OK, SINGLE_TONE
from hal.rp2040 import board, tones

_HALF = 1 << 15  # a square wave's share of 65536
_INAUDIBLE_HZ = 40_000


class Buzzer(contract.Buzzer):
    """`sounding`: the chip has to stay awake, for PWM stops when it sleeps."""

    def __init__(self) -> None:
        self._pwm = PWM(Pin(board.PIEZO_PIN), freq=board.HIGH_HZ, duty_u16=0)
        self._rest()
        self._sense = None if board.PIEZO_SENSE_PIN is None else ADC(Pin(board.PIEZO_SENSE_PIN))
        self._timer = Timer(-1)
        self._notes = tones.SINGLE
        self._next = 0
        self.sounding = False

    def play(self, pattern: int) -> int:
        if pattern not in (SINGLE_TONE, DUAL_TONE):
            raise ValueError(f"unknown tone {pattern}; known: {SINGLE_TONE}, {DUAL_TONE}")
        self._timer.deinit()
        self._notes = tones.SINGLE if pattern == SINGLE_TONE else tones.DUAL
        self._next = 0
        self.sounding = True
        self._on_time(None)
        return OK if self._draws_current() else FAILED

    def self_test(self) -> int:
        if self.sounding:
            return OK if self._draws_current() else FAILED
        self._drive(_INAUDIBLE_HZ)
        sleep_ms(2)
        draws = self._draws_current()
        self._rest()
        return OK if draws else FAILED

    def _draws_current(self) -> bool:
        return self._sense is None or self._sense.read_u16() >= board.PIEZO_SENSE_LEAST

    def _drive(self, hz: int) -> None:
        self._pwm = PWM(Pin(board.PIEZO_PIN), freq=hz, duty_u16=_HALF)

    def _rest(self) -> None:
        """Leave no PWM and no voltage: a slice that runs on idle takes current, and stops high in sleep."""
        self._pwm.deinit()
        Pin(board.PIEZO_PIN, Pin.OUT, value=0)

    def _on_time(self, _timer: Timer | None) -> None:
        if self._next == len(self._notes):
            self._rest()
            self.sounding = False
            return
        hz, ms = self._notes[self._next]
        self._next += 1
        self._drive(hz)
        self._timer.init(mode=Timer.ONE_SHOT, period=ms, callback=self._on_time)
