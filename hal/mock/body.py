"""The desktop's body: strict drivers over one plant, as `hal.contract.Hal` describes it."""

from hal import contract
from hal.mock.entropy import MockEntropy
from hal.mock.link import MockLink
from hal.mock.motor import MockMotor
from hal.mock.power import MockClock, MockWatchdog, Power
from hal.mock.recorder import Recorder
from hal.mock.sensors import MockBattery, MockBuzzer, MockFillSensor, MockHead, MockMemory, MockThermometer
from hal.mock.store import MockStore
from hal.plant.plant import Plant


class MockBody(contract.Hal):
    """Misuse fails here, not first on the bench. Without power until `power.up()`.

    `nonce_seed` is that of the nonces; default `seed`.
    """

    def __init__(
        self,
        plant: Plant,
        recorder: Recorder,
        *,
        seed: int = 0,
        nonce_seed: int | None = None,
        link_count: int = 1,
        fill_sensor: bool = False,
    ) -> None:
        self.plant = plant
        self.power = power = Power(plant)
        self.clock = MockClock(power)
        self.motor = MockMotor(power, recorder)
        self.fill_sensor = MockFillSensor(power, seed) if fill_sensor else None
        self.battery = MockBattery(power)
        self.buzzer = MockBuzzer(power, recorder)
        self.store = MockStore(power, recorder)
        self.memory = MockMemory(power)
        self.links = tuple(MockLink(power, recorder, index, seed) for index in range(link_count))
        self.watchdog = MockWatchdog(power)
        self.entropy = MockEntropy(power, seed if nonce_seed is None else nonce_seed)
        self.head = MockHead(power)
        self.thermometer = MockThermometer(power)

    def cut_power(self) -> None:
        """Stop the motor, and drop all that the drivers held in RAM."""
        self.power.down()
        self.plant.power_cut()
        for link in self.links:
            link.power_down()

    def spend_awake_ms(self, ms: int) -> None:
        """Let time pass while the firmware is awake, as if it were computing."""
        self.power.stay_awake(ms)
