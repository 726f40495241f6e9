"""Two clocks over the chip's ticks, which wrap after 12.4 days: read one at least that often."""

from time import sleep_us, ticks_diff, ticks_ms, ticks_us

from machine import mem32

from hal import contract
from hal.contract import FAILED, OK

_XOSC_STATUS = 0x40024004
_STABLE = 1 << 31


class Clock(contract.Clock):
    def __init__(self) -> None:
        self._seen_ms = ticks_ms()
        self._seconds = self._rest_ms = 0

    def seconds(self) -> int:
        now_ms = ticks_ms()
        self._rest_ms += ticks_diff(now_ms, self._seen_ms)
        self._seen_ms = now_ms
        if self._rest_ms >= 1000:
            self._seconds += self._rest_ms // 1000
            self._rest_ms %= 1000
        return self._seconds

    def ticks_ms(self) -> int:
        return ticks_ms()

    def left_ms(self, seconds: int) -> int:
        """The time until `seconds` are reached; 0 or less when they are."""
        return (seconds - self.seconds()) * 1000 - self._rest_ms

    def self_test(self) -> int:
        before_us = ticks_us()
        sleep_us(50)
        counts = ticks_diff(ticks_us(), before_us) >= 50
        return OK if counts and mem32[_XOSC_STATUS] & _STABLE else FAILED
