"""The command's frame: help without imports, usage errors in one line, version."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import version

import click
import pytest

from host_tools.cli.main import VERBS
from tests.cli.conftest import Thecal

HEAVY = ("serial", "construct", "crcmod", "pydantic", "asyncio", "host_tools.programmer", "host_tools.cli.status")


def test_help_lists_every_verb_and_imports_none() -> None:
    code = (
        "import sys; from host_tools.cli.main import main\n"
        "try: main(['--help'])\n"
        f"finally: print('IMPORTED', [name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert "IMPORTED []" in done.stdout
    for name, verb in VERBS.items():
        assert f" {name} " in done.stdout
        assert verb.summary in done.stdout


@pytest.mark.parametrize("name", VERBS)
def test_each_verb_is_where_the_table_says(name: str, thecal: Thecal) -> None:
    module, _, attribute = VERBS[name].target.partition(":")
    verb = getattr(import_module(module), attribute)
    assert isinstance(verb, click.Command)
    assert verb.name == name
    shown = thecal(name, "--help")
    assert shown.exit_code == 0
    assert f"thecal {name}" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--bogus"], "No such option '--bogus'"),
        (["bogus"], "No such command 'bogus'"),
        (["status", "--bogus"], "No such option '--bogus'"),
        (["refill"], "Missing option '--volume-ml'"),
        (["refill", "--volume-ml", "twenty", "--concentration-mcg-per-ml", "2000"], "invalid number 'twenty'"),
        (["program", "--dose-mcg-per-day", "500"], "--yes does it without asking"),
        (["watch", "--every", "0s"], "0s is outside 1s to 18h 12m 15s"),
        (["watch", "--every", "soon"], "'soon' is no duration"),
        (["silence", "eir"], "'eir' is not one of"),
        (["clock", "--wall", "noon"], "'noon' is no local time"),
    ],
)
def test_usage_error_is_one_line_and_exit_2(arguments: list[str], words: str, thecal: Thecal) -> None:
    done = thecal(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_version(thecal: Thecal) -> None:
    assert thecal("--version").stdout == f"thecal {version('thecal')}\n"
