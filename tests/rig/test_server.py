"""A served rig's time, and how long it says that programmers must wait: no chip is needed for that."""

from types import SimpleNamespace
from typing import Any

import pytest

from host_tools.emulator import rigserver as server
from host_tools.emulator.pacing import Pacer
from host_tools.emulator.rigserver import SLICE_MS, SLOWER, RigServer, measured_timeout_s
from host_tools.machines.rp2040.chip import CLOCK_HZ


class Computer:
    """Wall time, and a chip that takes `slowness` of it for a second of computing; asleep it takes none."""

    def __init__(self, slowness: float) -> None:
        self.slowness = slowness
        self.wall_s = 0.0
        self.chip_ms = 0.0
        self.asleep = False
        self.cycles = 0
        self.received = b""

    @property
    def now_ms(self) -> int:
        return int(self.chip_ms)

    def monotonic(self) -> float:
        return self.wall_s

    def run_to(self, at_ms: int, done: Any = lambda: False) -> None:
        while self.chip_ms < at_ms and not done():
            step_ms = at_ms - self.chip_ms if self.asleep else 0.25
            self.chip_ms += step_ms
            if not self.asleep:
                self.wall_s += step_ms / 1000 * self.slowness
                self.cycles += round(step_ms / 1000 * CLOCK_HZ)


@pytest.fixture
def computer(monkeypatch: pytest.MonkeyPatch) -> Computer:
    computer = Computer(slowness=20)
    monkeypatch.setattr(server, "time", computer)
    return computer


@pytest.fixture
def rig(computer: Computer, monkeypatch: pytest.MonkeyPatch) -> RigServer:
    rig: Any = SimpleNamespace(chip=computer, plant=None, wiring=None)
    monkeypatch.setattr(server, "RigMachine", lambda *_: None)
    monkeypatch.setattr(server, "Pacer", lambda speed: Pacer(speed, computer.monotonic))
    return RigServer(rig)


@pytest.mark.parametrize("slowness", [0.5, 9, 45])
def test_the_time_out_is_measured(computer: Computer, slowness: float) -> None:
    computer.slowness = slowness
    assert measured_timeout_s(computer) == pytest.approx(slowness * SLOWER, abs=1)  # type: ignore[arg-type]


def test_a_chip_that_was_behind_does_not_leap(computer: Computer, rig: RigServer) -> None:
    """After computing for a second it is 19 s behind wall time; asleep, it would be through them at once."""
    while computer.chip_ms < 1000:
        computer.wall_s += 0.001
        rig.live()
    assert computer.wall_s > 19
    computer.asleep = True
    woke_ms, woke_s = computer.chip_ms, computer.wall_s
    for _ in range(1000):
        rig.live()
        computer.wall_s += 0.001
        assert computer.chip_ms - woke_ms <= (computer.wall_s - woke_s) * 1000 + SLICE_MS
    woke_ms = computer.chip_ms
    computer.wall_s += 3600  # this computer was asleep itself
    rig.live()
    assert computer.chip_ms - woke_ms <= SLICE_MS


def test_a_chip_that_keeps_up_goes_at_real_time(computer: Computer, rig: RigServer) -> None:
    computer.asleep = True
    for _ in range(1000):
        computer.wall_s += 0.003
        rig.live()
    assert computer.chip_ms == pytest.approx(3000, abs=1)
