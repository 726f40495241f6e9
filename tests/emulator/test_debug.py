"""The debug link: time, faults, power, head and truth, from the client and from the command line."""

import json
import signal
import socket
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner, Result

from host_tools.cli.main import main
from host_tools.emulator import debugclient
from host_tools.emulator.debugclient import DebugClient, DebugError, DebugLinkError
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import NoDevice, Programmer
from tests.child import LIMIT_S
from tests.emulator.conftest import Start

DAY_S = 86_400


@pytest.fixture
def emulator(start: Start) -> EmulatorProcess:
    return start(speed=0, start_at="2026-01-05T08:00:00")


@pytest.fixture
def debug(emulator: EmulatorProcess) -> Iterator[DebugClient]:
    with emulator.debug_client() as client:
        yield client


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorProcess]:
    """One for all that is refused and changes nothing, in a registry of its own."""
    env = {"THECAL_RUNTIME_DIR": str(tmp_path_factory.mktemp("shared"))}
    with EmulatorProcess(speed=0, start_at="2026-01-05T08:00:00", env=env) as running:
        yield running


@pytest.fixture
def pump(emulator: EmulatorProcess) -> Iterator[Programmer]:
    """Treated with 0.25 mL a day; its clock is not set."""
    with Programmer.open(emulator.url) as programmer:
        programmer.refill(volume_ml=20, concentration_mcg_per_ml=2000)
        programmer.program_simple(500)
        yield programmer


def test_time_stands_still_but_for_an_advance(debug: DebugClient, pump: Programmer) -> None:
    assert pump.status()["uptime_s"] == pump.status()["uptime_s"] == debug.now_s() == 0
    assert debug.advance(72 * DAY_S) == 72 * DAY_S
    status, truth = pump.status(), debug.truth()
    assert status["uptime_s"] == 72 * DAY_S
    assert truth["delivered_nl"] == status["delivered_nl"] == 18_000_000


def test_advance_to_a_date(debug: DebugClient, pump: Programmer) -> None:
    assert debug.advance_to("2026-01-06T08:00:00") == DAY_S  # by --start
    with pytest.raises(DebugError, match="is before the pump's present, 2026-01-06T08:00:00"):
        debug.advance_to("2026-01-05T08:00:00")
    pump.set_clock(datetime(2030, 2, 28, 12))
    debug.advance_to("2030-03-01T00:00:00")
    assert pump.status()["wall"] == "2030-03-01T00:00:00"


def test_advance_to_the_next_alarm(debug: DebugClient, pump: Programmer) -> None:
    event = debug.advance_to_next_alarm()
    assert event["name"] == "LOW_RESERVOIR"
    assert debug.now_s() == event["t_s"]
    assert 72 * DAY_S <= event["t_s"] <= 72 * DAY_S + 3600
    assert pump.status()["alarms"] == ["low_reservoir"]
    assert debug.advance_to_next_alarm()["name"] == "EMPTY_RESERVOIR"


def test_tones_and_events_from_where_one_was(debug: DebugClient, pump: Programmer) -> None:
    debug.advance_to_next_alarm()
    seen = len(debug.tones())
    debug.advance(3 * 3600)
    new = debug.tones(since=seen)
    assert debug.tones()[seen:] == new
    assert [tone["kind"] for tone in new] == ["single"] * 3
    events = debug.events()
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert debug.events(since=5) == events[5:]
    assert events == list(pump.log())


def test_faults(debug: DebugClient, pump: Programmer) -> None:
    debug.fault("motor_stall", for_s=3 * 3600)
    assert debug.truth()["faults"] == ["motor_stall"]
    delivered_nl = debug.truth()["delivered_nl"]
    debug.advance(3 * 3600 - 1)
    assert debug.truth()["delivered_nl"] == delivered_nl
    assert pump.status()["alarms"] == ["motor_stall"]
    debug.advance(3600)
    assert debug.truth()["delivered_nl"] > delivered_nl
    assert debug.truth()["faults"] == []
    debug.fault("over_delivery", percent=20)
    debug.heal("over_delivery")
    with pytest.raises(DebugError, match=r"earthquake.*motor_stall"):
        debug.fault("earthquake")
    with pytest.raises(DebugError, match=r"unknown fault 'motor_stal'; did you mean 'motor_stall'\?"):
        debug.heal("motor_stal")
    with pytest.raises(DebugError, match=r"cups.*percent"):
        debug.fault("over_delivery", cups=3)


def test_a_cut(debug: DebugClient, pump: Programmer) -> None:
    debug.advance(DAY_S)
    assert debug.cut(3600) == DAY_S + 3600
    status = pump.status()
    assert status["boots"] == 2
    assert status["therapy"] == "running"
    assert status["uptime_s"] <= DAY_S


def test_the_trace_is_that_of_all_effects(debug: DebugClient, pump: Programmer) -> None:
    before = debug.trace_sha256()
    assert debug.trace_sha256() == before
    debug.advance(DAY_S)
    assert debug.trace_sha256() != before


def test_speed(debug: DebugClient, pump: Programmer) -> None:
    debug.speed("max")
    for status in pump.watch():
        if status["uptime_s"] > DAY_S:
            break
    debug.speed(0)
    assert debug.now_s() == debug.now_s() > DAY_S


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"do": "explode"}, "'explode' is no debug verb; there are now, advance"),
        ({"do": "advance"}, "needs either by_s or to"),
        ({"do": "advance", "by_s": -1}, "time does not go back"),
        ({"do": "advance", "by_s": 1.5}, "by_s cannot be 1.5"),
        ({"do": "advance", "by_s": 1 << 40}, "is beyond the end of its clock, 12427d 13h 37m 3s after its first"),
        ({"do": "advance", "by_s": 1 << 40}, "power-up, 2060-01-14T21:37:03; 12427d 13h 37m 3s are left"),
        ({"do": "advance", "to": "9999-12-31"}, "9999-12-31 is beyond the end of its clock"),
        ({"do": "advance", "to": "2026-03-01T00:00:00+01:00"}, "is not local"),
        ({"do": "cut", "for_s": 1 << 40}, "is beyond the end of its clock"),
        ({"do": "advance", "to": "some day"}, "some day"),
        ({"do": "advance", "till": 3}, "it takes by_s, to"),
        ({"do": "cut", "for_s": -1}, "does not go back"),
        ({"do": "head", "state": "left"}, "there are on, off, auto"),
        ({"do": "speed", "speed": "warp"}, "is no speed"),
        ({"do": "speed", "speed": 1e308}, "'1e+308' is no speed; write 0 (time stands still), 0.001 to 1,000,000,000"),
        ({"do": "fault", "name": "runaway", "fields": {"percent": 3}}, "percent"),
        ({"do": "heal", "name": "world"}, "world"),
    ],
)
def test_a_bad_request_is_said_in_one_line(shared: EmulatorProcess, request_: dict[str, Any], words: str) -> None:
    with shared.debug_client() as debug:
        with pytest.raises(DebugError) as refused:
            debug.ask(**request_)
        assert words in str(refused.value)
        assert "\n" not in str(refused.value)
        assert debug.now_s() == 0


def test_the_pump_lives_to_the_end_of_its_clock(debug: DebugClient, emulator: EmulatorProcess) -> None:
    last_s = (1 << 30) - 1
    debug.advance(2557 * DAY_S)
    with Programmer.open(emulator.url) as pump:
        pump.silence("end_of_service")  # else it sounds for 27 years
        debug.advance(last_s - 2557 * DAY_S)
        debug.speed("max")
        assert pump.status()["uptime_s"] == debug.now_s() == last_s
        for go_on in (lambda: debug.advance(1), lambda: debug.cut(1), lambda: debug.advance_to("2061-01-01")):
            with pytest.raises(DebugError, match=r"the end of its clock, .* 2060-01-14T21:37:03; 0s are left"):
                go_on()
        with pytest.raises(DebugError, match="no alarm came up by 12427 days of pump time, where its clock ends"):
            debug.advance_to_next_alarm()
    emulator.stop()
    assert emulator.messages == ("thecal: the pump's clock ends here, after 12427d 13h 37m 3s; its time stands still\n")


def test_it_ends_in_the_middle_of_an_advance(emulator: EmulatorProcess) -> None:
    host, port = emulator.debug.split(":")
    with Programmer.open(emulator.url) as pump:
        pump.refill(volume_ml=20, concentration_mcg_per_ml=2000)
        pump.program_simple(500)
        with socket.create_connection((host, int(port)), timeout=LIMIT_S) as link:
            link.sendall(json.dumps({"token": emulator.debug_token}).encode() + b"\n")
            assert link.recv(100) == b'{"ok": true}\n'
            link.sendall(b'{"do": "advance", "by_s": 1000000000}\n')
            while pump.status()["uptime_s"] == 0:
                pass
            assert emulator.stop() == 0
            assert link.recv(1) == b""
    assert emulator.messages == ""


def test_an_emulator_that_ends_is_said(emulator: EmulatorProcess, debug: DebugClient) -> None:
    emulator.kill()
    with pytest.raises(DebugLinkError, match="went away"):
        debug.now_s()
    with pytest.raises(DebugLinkError, match="no emulator answers at"):
        emulator.debug_client()


def test_a_long_wait_is_told_of(emulator: EmulatorProcess, debug: DebugClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debugclient, "ANSWER_LIMIT_S", 0.05)
    emulator.send(signal.SIGSTOP)
    told: list[None] = []

    def go_on() -> None:
        told.append(None)
        if len(told) == 3:
            emulator.send(signal.SIGCONT)

    with DebugClient(emulator.debug, emulator.debug_token, go_on) as waiting:
        assert waiting.now_s() == 0
    assert len(told) >= 3


def thecal(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["debug", *arguments])


def test_the_command_line(emulator: EmulatorProcess, debug: DebugClient) -> None:
    assert thecal("advance", "72d").output == "pump time is 72d since its first power-up\n"
    assert thecal("advance", "2026-03-19T08:00:00").exit_code == 0
    assert debug.now_s() == 73 * DAY_S
    times = {"now_s": 73 * DAY_S + 10, "unpowered_s": 10, "uptime_s": 73 * DAY_S}
    assert json.loads(thecal("cut", "--json").output) == times
    assert thecal("fault", "over_delivery", "percent=20", "for=3h").exit_code == 0
    assert json.loads(thecal("truth", "--json").output)["faults"] == ["over_delivery"]
    assert "over_delivery" in thecal("truth").output
    assert json.loads(thecal("heal", "over_delivery", "--json").output) == {"faults": []}
    assert thecal("fault", "temperature", "celsius=41.5").exit_code == 0
    assert thecal("fault", "clock_jump", "by=-2h").exit_code == 0
    assert thecal("fault", "bit_flip", "region=rate").exit_code == 0
    assert thecal("fault", "hang").exit_code == 0
    assert thecal("fault", "motor_stall_intermittent", "every=6h", "lasting=30m").exit_code == 0
    assert thecal("head", "on").exit_code == 0
    assert thecal("speed", "max").exit_code == 0
    assert thecal("speed", "0").exit_code == 0
    for port in (emulator.url, emulator.debug):
        assert thecal("advance", "1s", "--port", port).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (["advance", "soon"], 2, "'soon' is no duration"),
        (["advance", "2001-01-01"], 2, "before the pump's present"),
        (["fault", "earthquake"], 2, "motor_stall"),
        (["fault", "bit_flip", "region=heart"], 2, "region is rate, working, program, ledger"),
        (["fault", "bit_flip", "region=week"], 2, "no flex program runs"),
        (["fault", "over_delivery", "cups=3"], 2, "over_delivery takes no cups; known: for, percent"),
        (["fault", "reservoir_leak"], 2, "reservoir_leak needs ml_per_day"),
        (["fault", "reservoir_leak", "ml_per_day=41"], 2, "ml_per_day is from 0.000001 to 40, not 41"),
        (["fault", "sensor_offset", "ml=some"], 2, "ml: invalid number 'some'"),
        (["fault", "over_delivery", "percent"], 2, "key=value"),
        (["fault", "over_delivery", "for=ever"], 2, "'ever' is no duration"),
        (["advance", "1d", "--port", "socket://127.0.0.1:1"], 3, "no emulator runs at socket://127.0.0.1:1"),
    ],
)
def test_what_the_command_line_cannot_do(
    shared: EmulatorProcess,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    exit_code: int,
    words: str,
) -> None:
    monkeypatch.setenv("THECAL_RUNTIME_DIR", shared.env["THECAL_RUNTIME_DIR"])
    result = thecal(*arguments)
    assert result.exit_code == exit_code
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_no_emulator_or_several(start: Start) -> None:
    result = thecal("truth")
    assert result.exit_code == 3
    assert "no emulator runs here" in result.stderr
    start()
    start()
    result = thecal("truth")
    assert result.exit_code == 3
    assert "2 emulators run" in result.stderr


@pytest.mark.shows("FI-41", "R8.10")
def test_a_bad_line_is_got_over_and_a_lost_one_is_said_to_be(
    emulator: EmulatorProcess, debug: DebugClient, pump: Programmer
) -> None:
    debug.fault("link_drop", percent=30)
    with Programmer.open(emulator.url, timeout_s=0.2, tries=200) as programmer:
        programmer.program_simple(400)
        assert programmer.status()["dose_mcg_per_day"] == 400
    debug.heal("link_drop")
    debug.fault("link_lost")
    with Programmer.open(emulator.url, timeout_s=0.1, tries=2) as programmer, pytest.raises(NoDevice, match="nothing"):
        programmer.status()
    debug.heal("link_lost")
    assert pump.status()["therapy"] == "running"


def test_a_clock_that_runs_fast_ends_early(debug: DebugClient, pump: Programmer) -> None:
    last_s = (1 << 30) - 1
    debug.fault("battery_drain", percent=10_000)
    debug.advance(200 * DAY_S)
    pump.silence("all")
    debug.fault("clock_drift", ppm=100_000)
    with pytest.raises(DebugError, match="is beyond the end of its clock"):
        debug.advance(last_s - 300 * DAY_S)
    debug.advance((last_s - 200 * DAY_S) * 10 // 11)
    assert 0 <= last_s - pump.status()["uptime_s"] <= 1
    with pytest.raises(DebugError, match="0s are left"):
        debug.advance(1)
