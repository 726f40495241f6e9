"""The verbs against a real emulator over real pyserial: what they print, and what the pump then is."""

import csv
import io
import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import Programmer
from tests.child import LIMIT_S, child
from tests.child import thecal as child_command
from tests.cli.conftest import PeerServer, Thecal, asked, commands

IMPLANT = ("implant", "--catheter-cm", "89", "--wall", "2026-01-05T08:00:00")
REFILL = ("refill", "--volume-ml", "20", "--concentration-mcg-per-ml", "2000")
PROGRAM = ("program", "--dose-mcg-per-day", "500", "--yes")
DAY_S = 86_400


def start_therapy(thecal: Thecal) -> None:
    for verb in (IMPLANT, REFILL, PROGRAM):
        assert thecal(*verb).exit_code == 0


def status(thecal: Thecal) -> dict[str, Any]:
    return json.loads(thecal("status", "--json").stdout)


def advance(emulator: EmulatorProcess, by_s: int) -> None:
    with emulator.debug_client() as debug:
        debug.advance(by_s)


@pytest.mark.usefixtures("emulator")
def test_new_pump_says_what_it_is_and_is_not(thecal: Thecal) -> None:
    done = thecal("status")
    assert done.exit_code == 0
    for words in ("THECAL-00001", "TEST KEY", "not a medical device", "unfilled", "none: no drug"):
        assert words in done.stdout
    assert done.stderr == ""


@pytest.mark.shows("SEED-20", "SEED-23", "SEED-24", "SEED-25", "SEED-26", "SEED-37")
def test_therapy_from_implant_to_refill(emulator: EmulatorProcess, thecal: Thecal) -> None:
    start_therapy(thecal)
    values = status(thecal)
    assert (values["therapy"], values["operation"], values["mode"]) == ("running", "basal", "simple")
    assert (values["dose_mcg_per_day"], values["rate_nl_per_day"]) == (500, 250_000)
    assert values["implanted"] == "2026-01-05"
    assert values["low_reservoir_date"] == "2026-03-18"  # 18 mL at 0.25 mL/day: 72 days
    assert values["refill_by"] == "2026-03-11"
    advance(emulator, 60 * DAY_S)
    done = thecal(*REFILL, "--aspirated-ml", "4.9")
    for words in (
        "expected left  5.000 mL",
        "4.900 mL, -0.100 mL from expected: 0.7 % of the 15.000 mL",
        "2026-05-17",
        "2026-05-10, a week before",
    ):
        assert words in done.stdout
    for checked in (
        "simple, 500 mcg/day, of 2000 mcg/mL (0.250 mL/day)",
        "mV under load; ERI expected 2032",
        "alarms         none",
    ):
        assert checked in done.stdout
    assert "% off" not in done.stdout
    advance(emulator, 20 * DAY_S)
    assert "more than 14.5 % off may be" in thecal(*REFILL, "--aspirated-ml", "14").stdout
    assert status(thecal)["reservoir_nl"] == 20_000_000
    advance(emulator, DAY_S)
    assert "% off" not in thecal(*REFILL, "--aspirated-ml", "19.3").stdout  # 180 %, but of a quarter millilitre


@pytest.mark.shows("SEED-20", "SEED-26")
@pytest.mark.usefixtures("emulator")
def test_a_refill_with_another_concentration_asks_for_a_new_program(thecal: Thecal) -> None:
    start_therapy(thecal)
    done = thecal("refill", "--volume-ml", "20", "--concentration-mcg-per-ml", "1000")
    shown = " ".join(done.stdout.split())
    assert "of 2000 mcg/mL (0.250 mL/day); made for another concentration, order a new one" in shown


WEEK = """
mode: flex
schedule:
  default: [{from: "00:00", dose_mcg: 150}, {from: "07:00", dose_mcg: 100}, {from: "21:30", dose_mcg: 50}]
  sat: [{from: "00:00", dose_mcg: 240}]
"""


@pytest.mark.usefixtures("emulator")
def test_a_week_from_a_file_is_shown_and_committed(thecal: Thecal, tmp_path: Path) -> None:
    start_therapy(thecal)
    file = tmp_path / "week.yaml"
    file.write_text(WEEK)
    assert thecal("program", str(file), "--yes").exit_code == 4  # the soft limit: 41.7 % less
    done = thecal("program", str(file), "--yes", "--override")
    assert done.exit_code == 0
    for words in ("mon to fri", "00:00 150  07:00 100  21:30 50  = 300 mcg", "00:00 240  = 240 mcg", "-41.7 %"):
        assert words in done.stderr
    assert "sat              now   500 mcg, the same all day\n                 new   00:00 240" in done.stderr
    back = thecal("program", "--dose-mcg-per-day", "300", "--yes", "--override")
    assert "mon to fri       now   00:00 150  07:00 100  21:30 50  = 300 mcg\n" in back.stderr
    assert thecal("program", str(file), "--yes", "--override").exit_code == 0
    values = status(thecal)
    assert (values["mode"], values["dose_mcg_per_day"], values["rate_nl_per_day"]) == ("flex", 300, 82_758)


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mode: flex\n", "mode flex needs schedule"),
        (WEEK.replace("07:00", "7 o'clock"), "week.yaml:4: schedule.default[2].from: expected a time of day"),
        (WEEK.replace("sat", "saturday"), "'saturday' is no day"),
        (WEEK.replace("dose_mcg: 240", "dose: 240"), "'dose' is no field"),
        (WEEK.replace("240", "1001"), "sat: 1001 mcg is above the pump's limit"),
    ],
)
def test_a_bad_file_is_refused_with_its_line(thecal: Thecal, tmp_path: Path, text: str, words: str) -> None:
    start_therapy(thecal)
    file = tmp_path / "week.yaml"
    file.write_text(text)
    done = thecal("program", str(file), "--yes")
    assert done.exit_code in (2, 4)
    assert words in done.stderr
    assert status(thecal)["mode"] == "simple"


def test_refill_json_is_the_status_and_the_volumes(emulator: EmulatorProcess, thecal: Thecal) -> None:
    start_therapy(thecal)
    advance(emulator, 40 * DAY_S)
    values = json.loads(thecal(*REFILL, "--aspirated-ml", "8", "--json").stdout)
    assert values["refill"] == {
        "expected_nl": 10_000_000,
        "aspirated_nl": 8_000_000,
        "discrepancy_nl": -2_000_000,
        "accuracy_percent": 120,
        "out_of_tolerance": True,
        "filled_nl": 20_000_000,
        "bridge_nl": None,
    }
    assert values["reservoir_nl"] == 20_000_000


@pytest.mark.shows("SEED-19")
@pytest.mark.usefixtures("emulator")
def test_stop_and_resume_say_how_to_undo_and_warn_of_a_stopped_pump(thecal: Thecal) -> None:
    start_therapy(thecal)
    assert "LOSS OF THERAPY" not in thecal("status").stdout
    done = thecal("stop")
    assert "`thecal resume`" in done.stdout
    assert "left stopped" in done.stderr
    assert "LOSS OF THERAPY: nothing is being delivered; dangerous withdrawal" in thecal("status").stdout
    assert status(thecal)["therapy"] == "stopped"
    done = thecal("resume", "--json")
    assert json.loads(done.stdout)["therapy"] == "running"
    assert done.stderr == ""


@pytest.mark.usefixtures("emulator")
def test_minimum_rate_is_warned_of_and_left_by_resume(thecal: Thecal) -> None:
    start_therapy(thecal)
    done = thecal("minimum-rate")
    assert "0.006 mL/day, 12 mcg/day, of 2000 mcg/mL" in done.stdout
    assert "at the minimum rate" in done.stderr
    assert status(thecal)["therapy"] == "minimum"
    assert thecal("resume").stderr == ""
    assert status(thecal)["rate_nl_per_day"] == 250_000


@pytest.mark.usefixtures("emulator")
def test_limits_are_set_and_keep_a_program_away(thecal: Thecal) -> None:
    start_therapy(thecal)
    done = limits = thecal("limits", "--max-dose-mcg-per-day", "600")
    assert done.stderr == "daily dose  now at most 1000 mcg/day  new at most 600 mcg/day\n"
    for words in ("at most 600 mcg/day", "at most 200 mcg", "at most 30 % without --override"):
        assert words in done.stdout
    assert status(thecal)["limits"]["max_dose_mcg_per_day"] == 600
    done = thecal("program", "--dose-mcg-per-day", "601", "--yes")
    assert (done.exit_code, "limit of 600" in done.stderr) == (4, True)
    assert thecal("limits").stdout == limits.stdout
    assert json.loads(thecal("limits", "--json").stdout)["limits"]["max_dose_mcg_per_day"] == 600
    assert thecal("limits", "--max-bolus-mcg", "0").exit_code == 2


@pytest.mark.usefixtures("emulator")
def test_program_beyond_the_soft_limit_needs_an_override(thecal: Thecal) -> None:
    start_therapy(thecal)
    program = ("program", "--dose-mcg-per-day", "651", "--yes")
    done = thecal(*program)
    assert (done.exit_code, "allow 400 to 650 mcg/day; --override" in done.stderr) == (4, True)
    assert thecal(*program, "--override").exit_code == 0
    events = json.loads(thecal("log", "--json").stdout)
    override = next(event for event in events if event["name"] == "LIMIT_OVERRIDE")
    assert override["data"] == {
        "dose_ng_per_day": 651_000,
        "soft_min_dose_ng_per_day": 400_000,
        "soft_max_dose_ng_per_day": 650_000,
    }


def test_demo_alarm_is_heard_once_and_raises_nothing(emulator: EmulatorProcess, thecal: Thecal) -> None:
    assert thecal("demo-alarm", "critical").exit_code == 4  # unfilled: it makes no tone
    start_therapy(thecal)
    assert "two tones" in thecal("demo-alarm", "critical").stdout
    assert json.loads(thecal("demo-alarm", "non_critical", "--json").stdout)["alarms"] == []
    with emulator.debug_client() as debug:
        assert [tone["kind"] for tone in debug.tones()] == ["dual", "single"]
    assert thecal("demo-alarm", "loud").exit_code == 2


@pytest.mark.shows("SEED-11")
def test_check_fails_until_the_alarm_is_silenced(emulator: EmulatorProcess, thecal: Thecal) -> None:
    start_therapy(thecal)
    thecal("stop")
    assert thecal("status", "--check").exit_code == 0
    advance(emulator, 7 * 3600)
    assert thecal("status", "--check").exit_code == 1
    done = thecal("silence", "low_reservoir")
    assert (done.exit_code, "that alarm is not on" in done.stderr) == (4, True)
    assert thecal("silence", "stopped").exit_code == 0
    assert thecal("status", "--check", "--json").exit_code == 0
    assert status(thecal)["alarms"] == ["stopped"]


def test_without_the_head_there_is_status_but_no_session(emulator: EmulatorProcess, thecal: Thecal) -> None:
    with emulator.debug_client() as debug:
        debug.head("off")
    done = thecal("clock", "--wall", "2027-02-28")
    assert (done.exit_code, "telemetry head" in done.stderr) == (5, True)
    assert status(thecal)["wall"] is None


@pytest.mark.usefixtures("emulator")
def test_clock_is_set(thecal: Thecal) -> None:
    done = thecal("clock", "--wall", "2027-02-28T23:59:00", "--json")
    assert json.loads(done.stdout)["wall"] == "2027-02-28T23:59:00"


@pytest.mark.usefixtures("emulator")
def test_log_as_table_csv_and_json(thecal: Thecal) -> None:
    start_therapy(thecal)
    events = json.loads(thecal("log", "--json").stdout)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    refill = next(event for event in events if event["name"] == "REFILL")
    assert refill["data"] == {"expected_nl": 0, "aspirated_nl": None, "filled_nl": 20_000_000}
    rows = list(csv.DictReader(io.StringIO(thecal("log", "--csv", "--since", str(refill["seq"])).stdout)))
    assert rows[0]["name"] == "REFILL"
    assert rows[0]["data"] == "expected_nl=0 aspirated_nl= filled_nl=20000000"
    assert len(thecal("log").stdout.splitlines()) >= len(events)


def test_the_fault_log_holds_faults_alone(emulator: EmulatorProcess, thecal: Thecal) -> None:
    with emulator.debug_client() as debug:
        debug.fault("buzzer_dead")
        debug.cut(1)
    faults = json.loads(thecal("log", "--faults", "--json").stdout)
    assert [fault["name"] for fault in faults] == ["ALARM_DEVICE_FAULT"]
    assert "buzzer_fault" in json.loads(thecal("status", "--json").stdout)["advisories"]


def test_watch_prints_an_update_a_line(thecal: Thecal) -> None:
    with EmulatorProcess(speed=100) as emulator:
        lines = thecal("watch", "--json", "--count", "3", "--port", emulator.url).stdout.splitlines()
        updates = [json.loads(line) for line in lines]
        header, *rows = thecal("watch", "--count", "2", "--every", "1m").stdout.splitlines()
        assert header.split("  ")[-1] == "State and alarms"
        assert len(rows) == 2
    with EmulatorProcess(speed=100) as emulator, Programmer.open(emulator.url) as pump:
        assert set(updates[0]) == set(pump.status()) | {"seq"}
    assert updates[0]["seq"] < updates[1]["seq"] < updates[2]["seq"]
    assert updates[0]["uptime_s"] <= updates[1]["uptime_s"] <= updates[2]["uptime_s"]


@pytest.mark.parametrize("scheme", ["", "spy://"])
def test_pseudo_terminal_and_spy(emulator: EmulatorProcess, thecal: Thecal, scheme: str) -> None:
    if emulator.pty is None:
        pytest.skip("no pseudo-terminals here")
    url = scheme + emulator.pty
    for verb in (IMPLANT, REFILL, PROGRAM):
        assert thecal(*verb, "--port", url).exit_code == 0
    assert json.loads(thecal("status", "--json", "--port", url).stdout)["therapy"] == "running"


@pytest.mark.parametrize("therapy", ["running", "stopped"])
def test_a_program_that_was_staged_and_not_committed_is_warned_of(
    server: PeerServer, thecal: Thecal, therapy: str
) -> None:
    server.peer.refuse = {"COMMIT": "inconsistent"}
    server.peer.status |= {"therapy": therapy, "operation": "basal" if therapy == "running" else "idle"}
    done = thecal("program", "--dose-mcg-per-day", "500", "--yes", "--port", server.url)
    assert (done.exit_code, "not committed; the pump goes on as before" in done.stderr) == (4, True)
    assert ("left stopped" in done.stderr) == (therapy == "stopped")


ANSWERS = pytest.mark.parametrize(("keys", "exit_code"), [(b"y\n", 0), (b"n\n", 1), (b"\n", 1), (b"\x04", 130)])


@ANSWERS
def test_program_asks_on_a_terminal(server: PeerServer, terminal: tuple[int, int], keys: bytes, exit_code: int) -> None:
    shown, code = asked(terminal, keys, "program", "--dose-mcg-per-day", "300", "--port", server.url)
    assert code == exit_code
    assert ("COMMIT" in commands(server.peer)) == (exit_code == 0)
    old, new = b"500                    300  (-40.0 %)", b"0.250                  0.150"
    assert old in shown
    assert new in shown


def talk(
    terminal: tuple[int, int], answers: Sequence[tuple[bytes, Callable[[], object]]], *arguments: str
) -> tuple[str, int]:
    """All that a command says on stderr, its questions answered after something was done each; and its exit code."""
    ours, theirs = terminal
    with child(child_command(*arguments), stdin=theirs, stdout=PIPE, stderr=PIPE) as asking:
        shown = b""
        for number, (keys, meanwhile) in enumerate(answers, 1):
            while shown.count(b"[y/N]") < number:
                piece = os.read(asking.stderr.fileno(), 1000)
                assert piece, f"it ended after {shown!r}"
                shown += piece
            meanwhile()
            os.write(ours, keys)
        _, rest = asking.communicate(timeout=LIMIT_S)
    assert b"Traceback" not in rest
    return (shown + rest).decode(), asking.returncode


def other_orders(*orders: str) -> Callable[[], None]:
    """Another programmer orders that at the only pump in sight."""

    def order() -> None:
        with Programmer.open() as pump:
            for one in orders:
                if one == "stop":
                    pump.stop()
                elif one == "refill":
                    pump.refill(20, 2000)
                else:
                    pump.program_simple(int(one), override=True)

    return order


def nothing() -> None:
    pass


MEANWHILE = {
    "another commit": (("310",), "310                    280"),
    "a stop": (("stop",), "stopped                running"),
    "the same program again": (("300",), "300                    280"),
    "one there and back": (("310", "300"), "300                    280"),
}


@pytest.mark.parametrize("orders", MEANWHILE)
@pytest.mark.parametrize("keys", [b"y\n", b"n\n"])
def test_program_asks_again_when_the_pump_changed_while_it_asked(
    emulator: EmulatorProcess, thecal: Thecal, terminal: tuple[int, int], orders: str, keys: bytes
) -> None:
    start_therapy(thecal)
    assert thecal("program", "--dose-mcg-per-day", "300", "--override", "--yes").exit_code == 0
    done, row = MEANWHILE[orders]
    answers = [(b"y\n", other_orders(*done)), (keys, nothing)]
    shown, code = talk(terminal, answers, "program", "--dose-mcg-per-day", "280", "--override")
    assert code == (0 if keys == b"y\n" else 1), shown
    first, again = shown.split("the pump changed while this was looked at, and is now:")
    assert "300                    280" in first
    assert row in again
    assert (status(thecal)["dose_mcg_per_day"] == 280) == (keys == b"y\n")
    left_stopped = "left stopped" in again
    assert left_stopped == (orders == "a stop" and keys == b"n\n")


def test_what_is_said_after_a_no_is_of_the_pump_as_it_is_then(
    emulator: EmulatorProcess, thecal: Thecal, terminal: tuple[int, int]
) -> None:
    start_therapy(thecal)
    shown, code = talk(terminal, [(b"n\n", other_orders("stop"))], "program", "--dose-mcg-per-day", "400")
    assert (code, "left stopped" in shown) == (1, True)


@pytest.mark.parametrize(
    ("meanwhile", "given"),
    [
        (lambda pump: pump.correct(1000), False),
        (lambda pump: pump.refill(19, 2000), True),
        (lambda pump: pump.refill(19, 1000), True),  # which is not at the tip yet
    ],
    ids=["another record", "the same drug", "another drug"],
)
def test_a_bolus_is_not_given_of_another_drug_than_was_asked_about(
    emulator: EmulatorProcess,
    thecal: Thecal,
    terminal: tuple[int, int],
    meanwhile: Callable[[Programmer], object],
    given: bool,
) -> None:
    start_therapy(thecal)
    advance(emulator, 3 * DAY_S)

    def change() -> None:
        with Programmer.open() as pump:
            meanwhile(pump)

    shown, code = talk(terminal, [(b"y\n", change)], "bolus", "--dose-mcg", "20", "--over", "30m")
    assert ("not given: the pump changed" in shown) == (code == 1) == (not given), shown
    assert (status(thecal)["last_bolus"] is not None) == (code == 0)


@ANSWERS
def test_implant_asks_about_an_unusual_line(
    server: PeerServer, terminal: tuple[int, int], keys: bytes, exit_code: int
) -> None:
    line = ("--catheter-cm", "89", "--pump-tubing-ml", "0.99", "--catheter", "new")
    shown, code = asked(terminal, keys, "implant", *line, "--port", server.url)
    assert code == exit_code
    assert ("IMPLANT" in commands(server.peer)) == (exit_code == 0)
    assert b"hold 1.1858 mL" in shown
    assert b"a prime fills what is empty of that" in shown


@pytest.mark.parametrize(
    ("line", "exit_code", "words"),
    [
        (("--catheter-cm", "110"), 0, ""),
        (("--catheter-cm", "110.1"), 2, "no terminal to ask on; --yes"),
        (("--catheter-cm", "110.1", "--yes"), 0, ""),
        (("--catheter-cm", "89", "--pump-tubing-ml", "14"), 2, "--pump-tubing-ml 14 is outside 0 to 1 mL"),
        (("--catheter-cm", "250", "--yes"), 2, "--catheter-cm 250 is outside 0 to 200 cm"),
    ],
)
def test_implant_takes_a_usual_line_unasked_and_an_impossible_one_never(
    server: PeerServer, thecal: Thecal, line: tuple[str, ...], exit_code: int, words: str
) -> None:
    done = thecal("implant", *line, "--catheter", "new", "--port", server.url)
    assert (done.exit_code, words in done.stderr) == (exit_code, True), done.stderr
    assert ("IMPLANT" in commands(server.peer)) == (exit_code == 0)


def test_ctrl_c_ends_watch_cleanly(server: PeerServer) -> None:
    server.pushes = (1,)
    with child(child_command("watch", "--port", server.url), stdout=PIPE, stderr=PIPE) as watching:
        assert watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        _, said = watching.communicate(timeout=LIMIT_S)
    assert watching.returncode == 130
    assert said.strip() == b""
    assert server.peer.done[-1] == ("SUBSCRIBE", {"period_s": 0})


def test_reader_that_has_seen_enough_of_watch_ends_it(server: PeerServer) -> None:
    server.pushes = range(50)
    with child(child_command("watch", "--json", "--port", server.url), stdout=PIPE, stderr=PIPE) as watching:
        assert watching.stdout.readline()
        watching.stdout.close()
        assert watching.stderr.read() == b""
        assert watching.wait(LIMIT_S) == 0
