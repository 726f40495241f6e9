"""`thecal demo` without a pump: files, timeline, verdict, exit codes."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from host_tools.cli.main import main
from host_tools.demo.record import Life
from host_tools.emulator.process import EmulatorError
from tests.demo.synthetic import synthetic_life


def lives(monkeypatch: pytest.MonkeyPatch, life: Life) -> None:
    monkeypatch.setattr("host_tools.cli.demo.run_story", lambda progress: life)


def test_writes_report_and_summary_and_tells_the_story(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lives(monkeypatch, synthetic_life())
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["demo", "--out", "a/b"])
    assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "a" / "b" / "summary.json").read_text())
    assert {"days", "refills", "delivered_ml", "truth_delivered_ml", "alarms", "end"} <= told.keys()
    assert (tmp_path / "a" / "b" / "report.html").read_text().startswith("<!doctype html>")
    assert "Nobody comes for refill 10." in result.stdout
    assert "Refill 30 finds it: 9.25 mL out" in result.stdout
    assert "2,557 days, 39 refills" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "Not a medical device" in result.stdout
    assert result.stderr == ""


def test_another_story_ends_with_1_and_says_what_differs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    life = synthetic_life()
    life.tones.clear()
    lives(monkeypatch, life)
    result = CliRunner().invoke(main, ["demo", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert "low_reservoir was never heard" in result.stderr
    assert (tmp_path / "report.html").exists()


def test_an_emulator_that_does_not_start_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(progress: object) -> Life:
        raise EmulatorError("no port to be had")

    monkeypatch.setattr("host_tools.cli.demo.run_story", fail)
    result = CliRunner().invoke(main, ["demo", "--out", str(tmp_path)])
    assert result.exit_code == 3
    assert result.stderr == "thecal: the demo could not go on: no port to be had\n"


def test_a_folder_that_cannot_be_made_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lives(monkeypatch, synthetic_life())
    (tmp_path / "file").touch()
    result = CliRunner().invoke(main, ["demo", "--out", str(tmp_path / "file" / "demo")])
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "--out" in result.stderr
