"""One emulated pump: firmware, mock body and plant on one virtual clock."""

from collections.abc import Callable, Mapping
from struct import unpack_from
from typing import Any, NamedTuple

from firmware import wire
from firmware.config import Config
from firmware.pump import Pump
from firmware.records import slots
from firmware.records.eventlog import ENTRY_BYTES, RECORD_BYTES
from hal.contract import WATCHDOG_MS
from hal.mock.body import MockBody
from hal.mock.errors import PowerLost
from hal.mock.recorder import Recorder
from hal.plant.drivetrain import NEVER_MS
from hal.plant.plant import Plant
from host_tools.emulator.crash import raised_by_firmware
from host_tools.emulator.memory import spoil
from host_tools.programmer.entry_json import event_json
from host_tools.serials import serial_of
from protocol.codes import FLAG
from protocol.messages import NONE32, LogEntry

CLOCK_END_MS = ((1 << 30) - 1) * 1000
"""The pump's clock counts no further (hal/contract.py): its time stands still there."""

EVENT = 3  # which field of an entry says what happened
MOST_POLLS = 1000  # at one instant
TOLD = (wire.EVENT_RATE_STEP, wire.EVENT_IMPLANT, wire.EVENT_PROGRAM_COMMITTED, wire.EVENT_BOLUS_DONE)
"""What the body, too, has to do with."""


class Boot(NamedTuple):
    """When the pump started, what its uptime was then, and how many events were logged before."""

    at_s: int
    uptime_s: int
    events: int


class Machine:
    """`now_ms` counts from first power-up, unpowered time included, and lands exactly where it is told to.

    All chance is drawn from `seed`; nonces too, unless `nonce_seed` is given: who knows their seed can forge a session.
    `boots` are the pump's starts. `pump` is None while there is no power, and from a crash to the reset.

    What the firmware raises ends the run, unless `on_crash` is there to be told (the exception, and `now_ms`): then the
    pump does what a board does, its motor inhibited until the watchdog resets it.
    """

    def __init__(
        self,
        config: Config,
        *,
        seed: int = 0,
        nonce_seed: int | None = None,
        link_count: int = 1,
        store: Mapping[int, bytes] | None = None,
        plant_state: dict[str, Any] | None = None,
        pump_class: Callable[..., Any] = Pump,
        on_crash: Callable[[Exception, int], None] | None = None,
    ) -> None:
        self._config = config
        self._pump_class = pump_class
        self._on_crash = on_crash
        self.plant = Plant(
            step_nl=config.step_nl,
            reservoir_capacity_nl=config.reservoir_nl,
            battery_idle_ppb_per_day=config.battery_idle_ppb_per_day,
            battery_ppb_per_ml=config.battery_ppb_per_ml,
            couplings=config.couplings,
        )
        if plant_state is not None:
            self.plant.restore(plant_state)
        self.recorder = Recorder(slots.LOG)
        self._seed = seed
        self._nonce_seed = nonce_seed
        self._link_count = link_count
        self.hal = self._new_body()
        if store is not None:
            self.hal.store.load(store)
        self._events: list[dict[str, Any]] = []
        self._entries: list[bytes] = []  # not yet among them
        self.boots: list[Boot] = []
        self.pump: Any = None
        self._hung = False
        self.plant.spoil = lambda fault, **fields: spoil(self.pump, self.hal.store, fault, **fields)
        self._deadline_ms = 0  # on plant time
        self._own_deadline_ms = 0  # on the pump's own clock
        self._refills: int | None = None
        self._boot()

    def _new_body(self) -> MockBody:
        config = self._config
        return MockBody(
            self.plant,
            self.recorder,
            seed=self._seed,
            nonce_seed=self._nonce_seed,
            link_count=self._link_count,
            fill_sensor=config.fill_sensor,
        )

    @property
    def now_ms(self) -> int:
        return self.plant.now_ms

    @property
    def clock_end_ms(self) -> int:
        """When its clock will have counted all that it can, should that run fast, and no later than CLOCK_END_MS."""
        return min(CLOCK_END_MS, self.plant.quartz.when_ms(CLOCK_END_MS))

    @property
    def events(self) -> list[dict[str, Any]]:
        """The log's entries as the pump logged them, as `thecal log` would show them."""
        for data in self._entries:
            entry: Any = LogEntry.parse(data)
            self._events.append(event_json(entry))
        self._entries.clear()
        return self._events

    @property
    def next_wake_ms(self) -> int:
        """When something happens next by itself; later than now."""
        plant = self.plant
        self._plan()
        return min(self._deadline_ms, plant.drivetrain.alert_ms, plant.next_event_ms)

    def advance_to(self, at_ms: int) -> None:
        """Live until `at_ms`, everything due then included. ValueError when that is past."""
        plant = self.plant
        train = plant.drivetrain
        if at_ms < plant.now_ms:
            raise ValueError(f"{at_ms} ms is before the pump's present, {plant.now_ms} ms")
        self._plan()
        while True:
            wake_ms = self._deadline_ms
            if train.alert_ms < wake_ms:
                wake_ms = train.alert_ms
            next_ms = wake_ms if wake_ms < plant.next_event_ms else plant.next_event_ms
            if next_ms > at_ms:
                break
            emi = plant.ether.emi
            plant.advance(next_ms)
            if next_ms == wake_ms or plant.ether.emi != emi:  # the head's edges wake the firmware
                train.settle(next_ms)
                self._poll()
            else:
                self._plan()
        if at_ms > plant.now_ms:  # else the firmware stayed awake for longer
            plant.advance(at_ms)

    def _plan(self) -> None:
        """The pump's clock may have begun to run otherwise since the last wake."""
        quartz = self.plant.quartz
        if not quartz.ideal:
            self._deadline_ms = quartz.when_ms(self._own_deadline_ms)

    def wake(self) -> None:
        """Poll the pump now: bytes came in, the head moved, a line has room again."""
        self._poll()

    def power_cut(self, for_ms: int) -> None:
        """All power goes away, and comes back after `for_ms`."""
        self.pump = None
        self.hal.cut_power()
        self.plant.advance(self.plant.now_ms + for_ms)
        self._boot()

    def replace_pump(self, serial: str | None = None) -> None:
        """A new pump of the same make takes the place of this one, of the next seed (and that one's serial number).

        Catheter and patient stay. The new pump has lines of its own: `hal` is another.
        """
        self.pump = None
        self.hal.cut_power()
        self.plant.replace_pump()
        self._seed += 1
        self._config = Config(**vars(self._config) | {"serial": serial or serial_of(self._seed)})
        self.hal = self._new_body()
        self._refills = None
        self._boot()

    def _hang(self) -> None:
        """The firmware has stopped. In the watchdog's time it will be reset, if that still works."""
        self._hung = True
        self._own_deadline_ms = self.hal.power.own_ms() + WATCHDOG_MS
        if "watchdog" in self.plant.failing:
            self._own_deadline_ms = NEVER_MS
        self._deadline_ms = self._own_deadline_ms
        self._plan()

    def _crash(self, error: Exception) -> None:
        """Do what a board does when its firmware raises; where nobody is to be told, raise it on."""
        if self._on_crash is None or not raised_by_firmware(error):
            raise error
        self.pump = None
        self.hal.motor.inhibit()
        self._hang()
        self._on_crash(error, self.now_ms)

    def _bite(self) -> None:
        """The watchdog resets the pump."""
        self._lose_power()
        self._boot(bitten=True)

    def _boot(self, *, bitten: bool = False) -> None:
        self._hung = False
        self.plant.reset()
        while True:
            self.hal.power.up(bitten=bitten)
            events = len(self.events)
            try:
                self.pump = self._pump_class(self.hal, self._config)
            except PowerLost:
                self._lose_power()
                bitten = False
                continue
            except Exception as error:  # noqa: BLE001 - whatever it is, a board outlives it
                self._crash(error)
                return
            break
        self.boots.append(Boot(self.now_ms // 1000, self.pump.clock.now_s, events))
        refills = self.pump.state.refills
        self._refills = refills if self._refills is None else min(refills, self._refills)  # fewer after a loss
        self._follow_orders()
        self.hal.power.sleep()
        self._poll()
        if self.hal.head.present():
            self._poll()  # a head that is there already wakes the firmware as one that comes does

    def _lose_power(self) -> None:
        self.pump = None
        self.hal.cut_power()
        self._read_log()

    def _poll(self) -> None:
        """Poll until the pump has nothing more to do now."""
        if self._hung:
            if self.plant.now_ms >= self._deadline_ms:
                self._bite()
            return
        if self.plant.hangs:
            self._hang()
            return
        power = self.hal.power
        quartz = self.plant.quartz
        deadline_s = 0
        for _ in range(MOST_POLLS):
            try:
                deadline_s = self.pump.poll()
            except PowerLost:
                self._lose_power()
                self._boot()
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, a board outlives it
                self._crash(error)
                return
            power.sleep()
            if self.recorder.log:
                self._read_log()
            if self.pump.state.refills != self._refills:
                self._refill()
            self._own_deadline_ms = self._deadline_ms = power.boot_ms + deadline_s * 1000
            if not quartz.ideal:
                self._plan()
            if self._deadline_ms > self.plant.now_ms:
                return
        raise RuntimeError(f"the firmware asked {MOST_POLLS} times for {deadline_s} s, which is past")

    def _refill(self) -> None:
        """What the pump was told the clinician did: let the clinician have done it."""
        self._refills = self.pump.state.refills
        self.plant.refill(self.pump.state.filled_nl, self.pump.state.drug_mcg_per_ml)

    def _read_log(self) -> None:
        for record in self.recorder.log:
            if len(record) == RECORD_BYTES:  # else torn
                self._entries.append(record[:ENTRY_BYTES])
                if self.pump and unpack_from(wire.LOG_ENTRY_FMT, record)[EVENT] in TOLD:
                    self._follow_orders()
        self.recorder.log.clear()

    def _follow_orders(self) -> None:
        """What the pump was told of catheter and dose: let the surgeon have done it, and the doctor have meant it."""
        fit_as_told(self.plant, self.pump.state, self._config)
        self.plant.prescribe(self.pump.program.dose_now_ng_per_day)


def fit_as_told(plant: Plant, state: Any, config: Config) -> None:
    """Let the plant have the catheter that a pump's state tells of, if it was implanted."""
    if state.implanted_wall_s != NONE32:
        catheter_nl = state.catheter_mm * config.catheter_nl_per_cm // 10
        plant.fit_catheter(catheter_nl, state.tubing_nl, state.kept_catheter == FLAG["yes"])
