"""Firmware that raises: the emulator's pump outlives it as a board does; everywhere else it ends the run."""

import sys
from pathlib import Path
from typing import Any

import pytest

from firmware.config import Config
from firmware.pump import Pump
from hal.contract import WATCHDOG_MS
from hal.mock.errors import Misuse
from host_tools.emulator.process import EmulatorProcess
from host_tools.machines.mock.crash import crash_line
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import Programmer

MINUTE_MS = 60_000
STEP_S = 34.56  # at 0.25 mL a day


class Faulty(Pump):
    """Raises what `booting` and `waking` hold, one at each boot, and at each wake after which `due` holds."""

    booting: list[Exception]
    waking: list[Exception]
    due: Any = staticmethod(lambda _pump: True)

    def __init__(self, hal: Any, config: Any) -> None:
        super().__init__(hal, config)
        if self.booting:
            raise self.booting.pop()

    def poll(self) -> int:
        deadline_s = super().poll()
        if self.waking and self.due(self):
            raise self.waking.pop()
        return deadline_s


Crashes = list[tuple[Exception, int]]


@pytest.fixture
def firmware() -> type[Faulty]:
    return type("Faulty", (Faulty,), {"booting": [], "waking": []})


@pytest.fixture
def crashes() -> Crashes:
    return []


@pytest.fixture
def machine(firmware: type[Faulty], crashes: Crashes) -> MockMachine:
    """One that runs at 0.25 mL a day."""
    one = MockMachine(Config(), pump_class=firmware, on_crash=lambda *crash: crashes.append(crash))
    treat(one)
    return one


def treat(machine: MockMachine) -> None:
    pump = Programmer(MemoryTransport(machine))
    machine.hal.head.set(True)
    pump.refill(volume_ml=20, concentration_mcg_per_ml=2000)
    pump.program_simple(500)
    machine.hal.head.set(False)
    machine.wake()


def logged(machine: MockMachine) -> list[str]:
    return [event["name"] for event in machine.events]


def test_a_wake_that_raises_ends_in_a_watchdog_reset_and_therapy_goes_on(
    machine: MockMachine, firmware: type[Faulty], crashes: Crashes
) -> None:
    machine.advance_to(90 * MINUTE_MS)
    error = KeyError("week")
    firmware.waking.append(error)
    machine.wake()
    assert crashes == [(error, 90 * MINUTE_MS)]
    steps = machine.plant.truth()["rotor_steps"]
    machine.advance_to(90 * MINUTE_MS + WATCHDOG_MS - 1)
    assert machine.pump is None
    assert machine.plant.truth()["rotor_steps"] == steps
    machine.advance_to(90 * MINUTE_MS + WATCHDOG_MS)
    assert machine.boots[-1].at_s == 90 * 60 + WATCHDOG_MS // 1000
    assert logged(machine).count("WATCHDOG_RESET") == 1
    assert "RESET_LOOP" not in logged(machine)
    machine.advance_to(120 * MINUTE_MS)
    assert machine.plant.truth()["rotor_steps"] - steps == (30 * 60 - WATCHDOG_MS // 1000) // STEP_S
    status = Programmer(MemoryTransport(machine)).status()
    assert (status["therapy"], status["operation"]) == ("running", "basal")
    assert len(crashes) == 1


def test_an_inhibited_motor_does_not_even_run_away(machine: MockMachine, firmware: type[Faulty]) -> None:
    firmware.waking.append(ValueError())
    machine.wake()
    machine.plant.apply_fault("runaway")
    steps = machine.plant.truth()["rotor_steps"]
    machine.advance_to(machine.now_ms + WATCHDOG_MS - 1)
    assert machine.plant.truth()["rotor_steps"] == steps


@pytest.mark.parametrize(("times", "therapy", "loops"), [(2, "running", 0), (3, "safe_state", 1)])
def test_several_within_an_hour_are_a_reset_loop(
    machine: MockMachine, firmware: type[Faulty], crashes: Crashes, times: int, therapy: str, loops: int
) -> None:
    for turn in range(times):
        machine.advance_to((10 + turn) * MINUTE_MS)
        firmware.waking.append(ZeroDivisionError())
        machine.wake()
    machine.advance_to(30 * MINUTE_MS)
    assert len(crashes) == times
    assert logged(machine).count("WATCHDOG_RESET") == times
    assert logged(machine).count("RESET_LOOP") == loops
    assert Programmer(MemoryTransport(machine)).status()["therapy"] == therapy


def test_a_boot_that_raises_is_another_reset(machine: MockMachine, firmware: type[Faulty], crashes: Crashes) -> None:
    firmware.booting += [MemoryError(), OSError(28, "no space")]
    boots = len(machine.boots)
    machine.power_cut(1000)
    assert machine.pump is None
    machine.advance_to(machine.now_ms + 2 * WATCHDOG_MS)
    assert [type(error) for error, _ in crashes] == [OSError, MemoryError]
    assert crashes[1][1] - crashes[0][1] == WATCHDOG_MS
    assert len(machine.boots) == boots + 1
    assert Programmer(MemoryTransport(machine)).status()["therapy"] == "running"


def test_the_very_first_boot_may_raise(firmware: type[Faulty], crashes: Crashes) -> None:
    firmware.booting.append(ValueError())
    one = MockMachine(Config(), pump_class=firmware, on_crash=lambda *crash: crashes.append(crash))
    assert one.pump is None
    one.advance_to(WATCHDOG_MS)
    assert [boot.at_s for boot in one.boots] == [WATCHDOG_MS // 1000]
    assert "WATCHDOG_RESET" in logged(one)


def test_without_a_working_watchdog_it_stays_as_it_is(machine: MockMachine, firmware: type[Faulty]) -> None:
    machine.plant.apply_fault("device_failure", device="watchdog")
    firmware.waking.append(ValueError())
    machine.wake()
    machine.advance_to(machine.now_ms + 60 * MINUTE_MS)
    assert machine.pump is None
    with pytest.raises(ValueError, match="bit_flip: the firmware raised"):
        machine.plant.apply_fault("bit_flip", region="rate")


def test_a_refill_that_was_booked_before_the_crash_was_done(machine: MockMachine, firmware: type[Faulty]) -> None:
    firmware.waking.append(ValueError())
    firmware.due = staticmethod(lambda pump: pump.state.refills == 2)
    machine.hal.head.set(True)
    Programmer(MemoryTransport(machine)).refill(volume_ml=15, concentration_mcg_per_ml=2000)
    assert machine.pump is None
    machine.advance_to(machine.now_ms + WATCHDOG_MS)
    assert machine.plant.truth()["reservoir_nl"] == 15_000_000


@pytest.mark.parametrize("where", ["booting", "waking"])
def test_elsewhere_it_ends_the_run(firmware: type[Faulty], where: str) -> None:
    getattr(firmware, where).append(KeyError("week"))
    with pytest.raises(KeyError, match="week"):
        MockMachine(Config(), pump_class=firmware)


class Drains(Pump):
    """Orders the motor as no firmware may."""

    def poll(self) -> int:
        self.delivery._motor.order(0, 0, 0, 0, 0)
        return super().poll()


def test_what_a_driver_refuses_is_the_firmwares(crashes: Crashes) -> None:
    MockMachine(Config(), pump_class=Drains, on_crash=lambda *crash: crashes.append(crash))
    [(error, _)] = crashes
    assert isinstance(error, ValueError)


def refuse(*_: Any) -> None:
    raise ValueError("broken")


def break_plant(machine: MockMachine) -> None:
    machine.plant._sample = refuse


def break_driver(machine: MockMachine) -> None:
    machine.effects.order = None  # pyright: ignore[reportAttributeAccessIssue]


def break_emulator(machine: MockMachine) -> None:
    machine.effects.log = [None]  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize("damage", [break_plant, break_driver, break_emulator])
def test_what_is_not_the_firmwares_ends_the_run(machine: MockMachine, crashes: Crashes, damage: Any) -> None:
    damage(machine)
    with pytest.raises((ValueError, TypeError)):
        machine.advance_to(3 * 60 * MINUTE_MS)
    assert crashes == []


def test_sleeping_with_the_watchdog_armed_ends_the_run(crashes: Crashes) -> None:
    class Careless(Pump):
        def poll(self) -> int:
            deadline_s = super().poll()
            self._watchdog.arm()
            return deadline_s

    with pytest.raises(Misuse, match="asleep with the watchdog armed"):
        MockMachine(Config(), pump_class=Careless, on_crash=lambda *crash: crashes.append(crash))


def test_the_line_names_what_where_and_when(machine: MockMachine, firmware: type[Faulty], crashes: Crashes) -> None:
    firmware.waking.append(ValueError("no\nsuch week"))
    machine.wake()
    line = crash_line(crashes[0][0], 90 * MINUTE_MS)
    assert line.startswith("the firmware raised ValueError: no such week (emulator/test_crash.py:")
    assert "at 1h 30m of pump time; its motor is inhibited, and the watchdog resets it 8 s later" in line


RAISING = """
import sys
from pathlib import Path
from firmware.pump import Pump
from host_tools.cli.main import main
poll, wanted = Pump.poll, Path(sys.argv.pop())
def raising(pump):
    if wanted.exists():
        wanted.unlink()
        raise KeyError("bolus")
    return poll(pump)
Pump.poll = raising
main(prog_name="thecal")
"""


@pytest.mark.parametrize("verbose", [False, True])
def test_the_emulator_says_a_line_and_keeps_the_traceback(tmp_path: Path, verbose: bool) -> None:
    emulator = EmulatorProcess(speed=100, state=tmp_path)
    wanted = tmp_path / "raise"
    emulator.command = [sys.executable, "-c", RAISING, *emulator.command[3:], *(["-v"] if verbose else []), str(wanted)]
    with emulator, Programmer.open(emulator.url) as pump:
        assert pump.status()["boots"] == 1
        wanted.touch()
        assert pump.status()["boots"] == 2
        assert [event["name"] for event in pump.log()].count("WATCHDOG_RESET") == 1
    line, _, rest = emulator.messages.partition("\n")
    assert line.startswith("thecal: the firmware raised KeyError: 'bolus' (<string>:")
    assert ("Traceback" in rest) == verbose
    assert verbose or rest == ""
    trace = (tmp_path / "crash.txt").read_text()
    assert trace.startswith("Traceback")
    assert trace.endswith("KeyError: 'bolus'\n")
