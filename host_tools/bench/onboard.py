"""On the board while it is measured, imported before main.py: the pump's wakes and the body's sleep, timed.

Never deployed. The service pin, pulled low while the pump runs, asks for the numbers: a line of JSON on the console.
"""

import gc

FREE_AT_BOOT = gc.mem_free()
USED_AT_BOOT = gc.mem_alloc()

import json  # noqa: E402
from time import ticks_diff, ticks_ms, ticks_us  # noqa: E402

from machine import Pin  # noqa: E402

from hal.rp2040 import body, run  # noqa: E402
from hal.rp2040.board import SERVICE_PIN  # noqa: E402

asked = Pin(SERVICE_PIN, Pin.IN, Pin.PULL_UP)
real_poll = run.Pump.poll
real_sleep = body.lightsleep


class Pump(run.Pump):
    def __init__(self, hal, config):
        super().__init__(hal, config)
        self._most = gc.mem_alloc()
        self._begin()

    def _begin(self):
        self._wakes_us = []
        self._since_ms = ticks_ms()
        Pump.asleep_us = 0

    def poll(self):
        deadline_s, wake_us, _ = self._measured()
        self._wakes_us.append(wake_us)
        if not asked.value():
            self._tell()
        return deadline_s

    def _measured(self):
        before = gc.mem_alloc()
        began_us = ticks_us()
        deadline_s = real_poll(self)
        wake_us = ticks_diff(ticks_us(), began_us)
        after = gc.mem_alloc()
        self._most = max(self._most, before, after)
        return deadline_s, wake_us, after - before

    def _tell(self):
        passed_ms = ticks_diff(ticks_ms(), self._since_ms)
        self.selftest.due_s = 0  # as it is once an hour
        self._work.take()  # else its guard takes that for a flipped bit
        _, busy_us, _ = self._measured()
        real_poll(self)  # whatever that left to do
        _, idle_us, idle_bytes = self._measured()
        gc.collect()
        live = gc.mem_alloc()
        numbers = {
            "wakes_us": self._wakes_us,
            "passed_ms": passed_ms,
            "asleep_us": Pump.asleep_us,
            "busy_us": busy_us,
            "idle_us": idle_us,
            "idle_bytes": idle_bytes,
            "live": live - USED_AT_BOOT,
            "most": self._most - USED_AT_BOOT,
            "free_at_boot": FREE_AT_BOOT,
        }
        print(json.dumps(numbers))
        self._begin()


def timed_sleep(ms):
    began_us = ticks_us()
    real_sleep(ms)
    Pump.asleep_us += ticks_diff(ticks_us(), began_us)


run.Pump = Pump
body.lightsleep = timed_sleep
