"""`watch --on-alarm`: a command once for each alarm that is raised, which holds up nothing."""

import json
import os
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.cli import onalarm
from host_tools.cli.onalarm import OnAlarm
from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import reading
from tests.child import LIMIT_S
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import start_therapy

NAMES = ("motor_stall", "low_reservoir", "eri")
TOLD = ("THECAL_ALARM", "THECAL_ALARM_CLASS", "THECAL_SERIAL")


def status(on: dict[str, int], serial: str = "P-1") -> Any:
    """A status with alarms that were raised at these times."""
    alarms = [{"name": name, "class": "critical", "since_s": since_s} for name, since_s in on.items()]
    return {"serial": serial, "alarm_list": alarms}


class Started:
    """Stands for processes that are started: whom they were started for. Each ends with `code` at once."""

    DEVNULL = None

    def __init__(self, code: int | None = 0) -> None:
        self.told: list[dict[str, str]] = []
        self._code = code

    def Popen(self, _words: list[str], env: dict[str, str], **_options: Any) -> Any:  # noqa: N802 - Python's name
        self.told.append({key: env[key] for key in TOLD})
        return SimpleNamespace(poll=lambda: self._code, returncode=self._code)


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2)), max_size=12))
def test_each_raise_starts_it_once_and_those_on_at_the_start_count(lists: list[dict[str, int]]) -> None:
    expected: list[str] = []
    for before, now in zip([{}, *lists], lists, strict=False):
        expected += [name for name, since_s in now.items() if before.get(name) != since_s]
    started = Started()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onalarm, "subprocess", started)
        commands = OnAlarm(["command"])
        for on in lists:
            commands.update(status(on))
    assert [told["THECAL_ALARM"] for told in started.told] == expected


def test_without_a_command_nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    started = Started()
    monkeypatch.setattr(onalarm, "subprocess", started)
    OnAlarm(None).update(status({"eri": 1}))
    assert started.told == []


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no such pipes here")
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_it_waits_for_no_command(pipe: Path) -> None:
    """The command ends only once it is let go, which is after the watch has gone on twice."""
    commands = OnAlarm([sys.executable, "-c", f"open({str(pipe)!r}).read()"])
    commands.update(status({"eri": 1}))
    commands.update(status({"eri": 1}))
    ((_, process),) = commands._running
    assert process.poll() is None
    pipe.write_text("go")
    assert process.wait(LIMIT_S) == 0


def test_values_are_no_part_of_the_command(tmp_path: Path) -> None:
    serial = "$(touch owned); touch owned `touch owned` \"'"
    told = tmp_path / "told"
    script = f"import os; open({str(told)!r}, 'w').write(os.environ['THECAL_SERIAL'])"
    commands = OnAlarm([sys.executable, "-c", script])
    commands.update(status({"eri": 1}, serial))
    ((_, process),) = commands._running
    assert process.wait(LIMIT_S) == 0
    assert told.read_text() == serial
    assert [path.name for path in tmp_path.iterdir()] == ["told"]


def test_a_command_that_fails_is_said_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(onalarm, "subprocess", Started(code=7))
    ended: list[str] = []
    commands = OnAlarm(["command"], lambda: ended.append("table"))
    for _ in range(3):
        commands.update(status({"eri": 1}))
    commands.report_failures()
    assert capsys.readouterr().err == "--on-alarm: the command for eri ended with 7\n"
    assert ended == ["table"]


@pytest.fixture
def alarmed(monkeypatch: pytest.MonkeyPatch, thecal: Thecal) -> Iterator[EmulatorProcess]:
    """A pump whose motor stalls, and whose time stands still."""
    monkeypatch.setattr(reading, "TELEMETRY_TIMEOUT_S", -0.8)
    with EmulatorProcess(speed=0) as emulator:
        start_therapy(thecal)
        with emulator.debug_client() as debug:
            debug.fault("motor_stall")
            debug.advance(86_400)
        yield emulator


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each watch ends once its commands have."""

    def report(commands: OnAlarm, whole: Callable[[OnAlarm], None] = OnAlarm.report_failures) -> None:
        for _, process in commands._running:
            process.wait(LIMIT_S)
        whole(commands)

    monkeypatch.setattr(OnAlarm, "report_failures", report)


@pytest.mark.shows("SEED-58")
@pytest.mark.usefixtures("alarmed", "waited")
def test_watch_tells_the_command_of_each_alarm_of_the_pump(thecal: Thecal, tmp_path: Path) -> None:
    script = f"import json, os; open({str(tmp_path / 'told')!r}, 'a').write(json.dumps(dict(os.environ)) + chr(10))"
    command = shlex.join([sys.executable, "-c", script])
    done = thecal("watch", "--json", "--count", "3", "--on-alarm", command)
    updates = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.exit_code, len(updates)) == (0, 3)
    told = [json.loads(line) for line in (tmp_path / "told").read_text().splitlines()]
    assert sorted(told[n]["THECAL_ALARM"] for n in range(len(told))) == sorted(updates[0]["alarms"])
    assert {"motor_stall", "stopped"} <= set(updates[0]["alarms"])
    classes = {alarm["name"]: alarm["class"] for alarm in updates[0]["alarm_list"]}
    for each in told:
        assert each["THECAL_ALARM_CLASS"] == classes[each["THECAL_ALARM"]]
        assert each["THECAL_SERIAL"] == "THECAL-00001"


@pytest.mark.usefixtures("alarmed", "waited")
@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-command --at all", "no-such-command cannot be started for motor_stall"),
        ("{python} -c 1/0", "command for motor_stall ended with 1"),
    ],
)
def test_a_command_that_cannot_be_started_or_fails_ends_no_watch(thecal: Thecal, command: str, said: str) -> None:
    command = command.format(python=shlex.quote(sys.executable))
    done = thecal("watch", "--json", "--count", "3", "--on-alarm", command)
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 3)
    assert done.stderr.count(said) == 1


@pytest.mark.parametrize("command", ["", "  ", "''", "say 'it"])
def test_what_is_no_command_is_a_usage_error(thecal: Thecal, command: str) -> None:
    done = thecal("watch", "--on-alarm", command)
    assert (done.exit_code, "on-alarm" in done.stderr, done.stderr.count("\n")) == (2, True, 1)
