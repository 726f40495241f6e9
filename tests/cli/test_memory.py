"""The verbs around what the pump remembers, against real emulators over real pyserial."""

import csv
import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from host_tools.emulator.process import EmulatorProcess
from host_tools.exports.pumpregistry import ALARM_EVENTS, EVENT_COLUMNS, PUMP_COLUMNS
from host_tools.exports.telemetryfile import COLUMNS
from protocol import codes
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import DAY_S, IMPLANT, PROGRAM, REFILL, advance, start_therapy, status

pytestmark = pytest.mark.usefixtures("emulator")


def test_the_patients_record_is_shown_and_written(thecal: Thecal) -> None:
    assert thecal("patient").stdout.split()[0] == "empty"
    done = thecal("patient", "--set", "patient_name=Ada Holm", "--set", "contacts=North: 12\nHome: 13 = new")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["patient_name", "Ada", "Holm"]
    assert [line.strip() for line in lines[1:3]] == ["contacts             North: 12", "Home: 13 = new"]
    assert thecal("patient", "--set", "patient_name=").stdout.startswith("contacts")


def test_a_file_of_texts_is_written(thecal: Thecal, tmp_path: Path) -> None:
    file = tmp_path / "patient.yaml"
    file.write_text("born: 1980-05-17\nallergies: latex\n")
    assert thecal("patient", "--file", str(file), "--set", "allergies=none").exit_code == 0
    told = json.loads(thecal("patient", "--json").stdout)
    assert (told["patient"]["born"], told["patient"]["allergies"]) == ("1980-05-17", "none")
    assert list(told["patient"]) == list(codes.RECORDS)


@pytest.mark.parametrize(
    ("arguments", "text", "words"),
    [
        (("--set", "patient_name"), "", "sets nothing"),
        (("--set", "name=Ada"), "", "no field 'name'"),
        (("--set", "born=yesterday"), "", "write 1980-05-17"),
        (("--file", "FILE"), "patient_name: [Ada]\n", "holds no texts"),
        (("--file", "FILE"), "a: b: c\n", "FILE:1: no valid YAML"),
        (("--file", "FILE"), "- a\n", "holds no texts"),
    ],
)
def test_what_is_no_record_is_refused_in_a_line_and_nothing_is_written(
    thecal: Thecal, tmp_path: Path, arguments: tuple[str, ...], text: str, words: str
) -> None:
    file = tmp_path / "patient.yaml"
    file.write_text(text)
    done = thecal("patient", *(str(file) if word == "FILE" else word for word in arguments))
    assert done.exit_code == 2
    assert words.replace("FILE", str(file)) in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not any(json.loads(thecal("patient", "--json").stdout)["patient"].values())


def test_the_titration_is_told(emulator: EmulatorProcess, thecal: Thecal) -> None:
    assert "no dose was committed yet" in thecal("titration").stdout
    start_therapy(thecal)
    advance(emulator, 2 * DAY_S)
    thecal("program", "--dose-mcg-per-day", "700", "--yes", "--override")
    first, second = thecal("titration").stdout.splitlines()
    assert "2026-01-05 08:00:0" in first
    assert "500 mcg/day, of 2000 mcg/mL  first dose" in first
    assert "700 mcg/day, of 2000 mcg/mL  +40.0 %  limit overridden" in second
    assert [dose["change_percent"] for dose in json.loads(thecal("titration", "--json").stdout)] == [None, 40.0]


def test_alarm_settings_are_shown_set_and_never_off(thecal: Thecal) -> None:
    assert "every 10m" in thecal("alarm-settings").stdout
    done = thecal("alarm-settings", "--critical-interval", "2m", "--low-reservoir-ml", "3.5")
    assert done.exit_code == 0
    assert "every 2m" in done.stdout
    assert "below 3.500 mL" in done.stdout
    assert status(thecal)["alarm_settings"]["low_reservoir_nl"] == 3_500_000
    for option, value in (("--critical-interval", "0s"), ("--stopped-after", "2d"), ("--low-reservoir-ml", "11")):
        done = thecal("alarm-settings", option, value)
        assert done.exit_code == 2
        assert len(done.stderr.splitlines()) == 1
    assert thecal("alarm-settings", "--low-reservoir-ml", "1").exit_code == 4  # less than the residual volume
    assert status(thecal)["alarm_settings"]["critical_interval_s"] == 120


def test_a_new_pump_takes_the_catheter_over(thecal: Thecal, tmp_path: Path) -> None:
    assert thecal(*IMPLANT, "--site", "left abdomen", "--depth-mm", "18").exit_code == 0
    thecal("patient", "--set", "patient_name=Ada Holm")
    old = tmp_path / "old.json"
    old.write_text(thecal("patient", "--json").stdout)
    with EmulatorProcess(speed=0, seed=7) as second:
        url = second.url
        done = thecal("implant", "--keep-catheter", str(old), "--wall", "2033-01-05T08:00:00", "--port", url)
        assert done.exit_code == 0, done.stderr
        told = json.loads(thecal("patient", "--json", "--port", url).stdout)
    assert told["serial"] == "THECAL-00008"
    assert told["patient"]["patient_name"] == "Ada Holm"
    assert told["implant"] == {
        "implanted": "2033-01-05T08:00:00",
        "catheter_cm": 89.0,
        "pump_tubing_ml": 0.14,
        "site": "left abdomen",
        "depth_mm": 18,
        "kept_catheter": True,
    }


@pytest.mark.shows("FI-31")
def test_a_corrupt_record_is_said_in_words_and_written_anew(
    emulator: EmulatorProcess, thecal: Thecal, tmp_path: Path
) -> None:
    assert thecal("patient", "--set", "patient_name=Ada Holm").exit_code == 0
    with emulator.debug_client() as debug:
        debug.fault("store_corrupt", region="patient", copies=2)
    for options in ((), ("--json",)):
        done = thecal("patient", *options)
        assert (done.exit_code, "error" in json.loads(done.stdout) if options else done.stdout == "") == (4, True)
        assert "no copy of the patient's record in the pump is whole" in done.stderr
        assert len(done.stderr.splitlines()) == 1
    for verb in ("report", "card"):
        file = tmp_path / f"{verb}.html"
        done = thecal(verb, "--out", str(file))
        assert done.exit_code == 0, done.stderr
        assert "record in the pump is corrupt" in file.read_text()
    assert thecal("patient", "--set", "born=1980-05-17").exit_code == 0
    assert "Ada" not in thecal("patient").stdout


@pytest.mark.parametrize("text", ["{}", "[1]", '{"implant": {"catheter_cm": 89}}', "{"])
def test_what_is_no_pumps_record_keeps_no_catheter(thecal: Thecal, tmp_path: Path, text: str) -> None:
    file = tmp_path / "old.json"
    file.write_text(text)
    done = thecal("implant", "--keep-catheter", str(file))
    assert done.exit_code == 2
    assert str(file) in done.stderr
    assert status(thecal)["implanted"] is None
    assert thecal("implant").exit_code == 2
    assert thecal(*IMPLANT, "--keep-catheter", str(file)).exit_code == 2


@pytest.mark.shows("FI-54")
def test_another_pump_than_the_one_that_was_meant_is_left_alone(emulator: EmulatorProcess, thecal: Thecal) -> None:
    url = emulator.url
    before = thecal("log", "--json").stdout
    for verb in (("status",), (*PROGRAM, "--override"), ("stop",), ("patient",), ("log",)):
        done = thecal(*verb, "--port", url, "--serial", "THECAL-00002")
        assert done.exit_code == 3
        assert "pump THECAL-00001 answers" in done.stderr
        assert "not THECAL-00002" in done.stderr
    assert thecal("log", "--json").stdout == before
    with EmulatorProcess(speed=0, seed=1):
        assert thecal("status").exit_code == 3  # which of the two?
        for serial in ("THECAL-00001", "THECAL-00002"):
            assert json.loads(thecal("status", "--json", "--serial", serial).stdout)["serial"] == serial


@pytest.mark.shows("SEED-46")
def test_events_and_a_registrys_row_are_exported_without_personal_data(
    emulator: EmulatorProcess, thecal: Thecal
) -> None:
    thecal("patient", "--set", "patient_name=Ada Holm")
    assert thecal(*IMPLANT, "--site", "left abdomen").exit_code == 0
    for verb in (REFILL, PROGRAM):
        thecal(*verb)
    advance(emulator, 73 * DAY_S)
    rows = list(csv.DictReader(io.StringIO(thecal("export").stdout)))
    events = json.loads(thecal("log", "--json").stdout)
    assert tuple(rows[0]) == EVENT_COLUMNS
    assert [(row["serial"], int(row["seq"]), row["name"]) for row in rows] == [
        ("THECAL-00001", event["seq"], event["name"]) for event in events[: len(rows)]
    ]
    head, *lines = map(json.loads, thecal("export", "--format", "jsonl").stdout.splitlines())
    assert head["status"]["serial"] == "THECAL-00001"
    assert lines[: len(events)] == events
    first, second = (thecal("export", "--registry", *options).stdout for options in ((), ("--no-header",)))
    (row,) = csv.DictReader(io.StringIO(first))
    assert tuple(row) == PUMP_COLUMNS
    assert first.splitlines()[1:] == second.splitlines()
    assert (row["refills"], row["n_low_reservoir"], row["n_motor_stall"]) == ("1", "1", "0")
    assert (row["implanted"], row["delivered_ml"], row["first_seq"]) == ("2026-01-05", "18.25", "1")
    assert {f"n_{name.lower()}" for name in ALARM_EVENTS} < set(row)
    for options in ((), ("--format", "jsonl"), ("--registry",)):
        text = thecal("export", *options).stdout
        assert "Ada" not in text
        assert "abdomen" not in text


@pytest.mark.parametrize(
    "options",
    [
        ("--registry", "--format", "jsonl"),
        ("--json", "--format", "csv"),
        ("--no-header", "--json"),
        ("--format", "xml"),
    ],
)
def test_exports_that_there_are_not(thecal: Thecal, options: tuple[str, ...]) -> None:
    assert thecal("export", *options).exit_code == 2


def test_telemetry_is_recorded_row_by_row(thecal: Thecal, tmp_path: Path) -> None:
    file = tmp_path / "pump.sqlite"
    start_therapy(thecal)
    with EmulatorProcess(speed=600) as quick:
        url = quick.url
        done = thecal("record", str(file), "--every", "1m", "--count", "3", "--port", url)
        assert done.exit_code == 0, done.stderr
        assert done.stdout.startswith(f"3 rows in {file}, ")
        done = thecal("record", str(file), "--every", "1m", "--for", "5m", "--json", "--port", url)
        more = json.loads(done.stdout)["rows"]
    with closing(sqlite3.connect(file)) as db:
        runs = db.execute("SELECT id, serial FROM run").fetchall()
        rows = db.execute(f"SELECT run, {', '.join(COLUMNS)} FROM telemetry ORDER BY rowid").fetchall()
    assert file.stat().st_mode & 0o077 == 0
    assert runs == [(1, quick.serial), (2, quick.serial)]
    assert [row[0] for row in rows] == [1] * 3 + [2] * more
    times_s = [row[2] for row in rows if row[0] == 2]
    assert times_s == sorted(times_s)
    assert times_s[-1] - times_s[0] >= 300
    assert json.loads(rows[0][-1]) == []


def test_a_file_of_something_else_is_not_written_into(thecal: Thecal, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as db, db:
        db.execute("CREATE TABLE other (a)")
    text = tmp_path / "notes.txt"
    text.write_text("not a database, but long enough to be looked at\n" * 20)
    for file in (other, text, tmp_path / "no" / "such.sqlite"):
        before = file.read_bytes() if file.exists() else None
        done = thecal("record", str(file), "--count", "1")
        assert done.exit_code == 2
        assert str(file) in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert (file.read_bytes() if file.exists() else None) == before
