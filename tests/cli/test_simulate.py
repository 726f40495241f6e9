"""`thecal simulate` as people and scripts call it."""

import json
import os
import re
from pathlib import Path

import pytest

from host_tools.scenario.checkers.findings import Finding
from host_tools.simulate import campaign
from host_tools.simulate.life import Life, Lived
from tests.child import interrupted
from tests.child import thecal as child_command
from tests.cli.conftest import Thecal

SHORT = ("--years", "0.001")
LONG = ("--years", "30")
INTERRUPTED = 130
needs_pty = pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every three lives one fails, one is harmed by a slip, and one passes."""
    live = Life.live

    def spoilt(life: Life) -> Lived:
        lived = live(life)
        verdict = ("passed", "liveness", "human")[lived.seed % 3]
        finding = None if verdict == "passed" else Finding("answers", 3600, "no answer")
        return lived._replace(verdict=verdict, finding=finding)

    monkeypatch.setattr(Life, "live", spoilt)
    monkeypatch.setattr(campaign, "minimal", lambda lived, _on: ([{}, {}], f"name: seed {lived.seed}\n"))


def test_a_life_says_what_was_lived_and_what_came_of_it(thecal: Thecal) -> None:
    done = thecal("simulate", "--seed", "7", *SHORT)
    assert done.exit_code == 0, done.stderr
    first, last = done.stdout.splitlines()
    assert re.fullmatch(r"seed 7, (commit \S+|no commit), configuration [0-9a-f]{12}", first)
    assert re.fullmatch(r"trace [0-9a-f]{12}, \d\.\d\d years, [\d,]+ events, passed", last)


@pytest.mark.parametrize("columns", ["60", "80", "120"])
def test_several_lives_have_tables_that_fit(thecal: Thecal, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = thecal("simulate", "--seeds", "0..2", "--jobs", "1", *SHORT).stdout.splitlines()
    assert lines[0].startswith("seeds 0..2, ")
    assert "Checked:" in lines
    assert "Requirements exercised:" in lines
    assert any(line.startswith("Not exercised: ") for line in lines)
    assert max(map(len, lines)) <= int(columns)


def test_json_has_an_object_a_seed_and_one_of_all(thecal: Thecal) -> None:
    done = thecal("simulate", "--seeds", "3..4", "--json", *SHORT)
    assert done.stderr == ""
    *lives, total = [json.loads(line) for line in done.stdout.splitlines()]
    assert [life["seed"] for life in lives] == [3, 4]
    for life in lives:
        assert life["verdict"] == "passed"
        assert len(life["trace_sha256"]) == 64
        assert life["repeat"] == f"thecal simulate --seed {life['seed']} --years 0.001"
    assert (total["seeds"], total["failed"], total["commit"]) == (2, [], campaign.commit())
    assert total.keys() >= {"sim_years", "sim_s_per_core_s", "events", "checks", "config_sha256"}


def test_a_seed_is_the_same_life_alone_and_among_others_on_more_processes_than_cores(thecal: Thecal) -> None:
    def traces(*options: str) -> dict[int, str]:
        objects = [json.loads(line) for line in thecal("simulate", "--json", *SHORT, *options).stdout.splitlines()]
        return {life["seed"]: life["trace_sha256"] for life in objects[:-1]}

    among = traces("--seeds", "1..5", "--jobs", str((os.cpu_count() or 1) + 3))
    assert list(among) == [1, 2, 3, 4, 5]
    assert traces("--seed", "4") == {4: among[4]}


@pytest.mark.usefixtures("failing")
def test_what_fails_is_named_with_the_command_that_repeats_it(thecal: Thecal, tmp_path: Path) -> None:
    out = tmp_path / "found" / "here"
    done = thecal("simulate", "--seeds", "0..5", "--jobs", "1", *SHORT, "--out", str(out))
    assert done.exit_code == 1
    lines = " ".join(done.stdout.split())
    for seed, verdict in ((1, "liveness"), (4, "liveness"), (2, "human"), (5, "human")):
        assert f"seed {seed}: {verdict}: answers, after 1h: no answer in 2 steps: thecal run {out}" in lines
        assert f"again: thecal simulate --seed {seed} --years 0.001" in lines
    assert done.stdout.splitlines()[-1].endswith("failed: 1, 4, harmed by a slip: 2, 5")
    assert sorted(path.name for path in out.iterdir()) == [f"seed-{seed}.yaml" for seed in (1, 2, 4, 5)]
    assert (out / "seed-4.yaml").read_text(encoding="utf-8") == "name: seed 4\n"


@pytest.mark.usefixtures("failing")
@pytest.mark.parametrize(("options", "exit_code"), [((), 0), (("--strict",), 1)])
def test_a_slip_that_harms_fails_when_strict(thecal: Thecal, options: tuple[str, ...], exit_code: int) -> None:
    done = thecal("simulate", "--seed", "2", *SHORT, *options)
    assert done.exit_code == exit_code
    assert done.stdout.splitlines()[-1].endswith("failed: 2" if options else "passed, harmed by a slip: 2")


USAGE = {
    "--seeds 5..3": "'5..3' ends before it begins; write 3..5",
    "--seeds 7": "'7' is no range of seeds; write 0..99",
    "--seeds -1..3": "'-1..3' is no range of seeds",
    "--seed 1 --seeds 0..2": "expected one of --seed and --seeds, got both",
    "--seed -1": "'-1' is no seed; write a whole number of at most 18 digits",
    "--seed 1234567890123456789": "'1234567890123456789' is no seed",
    "--years 0": "'0' is no number of years above 0, at most 30",
    "--years nan": "'nan' is no number of years",
    "--years 31": "'31' is no number of years",
    "--on rp2040": "'rp2040' is not one of 'cpython', 'micropython'",
    "--jobs 0": "0 is not in the range",
}


@pytest.mark.parametrize("options", USAGE)
def test_usage(thecal: Thecal, options: str) -> None:
    done = thecal("simulate", *options.split())
    assert done.exit_code == 2
    assert USAGE[options] in done.stderr
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_lived(thecal: Thecal, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = thecal("simulate", "--out", str(tmp_path / "file" / "found"))
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"{tmp_path / 'file' / 'found'} cannot be made: Not a directory" in done.stderr


def test_a_folder_that_cannot_be_written(thecal: Thecal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        os, "access", lambda _path, mode: mode != os.W_OK
    )  # whoever runs this may be allowed everything
    done = thecal("simulate", "--out", str(tmp_path))
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "is not writable" in done.stderr


@needs_pty
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_prints_what_was_done(jobs: str) -> None:
    words = child_command("simulate", "--seeds", "0..1000000", "--jobs", jobs, *SHORT)
    code, out, shown = interrupted(words, b"/core s")
    assert code == INTERRUPTED
    assert "Traceback" not in shown
    assert "Process" not in shown
    assert out.splitlines()[0].startswith("seeds 0..1000000, ")
    assert out.splitlines()[-1].startswith("trace ")


@needs_pty
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_ctrl_c_waits_for_no_life_to_end(jobs: str) -> None:
    code, out, shown = interrupted(child_command("simulate", "--seeds", "0..3", "--jobs", jobs, *LONG), b"0/4")
    assert code == INTERRUPTED
    assert "Traceback" not in shown
    assert "Process" not in shown
    assert out.splitlines()[-1].endswith(" 0.00 years, 0 events, passed")
