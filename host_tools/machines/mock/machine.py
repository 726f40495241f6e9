"""One emulated pump: firmware, mock body and plant on one virtual clock."""

from collections.abc import Callable, Mapping
from typing import Any

from firmware.config import Config
from firmware.pump import Pump
from firmware.records import slots
from hal.mock.body import MockBody
from hal.mock.recorder import Recorder
from hal.plant.plant import Plant
from host_tools.machines.machine import Boot, RuntimeUnavailable, Snapshot
from host_tools.machines.mock.corruption import corrupt
from host_tools.machines.mock.firmwarerun import FirmwareRun, OnCrash
from host_tools.machines.mock.journal import Journal
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.logreader import LogReader
from host_tools.machines.mock.snapshot import restore, take
from host_tools.machines.serials import serial_of

CLOCK_END_MS = ((1 << 30) - 1) * 1000
"""The pump's clock counts no further (hal/contract.py): its time stands still there."""


class MockMachine:
    """`now_ms` counts from first power-up, unpowered time included, and lands exactly where it is told to.

    All chance is drawn from `seed`; nonces too, unless `nonce_seed` is given: who knows their seed can forge a session.
    `boots` are the pump's starts.

    What the firmware raises ends the run, unless `on_crash` is there to be told (the exception, and `now_ms`): then the
    pump does what a board does, its motor inhibited until the watchdog resets it. All that crosses to the firmware goes
    into `journal`, if there is one.
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
        on_crash: OnCrash | None = None,
        journal: Journal | None = None,
    ) -> None:
        self._config = config
        self._journal = journal
        self._pump_class = journal.pump_class if journal else pump_class
        self._on_crash = on_crash
        self._seed = seed
        self._nonce_seed = nonce_seed
        self._link_count = link_count
        self.plant = Plant(
            step_nl=config.step_nl,
            reservoir_capacity_nl=config.reservoir_nl,
            battery_idle_ppb_per_day=config.battery_idle_ppb_per_day,
            battery_ppb_per_ml=config.battery_ppb_per_ml,
            couplings=config.couplings,
        )
        if plant_state is not None:
            self.plant.restore(plant_state)
        self.effects = journal.recorder(slots.LOG) if journal else Recorder(slots.LOG)
        self._log = LogReader(self.effects)
        self.boots: list[Boot] = []
        self._run = self._new_run()
        if store is not None:
            self.hal.store.load(store)
        self.plant.corrupt = self._corrupt
        self._run.boot()

    def _new_run(self) -> FirmwareRun:
        body = MockBody(
            self.plant,
            self.effects,
            seed=self._seed,
            nonce_seed=self._nonce_seed,
            link_count=self._link_count,
            fill_sensor=self._config.fill_sensor,
        )
        return FirmwareRun(
            body, self.effects, self._log, self._config, self._pump_class, self.boots, on_crash=self._on_crash
        )

    @property
    def hal(self) -> MockBody:
        return self._run.hal

    @property
    def pump(self) -> Any:
        """The firmware's `Pump`; None while there is no power, and from a crash to the reset."""
        return self._run.pump

    @property
    def now_ms(self) -> int:
        return self.plant.now_ms

    @property
    def clock_end_ms(self) -> int:
        """Pump time at which its clock has counted all that it can: earlier than CLOCK_END_MS where it runs fast."""
        return min(CLOCK_END_MS, self.plant.crystal.when_ms(CLOCK_END_MS))

    @property
    def events(self) -> list[dict[str, Any]]:
        return self._log.events

    @property
    def next_wake_ms(self) -> int:
        """Pump time at which something happens next by itself; later than now."""
        plant = self.plant
        self._run.plan_wake()
        return min(self._run.deadline_ms, plant.drivetrain.alert_ms, plant.next_event_ms)

    def advance_to(self, at_ms: int) -> None:
        """Live until `at_ms`, everything due then included. ValueError when that is past."""
        plant = self.plant
        run = self._run
        train = plant.drivetrain
        if at_ms < plant.now_ms:
            raise ValueError(f"{at_ms} ms is before the pump's present, {plant.now_ms} ms")
        run.plan_wake()
        while True:
            wake_ms = run.deadline_ms
            if train.alert_ms < wake_ms:
                wake_ms = train.alert_ms
            next_ms = wake_ms if wake_ms < plant.next_event_ms else plant.next_event_ms
            if next_ms > at_ms:
                break
            emi = plant.impairment.emi
            plant.advance(next_ms)
            if next_ms == wake_ms or plant.impairment.emi != emi:  # the head's edges wake the firmware
                train.settle(next_ms)
                run.poll()
            else:
                run.plan_wake()
        if at_ms > plant.now_ms:  # else the firmware stayed awake for longer
            plant.advance(at_ms)

    def wake(self) -> None:
        """Poll the pump now: bytes came in, the head moved, a line has room again."""
        self._run.poll()

    def lay_head(self, present: bool) -> None:
        self.hal.head.set(present)

    def connect(self) -> MemoryTransport:
        return MemoryTransport(self)

    def plan_power_cut(self, write: int, torn_bytes: int) -> None:
        self.hal.store.plan_cut(write, torn_bytes)

    def cancel_power_cut(self) -> None:
        self.hal.store.cancel_cut()

    def power_cut(self, for_ms: int) -> None:
        """All power goes away, and comes back after `for_ms`."""
        self._run.lose_power()
        self.plant.advance(self.plant.now_ms + for_ms)
        self._run.boot()

    def tell_crashes(self, on_crash: OnCrash) -> None:
        """From now on tell what the firmware raises, and do what a board does."""
        self._on_crash = self._run.on_crash = on_crash

    def replace_pump(self, serial: str | None = None) -> None:
        """A new pump of the same make takes the place of this one, of the next seed (and that one's serial number).

        Catheter and patient stay. The new pump has lines of its own: `hal` is another.
        """
        self._run.lose_power()
        self.plant.replace_pump()
        self._seed += 1
        self._config = Config(**vars(self._config) | {"serial": serial or serial_of(self._seed)})
        self._run = self._new_run()
        self.plant.corrupt = self._corrupt
        self._run.boot()

    def _corrupt(self, fault: str, **fields: Any) -> None:
        """Let a fault of the memory act on the pump."""
        corrupt(self.pump, self.hal.store, fault, **fields)
        if self._journal:
            self._journal.corrupted(self.now_ms, fault, fields)

    # The whole device

    def snapshot(self) -> Snapshot:
        """All of firmware, body and plant at this instant, and what is under way on the lines.

        RuntimeUnavailable for a pump that does not run in this process, and for one whose journal is kept.
        """
        if self._journal or not isinstance(self._pump_class, type):
            raise RuntimeUnavailable("only a pump that runs in this process, and keeps no journal, has a snapshot")
        return take((self._run, self._seed, self._config), self._histories, (self._on_crash, self.plant.corrupt))

    @property
    def _histories(self) -> list[list[Any]]:
        return [self._log.parsed, self.boots, self.plant.tones, self.effects.periods_ms, self.effects.tone_kinds]

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot of this machine, or on from one of another; its lines, too, are as they were."""
        self._run, self._seed, self._config = restore(snapshot, (self._on_crash, self._corrupt))
        self.plant, self.effects = self._run.plant, self._run.recorder
        self._log, self.boots = self._run.log, self._run.boots

    def fork(self) -> "MockMachine":
        """Another machine in the same state, which lives on by itself."""
        other = object.__new__(MockMachine)
        vars(other).update(vars(self))
        other.restore(self.snapshot())
        return other
