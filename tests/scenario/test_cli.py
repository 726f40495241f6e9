"""`thecal run`: its verdicts, its JSON, and its exit codes 0, 1 and 2."""

import json

import pytest
from click.testing import CliRunner

from host_tools.cli.main import main

PASSES = "name: quiet\nsteps:\n  - wait: 36h\n  - expect: {status.alarms: []}\n"
FAILS = "steps:\n  - expect: {status.boots: 2}\n  - expect_tone: dual\n"
BAD = "steps:\n  - expct: {}\n  - wait: long\n"


@pytest.fixture
def thecal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in {"passes.yaml": PASSES, "fails.yaml": FAILS, "bad.yaml": BAD}.items():
        (tmp_path / name).write_text(text)
    return lambda *arguments: CliRunner().invoke(main, ["run", *arguments])


def test_a_pass_is_one_line(thecal):
    done = thecal("passes.yaml")
    assert done.exit_code == 0
    assert done.stdout.startswith("pass  passes.yaml  quiet: 1.5 days, ")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


def test_failures_are_listed(thecal):
    done = thecal("passes.yaml", "fails.yaml")
    assert done.exit_code == 1
    assert [line.split("  ")[0] for line in done.stdout.splitlines()[:2]] == ["pass", "FAIL"]
    assert done.stdout.splitlines()[2:] == [
        "      step 1 (line 2): status.boots was 1, expected 2",
        "      step 2 (line 3): tones heard were none, expected dual",
    ]


def test_a_bad_file_is_refused_and_nothing_is_run(thecal):
    done = thecal("passes.yaml", "bad.yaml", "none.yaml")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert [line.split(": ")[0] for line in done.stderr.splitlines()] == ["bad.yaml:2", "bad.yaml:3", "none.yaml"]


def test_json_is_an_object_a_line(thecal):
    done = thecal("--json", "passes.yaml", "fails.yaml")
    assert done.exit_code == 1
    assert [json.loads(line)["passed"] for line in done.stdout.splitlines()] == [True, False]


def test_it_runs_on_micropython(thecal):
    here, there = (json.loads(thecal("--json", "--on", on, "passes.yaml").stdout) for on in ("cpython", "micropython"))
    assert here["runtime"].startswith("cpython 3.")
    assert there["runtime"] == "micropython 1.27.0 wasm"
    assert there["trace_sha256"] == here["trace_sha256"]


def test_another_runtime_is_a_usage_error(thecal):
    done = thecal("--on", "abacus", "passes.yaml")
    assert done.exit_code == 2
    assert "'abacus' is not one of 'cpython', 'micropython'" in done.stderr


def test_no_file_is_a_usage_error(thecal):
    assert thecal().exit_code == 2


NOT_FOR_A_BOARD = {
    "long.yaml": (
        "steps: [{wait: 1h}]\n",
        "long.yaml: the emulated board runs what is marked short: true; this is not",
    ),
    "cut.yaml": (
        "short: true\nsteps:\n  - implant: {catheter_cm: 50}\n    cut_in_write: 1\n",
        "cut.yaml:3: the emulated board cannot do cut_in_write; leave it out",
    ),
}


@pytest.mark.parametrize("name", NOT_FOR_A_BOARD)
def test_what_no_emulated_board_can_run_is_refused(thecal, tmp_path, name):
    text, message = NOT_FOR_A_BOARD[name]
    (tmp_path / name).write_text(text)
    done = thecal("--on", "rp2040", name)
    assert (done.exit_code, done.stderr.strip()) == (2, f"thecal: {message}")


def test_without_a_micropython_no_board_is_emulated(thecal, tmp_path, monkeypatch):
    monkeypatch.setenv("THECAL_UF2", "none.uf2")
    (tmp_path / "short.yaml").write_text("short: true\nsteps: [{wait: 1m}]\n")
    done = thecal("--on", "rp2040", "short.yaml")
    assert done.exit_code == 2
    assert done.stderr.strip() == "thecal: short.yaml: THECAL_UF2 names none.uf2, which is no file"
