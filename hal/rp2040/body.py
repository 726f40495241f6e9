"""The body as the firmware sees it. It waits for the events that wake the firmware."""

from machine import Timer, lightsleep

from hal import contract
from hal.rp2040 import board
from hal.rp2040.buzzer import Buzzer
from hal.rp2040.chip import Entropy, Memory, Watchdog
from hal.rp2040.clock import Clock
from hal.rp2040.idle import wait_for_interrupt
from hal.rp2040.links import UartLink, UsbLink
from hal.rp2040.motor import Motor
from hal.rp2040.sensors import Battery, FillSensor, Head, Thermometer
from hal.rp2040.store import Store

_BEAT_MS = 10  # between two looks while awake: an interrupt just before the wait would not end it
_LONGEST_MS = 3_600_000  # asleep at once


class Body(contract.Hal):
    def __init__(self) -> None:
        self.clock = Clock()
        self.battery = Battery()
        self.motor = Motor(self.battery)
        self.fill_sensor = None if board.FILL_PIN is None else FillSensor()
        self.buzzer = Buzzer()
        self.store = Store()
        self.memory = Memory()
        self.links = (UsbLink(), UartLink())
        self.watchdog = Watchdog()
        self.entropy = Entropy()
        self.head = Head()
        self.thermometer = Thermometer()
        self._beat: Timer | None = None
        self._beaten = False

    def wait(self, deadline_s: int) -> None:
        """Wait until the clock is at `deadline_s`, or an event wakes the firmware."""
        while not self._wake_due(deadline_s):
            if self.head.present():
                for link in self.links:
                    link.open()
                    link.flush()
                self._doze()
            elif self.buzzer.sounding or not self.motor.settled():
                self._doze()
            elif not self.watchdog.paused():
                self.watchdog.restart()
                self._doze()
            else:
                self._sleep(deadline_s)

    def _wake_due(self, deadline_s: int) -> bool:
        called = self.clock.seconds() >= deadline_s
        if self.motor.alert or self.head.moved:
            self.motor.alert = self.head.moved = False
            called = True
        if self.head.present():
            for link in self.links:
                if link.waiting() or link.has_room_again():
                    called = True
        return called

    def _doze(self) -> None:
        """Wait for the next beat or edge: USB alone interrupts each ms, which is not worth a look."""
        if self._beat is None:
            self._beat = Timer(-1)
            self._beat.init(mode=Timer.PERIODIC, period=_BEAT_MS, callback=self._on_beat)
        self.motor.left_ms()  # which sets a step going again whose wake was lost
        self._beaten = False
        while not (self._beaten or self.motor.alert or self.head.moved):
            wait_for_interrupt()

    def _on_beat(self, _timer: Timer) -> None:
        self._beaten = True

    def _sleep(self, deadline_s: int) -> None:
        if self._beat is not None:
            self._beat.deinit()
            self._beat = None
        left_ms = min(_LONGEST_MS, self.clock.left_ms(deadline_s))
        step_ms = self.motor.left_ms()
        if step_ms is not None and step_ms < left_ms:
            left_ms = step_ms
        if left_ms <= 1:
            self._doze()
            return
        for link in self.links:
            link.close()
        lightsleep(left_ms)
