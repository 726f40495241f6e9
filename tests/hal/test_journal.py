"""A run's journal is enough to run its firmware again without any plant, and to see where another one departs."""

import gzip
import json
import os

import pytest

from firmware.checks import sensors
from firmware.config import Config
from firmware.records import slots
from firmware.safety import alarms
from firmware.therapy import dosewindow
from host_tools.machines.mock.journal import Journal
from host_tools.machines.mock.machine import MockMachine
from host_tools.machines.mock.replay import JournalError, replay
from host_tools.scenario import runner
from tests.rooms import SCENARIO_FILES, loaded

DAY_MS = 86_400_000
LOW = next(file for file in SCENARIO_FILES if file.stem == "low_reservoir")
SOME = SCENARIO_FILES if os.environ.get("THECAL_HYPOTHESIS") == "thorough" else SCENARIO_FILES[4::12]
"""One in twelve scenarios; `make check` tries all."""


def kept(scenario, path):
    """The result of a run whose journal is kept."""
    return runner.run_scenario(scenario, journal=Journal(path, scenario.name))


@pytest.mark.parametrize("file", SOME, ids=lambda file: file.stem)
def test_a_replay_is_the_run_to_the_byte(file, tmp_path):
    result = kept(loaded(file), tmp_path / "journal")
    again = replay(tmp_path / "journal")
    assert again.departure is None
    assert again.trace_sha256 == again.expected_sha256 == result.trace_sha256
    assert again.same
    assert again.events == result.events


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """A low reservoir, the alarm silenced, and a program refused."""
    path = tmp_path_factory.mktemp("journal") / "low"
    kept(loaded(LOW), path)
    return path


def test_a_journal_changes_no_trace(journal):
    scenario = loaded(LOW)
    assert replay(journal).expected_sha256 == runner.run_scenario(scenario).trace_sha256


CHANGES = {
    "a sensor is read twice an hour": (sensors, "PERIOD_S", 1800, "after event 18, SESSION_CLOSE", "thermometer.centi"),
    "a low reservoir sounds as a stall does": (
        alarms,
        "_SINGLE",
        0x55,
        "after event 22, LOW_RESERVOIR",
        "buzzer.play(85)",
    ),
    "a record that does not hold its numbers": (
        dosewindow,
        "_MOST",
        47,
        "after event 2, POST_PASS",
        "raises error: pack expected",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_firmware_departs_and_it_says_where(change, journal, monkeypatch):
    module, name, value, where, what = CHANGES[change]
    monkeypatch.setattr(module, name, value)
    again = replay(journal)
    assert not again.same
    assert where in str(again.departure)
    assert what in str(again.departure)


def test_a_crash_is_replayed(tmp_path, monkeypatch):
    """A firmware that raises ends the run; its journal leads to the same place, and a mended one goes past it."""
    scenario = loaded(LOW)
    with monkeypatch.context() as broken:
        broken.setattr(alarms.Alarms, "raise_alarm", lambda *_: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            kept(scenario, tmp_path / "journal")
        again = replay(tmp_path / "journal")
        assert (again.same, again.departure) == (True, None)
        assert str(again.crash).startswith("ZeroDivisionError")
    mended = replay(tmp_path / "journal")
    assert "where the journal has nothing more" in str(mended.departure)


def lines_of(path):
    with gzip.open(path, "rt") as file:
        return [json.loads(line) for line in file]


def reports(line):
    """The calls of a wake in which the motor told of many steps."""
    calls = line[3] if isinstance(line, list) and line[0] == "poll" else []
    return [call for call in calls if call[0] == "motor.progress" and call[2][1] > 100]


def written(path, lines):
    with gzip.open(path, "wt") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


def test_another_input_is_where_it_departs(journal, tmp_path):
    """The motor reports a step less than it was when the journal was kept: the books, then the store, are others."""
    lines = lines_of(journal)
    number, line = next((at, line) for at, line in enumerate(lines) if at > 50 and reports(line))
    for call in reports(line):
        call[2][1] -= 1
    again = replay(written(tmp_path / "other", lines))
    assert not again.same
    assert again.now_ms == lines[number][1]
    assert any(call in str(again.departure) for call in ("store.write(", "motor.order("))


def test_another_wish_to_be_woken_is_where_it_departs(journal, tmp_path):
    lines = lines_of(journal)
    poll = next(line for line in lines if isinstance(line, list) and line[0] == "poll" and line[1] > 0)
    poll[2] += 1
    again = replay(written(tmp_path / "other", lines))
    assert f"is to be woken at {poll[2] - 1} s, where the journal has {poll[2]} s" in str(again.departure)


def test_a_store_that_is_there_already_or_changes_by_itself_is_an_input(tmp_path):
    """A pump that wakes up with records, one of which rots later on; no fault of the plant says so."""
    before = MockMachine(Config())
    before.advance_to(DAY_MS)
    kept_in = Journal(tmp_path / "journal", "rot")
    with kept_in:
        machine = MockMachine(Config(), store=before.hal.store.dump(), journal=kept_in)
        machine.advance_to(DAY_MS)
        machine.hal.store.corrupt(slots.PATIENT[0][0], 99)
        machine.advance_to(2 * DAY_MS)
        kept_in.close(machine.effects.trace_sha256())
    again = replay(tmp_path / "journal")
    assert (again.departure, again.same) == (None, True)
    assert "MEM_CORRECTED" in [event["name"] for event in again.events]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"no gzip", "cannot be read as a journal: Not a gzipped file"),
        (gzip.compress(b"{}\n{}\n"), "is no journal of this version"),
        (gzip.compress(b""), "is no journal of this version"),
        (gzip.compress(b"{\n"), "cannot be read as a journal: Expecting"),
        (gzip.compress(b'{"journal": 99}\n["poll", 0, 0, []]\n'), "is no journal of this version"),
    ],
)
def test_what_is_no_journal_is_said(content, complaint, tmp_path):
    path = tmp_path / "journal"
    path.write_bytes(content)
    with pytest.raises(JournalError, match=complaint):
        replay(path)


def test_a_run_that_was_broken_off_is_replayed_as_far_as_it_went(journal, tmp_path):
    path = tmp_path / "part"
    path.write_bytes(journal.read_bytes()[:60_000])
    again = replay(path)
    assert (again.same, again.expected_sha256) == (True, None)
    assert 100 < again.polls < replay(journal).polls
