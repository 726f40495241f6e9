"""The emulated chip as a machine: hands and faults reach the plant, the programmer goes over the emulated USB."""

from hashlib import sha256
from itertools import groupby
from struct import pack
from typing import Any

from firmware import wire
from firmware.clock import PumpClock
from firmware.config import Config
from firmware.records.eventlog import EventLog
from firmware.records.ledger import Ledger
from firmware.records.state import State
from firmware.therapy.delivery import MAX_BATCH_NL
from hal.contract import Clock
from host_tools.machines.machine import Boot, RuntimeUnavailable, Snapshot
from host_tools.machines.plantsync import EVENT_FIELD, Implanted, implants_in, sync_plant
from host_tools.machines.rp2040.image import Slots
from host_tools.machines.rp2040.rig import Rig
from host_tools.machines.rp2040.transport import ChipTransport
from host_tools.machines.rp2040.wiring import Wiring
from host_tools.programmer.entry_json import event_json
from protocol.messages import NONE32, LogEntry

UPTIME_FIELD = 1  # which field of a log entry is the uptime, in s
HAND_MS = 200  # what a hand takes at least between two doings
ANYWHERE = ("serial",)  # keys of the configuration that make no difference to what a pump does


class RigMachine:
    """The board's files on an emulated RP2040. Computing takes time here.

    What the pump wrote is read in its flash, so that looking takes none of its time: `events` are those that were in
    its log at the last look, and what it was told that the clinician did has been done to the plant by then.
    """

    def __init__(self, rig: Rig, config: Config) -> None:
        _must_be_the_boards(config)
        self._config = config
        self.plant = rig.plant
        self.chip = rig.chip
        self.wiring = rig.wiring
        self.effects = PinEffects(rig.wiring)
        self.events: list[dict[str, Any]] = []
        self.boots: list[Boot] = []
        self._started_ms: int | None = 0  # of a start that is not among `boots` yet
        self._next_seq = 1
        self._refills = 0
        self._disk = b""

    @property
    def now_ms(self) -> int:
        return self.chip.now_ms

    def advance_to(self, at_ms: int) -> None:
        """Live until `at_ms`; where that is past, for computing took time, not at all."""
        while self.now_ms < at_ms:
            next_ms = min(at_ms, max(self.plant.next_event_ms, self.now_ms + 1))
            stray_ms = max(self.plant.drivetrain.alert_ms, self.now_ms + 1)
            self.chip.run_to(min(next_ms, stray_ms))
            self.wiring.turn()
        self.wake()

    def wake(self) -> None:
        """Look at what came of everything up to now."""
        self.wiring.turn()
        self.wiring.listen()
        disk = self.chip.disk
        if disk != self._disk:
            self._disk = disk
            self._read(Slots(disk))

    def power_cut(self, for_ms: int) -> None:
        """All power goes away, and comes back after `for_ms`."""
        self.wake()
        self.chip.cut_power(for_ms)
        self._started_ms = self.now_ms

    def lay_head(self, present: bool) -> None:
        """Lay the telemetry head on the pump, or take it away; a hand takes HAND_MS for it."""
        self.wiring.lay_head(present)
        self.chip.run_to(self.now_ms + HAND_MS)

    def connect(self) -> ChipTransport:
        return ChipTransport(self.chip)

    def plan_power_cut(self, write: int, torn_bytes: int) -> None:
        raise RuntimeUnavailable("the emulated chip cannot lose power in a chosen write to the store")

    def cancel_power_cut(self) -> None:
        """None can be planned."""

    def snapshot(self) -> Snapshot:
        raise RuntimeUnavailable("the emulated chip has no snapshot; --on cpython has one")

    def restore(self, snapshot: Snapshot) -> None:
        raise RuntimeUnavailable("the emulated chip takes no snapshot")

    def fork(self) -> "RigMachine":
        raise RuntimeUnavailable("the emulated chip cannot be forked")

    def replace_pump(self, serial: str | None = None) -> None:
        raise RuntimeUnavailable("the emulated chip cannot be replaced by another pump")

    def _read(self, slots: Slots) -> None:
        entries = EventLog(slots, PumpClock(Clock())).read(self._next_seq, NONE32, NONE32)
        for fields in entries:
            if fields[EVENT_FIELD] == wire.EVENT_BOOT:
                start_ms, self._started_ms = self._started_ms, None  # None: the watchdog's doing, just now
                at_s = (self.now_ms if start_ms is None else start_ms) // 1000
                self.boots.append(Boot(at_s, fields[UPTIME_FIELD], len(self.events)))
            entry: Any = LogEntry.parse(pack(wire.LOG_ENTRY_FMT, *fields))
            self.events.append(event_json(entry))
            self._next_seq = entry.seq + 1
        if entries:
            self._sync_plant(slots, implants_in(entries))

    def _sync_plant(self, slots: Slots, implants: list[Implanted]) -> None:
        """Do to the plant what the pump was told of refill, catheter and dose."""
        config = self._config
        state = State(slots, config, True)
        ledger = Ledger(slots, MAX_BATCH_NL // config.step_nl)
        if state.refills > self._refills:
            self.plant.refill(state.filled_nl, state.drug_mcg_per_ml)
        self._refills = state.refills
        sync_plant(self.plant, state, ledger, config, state.dose_ng_per_day, implants)


class PinEffects:
    """The effects of a run as the pins show them."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring

    @property
    def periods_ms(self) -> list[int]:
        return self._wiring.periods_ms

    @property
    def tone_kinds(self) -> list[str]:
        return [kind for kind, _ in groupby(tone.kind for tone in self._wiring.tones)]

    def trace_sha256(self) -> str:
        """Over all steps and tones with their times, in hexadecimal digits."""
        lines = [f"step {at_ms}" for at_ms in self._wiring.steps_ms]
        lines += [f"tone {tone.at_ms} {tone.length_ms} {tone.hz}" for tone in self._wiring.tones]
        return sha256("\n".join(lines).encode()).hexdigest()


def _must_be_the_boards(config: Config) -> None:
    board = vars(Config())
    for name, value in vars(config).items():
        if name not in ANYWHERE and value != board[name]:
            raise RuntimeUnavailable(
                f"on the emulated chip a pump is as hal/rp2040/board.py says: {name} cannot be {value}"
            )
