"""A whole life in memory, everything switched on, beside as many bare SimPy time-outs."""

from collections.abc import Generator
from datetime import datetime
from importlib import import_module
from statistics import median
from typing import Any

from firmware.config import DAY_S, Config
from firmware.pump import Pump
from host_tools.bench.timing import timed_s
from host_tools.emulator.machine import Machine
from host_tools.programmer import Programmer
from host_tools.scenario.link import MemoryTransport

ROUNDS = 5
TIMEOUTS_PER_LIFE = 5  # they take so much less time that a single run says little
REFILL_DAYS = 65
WAKE_S = 3600


class CountingPump(Pump):
    """The pump itself, and how often pumps were woken since `wakes` was last set to 0."""

    wakes = 0

    def poll(self) -> int:
        CountingPump.wakes += 1
        return super().poll()


def measure() -> dict[str, float]:
    """Rates of lives and time-outs, turn by turn. The wakes are counted in a life of its own, not timed."""
    CountingPump.wakes = 0
    _live(CountingPump)
    wakes = CountingPump.wakes
    life_s, timeouts_s = [], []
    for _ in range(ROUNDS):
        life_s.append(timed_s(lambda: _live(Pump)))
        timeouts_s += [timed_s(lambda: _simpy(wakes)) for _ in range(TIMEOUTS_PER_LIFE)]
    return {
        "sim_s_per_wall_s": round(Config.life_days * DAY_S / median(life_s)),
        "wakes_per_s": round(wakes / median(life_s)),
        "simpy_timeouts_per_s": round(wakes / median(timeouts_s)),
        "wakes": wakes,
    }


def _live(pump_class: type[Pump]) -> None:
    """From implantation to end of service, refilled through the protocol."""
    machine = Machine(Config(), pump_class=pump_class)
    programmer = Programmer(MemoryTransport(machine), entropy=bytes)
    _put_head(machine, True)
    programmer.implant(catheter_cm=89, wall=datetime(2026, 1, 5, 8))
    programmer.refill(volume_ml=20, concentration_mcg_per_ml=2000)
    programmer.program_simple(dose_mcg_per_day=500)
    _put_head(machine, False)
    for day in range(REFILL_DAYS, Config.life_days, REFILL_DAYS):
        machine.advance_to(day * DAY_S * 1000)
        _put_head(machine, True)
        programmer.refill(volume_ml=20, concentration_mcg_per_ml=2000)
        _put_head(machine, False)
    machine.advance_to(Config.life_days * DAY_S * 1000)
    if programmer.status()["therapy"] != "end_of_service":
        raise RuntimeError("the life that was measured did not come to its end")


def _put_head(machine: Machine, present: bool) -> None:
    machine.hal.head.set(present)
    machine.wake()


def _simpy(timeouts: int) -> None:
    """A loop that does nothing but wait, as often as the pump wakes."""
    simpy = import_module("simpy")

    def clock(environment: Any) -> Generator[Any, Any, None]:
        for _ in range(timeouts):
            yield environment.timeout(WAKE_S)

    environment = simpy.Environment()
    environment.process(clock(environment))
    environment.run()
