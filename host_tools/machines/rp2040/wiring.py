"""The plant at the pins of the chip: what a rig has of it in copper and magnets."""

from collections.abc import Iterable
from itertools import pairwise
from statistics import median_low
from typing import NamedTuple

from rp2040py.device import MicroPythonDevice
from rp2040py.gpio_pin import GPIOPinState
from rp2040py.peripherals.watchdog import RPWatchdog

from hal.plant.drivetrain import RUNAWAY_MS
from hal.plant.plant import Plant
from hal.rp2040 import board

NS_PER_MS = 1_000_000
FULL_SCALE = 4095  # of the ADC, for 3.3 V
SILENCE_NS = 50 * NS_PER_MS
PIEZO_READING = 2000
AUDIBLE_HZ = range(500, 20_000)
HALL_US = 2000  # how long the rotor's magnet stays over its sensor
_ADC_OF_PIN = 26  # channel 0
_THERMOMETER = 4
_SCRATCH_0 = 0x0C  # of the watchdog's registers: the motor driver leaves there the period of each order


class HeardTone(NamedTuple):
    """A tone as a microphone at the piezo hears it, from one silence to the next; `hz` are its notes in order."""

    at_ms: int
    length_ms: int
    hz: tuple[int, ...]

    @property
    def kind(self) -> str:
        """ "single" or "dual"."""
        return "single" if len(self.hz) == 1 else "dual"


class Wiring:
    """Attached to each device of one chip. The service jumper is looked at when a device starts.

    `pulses` are the rising edges of STEP, `periods_ms` those of the motor's orders, repeats left out.
    """

    def __init__(self, plant: Plant, service_jumper: bool = False) -> None:
        self.plant = plant
        self.service_jumper = service_jumper
        self.steps_ms: list[int] = []  # when the rotor was told to make one
        self.pulses = 0
        self.periods_ms: list[int] = []
        self._turns = (0, 0)
        self.tones: list[HeardTone] = []
        self._head = False
        self._edges_ns: list[float] = []
        self._start_ns = 0.0
        self._device: MicroPythonDevice | None = None

    def attach(self, device: MicroPythonDevice, start_ns: float) -> None:
        """Solder the plant to a device that starts then; the one before it, if any, has lost its power."""
        if self._device is not None:
            self.plant.power_cut()
        self._start_ns = start_ns
        self._device = device
        self._gpio = gpio = device.mcu.gpio
        gpio[board.STEP_PIN].add_listener(self._on_step)
        gpio[board.ENABLE_PIN].add_listener(self._on_enable)
        gpio[board.PIEZO_PIN].add_listener(self._on_piezo)
        gpio[board.SERVICE_PIN].set_input_value(not self.service_jumper)
        self._turns = (0, 0)
        self._watch_orders(device.mcu.watchdog)
        self._hall_off = device.simulator.clock.create_alarm(self._magnet_leaves)
        self._sample = device.mcu.adc.on_adc_read
        device.mcu.adc.on_adc_read = self._on_adc
        self.lay_head(self._head)

    def lay_head(self, on: bool) -> None:
        """Lay the telemetry head over the pump, or take it away."""
        self._head = on
        self._gpio[board.HEAD_PIN].set_input_value(not on)

    @property
    def now_ns(self) -> float:
        assert self._device is not None
        return self._start_ns + self._device.simulator.clock.nanos

    def _settle(self) -> int:
        at_ms = max(self.plant.now_ms, int(self.now_ns // NS_PER_MS))
        self.plant.advance(at_ms)
        return at_ms

    # Motor and rotor

    def _watch_orders(self, watchdog: RPWatchdog) -> None:
        write = watchdog.write_uint32

        def write_uint32(offset: int, value: int) -> None:
            write(offset, value)
            if offset == _SCRATCH_0 and self.periods_ms[-1:] != [value]:
                self.periods_ms.append(value)

        watchdog.write_uint32 = write_uint32

    def _on_enable(self, state: GPIOPinState, _before: GPIOPinState) -> None:
        self._settle()
        self.plant.drivetrain.inhibit(state == GPIOPinState.HIGH)

    def _on_step(self, state: GPIOPinState, _before: GPIOPinState) -> None:
        if state != GPIOPinState.HIGH:
            return
        self.pulses += 1
        train = self.plant.drivetrain
        if train.inhibited or self.pulses % board.PULSES_PER_STEP:
            return
        at_ms = self._settle()
        self.steps_ms.append(at_ms)
        train.settle(at_ms)
        train.order(at_ms, 1, 0, RUNAWAY_MS, 0, 1)
        self.turn()

    def turn(self) -> None:
        """Let the Hall sensors see what the rotor did since they last did."""
        at_ms = self._settle()
        _, confirmed, backward, _, _ = self.plant.drivetrain.progress(at_ms)
        before, self._turns = self._turns, (confirmed, backward)
        if board.HALL_PIN is not None and (confirmed, backward) != before:
            if board.REVERSE_PIN is not None:
                self._gpio[board.REVERSE_PIN].set_input_value(backward != before[1])
            self._gpio[board.HALL_PIN].set_input_value(True)
            self._hall_off.schedule(HALL_US * 1000)

    def _magnet_leaves(self) -> None:
        if board.HALL_PIN is not None:
            self._gpio[board.HALL_PIN].set_input_value(False)

    # Measurements

    def _on_adc(self, channel: int) -> None:
        assert self._device is not None
        self._device.mcu.adc.channel_values[channel] = self._reading(channel)
        self._sample(channel)

    def _reading(self, channel: int) -> int:
        pin = None if channel == _THERMOMETER else channel + _ADC_OF_PIN
        if channel == _THERMOMETER:
            microvolts = 706_000 - (self.plant.centi_celsius - 2700) * 1721 // 100
            return microvolts * FULL_SCALE // 3_300_000
        self._settle()
        if pin == board.BATTERY_PIN:
            turning = self._gpio[board.STEP_PIN].value == GPIOPinState.HIGH
            mv = self.plant.load_mv() if turning else self.plant.rest_mv()
            return mv * FULL_SCALE // board.BATTERY_FULL_MV
        if pin == board.PIEZO_SENSE_PIN:
            return 0 if self.plant.sound.dead else PIEZO_READING
        if pin == board.FILL_PIN:
            share = board.FILL_EMPTY + (self.plant.sensed_nl() or 0) * (board.FILL_FULL - board.FILL_EMPTY) // (
                board.FILL_FULL_NL
            )
            return share * FULL_SCALE // 65535
        return 0

    # Piezo

    def _on_piezo(self, state: GPIOPinState, _before: GPIOPinState) -> None:
        if state != GPIOPinState.HIGH or self.plant.sound.dead:
            return
        now_ns = self.now_ns
        if self._edges_ns and now_ns - self._edges_ns[-1] > SILENCE_NS:
            self._end_tone()
        self._edges_ns.append(now_ns)

    def listen(self) -> None:
        """Take what was heard for a tone, if it is over."""
        if self._edges_ns and self.now_ns - self._edges_ns[-1] > SILENCE_NS:
            self._end_tone()

    def _end_tone(self) -> None:
        """Add the tone. Waves too high to hear are the piezo's self-test, too low ones a pause: neither counts."""
        edges_ns, self._edges_ns = self._edges_ns, []
        spans_ns = [span for span in pairwise(edges_ns) if _hz(span) in AUDIBLE_HZ]
        if spans_ns:
            first_ns, last_ns = spans_ns[0][0], spans_ns[-1][1]
            length_ms = round((last_ns - first_ns) / NS_PER_MS)
            tone = HeardTone(int(first_ns // NS_PER_MS), length_ms, _notes(map(_hz, spans_ns)))
            self.tones.append(tone)
            self.plant.sound.begin(tone.kind, tone.at_ms)


def _hz(span_ns: tuple[float, float]) -> int:
    return round(1e9 / (span_ns[1] - span_ns[0]))


def _notes(periods_hz: Iterable[int]) -> tuple[int, ...]:
    """The notes of single waves; one that stands alone is where a note began or ended in the middle of a wave."""
    runs: list[list[int]] = []
    for hz in periods_hz:
        if not runs or abs(hz - runs[-1][-1]) > hz // 10:
            runs.append([])
        runs[-1].append(hz)
    return tuple(median_low(run) for run in runs if len(run) > 1)
