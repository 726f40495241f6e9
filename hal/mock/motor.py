"""The motor's driver, over the plant's drive train."""

from hal import contract
from hal.contract import INHIBITED, OK
from hal.mock.errors import Misuse
from hal.mock.power import Power
from hal.mock.recorder import Recorder

LEAST_PERIOD_MS = 360
LEAST_MISS_LIMIT = 8
MOST_STEPS = 65_535


class MockMotor(contract.Motor):
    def __init__(self, power: Power, recorder: Recorder) -> None:
        self._power = power
        self._plant = power.plant
        self._train = power.plant.drivetrain
        self._crystal = power.plant.crystal
        self._recorder = recorder

    def order(self, steps: int, first_ms: int, period_ms: int, give_up_ms: int, miss_limit: int) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        train = self._train
        if (
            not 1 <= steps <= MOST_STEPS
            or first_ms < 0
            or period_ms < LEAST_PERIOD_MS
            or miss_limit < LEAST_MISS_LIMIT
            or give_up_ms < first_ms + (steps - 1) * period_ms
        ):
            raise ValueError(
                f"order({steps}, {first_ms}, {period_ms}, {give_up_ms}, {miss_limit}) is out of range: steps 1 to "
                f"{MOST_STEPS}, first_ms from 0, period_ms from {LEAST_PERIOD_MS}, give_up_ms from the last step's, "
                f"miss_limit from {LEAST_MISS_LIMIT}"
            )
        if train.inhibited:
            return INHIBITED
        now_ms = self._plant.now_ms
        if self._crystal.ppm:  # the pulses go by the pump's own clock
            taken = train.order(now_ms, steps, *self._crystal.spans_ms(first_ms, period_ms, give_up_ms), miss_limit)
        else:
            taken = train.order(now_ms, steps, first_ms, period_ms, give_up_ms, miss_limit)
        if not taken:
            raise Misuse("the motor was ordered while an order is running; halt it first")
        self._recorder.order(now_ms, steps, first_ms, period_ms, give_up_ms, miss_limit)
        return OK

    def progress(self) -> tuple[int, int, int, int, int]:
        power = self._power
        if not power.on:
            power.refuse()
        return self._train.progress(self._plant.now_ms)

    def halt(self) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        self._train.halt(self._plant.now_ms)
        self._recorder.halt(self._plant.now_ms)
        return OK

    def inhibit(self) -> int:
        self.halt()
        self._train.inhibit(True)
        self._recorder.inhibit(self._plant.now_ms, True)
        return OK

    def release(self) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        self._train.settle(self._plant.now_ms)
        self._train.inhibit(False)
        self._recorder.inhibit(self._plant.now_ms, False)
        return OK
