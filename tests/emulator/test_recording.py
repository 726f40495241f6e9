"""`thecal record`: its summary, also after Ctrl-C and a failure, and what a terminal shows meanwhile."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.cli.recording import CtrlC
from host_tools.emulator.process import EmulatorProcess
from host_tools.exports.telemetryfile import COLUMNS, TelemetryFile
from tests.child import LIMIT_S, child, interrupted, thecal
from tests.emulator.conftest import Start
from tests.emulator.test_process import needs_pty


def rows_of(file: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute("SELECT seq, uptime_s FROM telemetry ORDER BY rowid").fetchall()


@needs_pty
def test_a_terminal_shows_rows_rate_and_lag_and_ctrl_c_ends_with_the_summary(start: Start, tmp_path: Path) -> None:
    start(speed=600)
    file = tmp_path / "pump.sqlite"
    code, out, shown = interrupted(thecal("record", str(file), "--every", "1m", "--json"), b"lag")
    assert code == 0
    assert " a second, lag " in shown
    summary, rows = json.loads(out), rows_of(file)
    assert summary["rows"] == len(rows) > 0
    assert summary["covered_s"] == rows[-1][1] - rows[0][1]
    assert summary["size_bytes"] == file.stat().st_size
    assert [seq for seq, _ in rows] == list(range(rows[0][0], rows[0][0] + len(rows)))


def test_a_pipe_gets_the_summary_alone(start: Start, tmp_path: Path) -> None:
    start(speed=600)
    file = tmp_path / "pump.sqlite"
    command = thecal("record", str(file), "--every", "1m", "--count", "4")
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        out, err = running.communicate(timeout=LIMIT_S)
    covered_m = (rows_of(file)[-1][1] - rows_of(file)[0][1]) // 60
    assert out.splitlines()[0] == f"4 rows in {file}, {file.stat().st_size:,} bytes"
    assert out.splitlines()[1].startswith(f"{covered_m}m")
    assert out.splitlines()[1].endswith("of pump time; the pump dropped 0 messages")
    assert err == ""


def test_a_pump_that_goes_away_leaves_the_summary_on_stderr(start: Start, tmp_path: Path) -> None:
    emulator: EmulatorProcess = start(speed=600)
    file = tmp_path / "pump.sqlite"
    command = thecal("record", str(file), "--every", "1m", "--port", emulator.url)
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while not (file.exists() and file.stat().st_size and _has_rows(file)):
            pass
        emulator.kill()
        out, err = running.communicate(timeout=LIMIT_S)
        assert running.returncode == 3
    assert out == ""
    assert f"in {file}, " in err
    assert int(err.split()[0]) == len(rows_of(file))


def _has_rows(file: Path) -> bool:
    try:
        return bool(rows_of(file))
    except sqlite3.OperationalError:
        return False  # its tables are being made


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C does what it does in a terminal: a run of the tests in the background was started ignoring it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_waits_for_the_row_that_is_being_written() -> None:
    written = []
    with CtrlC() as ctrl_c:
        for number in range(5):
            with ctrl_c.held():
                if number == 2:
                    signal.raise_signal(signal.SIGINT)
                written.append(number)
    assert written == [0, 1, 2]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_a_wait_at_once_and_an_error_is_an_error() -> None:
    reached = []
    with CtrlC():
        signal.raise_signal(signal.SIGINT)
        reached.append("after it")
    assert not reached
    with pytest.raises(ValueError, match="full"):
        _fail_after_ctrl_c()


def _fail_after_ctrl_c() -> None:
    with CtrlC() as ctrl_c, ctrl_c.held():
        signal.raise_signal(signal.SIGINT)
        raise ValueError("full")


Counts = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 50), st.booleans()), max_size=12)


@given(steps=Counts)
def test_dropped_messages_are_counted_over_restarts(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, int, bool]]
) -> None:
    status = dict.fromkeys(("serial", "model", "firmware", "schema"), "x") | {"wall": None}
    update: dict[str, Any] = dict.fromkeys(COLUMNS, 0) | {"alarms": [], "telemetry_dropped": 7}
    with TelemetryFile(tmp_path_factory.mktemp("recording") / "pump.sqlite", status) as telemetry:
        telemetry.add(update)
        dropped = 0
        for passed_s, more, restarted in steps:
            restarted = restarted and more < update["telemetry_dropped"]  # else it cannot be told
            update["telemetry_dropped"] = more if restarted else update["telemetry_dropped"] + more
            update["uptime_s"] += passed_s
            dropped += more
            telemetry.add(update)
        assert telemetry.rows == len(steps) + 1
        assert telemetry.dropped == dropped
        assert telemetry.covered_s == sum(passed_s for passed_s, _, _ in steps)
