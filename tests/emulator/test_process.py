"""The emulator as its users meet it: a process, its ports, its state, its end."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from host_tools.emulator import process
from host_tools.emulator.process import EmulatorError, EmulatorProcess
from host_tools.programmer import NotAuthorised, Programmer
from host_tools.programmer.discovery import running_emulators
from protocol import registry as messages
from protocol.frame import Decoder, Frame, encode
from tests.child import LIMIT_S, child
from tests.emulator.conftest import Start

HELLO = encode(Frame(messages.REQUEST["HELLO"].code, 0, 1, b""))
SUBSCRIBE = encode(Frame(messages.REQUEST["SUBSCRIBE"].code, 0, 1, (60).to_bytes(2, "little")))
needs_pty = pytest.mark.skipif(not hasattr(os, "openpty"), reason="this system has no pseudo-terminals")


def treat(pump: Programmer) -> None:
    """500 mcg a day: 0.25 mL a day out of 20 mL."""
    pump.implant(catheter_cm=89)
    pump.refill(volume_ml=20, concentration_mcg_per_ml=2000)
    pump.program_simple(500)


def connect(emulator: EmulatorProcess) -> socket.socket:
    host, port = emulator.url.removeprefix("socket://").split(":")
    return socket.create_connection((host, int(port)), timeout=LIMIT_S)


@needs_pty
def test_tcp_and_pty_at_once(start: Start) -> None:
    emulator = start(seed=41)
    assert emulator.pty is not None
    with Programmer.open(emulator.url) as over_tcp, Programmer.open(emulator.pty) as over_pty:
        assert over_tcp.status()["serial"] == over_pty.status()["serial"] == emulator.serial == "THECAL-00042"
        treat(over_pty)
        assert over_tcp.status()["therapy"] == "running"


def test_three_tcp_clients_at_once(start: Start) -> None:
    emulator = start()
    clients = [Programmer.open(emulator.url) for _ in range(3)]
    for pump in clients:
        assert pump.hello()["serial"] == emulator.serial
    for pump in clients:
        assert pump.status()["therapy"] == "unfilled"
        pump.close()
    with Programmer.open(emulator.url) as pump:
        assert pump.status()["therapy"] == "unfilled"


def test_the_next_client_gets_no_telemetry_that_it_did_not_ask_for(start: Start) -> None:
    emulator = start(speed=0)
    with emulator.debug_client() as debug, connect(emulator) as listener, connect(emulator), connect(emulator):
        listener.sendall(SUBSCRIBE)
        assert listener.recv(100)
        debug.advance(600)
        assert listener.recv(100)
        listener.close()
        with _only_free_line(emulator) as heir:
            debug.advance(86_400)
            heir.sendall(HELLO)
            (answer,) = Decoder().feed(heir.recv(1000))
            assert answer.type == messages.ANSWER["HELLO"].code
            assert "COMMS_RATE_LIMIT" not in [event["name"] for event in debug.events()]


def _only_free_line(emulator: EmulatorProcess) -> socket.socket:
    """The line that another client gives back about now: until it has, a new one is hung up on."""
    while True:
        line = connect(emulator)
        line.sendall(HELLO)
        with suppress(ConnectionError):
            if line.recv(1000):
                return line
        line.close()


def _nonces(emulator: EmulatorProcess, count: int = 4) -> list[bytes]:
    with Programmer.open(emulator.url) as pump:
        return [pump.ask("OPEN", role="clinician", nonce=bytes([number] * 16))["nonce"] for number in range(count)]


@pytest.mark.parametrize("kept", [False, True])
def test_nonces_are_new_at_each_start_and_the_seeds_own_where_one_is_given(
    start: Start, tmp_path: Path, kept: bool
) -> None:
    """Who knew them could prove a session without ever hearing the pump: the test key is no secret."""
    state = tmp_path / "pump" if kept else None
    seen: list[bytes] = []
    for _ in range(3):
        emulator = start(speed=0, state=state)
        assert emulator.serial == "THECAL-00001"
        seen += _nonces(emulator)
        emulator.stop()
    assert len(set(seen)) == 12
    given = [_nonces(start(speed=0, seed=7)) for _ in range(2)]
    assert given[0] == given[1]


def test_it_publishes_itself_and_takes_that_back(start: Start, registry: Path) -> None:
    emulators = [start(), start(seed=1)]
    seen = {found.pid: (found.tcp, found.pty, found.debug, found.serial) for found in running_emulators()}
    assert seen == {each.pid: (each.url, each.pty, each.debug, each.serial) for each in emulators}
    for each, number in zip(emulators, (signal.SIGTERM, signal.SIGINT), strict=True):
        each.send(number)
        assert each.wait(LIMIT_S) == 0
        assert each.messages == ""
    assert list(registry.iterdir()) == []


def test_it_runs_unpublished_where_it_may_not_write(start: Start, tmp_path: Path) -> None:
    (tmp_path / "runtime").touch()
    emulator = start()
    with Programmer.open(emulator.url) as pump:
        assert pump.hello()["serial"] == emulator.serial
    assert emulator.stop() == 0
    assert "`--port auto` will not find this pump" in emulator.messages
    assert emulator.messages.count("\n") == 1


def test_what_it_prints_for_people(registry: Path) -> None:
    command = [sys.executable, "-m", "host_tools.cli.main", "emulate", "--speed", "max"]
    with child(command, stdout=subprocess.PIPE, text=True) as running:
        lines = [running.stdout.readline() for _ in range(4 + hasattr(os, "openpty"))]
        found = running_emulators()[0]
        running.send_signal(signal.SIGINT)
        assert running.communicate(timeout=LIMIT_S)[0] == ""
    assert running.returncode == 0
    text = "".join(lines)
    for expected in (found.tcp, found.pty or "", found.debug, "not a medical device", "`thecal status`"):
        assert expected in text


def test_it_says_how_fast_it_runs(registry: Path, tmp_path: Path) -> None:
    waits = "as fast as it can once a program is committed, standing still until then"
    for expected in (waits, "as fast as it can."):
        command = [sys.executable, "-m", "host_tools.cli.main", "emulate", "--speed", "max", "--state", str(tmp_path)]
        with child(command, stdout=subprocess.PIPE, text=True) as running:
            assert expected in running.stdout.readline()
            with Programmer.open() as pump:
                if expected == waits:
                    treat(pump)
            running.send_signal(signal.SIGINT)
            assert running.wait(LIMIT_S) == 0


@pytest.mark.parametrize("end", [EmulatorProcess.stop, EmulatorProcess.kill])
def test_the_pump_outlives_the_process(start: Start, tmp_path: Path, end) -> None:
    emulator = start(speed=0, state=tmp_path / "pump", seed=3)
    with emulator.debug_client() as debug, Programmer.open(emulator.url) as pump:
        treat(pump)
        debug.advance(10 * 86_400)
        before, truth_before = pump.status(), debug.truth()
    end(emulator)
    emulator.start()
    with emulator.debug_client() as debug, Programmer.open(emulator.url) as pump:
        after, truth_after = pump.status(), debug.truth()
    assert truth_after["delivered_nl"] == truth_before["delivered_nl"] > 0
    assert after["serial"] == before["serial"] == "THECAL-00004"
    assert after["boots"] == before["boots"] + 1
    assert (after["therapy"], after["dose_mcg_per_day"]) == ("running", 500)
    assert "clock_lost" in after["alarms"]


def test_what_was_acknowledged_survives_a_kill_at_once(start: Start, tmp_path: Path) -> None:
    emulator = start(speed=60, state=tmp_path / "pump")
    with Programmer.open(emulator.url) as pump:
        treat(pump)
    for dose_mcg in (510, 520, 530):
        with Programmer.open(emulator.url) as pump:
            pump.program_simple(dose_mcg)
            emulator.kill()
        emulator.start()
        with Programmer.open(emulator.url) as pump:
            assert pump.status()["dose_mcg_per_day"] == dose_mcg


def test_a_damaged_plant_is_a_pump_in_its_safe_state(start: Start, tmp_path: Path) -> None:
    emulator = start(state=tmp_path / "pump")
    with Programmer.open(emulator.url) as pump:
        treat(pump)
    emulator.stop()
    (tmp_path / "pump" / "plant.json").write_text("{}")
    emulator.start()
    with Programmer.open(emulator.url) as pump, emulator.debug_client() as debug:
        status = pump.status()
        assert debug.truth()["reservoir_nl"] == 0
    assert status["therapy"] == "safe_state"
    assert "safe_state" in status["alarms"]
    emulator.stop()
    assert "plant.json: is damaged" in emulator.messages
    assert emulator.messages.count("\n") == 1
    assert (tmp_path / "pump" / "plant.json.damaged-1").read_text() == "{}"


def test_damaged_slots_are_a_pump_in_its_safe_state(start: Start, tmp_path: Path) -> None:
    emulator = start(state=tmp_path / "pump")
    with Programmer.open(emulator.url) as pump:
        treat(pump)
    emulator.stop()
    for slot in (tmp_path / "pump" / "slots").iterdir():
        slot.write_bytes(slot.read_bytes()[::-1])
    emulator.start()
    with Programmer.open(emulator.url) as pump:
        assert pump.status()["therapy"] == "safe_state"
    emulator.stop()
    assert emulator.messages == ""


def test_one_line_and_exit_code_2_where_it_cannot_start(start: Start, tmp_path: Path) -> None:
    running = start(state=tmp_path / "pump")
    (tmp_path / "file").touch()
    port = int(running.url.rpartition(":")[2])
    options: dict[str, Any]
    for options, words in (
        ({"state": tmp_path / "pump"}, "in use by another emulator"),
        ({"state": tmp_path / "file"}, "cannot keep a pump in"),
        ({"tcp_port": port}, f"TCP port {port} of 127.0.0.1 cannot be opened"),
        ({"speed": "fast"}, "'fast' is no speed"),
        ({"start_at": "noon"}, "'noon' is no local time"),
    ):
        emulator = EmulatorProcess(**options)
        with pytest.raises(EmulatorError, match=words) as failed:
            emulator.start()
        assert "exit code 2" in str(failed.value)
        assert emulator.messages.count("\n") == 1
    running.stop()
    with pytest.raises(EmulatorError, match="has seed 0, not 9"):
        start(state=tmp_path / "pump", seed=9)


def test_one_that_does_not_end_is_killed(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "STOP_TIMEOUT_S", 0.2)
    emulator = start()
    emulator.send(signal.SIGSTOP)
    assert emulator.stop() == -signal.SIGKILL


def test_one_that_ends_without_a_word_has_not_started() -> None:
    emulator = EmulatorProcess()
    emulator.command = [sys.executable, "-c", "raise SystemExit(3)"]
    with pytest.raises(EmulatorError, match=r"did not start \(exit code 3\)"):
        emulator.start()


def test_one_that_nobody_waits_for_any_more_is_ended() -> None:
    """It says nothing, and whoever waits for it is interrupted."""

    def give_up(*_: object) -> None:
        raise TimeoutError

    emulator = EmulatorProcess()
    interrupts = f"import os, signal, time; os.kill({os.getpid()}, signal.SIGUSR1); time.sleep(600)"
    emulator.command = [sys.executable, "-c", interrupts]
    before = signal.signal(signal.SIGUSR1, give_up)
    try:
        with pytest.raises(TimeoutError):
            emulator.start()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert not emulator.running


def test_one_that_says_much_is_not_held_up(start: Start) -> None:
    emulator = EmulatorProcess()
    noise = "import sys; sys.stderr.write('x' * 1_000_000); from host_tools.cli.main import main; main()"
    emulator.command = [sys.executable, "-c", noise, *emulator.command[3:]]
    with emulator:
        assert emulator.stop() == 0
    assert len(emulator.messages) == 1_000_000


@pytest.mark.timeout(180)
def test_a_life_in_seconds_while_somebody_watches(start: Start) -> None:
    emulator = start(speed=0)
    with Programmer.open(emulator.url) as pump, emulator.debug_client() as debug:
        treat(pump)
        debug.speed("max")
        last = {}
        for last in pump.watch(period_s=1):
            if last["therapy"] == "end_of_service":
                break
        assert last["uptime_s"] // 86_400 >= 2557
        assert pump.status()["telemetry_dropped"] > 1_000_000
        assert debug.truth()["delivered_nl"] == pytest.approx(18_600_000, abs=100)


def test_at_full_speed_a_pump_waits_for_its_first_program(start: Start, tmp_path: Path) -> None:
    emulator = start(speed="max", state=tmp_path / "pump")
    with Programmer.open(emulator.url) as pump, emulator.debug_client() as debug:
        pump.implant(catheter_cm=89)
        pump.refill(volume_ml=20, concentration_mcg_per_ml=2000)
        pump.prime()
        with pump.session():
            assert pump.status()["therapy"] == "stopped"
        assert debug.now_s() == 0
        assert debug.advance(60) == 60
        debug.fault("battery_drain", percent=10_000)  # a short life is enough
        pump.program_simple(500)
        while pump.status()["therapy"] != "end_of_service":
            pass
    emulator.restart()
    with Programmer.open(emulator.url) as pump:
        lived_s = pump.status()["uptime_s"]
        while pump.status()["uptime_s"] == lived_s:
            pass


def test_an_answer_is_settled_to_the_instant_of_the_question(start: Start) -> None:
    speed = 10_000
    emulator = start(speed=speed)
    with Programmer.open(emulator.url) as pump, emulator.debug_client() as debug:
        for uptime_s in (lambda: pump.status()["uptime_s"], debug.now_s):
            before_s, wall_s = uptime_s(), time.monotonic()
            subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=60)  # something that takes a while
            passed_s = time.monotonic() - wall_s
            assert uptime_s() - before_s >= passed_s * speed * 0.9


def test_a_session_slows_time_to_real_time(start: Start) -> None:
    emulator = start(speed=86_400)
    with Programmer.open(emulator.url) as pump, emulator.debug_client() as debug, pump.session():
        began_s, pump_began_s = time.monotonic(), debug.now_s()
        treat(pump)
        pump_passed_s, passed_s = debug.now_s() - pump_began_s, time.monotonic() - began_s
        assert pump_passed_s <= passed_s + 1
        debug.advance(60)  # not for so long that the session ends
        assert 60 <= debug.now_s() - pump_began_s <= time.monotonic() - began_s + 61


@needs_pty
def test_the_head_is_whoever_is_there_unless_told_otherwise(start: Start) -> None:
    emulator = start(speed=0)
    assert emulator.pty is not None
    with emulator.debug_client() as debug:
        for url in (emulator.url, emulator.pty):
            with Programmer.open(url) as pump:
                pump.implant(catheter_cm=89)
                debug.head("off")
                with pytest.raises(NotAuthorised):
                    pump.implant(catheter_cm=89)
                debug.head("on")
                pump.implant(catheter_cm=89)
                debug.head("auto")
                pump.implant(catheter_cm=89)


def test_json_is_one_object(registry: Path) -> None:
    command = [sys.executable, "-m", "host_tools.cli.main", "emulate", "--json"]
    with child(command, stdout=subprocess.PIPE, text=True) as running:
        ports = json.loads(running.stdout.readline())
        running.terminate()
        assert running.communicate(timeout=LIMIT_S)[0] == ""
    assert set(ports) == {"tcp", "pty", "debug", "debug_token", "pid", "serial"}
