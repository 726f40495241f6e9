"""A whole life in memory, everything switched on, beside as many bare SimPy time-outs; and one of a busier pump."""

from collections.abc import Callable, Generator
from datetime import datetime
from importlib import import_module
from statistics import median
from typing import Any

from firmware.config import DAY_S, Config
from firmware.pump import Pump
from host_tools.bench.timing import timed_s
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import Programmer

ROUNDS = 5
TIMEOUTS_PER_LIFE = 5  # they take so much less time that a single run says little
REFILL_DAYS = 65
WAKE_S = 3600

Order = Callable[[Programmer], object]
"""Gives the pump its program."""


class CountingPump(Pump):
    """The pump itself, and how often pumps were woken since `wakes` was last set to 0."""

    wakes = 0

    def poll(self) -> int:
        CountingPump.wakes += 1
        return super().poll()


def measure() -> dict[str, float]:
    """Rates of lives at a constant dose and of time-outs, turn by turn."""
    wakes = _wakes(order_simple)
    life_s, timeouts_s = [], []
    for _ in range(ROUNDS):
        life_s.append(timed_s(lambda: live(Pump, order_simple)))
        timeouts_s += [timed_s(lambda: _simpy(wakes)) for _ in range(TIMEOUTS_PER_LIFE)]
    return _rates(life_s, wakes) | {"simpy_timeouts_per_s": round(wakes / median(timeouts_s))}


def measure_flex() -> dict[str, float]:
    """Rates of lives with thirteen steps a day, and days of the week that differ."""
    return _rates([timed_s(lambda: live(Pump, order_flex)) for _ in range(ROUNDS)], _wakes(order_flex))


def _rates(life_s: list[float], wakes: int) -> dict[str, float]:
    return {
        "sim_s_per_wall_s": round(Config.life_days * DAY_S / median(life_s)),
        "wakes_per_s": round(wakes / median(life_s)),
        "wakes": wakes,
    }


def _wakes(order: Order) -> int:
    """Counted in a life of its own, which is not timed."""
    CountingPump.wakes = 0
    live(CountingPump, order)
    return CountingPump.wakes


def order_simple(programmer: Programmer) -> None:
    programmer.program_simple(dose_mcg_per_day=500)


def order_flex(programmer: Programmer) -> None:
    """Steps of 90 minutes and a long night; at the weekend less of everything."""
    programmer.program_flex(
        {
            "default": _day(30, 140),
            **dict.fromkeys(("sat", "sun"), _day(26, 110)),
        }
    )


def _day(dose_mcg: int, night_mcg: int) -> list[tuple[str, int]]:
    starts = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(6 * 60, 24 * 60, 90)]
    return [("00:00", night_mcg), *((start, dose_mcg) for start in starts)]


def live(pump_class: type[Pump], order: Order) -> None:
    """From implantation to end of service, refilled through the protocol."""
    machine = MockMachine(Config(), pump_class=pump_class)
    programmer = Programmer(MemoryTransport(machine), entropy=bytes)
    _put_head(machine, True)
    programmer.implant(catheter_cm=89, wall=datetime(2026, 1, 5, 8))
    programmer.refill(volume_ml=20, concentration_mcg_per_ml=2000)
    order(programmer)
    _put_head(machine, False)
    for day in range(REFILL_DAYS, Config.life_days, REFILL_DAYS):
        machine.advance_to(day * DAY_S * 1000)
        _put_head(machine, True)
        programmer.refill(volume_ml=20, concentration_mcg_per_ml=2000)
        _put_head(machine, False)
    machine.advance_to(Config.life_days * DAY_S * 1000)
    if programmer.status()["therapy"] != "end_of_service":
        raise RuntimeError("the life that was measured did not come to its end")


def _put_head(machine: MockMachine, present: bool) -> None:
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
