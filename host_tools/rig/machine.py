"""A rig as a scenario's pump: hands and faults reach the plant, the programmer goes over the emulated USB."""

from hashlib import sha256
from itertools import groupby
from struct import pack
from types import SimpleNamespace
from typing import Any

from firmware import wire
from firmware.clock import PumpClock
from firmware.config import Config
from firmware.records.eventlog import EventLog
from firmware.records.state import State
from hal.contract import Clock
from host_tools.emulator.machine import EVENT, Boot, fit_as_told
from host_tools.programmer.entry_json import event_json
from host_tools.rig.image import Slots
from host_tools.rig.rig import Rig
from host_tools.scenario.runtimes import NotHere
from protocol.messages import NONE32, LogEntry

UPTIME_S = 1  # which field of an entry says when
HAND_MS = 200  # what a hand takes at least between two doings
ANYWHERE = ("serial",)  # keys of the configuration that make no difference to what a pump does


class RigMachine:
    """What `host_tools.emulator.machine.Machine` is for an emulated pump. Computing takes time here.

    What the pump wrote is read in its flash, so that looking takes none of its time: `events` are those that were in
    its log at the last look, and what it was told that the clinician did has been done to the plant by then.
    """

    def __init__(self, rig: Rig, config: Config) -> None:
        _must_be_the_boards(config)
        self._config = config
        self.plant = rig.plant
        self.chip = rig.chip
        self.wiring = rig.wiring
        self.recorder = _Effects(self)
        self.hal = SimpleNamespace(head=SimpleNamespace(set=self._lay_head))
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

    def _lay_head(self, on: bool) -> None:
        self.wiring.lay_head(on)
        self.chip.run_to(self.now_ms + HAND_MS)

    def _read(self, slots: Slots) -> None:
        entries = EventLog(slots, PumpClock(Clock())).read(self._next_seq, NONE32, NONE32)
        for fields in entries:
            if fields[EVENT] == wire.EVENT_BOOT:
                start_ms, self._started_ms = self._started_ms, None  # None: the watchdog's doing, just now
                at_s = (self.now_ms if start_ms is None else start_ms) // 1000
                self.boots.append(Boot(at_s, fields[UPTIME_S], len(self.events)))
            entry: Any = LogEntry.parse(pack(wire.LOG_ENTRY_FMT, *fields))
            self.events.append(event_json(entry))
            self._next_seq = entry.seq + 1
        if entries:
            self._follow_orders(State(slots, self._config, True))

    def _follow_orders(self, state: Any) -> None:
        """What the pump was told of refill, catheter and dose: let it have been done, and meant."""
        if state.refills > self._refills:
            self.plant.refill(state.filled_nl, state.drug_mcg_per_ml)
        self._refills = state.refills
        fit_as_told(self.plant, state, self._config)
        self.plant.prescribe(state.dose_ng_per_day)


class _Effects:
    """What a run on a rig is compared by: what its pins did."""

    def __init__(self, machine: RigMachine) -> None:
        self._wiring = machine.wiring

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
            raise NotHere(f"on the emulated chip a pump is as hal/rp2040/board.py says: {name} cannot be {value}")
