"""Power and sleep of the body, its clock and its watchdog."""

from hal import contract
from hal.contract import FAILED, OK
from hal.mock.errors import Misuse
from hal.plant.plant import Plant

TICKS_AT_BOOT_MS = contract.TICKS_PERIOD_MS - 5000  # near the wrap, so that every run crosses it


class Power:
    """Power of the body. Each driver begins with `if not power.on: power.refuse()`."""

    __slots__ = ("boot_ms", "boot_timer_ms", "on", "plant", "reset_by_watchdog", "unfed_ms", "watched")

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        self.on = False
        self.boot_ms = self.boot_timer_ms = 0  # by the pump's own clock
        self.reset_by_watchdog = False  # at this boot
        self.watched = False
        self.unfed_ms = 0  # awake time since the watchdog was last armed, fed or asleep

    def refuse(self) -> None:
        raise Misuse("a driver was used while the body has no power; boot it first")

    def up(self, *, reset_by_watchdog: bool = False) -> None:
        self.on = True
        self.reset_by_watchdog = reset_by_watchdog
        self.boot_ms = self.own_ms()
        self.boot_timer_ms = self.plant.crystal.timer_ms(self.plant.now_ms)
        self.watched = False
        self.unfed_ms = 0

    def own_ms(self) -> int:
        """Reading of the pump's own clock."""
        return self.plant.crystal.reading_ms(self.plant.now_ms)

    def down(self) -> None:
        self.on = False

    def stay_awake(self, ms: int) -> None:
        """Let time pass while the firmware is awake. Misuse when it goes unfed for too long."""
        self.unfed_ms += ms
        if self.unfed_ms > contract.WATCHDOG_MS:
            raise Misuse(
                f"awake for {self.unfed_ms} ms without feeding the watchdog; {contract.WATCHDOG_MS} ms is the most"
            )
        self.plant.advance(self.plant.now_ms + ms)

    def sleep(self) -> None:
        """The firmware has returned. Misuse when the watchdog still counts."""
        if self.watched:
            raise Misuse("asleep with the watchdog armed: pause it before every sleep, or an RP2040 locks up")
        self.unfed_ms = 0


class MockClock(contract.Clock):
    def __init__(self, power: Power) -> None:
        self._power = power
        self._plant = power.plant

    def seconds(self) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        plant = self._plant
        own_ms = plant.now_ms if plant.crystal.ideal else power.own_ms()
        return (own_ms - power.boot_ms) // 1000

    def ticks_ms(self) -> int:
        power = self._power
        if not power.on:
            power.refuse()
        plant = self._plant
        timer_ms = plant.now_ms if plant.crystal.ideal else plant.crystal.timer_ms(plant.now_ms)
        return (timer_ms - power.boot_timer_ms + TICKS_AT_BOOT_MS) % contract.TICKS_PERIOD_MS

    def self_test(self) -> int:
        if not self._power.on:
            self._power.refuse()
        return FAILED if "clock" in self._plant.failing else OK


class MockWatchdog(contract.Watchdog):
    def __init__(self, power: Power) -> None:
        self._power = power

    def arm(self) -> None:
        power = self._power
        if not power.on:
            power.refuse()
        power.watched = True
        power.unfed_ms = 0

    def feed(self) -> None:
        power = self._power
        if not power.on:
            power.refuse()
        if not power.watched:
            raise Misuse("the watchdog was fed while it was not armed")
        power.unfed_ms = 0

    def pause(self) -> None:
        power = self._power
        if not power.on:
            power.refuse()
        power.watched = False

    def self_test(self) -> int:
        if not self._power.on:
            self._power.refuse()
        return FAILED if "watchdog" in self._power.plant.failing else OK

    def caused_reset(self) -> bool:
        if not self._power.on:
            self._power.refuse()
        return self._power.reset_by_watchdog
