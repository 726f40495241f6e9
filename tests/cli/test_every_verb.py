"""Every verb, from the table of verbs: its example runs, and nothing that surrounds it makes it misbehave.

The arguments are those of the example in a verb's help, so that a new verb is walked as soon as it is listed.
"""

import io
import json
import os
import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from click.testing import CliRunner, Result

from host_tools.cli.main import VERBS, main, verb_of
from host_tools.emulator.process import EmulatorProcess
from host_tools.machines.mock.journal import Journal
from host_tools.programmer import reading
from host_tools.scenario.load import load
from host_tools.scenario.runner import run_scenario

ROOT = Path(__file__).parents[2]
WIDTHS = ("60", "80", "120")
ABSENT = "/dev/ttyABSENT9"
LASTING = ("emulate", "rig", "flash", "demo", "simulate")
"""Run until Ctrl-C, for long, or on a board: what they do is tested elsewhere, here only what surrounds it."""
UNWRAPPED = ("export",)
"""Tables for programs, and what lays out for a width of its own."""
CONFINED = {"yes": ("--yes",), "force": ("--force",), "count": ("--count", "1")}
"""What an example is given, where it has the option, to ask nobody and to end."""


class Case(NamedTuple):
    """A verb, the words that call it, and those of its example, made such that they ask nobody and end."""

    words: tuple[str, ...]
    command: click.Command
    example: tuple[str, ...]

    @property
    def options(self) -> set[str]:
        return {str(parameter.name) for parameter in self.command.params}


def _leaves(words: tuple[str, ...], command: click.Command) -> Iterator[Case]:
    epilog = command.epilog or ""
    assert epilog.startswith("Example: thecal"), f"{' '.join(words)} has no example"
    example = epilog.removeprefix("Example: ").partition(" > ")[0]
    called, *arguments = shlex.split(example)
    assert called == "thecal"
    arguments = [str(ROOT / word) if (ROOT / word).is_file() else word for word in arguments]
    options = [option for name, option in CONFINED.items() if name in {parameter.name for parameter in command.params}]
    if not isinstance(command, click.Group) or command.invoke_without_command:
        yield Case(words, command, (*arguments, *(word for option in options for word in option)))
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _leaves((*words, name), inner)


CASES = [case for name in VERBS for case in _leaves((name,), verb_of(name))]


def _each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: "-".join(case.words))


EVERY = _each(CASES)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `thecal replay` takes."""
    path = tmp_path_factory.mktemp("run") / "low_reservoir.journal"
    scenario = load(str(ROOT / "tests" / "scenarios" / "low_reservoir.yaml"))
    run_scenario(scenario, journal=Journal(path, scenario.name))
    return path


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / journal.name).symlink_to(journal)
    monkeypatch.setenv("THECAL_KEYS", str(tmp_path / "keys" / "keys.json"))
    monkeypatch.setattr(reading, "TELEMETRY_TIMEOUT_S", -0.8)  # the pump's time stands still


def run(*arguments: str, columns: str = "80") -> Result:
    done = CliRunner().invoke(main, arguments, prog_name="thecal", env={"COLUMNS": columns})
    assert done.exception is None or isinstance(done.exception, SystemExit), (arguments, done.exception)
    return done


def check_lines(shown: str, columns: str, wide: str) -> None:
    """No line is longer, but for one of a single long word, and none ends within a word of the wide text."""
    lines = shown.splitlines()
    for line in lines:
        assert len(line) <= int(columns) or len(line.split()) == 1, line
    words = set(re.findall(r"\S+", wide))
    for line, following in pairwise(lines):
        if line.split() and following.split():
            ends = line.split()[-1], following.split()[0]
            assert "".join(ends) not in words or set(ends) <= words, f"{ends} is one word"


@EVERY
def test_help_has_an_example_and_fits(case: Case) -> None:
    called = " ".join(case.words)
    wide = run(*case.words, "--help", columns="120").stdout
    for columns in WIDTHS:
        done = run(*case.words, "--help", columns=columns)
        assert done.exit_code == 0
        assert re.search(rf"Example: thecal {called}\b", " ".join(done.stdout.split()))
        check_lines(done.stdout, columns, wide)


@pytest.mark.parametrize("columns", WIDTHS)
@pytest.mark.parametrize("group", [(), ("debug",), ("keys",)], ids=" ".join)
def test_a_list_of_verbs_has_their_whole_names(group: tuple[str, ...], columns: str) -> None:
    done = run(*group, "--help", columns=columns)
    assert "…" not in done.stdout
    check_lines(done.stdout, columns, run(*group, "--help", columns="120").stdout)


def _wrong(case: Case) -> Iterator[tuple[str, ...]]:
    """Calls that cannot be meant: an option that is not there, and no value that any option takes."""
    yield (*case.words, "--no-such-option")
    for parameter in case.command.params:
        takes_text = isinstance(parameter.type, click.types.StringParamType | click.Path)
        if isinstance(parameter, click.Option) and not parameter.is_flag and not takes_text:
            yield (*case.example, parameter.opts[0], "no such value")


@EVERY
def test_a_wrong_value_is_a_usage_error(case: Case) -> None:
    for call in _wrong(case):
        done = run(*call, "--json")
        assert done.exit_code == 2, call
        check_error(done, "usage")


def check_error(done: Result, kind: str) -> None:
    """One line for people, one object for programs."""
    assert done.stderr.count("\n") == 1, done.stderr
    (line,) = done.stdout.splitlines()
    error = json.loads(line)["error"]
    assert list(error) == ["kind", "reason", "message", "hint"]
    assert (error["kind"], error["reason"]) == (kind, None)
    assert error["message"] in done.stderr
    assert error["hint"] is None or error["hint"] in done.stderr


@_each([case for case in CASES if "port" in case.options])
def test_without_a_device_it_says_so(case: Case) -> None:
    done = run(*case.example, "--port", ABSENT, "--json")
    assert done.exit_code == 3, done.stderr
    check_error(done, "no_device")


@EVERY
@pytest.mark.parametrize(
    ("where", "exit_code", "said"), [("/dev/full", 2, "the output cannot be written"), ("a closed pipe", 0, "")]
)
def test_output_that_cannot_be_written(
    case: Case, where: str, exit_code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == "/dev/full" and not os.path.exists(where):
        pytest.skip(f"there is no {where} here")
    stderr = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr("sys.stderr", stderr)
    with _unwritable(where) as stdout:
        monkeypatch.setattr("sys.stdout", stdout)
        with pytest.raises(SystemExit) as ended:
            main([*case.words, "--help"], prog_name="thecal")
        assert ended.value.code == exit_code
    assert stderr.buffer.getvalue().decode().count("\n") == exit_code // 2  # pyright: ignore[reportAttributeAccessIssue]
    assert said in stderr.buffer.getvalue().decode()  # pyright: ignore[reportAttributeAccessIssue]


def _unwritable(where: str) -> Any:
    if where == "/dev/full":
        return open(where, "w", encoding="utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", encoding="utf-8")


WALKED = [case for case in CASES if case.words[0] not in LASTING]
LAST = ("pair", "keys")
"""Leave this computer without the pump's key."""
ROUNDS = [
    *[case for case in WALKED if case.words[0] not in LAST] * 2,
    *[case for case in WALKED if case.words[0] in LAST],
]
"""Twice, since some need what others leave behind."""
BEFORE = {
    "patient-bolus": ("debug advance 1h",),  # what else is being given ends
    "silence": ("debug fault motor_stall for=1h", "debug advance 12h"),
}


def walk(*options: str, columns: str = "80") -> list[tuple[Case, Result]]:
    """All of it, on a new pump and with no keys."""
    Path(os.environ["THECAL_KEYS"]).unlink(missing_ok=True)
    done = []
    with EmulatorProcess(speed=0):
        for case in ROUNDS:
            for words in BEFORE.get(case.words[0], ()):
                run(*words.split())
            done.append((case, run(*case.example, *options, columns=columns)))
    return done


def test_what_it_prints_fits() -> None:
    walks = {columns: walk(columns=columns) for columns in WIDTHS}
    wide = " ".join(result.stdout for _, result in walks["120"])
    for columns, done in walks.items():
        check_each_worked(done)
        for case, result in done:
            assert result.exit_code in (0, 1, 4), (case.words, result.stderr)
            if case.words[0] not in UNWRAPPED:
                check_lines(result.stdout, columns, wide)


def test_its_json_is_json() -> None:
    """One object, or one a line where it is a stream, and an object where it failed."""
    done = [(case, result) for case, result in walk("--json") if "as_json" in case.options]
    for case, result in done:
        *_, last = values = [json.loads(line) for line in result.stdout.splitlines()]
        assert len(values) == 1 or case.words[0] in ("watch", "export", "run"), case.words
        if isinstance(last, dict) and "error" in last:
            assert result.exit_code in (1, 4), case.words
        else:
            assert result.exit_code in (0, 1), case.words
    check_each_worked(done)


def check_each_worked(done: list[tuple[Case, Result]]) -> None:
    """Every verb did what it was called for, once at least."""
    worked = {case.words for case, result in done if result.exit_code in (0, 1)}
    assert worked == {case.words for case, _ in done}
    print(f"{len(done)} calls of {len(worked)} verbs")


@EVERY
def test_a_terminal_without_unicode_gets_what_it_can_show(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", plain)
    with pytest.raises(SystemExit) as ended:
        main([*case.words, "--help"], prog_name="thecal")
    assert ended.value.code == 0


def test_a_new_verb_is_walked_by_itself() -> None:
    print(f"{len(CASES)} verbs")
    assert {case.words[0] for case in CASES} == set(VERBS)
    assert len(CASES) > len(VERBS)
