"""The sensors: battery, fill sensor, thermometer, telemetry head. And the memory, and the buzzer."""

import platform
import sys

from hal import contract
from hal.contract import DUAL_TONE, FAILED, NO_READING, OK, SINGLE_TONE
from hal.mock.entropy import Prng
from hal.mock.power import Power
from hal.mock.recorder import Recorder

TONE_KIND = {SINGLE_TONE: "single", DUAL_TONE: "dual"}


class MockBattery(contract.Battery):
    def __init__(self, power: Power) -> None:
        self._power = power
        self._plant = power.plant

    def rest_mv(self) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        return NO_READING if "battery" in self._plant.failing else self._plant.rest_mv()

    def load_mv(self) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        return NO_READING if "battery" in self._plant.failing else self._plant.load_mv()


class MockFillSensor(contract.FillSensor):
    def __init__(self, power: Power, seed: int) -> None:
        self._power = power
        self._plant = power.plant
        self._seed = seed

    def volume_nl(self) -> int:
        if not self._power.on:
            self._power.refuse()
        plant = self._plant
        sensed_nl = plant.sensed_nl()
        if sensed_nl is None:
            return NO_READING
        noise_nl = plant.fill_sensor.noise_nl
        if noise_nl:  # the same at one instant, however often it is asked
            prng = Prng(self._seed, f"fill sensor at {plant.now_ms} ms")
            sensed_nl += prng.next() % (2 * noise_nl + 1) - noise_nl
        return max(0, sensed_nl)


class MockThermometer(contract.Thermometer):
    def __init__(self, power: Power) -> None:
        self._power = power

    def centi_celsius(self) -> int:
        if not self._power.on:
            self._power.refuse()
        return self._power.plant.centi_celsius


class MockMemory(contract.Memory):
    """The plant's faults alone fail its checks: the desktop's own memory is the interpreter's."""

    def __init__(self, power: Power) -> None:
        self._power = power
        self._plant = power.plant

    def check_code(self) -> int:
        if not self._power.on:
            self._power.refuse()
        return FAILED if "code" in self._plant.failing else OK

    def check_ram(self) -> int:
        if not self._power.on:
            self._power.refuse()
        return FAILED if "ram" in self._plant.failing else OK

    def runtime(self) -> str:
        if not self._power.on:
            self._power.refuse()
        return f"{sys.implementation.name} {platform.python_version()}"

    def free_bytes(self) -> int:
        """Never known: a desktop's memory is no measure of the firmware's needs."""
        if not self._power.on:
            self._power.refuse()
        return NO_READING


class MockHead(contract.Head):
    """The caller that moves the head wakes the pump."""

    def __init__(self, power: Power) -> None:
        self._power = power
        self._there = False

    def present(self) -> bool:
        if not self._power.on:
            self._power.refuse()
        return self._there or self._power.plant.impairment.emi

    def set(self, present: bool) -> None:
        self._there = present


class MockBuzzer(contract.Buzzer):
    def __init__(self, power: Power, recorder: Recorder) -> None:
        self._power = power
        self._recorder = recorder

    def play(self, pattern: int) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        kind = TONE_KIND.get(pattern)
        if kind is None:
            raise ValueError(f"unknown tone {pattern:#x}; known: {SINGLE_TONE:#x}, {DUAL_TONE:#x}")
        now_ms = power.plant.now_ms
        self._recorder.tone(now_ms, kind, pattern)
        return OK if power.plant.sound.begin(kind, now_ms) else FAILED

    def self_test(self) -> int:
        if not self._power.on:
            self._power.refuse()
        return FAILED if self._power.plant.sound.dead else OK
