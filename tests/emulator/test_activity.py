"""The lines that an emulator prints for what happens to it."""

import asyncio
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from firmware.config import Config
from hal.plant.faults import FAULTS, INSTANT, Choice
from host_tools.emulator import activity as lines_of
from host_tools.emulator.activity import Activity
from host_tools.emulator.ports import TcpClient, TcpPlaces
from host_tools.emulator.process import EmulatorProcess
from host_tools.machines.mock.machine import CLOCK_END_MS, MockMachine
from host_tools.programmer import Programmer
from protocol.codes import ALARM, ALARM_EVENT, EVENTS
from tests.child import LIMIT_S, child, thecal
from tests.emulator.conftest import Start
from tests.emulator.test_process import connect, needs_pty, treat

HOUR_S = 3600


def texts(lines: list[str]) -> list[str]:
    """What happened, without the times."""
    return [line[35:] for line in lines]


@pytest.fixture
def loud(start: Start) -> Callable[..., EmulatorProcess]:
    """An emulator whose lines are kept in `messages`."""

    def starter(**options: Any) -> EmulatorProcess:
        emulator = start(**options)
        emulator.stop()
        emulator.command.remove("--quiet")
        return emulator.start()

    return starter


def test_a_day_of_trouble_line_by_line(loud: Callable[..., EmulatorProcess]) -> None:
    emulator = loud(speed=0)
    with emulator.debug_client() as debug:
        with Programmer.open(emulator.url) as pump:
            treat(pump)
        debug.fault("motor_stall", for_s=3 * HOUR_S)
        assert debug.advance_to_next_alarm()["name"] == "MOTOR_STALL"
        debug.advance(4 * HOUR_S)
        with Programmer.open(emulator.url) as pump:
            pump.silence("motor_stall")
        debug.cut(10)
        debug.fault("hang")
        debug.advance(2 * HOUR_S)
        debug.fault("bit_flip", region="rate")
        debug.fault("battery_film")
        debug.heal("all")
    emulator.stop()
    happened = [text for text in texts(emulator.messages.splitlines()) if "TCP" not in text]
    assert happened == [
        "boot 1",
        "fault motor_stall begun",
        "alarm motor_stall raised",
        "dual tone sounds",
        "fault motor_stall over",
        "alarm motor_stall silenced",
        "alarm motor_stall ended",
        "power cut for 10s",
        "boot 2",
        "alarm clock_lost raised",
        "single tone sounds",
        "fault hang begun",
        "boot 3",
        "watchdog reset",
        "fault hang over",
        "fault bit_flip, over at once",
        "fault battery_film begun",
        "fault battery_film over",
    ]


def test_each_line_has_the_pump_time_and_the_pumps_own_wall_clock(loud: Callable[..., EmulatorProcess]) -> None:
    emulator = loud(speed=0)
    with emulator.debug_client() as debug:
        debug.advance(HOUR_S)
        with Programmer.open(emulator.url) as pump:
            treat(pump)
            wall = str(pump.status()["wall"]).replace("T", " ")
        debug.fault("buzzer_dead", for_s=90)
        debug.advance(HOUR_S)
        debug.cut(60)
    emulator.stop()
    lines = {line[35:]: (line[:12].strip(), line[14:33].strip()) for line in emulator.messages.splitlines()}
    assert lines["boot 1"] == ("0s", "clock not set")
    assert lines["fault buzzer_dead begun"] == ("1h", wall)
    assert lines["fault buzzer_dead over"][0] == "1h 1m 30s"
    assert lines["power cut for 1m"][0] == "2h"
    assert lines["boot 2"][0] == "2h 1m"  # of pump time, though the pump's own count stood still
    assert lines["alarm clock_lost raised"] == ("2h 1m", "clock not set")


def test_who_connects_and_leaves(loud: Callable[..., EmulatorProcess]) -> None:
    emulator = loud()
    clients = [connect(emulator) for _ in range(3)]
    names = ["TCP {}:{}".format(*client.getsockname()) for client in clients]
    with Programmer.open(emulator.url) as pump:  # takes the place of one that never spoke
        pump.hello()
    for client in clients:
        client.close()
    emulator.stop()
    happened = texts(emulator.messages.splitlines())
    for name in names:
        assert f"{name} connected" in happened
        ends = [text for text in happened if text.startswith(name) and not text.endswith("connected")]
        assert len(ends) <= 1
    assert f"{names[0]} hung up on" in happened


@needs_pty
def test_the_pty_is_said_to_be_in_use_once(loud: Callable[..., EmulatorProcess]) -> None:
    emulator = loud(speed=0)
    assert emulator.pty is not None
    with Programmer.open(emulator.pty) as pump:
        for _ in range(3):
            pump.status()
    emulator.stop()
    assert texts(emulator.messages.splitlines()).count("PTY in use") == 1


def test_quiet_and_json_leave_stdout_alone(registry: Any) -> None:
    for options, loud in (((), True), (("--json",), True), (("--quiet",), False)):
        with child(thecal("emulate", *options), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
            first = running.stdout.readline()
            if loud:
                assert running.stderr.readline().endswith("boot 1\n")
            else:
                with Programmer.open() as pump:
                    pump.status()
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=LIMIT_S)
        assert "boot" not in first + out
        assert first.startswith("{") == ("--json" in options)
        assert loud or err == ""


def test_a_reader_that_goes_away_does_not_end_the_pump(registry: Any) -> None:
    with child(thecal("emulate", "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        running.stdout.readline()
        running.stderr.close()
        for _ in range(3):
            with Programmer.open() as pump:
                assert pump.status()["therapy"] == "unfilled"
        running.send_signal(signal.SIGINT)
        assert running.wait(LIMIT_S) == 0


def told(machine: MockMachine) -> tuple[Activity, list[str]]:
    lines: list[str] = []
    return Activity(machine, lines.append), lines


@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_has_its_lines_in_80_columns(name: str) -> None:
    machine = MockMachine(Config())
    activity, lines = told(machine)
    machine.plant.corrupt = lambda *_, **__: None
    fields = {
        field: limits.words[-1] if isinstance(limits, Choice) else max(1, limits.least)
        for field, limits in FAULTS[name].items()
        if isinstance(limits, Choice) or limits.default is None
    }
    if name == "motor_stall_intermittent":
        fields["every_ms"] = 2 * int(fields["lasting_ms"])
    machine.plant.apply_fault(name, None, **fields)
    activity.fault_begun(name)
    if name in machine.plant.faults:
        machine.plant.heal(name)
        activity.look()
        assert texts(lines)[-2:] == [f"fault {name} begun", f"fault {name} over"]
    else:
        assert name in INSTANT
        assert texts(lines)[-1] == f"fault {name}, over at once"
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("alarm", ALARM)
def test_every_alarm_has_its_lines_in_80_columns_at_the_end_of_time(
    alarm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = MockMachine(Config())
    machine.plant.now_ms = CLOCK_END_MS
    activity, lines = told(machine)
    entries = [
        {"t_s": CLOCK_END_MS // 1000, "wall": "2060-01-14T21:37:03", "name": name, "data": {"alarm": alarm}}
        for name in (ALARM_EVENT[alarm], "ALARM_SILENCED", "ALARM_CLEARED")
    ]
    monkeypatch.setattr(MockMachine, "events", property(lambda _: entries))
    activity.look()
    assert texts([line[5:] for line in lines]) == [f"alarm {alarm} {how}" for how in ("raised", "silenced", "ended")]
    assert max(map(len, lines)) <= 80


def test_every_event_that_is_an_alarm_has_a_line() -> None:
    for name, event in EVENTS.items():
        line = lines_of._text({"name": name, "data": {"alarm": "eri"}})
        assert line or event.severity == "info", name


def test_a_repeated_tone_is_one_line_until_an_alarm_changes() -> None:
    machine = MockMachine(Config())
    activity, lines = told(machine)
    activity.look()
    for number in range(50):
        machine.advance_to(machine.now_ms + 1000)
        machine.plant.sound.begin("single" if number % 3 else "dual", machine.now_ms)
        activity.look()
    assert texts(lines)[-2:] == ["dual tone sounds", "single tone sounds"]
    assert len(lines) == 3


def test_a_fault_that_ends_as_another_begins_is_told_of() -> None:
    machine = MockMachine(Config())
    activity, lines = told(machine)
    machine.plant.apply_fault("pump_flip", 5000)
    activity.fault_begun("pump_flip")
    machine.advance_to(10_000)
    machine.plant.apply_fault("buzzer_dead")
    activity.fault_begun("buzzer_dead")
    machine.plant.apply_fault("buzzer_dead", 20_000)  # takes the other's place
    activity.fault_begun("buzzer_dead")
    machine.advance_to(30_000)
    activity.look()
    assert [line for line in map(str.split, lines) if "fault" in line][1][0] == "5s"
    assert texts(lines)[1:] == [
        "fault pump_flip begun",
        "fault pump_flip over",
        "fault buzzer_dead begun",
        "fault buzzer_dead begun",
        "fault buzzer_dead over",
    ]
    assert lines[-1].split()[0] == "20s"


def test_who_finds_no_place_is_said_to_be_turned_away() -> None:
    noted: list[str] = []

    async def come() -> None:
        loop = asyncio.get_running_loop()
        places = TcpPlaces([], lambda: None, note=noted.append)
        server = await loop.create_server(lambda: TcpClient(places), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b""
        noted.append("{}:{}".format(*writer.get_extra_info("sockname")))
        writer.close()
        server.close()

    asyncio.run(come())
    assert noted[0] == f"TCP {noted[1]} turned away"
