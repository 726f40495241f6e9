"""An advance in parts: the same life as in one, shown while it lasts, and left where it is at Ctrl-C."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from firmware.config import Config
from hal.plant.faults import INSTANT
from host_tools.cli.debug import INTERRUPTED
from host_tools.emulator import debugclient
from host_tools.emulator.debugclient import DebugClient, DebugError
from host_tools.emulator.process import EmulatorProcess
from host_tools.emulator.state import Saved, StateFolder
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import Programmer
from tests.child import LIMIT_S, child, interrupted, thecal
from tests.emulator.conftest import Start
from tests.emulator.test_process import needs_pty

HOUR_S, DAY_S = 3600, 86_400
START = "2026-01-05T08:00:00"

Advance = Callable[..., dict[str, Any]]


def whole(debug: DebugClient, **how_far: Any) -> dict[str, Any]:
    return debug.ask("advance", **how_far)


def in_parts(debug: DebugClient, **how_far: Any) -> dict[str, Any]:
    *parts, last = debug.advance_in_parts(**how_far)
    times_s = [answer["now_s"] for answer in (*parts, last)]
    assert times_s == sorted(times_s)
    assert "rest" not in last
    return last


def a_stall_and_a_scan(debug: DebugClient, advance: Advance) -> None:
    debug.fault("motor_stall_intermittent", for_s=5 * DAY_S, every_ms=HOUR_S * 7000, lasting_ms=HOUR_S * 1500)
    advance(debug, by_s=6 * DAY_S + 1)
    debug.fault("mri", for_s=45 * 60, recovery_ms=HOUR_S * 3000)
    advance(debug, to="next-alarm")
    advance(debug, by_s=20 * DAY_S)


def an_empty_reservoir(debug: DebugClient, advance: Advance) -> None:
    for alarm in ("LOW_RESERVOIR", "EMPTY_RESERVOIR"):
        assert advance(debug, to="next-alarm")["event"]["name"] == alarm
    advance(debug, by_s=5 * DAY_S)


def clocks_and_resets(debug: DebugClient, advance: Advance) -> None:
    debug.fault("clock_drift", ppm=-70_000, for_s=9 * DAY_S + 11)
    debug.fault("temperature", for_s=DAY_S + 1, centi_celsius=4400)
    advance(debug, to="2026-01-12T13:14:15")
    debug.cut(3 * HOUR_S)
    debug.fault("hang")
    advance(debug, by_s=3 * DAY_S)
    debug.fault("bit_flip", region="working")
    debug.fault("sensor_noise", nl=900_000, for_s=12_345)
    advance(debug, by_s=2 * DAY_S)


@pytest.fixture(scope="module")
def treated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a pump that is treated with 0.25 mL a day. It is begun with a seed, so that all comes back."""
    folder = tmp_path_factory.mktemp("treated") / "pump"
    runtime = {"THECAL_RUNTIME_DIR": str(folder.parent)}
    with (
        EmulatorProcess(speed=0, seed=5, start_at=START, state=folder, env=runtime) as emulator,
        Programmer.open(emulator.url, keys=None) as pump,
    ):
        pump.refill(volume_ml=20, concentration_mcg_per_ml=2000)
        pump.program_simple(500)
    return folder


@pytest.fixture(scope="module")
def saved(treated: Path) -> Saved:
    folder = StateFolder(treated)
    saved, _ = folder.load()
    folder.close()
    assert saved is not None
    return saved


@pytest.mark.parametrize("life", [a_stall_and_a_scan, an_empty_reservoir, clocks_and_resets])
def test_parts_make_the_same_trace_as_the_whole(
    start: Start, treated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, life: Any
) -> None:
    monkeypatch.setattr(debugclient, "PART_MS", 1)
    ends = []
    for advance in (whole, in_parts):
        copy = shutil.copytree(treated, tmp_path / advance.__name__)
        with start(speed=0, seed=5, state=copy).debug_client() as debug:
            life(debug, advance)
            ends.append((debug.ask("now"), debug.truth(), debug.events(), debug.tones(), debug.trace_sha256()))
    assert ends[0] == ends[1]


TROUBLE: dict[str, dict[str, Any]] = {
    "hang": {},
    "mri": {"recovery_ms": HOUR_S * 2000},
    "motor_stall_intermittent": {"every_ms": HOUR_S * 5000 + 7, "lasting_ms": HOUR_S * 1000},
    "step_loss": {"percent": 30},
    "emi": {},
    "clock_drift": {"ppm": -70_000},
    "battery_drain": {"percent": 10_000},
    "temperature": {"centi_celsius": 4400},
    "reverse_step": {},
    "device_failure": {"device": "ram"},
}


def _lived(saved: Saved, seed: int, looks: bool) -> tuple[Any, ...]:
    """The end of a pump with troubles drawn from `seed`, looked at by nobody, or between some of its wakes."""
    draw, look = Random(seed), Random(seed + 1)
    machine = MockMachine(Config(), seed=5, nonce_seed=5, store=saved.slots, plant_state=saved.plant)
    machine.hal.head.set(draw.random() < 0.5)
    machine.wake()
    for name in draw.choices(sorted(TROUBLE), k=6):
        for_s = draw.randint(1, 20 * HOUR_S)
        until_ms = None if name in (*INSTANT, "hang") else machine.now_ms + for_s * 1000 + 1
        machine.plant.apply_fault(name, until_ms, **TROUBLE[name])
        machine.wake()
        goal_ms = machine.now_ms + for_s * 700
        while looks and machine.now_ms < goal_ms:
            machine.advance_to(min(machine.next_wake_ms, goal_ms))
            if look.random() < 0.5:
                machine.wake()
        machine.advance_to(goal_ms)
        machine.wake()
    return machine.effects.trace_sha256(), machine.events, machine.plant.truth()


@pytest.mark.parametrize("seed", range(12))
def test_a_look_between_any_two_wakes_changes_nothing(saved: Saved, seed: int) -> None:
    """The server looks at its lines, which polls the pump, wherever a part ends."""
    assert _lived(saved, seed, looks=True) == _lived(saved, seed, looks=False)


def test_the_rest_may_be_asked_for_by_another_and_in_any_pieces(start: Start) -> None:
    emulator = start(speed=0)
    with emulator.debug_client() as debug:
        answer = debug.ask("advance", by_s=3000 * DAY_S, within_ms=1)
        assert answer["rest"] == {"until_ms": 3000 * DAY_S * 1000}
        assert 0 < answer["now_s"] < 3000 * DAY_S
        assert debug.now_s() == answer["now_s"]
        with debug.reopened() as another:
            further = another.ask("advance", **answer["rest"], within_ms=1)
        assert answer["now_s"] < further["now_s"] < 3000 * DAY_S
        assert debug.ask("advance", until_ms=1000)["now_s"] == further["now_s"]  # that is past


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"by_s": 1, "within_ms": 0}, "within_ms is 0, and an advance takes 1 ms at least"),
        ({"by_s": 1, "until_ms": 5}, "advance needs either by_s or to"),
        ({"until_ms": 1 << 50}, "is beyond the end of its clock"),
        ({"until_ms": 1000, "since": 0}, "no alarm came up by 0 days of pump time"),
    ],
)
def test_parts_that_there_are_not(start: Start, arguments: dict[str, Any], words: str) -> None:
    with start(speed=0).debug_client() as debug, pytest.raises(DebugError, match=words):
        debug.ask("advance", **arguments)


@needs_pty
@pytest.mark.parametrize("how_far", ["12000d", "2056-01-01", "next-alarm"])
def test_ctrl_c_leaves_the_pump_where_it_is_and_says_where(start: Start, how_far: str) -> None:
    emulator = start(speed=0, start_at=START)
    code, out, shown = interrupted(thecal("debug", "advance", how_far, "--json"), b"pump time")
    assert code == INTERRUPTED
    assert "\x1b" not in out
    assert "pump time" in shown
    answer = json.loads(out)
    assert answer["stopped"] is True
    with emulator.debug_client() as debug:
        assert debug.now_s() == debug.now_s() == answer["now_s"]
        assert 0 < answer["now_s"] < 12_000 * DAY_S
        assert debug.advance(DAY_S) == answer["now_s"] + DAY_S


@needs_pty
def test_ctrl_c_in_words(start: Start) -> None:
    start(speed=0)
    code, out, _ = interrupted(thecal("debug", "advance", "12000d"), b"pump time")
    assert code == INTERRUPTED
    assert out.startswith("stopped; pump time is ")
    assert out.endswith(" since its first power-up\n")


def test_a_pipe_gets_no_bar(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator: EmulatorProcess = start(speed=0)
    command = thecal("debug", "advance", "400d", "--port", emulator.url)
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        out, err = running.communicate(timeout=LIMIT_S)
    assert out == "pump time is 400d since its first power-up\n"
    assert err == ""
