"""The motor: a step/dir driver (TMC2209, A4988), and a Hall sensor that confirms each step of the rotor."""

from time import sleep_us, ticks_add, ticks_diff, ticks_ms

from machine import Pin, Timer, mem32

from hal import contract
from hal.contract import INHIBITED, OK
from hal.rp2040 import board
from hal.rp2040.sensors import Battery

_LEAST_PERIOD_MS = 360
_LEAST_MISS_LIMIT = 8
_MOST_STEPS = 65535
_MOST_MS = (1 << 29) - 1  # that ticks tell apart
_GAP_MS = 100  # between two steps when the first was late
_SCRATCH = 0x4005800C  # a register that nothing uses, and that only a loss of power clears


class Motor(contract.Motor):
    """A timed wake for each step, each at its own time from the order on, so that lateness does not add up.

    A pulse counts once it is confirmed or missed: when its Hall edge comes, or at `board.CONFIRM_MS` without one.
    At the fastest legal rate 2^30 steps take twelve years: no count gets there. `alert`: the firmware is to be woken.
    """

    def __init__(self, battery: Battery) -> None:
        self._battery = battery
        self._step_pin = Pin(board.STEP_PIN, Pin.OUT, value=0)
        self._enable_pin = Pin(board.ENABLE_PIN, Pin.OUT, value=0)
        Pin(board.DIR_PIN, Pin.OUT, value=board.FORWARD)
        self._timer = Timer(-1)
        self._left = self._due_ms = self._period_ms = self._give_up_ms = self._miss_limit = 0
        self._inhibited = self._open = self.alert = False
        self._pulsed_ms = 0
        self._ordered = self._confirmed = self._reversed = self._missed_run = self._confirmed_run = 0
        self._progress = (0, 0, 0, 0, 0)
        self._reverse_pin: Pin | None = None
        if board.HALL_PIN is not None:
            if board.REVERSE_PIN is not None:
                self._reverse_pin = Pin(board.REVERSE_PIN, Pin.IN, Pin.PULL_DOWN)
            hall_pin = Pin(board.HALL_PIN, Pin.IN, Pin.PULL_DOWN)
            hall_pin.irq(self._on_edge, Pin.IRQ_RISING)

    # For the firmware

    def order(self, steps: int, first_ms: int, period_ms: int, give_up_ms: int, miss_limit: int) -> int:
        if (
            not 1 <= steps <= _MOST_STEPS
            or first_ms < 0
            or period_ms < _LEAST_PERIOD_MS
            or miss_limit < _LEAST_MISS_LIMIT
            or not first_ms + (steps - 1) * period_ms <= give_up_ms <= _MOST_MS
        ):
            raise ValueError(f"order({steps}, {first_ms}, {period_ms}, {give_up_ms}, {miss_limit}) is out of range")
        if self._inhibited:
            return INHIBITED
        if self._running():
            raise RuntimeError("the motor was ordered while an order is running; halt it first")
        now_ms = ticks_ms()
        self._left = steps
        self._due_ms = ticks_add(now_ms, first_ms)
        self._period_ms = period_ms
        self._give_up_ms = ticks_add(now_ms, give_up_ms)
        self._miss_limit = miss_limit
        mem32[_SCRATCH] = period_ms  # where a probe sees, without stopping the chip, at what rhythm the motor is to go
        self._wait(first_ms)
        return OK

    def halt(self) -> int:
        self._timer.deinit()
        self._left = 0
        return OK

    def progress(self) -> tuple[int, int, int, int, int]:
        self.settled()
        counts = self._progress
        if (
            counts[0] != self._ordered
            or counts[1] != self._confirmed
            or counts[2] != self._reversed
            or counts[3] != self._missed_run
        ):
            counts = (self._ordered, self._confirmed, self._reversed, self._missed_run, self._confirmed_run)
            self._progress = counts
        return counts

    def inhibit(self) -> int:
        self._inhibited = True
        self._enable_pin.on()
        return self.halt()

    def release(self) -> int:
        self._inhibited = False
        self._enable_pin.off()
        return OK

    # For the body

    def left_ms(self) -> int | None:
        """The time until the next step; None without one. One that is overdue is set going again."""
        if not self._running():
            return None
        left_ms = ticks_diff(self._due_ms, ticks_ms())
        if left_ms < -2 * _GAP_MS:  # its wake was lost: the interpreter's queue of them was full
            self._wait(0)
        return left_ms if left_ms > 0 else 0

    def settled(self) -> bool:
        """True if the newest pulse is confirmed or missed."""
        if self._open and ticks_diff(ticks_ms(), self._pulsed_ms) > board.CONFIRM_MS:
            self._miss()
        return not self._open

    # Steps

    def _running(self) -> bool:
        if self._left and ticks_diff(ticks_ms(), self._give_up_ms) > 0:
            self.halt()
        return self._left > 0

    def _wait(self, ms: int) -> None:
        self._timer.init(mode=Timer.ONE_SHOT, period=ms if ms > 0 else 1, callback=self._on_time)

    def _on_time(self, _timer: Timer) -> None:
        if not self._running():
            return
        left_ms = ticks_diff(self._due_ms, ticks_ms())
        if left_ms <= 0:
            self._pulse()
            self._left -= 1
            self._due_ms = ticks_add(self._due_ms, self._period_ms)
            left_ms = max(_GAP_MS, left_ms + self._period_ms)
        if self._left:
            self._wait(left_ms)

    def _pulse(self) -> None:
        if self._open:
            self._miss()
        self._open = True
        self._pulsed_ms = ticks_ms()
        step_pin = self._step_pin
        for _ in range(board.PULSES_PER_STEP):
            step_pin.on()
            sleep_us(board.PULSE_US)
            self._battery.sample_load()
            step_pin.off()
            sleep_us(board.PULSE_US)

    def _on_edge(self, _pin: Pin) -> None:
        if self._reverse_pin and self._reverse_pin.value():
            self._reversed += 1
            self.alert = True
            return
        self._confirmed += 1
        if not self._open:
            self.alert = True  # a step that no pulse asked for
            return
        self._open = False
        self._ordered += 1
        self._confirmed_run += 1
        self._missed_run = 0

    def _miss(self) -> None:
        self._open = False
        self._ordered += 1
        self._missed_run += 1
        self._confirmed_run = 0
        if self._missed_run == self._miss_limit:
            self.alert = True
