"""The board's sensors: battery, reservoir, temperature and telemetry head."""

from machine import ADC, Pin

from hal import contract
from hal.rp2040 import board

_FULL_SCALE = 65535
_FULL_SCALE_UV = 3_300_000
_THERMOMETER = 4  # ADC channel of the chip's own sensor: 706 mV at 27 degrees Celsius, 1.721 mV less for each more


class Battery(contract.Battery):
    def __init__(self) -> None:
        self._adc = ADC(Pin(board.BATTERY_PIN))
        self._load: int | None = None

    def rest_mv(self) -> int:
        return self._mv(self._adc.read_u16())

    def load_mv(self) -> int:
        return contract.NO_READING if self._load is None else self._mv(self._load)

    def sample_load(self) -> None:
        """Take a reading, now that the motor draws its current."""
        self._load = self._adc.read_u16()

    def _mv(self, reading: int) -> int:
        return min(5000, reading * board.BATTERY_FULL_MV // _FULL_SCALE)


class FillSensor(contract.FillSensor):
    def __init__(self) -> None:
        self._adc = ADC(Pin(board.FILL_PIN))

    def volume_nl(self) -> int:
        span = board.FILL_FULL - board.FILL_EMPTY
        return max(0, (self._adc.read_u16() - board.FILL_EMPTY) * board.FILL_FULL_NL // span)


class Thermometer(contract.Thermometer):
    def __init__(self) -> None:
        self._adc = ADC(_THERMOMETER)

    def centi_celsius(self) -> int:
        microvolts = self._adc.read_u16() * (_FULL_SCALE_UV // 1000) // _FULL_SCALE * 1000
        warmer = (706_000 - microvolts) * 100 // 1721
        return min(12500, max(-4000, 2700 + warmer + board.THERMOMETER_OFFSET_CENTI_CELSIUS))


class Head(contract.Head):
    """`moved` is set at each edge of the switch; the body clears it."""

    def __init__(self) -> None:
        self.moved = False
        self._pin = Pin(board.HEAD_PIN, Pin.IN, Pin.PULL_UP)
        self._pin.irq(self._on_edge, Pin.IRQ_RISING | Pin.IRQ_FALLING)

    def present(self) -> bool:
        return not self._pin.value()

    def _on_edge(self, _pin: Pin) -> None:
        self.moved = True
