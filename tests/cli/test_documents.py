"""`lasts`, `emergency`, `report` and `card` against a real emulator, as those who carry a pump use them."""

import json
import os
from pathlib import Path

import pytest

from host_tools.emulator.process import EmulatorProcess
from host_tools.programmer import Programmer
from protocol import codes
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import start_therapy


@pytest.mark.shows("SEED-47")
@pytest.mark.usefixtures("emulator")
def test_lasts_answers_a_traveller(thecal: Thecal) -> None:
    done = thecal("lasts", "2026-02-01")
    assert (done.exit_code, "`thecal clock` sets it" in done.stderr) == (1, True)
    start_therapy(thecal)
    done = thecal("lasts", "2026-03-10")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("Yes: the drug lasts until 2026-03-10.")
    done = thecal("lasts", "2026-03-18")
    assert (done.exit_code, done.stdout[:3]) == (1, "No:")
    told = json.loads(thecal("lasts", "2026-04-01", "--json").stdout)
    assert (told["lasts"], told["low_reservoir_date"], told["refill_by"]) == (False, "2026-03-18", "2026-03-11")


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize(
    ("text", "words"),
    [("2026-01-04", "is past"), ("2026-02-30", "is no date"), ("tomorrow", "is no date"), ("2026-1-9", "is no date")],
)
def test_a_bad_date_is_named(thecal: Thecal, text: str, words: str) -> None:
    start_therapy(thecal)
    done = thecal("lasts", text)
    assert done.exit_code == 2
    assert text in done.stderr
    assert words in done.stderr


@pytest.mark.shows("SEED-11", "SEED-19", "SEED-42", "SEED-51", "SEED-52", "SEED-53", "SEED-54", "SEED-55", "SEED-60")
def test_emergency_needs_no_key_and_names_nobody(emulator: EmulatorProcess, thecal: Thecal) -> None:
    start_therapy(thecal)
    with Programmer.open(emulator.url) as pump:
        for field in codes.RECORDS:
            pump.write_record(field, "1980-05-17" if field == "born" else "2026-03-01 Anna Müller")
        pump.stop()
    with emulator.debug_client() as debug:
        debug.head("off")
        debug.advance(7 * 3600)
    done = thecal("emergency")
    assert done.exit_code == 0
    assert "UNSIGNED" in done.stderr  # a session, and so a signature, needs the head
    text = " ".join(done.stdout.split())
    assert "UNSIGNED" in text
    for words in (
        "not a medical device",
        "LOSS OF THERAPY: nothing has been delivered for 7h",
        "baclofen, intrathecal, 2000 mcg/mL",
        "Last ordered 500 mcg/day, of 2000 mcg/mL",
        "stopped, non-critical: delivery is stopped",
        "two tones in turn",
        "single beep",
        "high fever",
        "seizures",
        "sweating, irritability",
        "hallucinations",
        "difficult waking",
        "Side effects of the drug at the usual dose",
        "nausea or vomiting, constipation: call the clinic",
        "call for medical help at once",
        "after three months",
    ):
        assert words in text
    printed = done.stdout + thecal("emergency", "--json").stdout
    assert not any(words in printed for words in ("Anna", "1980-05-17", "2026-03-01"))
    told = json.loads(thecal("emergency", "--json").stdout)
    assert told["ordered"] == {"dose_mcg_per_day": 500, "concentration_mcg_per_ml": 2000}


def test_emergency_in_a_bridge_names_the_drug_at_the_tip(emulator: EmulatorProcess, thecal: Thecal) -> None:
    start_therapy(thecal)
    with emulator.debug_client() as debug:
        debug.advance(3 * 86_400)
    assert thecal("refill", "--volume-ml", "20", "--concentration-mcg-per-ml", "500").exit_code == 0
    text = " ".join(thecal("emergency").stdout.split())
    told = json.loads(thecal("emergency", "--json").stdout)
    assert "2000 mcg/mL at the catheter's tip, 500 mcg/mL in the reservoir" in text
    assert (told["tip_mcg_per_ml"], told["concentration_mcg_per_ml"], told["bolus"]) == (2000, 500, "bridge")
    assert told["line"] in text
    assert told["new_drug_in_s"] > 0


@pytest.mark.usefixtures("emulator")
def test_an_unfilled_pump_has_an_emergency_read_out_too(thecal: Thecal) -> None:
    done = thecal("emergency")
    assert (done.exit_code, "never filled" in done.stdout, "LOSS" in done.stdout) == (0, True, False)


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("kind", ["report", "card"])
def test_a_document_is_written_for_its_owner_and_never_over_another(
    thecal: Thecal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.chdir(tmp_path)
    start_therapy(thecal)
    done = thecal(kind)
    file = tmp_path / f"thecal-{kind}-THECAL-00001.html"
    assert (done.exit_code, file.name in done.stdout, "personal data" in done.stderr) == (0, True, True)
    assert file.stat().st_mode & 0o077 == 0
    assert "THECAL-00001" in file.read_text(encoding="utf-8")
    file.write_text("mine")
    done = thecal(kind)
    assert (done.exit_code, "exists; --force replaces it" in done.stderr) == (2, True)
    assert file.read_text() == "mine"
    assert json.loads(thecal(kind, "--force", "--json").stdout) == {"file": file.name}
    assert "THECAL-00001" in file.read_text(encoding="utf-8")
    done = thecal(kind, "--out", str(tmp_path / "no" / "such.html"))
    assert (done.exit_code, "No such file" in done.stderr) == (2, True)


@pytest.mark.shows("SEED-66")
@pytest.mark.usefixtures("emulator")
def test_the_report_of_an_event_is_written_like_the_others(
    thecal: Thecal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    start_therapy(thecal)
    done = thecal("report", "--event", "1", "--text", "drowsy since noon")
    file = tmp_path / "thecal-event-1-THECAL-00001.html"
    assert (done.exit_code, "personal data" in done.stderr) == (0, True)
    assert file.stat().st_mode & 0o077 == 0
    page = file.read_text(encoding="utf-8")
    assert "drowsy since noon" in page
    assert "Report of an adverse event" in page
    assert thecal("report", "--event", "1").exit_code == 2
    assert json.loads(thecal("report", "--event", "1", "--force", "--json").stdout) == {"file": file.name}
    done = thecal("report", "--event", "9999")
    assert (done.exit_code, "event 9999 is not in the pump's log, which keeps 1 to" in done.stderr) == (2, True)
    done = thecal("report", "--text", "drowsy")
    assert (done.exit_code, "--event names it" in done.stderr) == (2, True)
    assert [path.name for path in tmp_path.glob("*.html")] == [file.name]


@pytest.mark.skipif(os.name != "posix", reason="has no such files")
@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("force", [[], ["--force"]])
def test_what_is_no_file_is_never_replaced(thecal: Thecal, tmp_path: Path, force: list[str]) -> None:
    fifo = tmp_path / "page.html"
    os.mkfifo(fifo)
    done = thecal("card", "--out", str(fifo), *force)
    assert (done.exit_code, "is a FIFO" in done.stderr, fifo.is_fifo()) == (2, True, True)


def test_a_document_needs_the_head(emulator: EmulatorProcess, thecal: Thecal, tmp_path: Path) -> None:
    with emulator.debug_client() as debug:
        debug.head("off")
    done = thecal("report", "--out", str(tmp_path / "x.html"))
    assert (done.exit_code, "telemetry head" in done.stderr) == (5, True)
    assert not (tmp_path / "x.html").exists()
