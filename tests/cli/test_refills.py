"""`refills` against a real emulator: its list, its calendar, and what it refuses."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from host_tools.cli import refills
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import start_therapy, status


@pytest.mark.shows("SEED-64")
@pytest.mark.usefixtures("emulator")
def test_the_list_begins_with_the_pumps_date(thecal: Thecal) -> None:
    start_therapy(thecal)
    told = json.loads(thecal("refills", "--json").stdout)
    pumps = status(thecal)
    first = told["refills"][0]
    assert (first["refill_by"], first["low_reservoir_date"]) == (pumps["refill_by"], pumps["low_reservoir_date"])
    assert (len(told["refills"]), told["ended"], told["signed"]) == (refills.COUNT, False, True)
    done = thecal("refills", "--until", "2026-06-01")
    assert done.stdout.splitlines()[1:3] == [
        " 1  by 2026-03-11; low on 2026-03-18",
        " 2  by 2026-05-15; low on 2026-05-22",
    ]
    assert " 3  by" not in done.stdout
    assert " 2  by" not in thecal("refills", "--until", "2026-06-01", "--count", "1").stdout
    done = thecal("refills", "--until", "2040-01-01")
    assert "None later: the pump reaches its end of service by 2033-01-05" in done.stdout


@pytest.mark.usefixtures("emulator")
def test_a_calendar_is_written_beside_the_list_and_replaced_only_when_told(thecal: Thecal, tmp_path: Path) -> None:
    start_therapy(thecal)
    file = tmp_path / "pump.ics"
    done = thecal("refills", "--count", "3", "--ics", str(file))
    assert (done.exit_code, f"wrote {file}" in " ".join(done.stdout.split())) == (0, True)
    events: list[Any] = Calendar.from_ical(file.read_bytes()).walk("VEVENT")
    days = [event["dtstart"].dt.isoformat() for event in events]
    assert days == ["2026-03-11", "2026-05-15", "2026-07-19"]
    done = thecal("refills", "--ics", str(file))
    assert (done.exit_code, "--force replaces it" in done.stderr) == (2, True)
    told = json.loads(thecal("refills", "--ics", str(file), "--force", "--json", "--early", "10").stdout)
    assert told["file"] == str(file)
    assert b"DTSTART;VALUE=DATE:20260308" in file.read_bytes()


@pytest.mark.usefixtures("emulator")
def test_the_list_needs_no_library(thecal: Thecal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    start_therapy(thecal)
    monkeypatch.setitem(sys.modules, "icalendar", None)
    monkeypatch.delitem(sys.modules, "host_tools.documents.refillcalendar", raising=False)
    assert thecal("refills").exit_code == 0
    done = thecal("refills", "--ics", str(tmp_path / "pump.ics"))
    assert (done.exit_code, "needs icalendar" in done.stderr, "[calendar]" in done.stderr) == (2, True, True)


@pytest.mark.usefixtures("emulator")
def test_what_cannot_be_planned_is_refused_in_words(thecal: Thecal, monkeypatch: pytest.MonkeyPatch) -> None:
    done = thecal("refills")
    assert (done.exit_code, "no drug has been filled in yet" in done.stderr) == (1, True)
    start_therapy(thecal)
    for words, exit_code, said in (
        ("--until 2026-01-04", 2, "2026-01-04 is past"),
        ("--volume-ml 3", 2, "3 mL lasts 4 days"),
        ("--volume-ml 21", 4, "more than the reservoir's 20 mL"),
        ("--early 6", 2, "6 is not in the range"),
    ):
        done = thecal("refills", *words.split())
        assert (done.exit_code, said in done.stderr) == (exit_code, True), done.stderr
    monkeypatch.setattr(refills, "last_filled_nl", lambda _pump: None)
    done = thecal("refills")
    assert (done.exit_code, "--volume-ml names it" in done.stderr) == (1, True)
    assert thecal("refills", "--volume-ml", "20").exit_code == 0
