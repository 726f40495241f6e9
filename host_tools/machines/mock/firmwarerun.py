"""One pump's firmware on its body: boots, wakes, hangs, crashes, and what it was told done to the plant."""

from collections.abc import Callable
from typing import Any

from firmware.config import Config
from hal.contract import WATCHDOG_MS
from hal.mock.body import MockBody
from hal.mock.errors import PowerLost
from hal.mock.recorder import Recorder
from hal.plant.drivetrain import NEVER_MS
from host_tools.machines.machine import Boot
from host_tools.machines.mock.crash import raised_by_firmware
from host_tools.machines.mock.logreader import LogReader
from host_tools.machines.plantsync import sync_plant

MOST_POLLS = 1000  # at one instant

OnCrash = Callable[[Exception, int], None]
"""Called with what the firmware raised, and with pump time in ms."""


class FirmwareRun:
    """`pump` is None while there is no power, and from a crash to the reset. It is due again at `deadline_ms`.

    `boots` gets an entry for each start.
    """

    def __init__(
        self,
        hal: MockBody,
        recorder: Recorder,
        log: LogReader,
        config: Config,
        pump_class: Callable[..., Any],
        boots: list[Boot],
        on_crash: OnCrash | None,
    ) -> None:
        self.hal = hal
        self.plant = hal.power.plant
        self.recorder = recorder
        self.log = log
        self._config = config
        self._pump_class = pump_class
        self.boots = boots
        self.on_crash = on_crash
        self.pump: Any = None
        self._hung = False
        self.deadline_ms = 0  # on plant time
        self._own_deadline_ms = self._timer_deadline_ms = 0  # on the pump's counter of seconds, and on its timer
        self._refills: int | None = None

    def boot(self, *, reset_by_watchdog: bool = False) -> None:
        """Power comes: start the firmware, again where the power fails in that, and poll it."""
        self._hung = False
        self.plant.reset()
        while True:
            self.hal.power.up(reset_by_watchdog=reset_by_watchdog)
            events = len(self.log.events)
            try:
                self.pump = self._pump_class(self.hal, self._config)
            except PowerLost:
                self.lose_power()
                reset_by_watchdog = False
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, a board outlives it
                self._crash(error)
                return
            break
        self.boots.append(Boot(self.plant.now_ms // 1000, self.pump.clock.now_s, events))
        refills = self.pump.state.refills
        self._refills = refills if self._refills is None else min(refills, self._refills)  # fewer after a loss
        self._sync_plant()
        self.hal.power.sleep()
        self.poll()
        if self.hal.head.present():
            self.poll()  # a head that is there already wakes the firmware as one that comes does

    def poll(self) -> None:
        """Poll until the pump has nothing more to do now."""
        if self._hung:
            if self.plant.now_ms >= self.deadline_ms:
                self._watchdog_reset()
            return
        if self.plant.hangs:
            self._hang()
            return
        power = self.hal.power
        deadline_s = 0
        for _ in range(MOST_POLLS):
            try:
                deadline_s = self.pump.poll()
            except PowerLost:
                self.lose_power()
                self.boot()
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, a board outlives it
                self._crash(error)
                return
            power.sleep()
            if self.recorder.log:
                self._read_log()
            if self.pump.state.refills != self._refills:
                self._refill()
            self._set_deadline(power.boot_ms + deadline_s * 1000)
            if self.deadline_ms > self.plant.now_ms:
                return
        raise RuntimeError(f"the firmware asked {MOST_POLLS} times for {deadline_s} s, which is past")

    def _set_deadline(self, own_ms: int) -> None:
        """The pump is to be woken when its counter of seconds reads so much."""
        self._own_deadline_ms = self._timer_deadline_ms = self.deadline_ms = own_ms
        crystal = self.plant.crystal
        if not crystal.ideal and own_ms != NEVER_MS:
            self._timer_deadline_ms += crystal.timer_ms(self.plant.now_ms) - self.hal.power.own_ms()
            self.plan_wake()

    def plan_wake(self) -> None:
        """Find the next wake anew: the pump's clock may have begun to run otherwise since the last one. A counter of
        seconds that stands still keeps nobody asleep: the timer wakes it, too."""
        crystal = self.plant.crystal
        if not crystal.ideal:
            own_ms = crystal.when_ms(self._own_deadline_ms)
            self.deadline_ms = min(own_ms, crystal.timer_when_ms(self._timer_deadline_ms))

    def lose_power(self) -> None:
        """All power goes; `boot` is to follow."""
        self.pump = None
        self.hal.cut_power()
        self._read_log()

    def _hang(self) -> None:
        """The firmware has stopped. In the watchdog's time it will be reset, if that still works."""
        self._hung = True
        fails = "watchdog" in self.plant.failing
        self._set_deadline(NEVER_MS if fails else self.hal.power.own_ms() + WATCHDOG_MS)

    def _crash(self, error: Exception) -> None:
        """Do what a board does when its firmware raises; where nobody is to be told, raise it on."""
        if self.on_crash is None or not raised_by_firmware(error):
            raise error
        self.pump = None
        self.hal.motor.inhibit()
        self._hang()
        self.on_crash(error, self.plant.now_ms)

    def _watchdog_reset(self) -> None:
        self.lose_power()
        self.boot(reset_by_watchdog=True)

    def _refill(self) -> None:
        """Refill the plant as the programmer told the pump."""
        self._refills = self.pump.state.refills
        self.plant.refill(self.pump.state.filled_nl, self.pump.state.drug_mcg_per_ml)

    def _read_log(self) -> None:
        if self.log.read() and self.pump:
            self._sync_plant()

    def _sync_plant(self) -> None:
        pump = self.pump
        implants, self.log.implants = self.log.implants, []
        sync_plant(self.plant, pump.state, pump.ledger, self._config, pump.program.dose_now_ng_per_day, implants)
