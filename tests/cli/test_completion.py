"""Completion in a shell: verbs, a verb's options, and the values of both, though a verb is imported only when named."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.shell_completion import FishComplete, ShellComplete, ZshComplete

from host_tools.cli.main import VERBS, main
from tests.child import child

VARIABLE = "_THECAL_COMPLETE"
BASH = shutil.which("bash")


def offered(*words: str) -> list[tuple[str, str]]:
    """(type, value) of what a TAB behind these words offers."""
    *complete, incomplete = words
    shell = ShellComplete(main, {}, "thecal", VARIABLE)
    return [(item.type, item.value) for item in shell.get_completions(complete, incomplete)]


def plain(*words: str) -> list[str]:
    return [value for _, value in offered(*words)]


def commands() -> Iterator[tuple[list[str], click.Command]]:
    """The words of each command that takes no other verb, and the command."""

    def below(words: list[str], command: click.Command) -> Iterator[tuple[list[str], click.Command]]:
        if not isinstance(command, click.Group):
            yield words, command
            return
        for name, inner in command.commands.items():
            yield from below([*words, name], inner)

    for name, verb in VERBS.items():
        module, _, attribute = verb.target.partition(":")
        yield from below([name], getattr(import_module(module), attribute))


def parameters() -> Iterator[tuple[list[str], click.Parameter]]:
    return ((words, parameter) for words, command in commands() for parameter in command.params)


def test_verbs() -> None:
    assert plain("") == list(VERBS)
    assert plain("st") == [name for name in VERBS if name.startswith("st")]
    assert plain("debug", "h") == ["head", "heal"]


def test_the_options_of_each_verb() -> None:
    for words, command in commands():
        options = {max(option.opts, key=len) for option in command.params if isinstance(option, click.Option)}
        assert options <= set(plain(*words, "--")), words


def test_the_values_of_each_option_that_is_a_choice() -> None:
    for words, option in parameters():
        if isinstance(option, click.Option) and isinstance(option.type, click.Choice):
            assert plain(*words, option.opts[0], "") == list(option.type.choices)


def test_what_names_a_file_is_completed_as_one() -> None:
    for words, parameter in parameters():
        metavar = parameter.make_metavar(click.Context(click.Command("any")))
        if re.search("FILE|DIR", metavar) and "=" not in metavar:
            before = [parameter.opts[0]] if isinstance(parameter, click.Option) else []
            assert [kind for kind, _ in offered(*words, *before, "")] in (["file"], ["dir"]), (words, metavar)


def test_the_values_of_an_argument() -> None:
    assert sorted(plain("demo-alarm", "")) == ["critical", "non_critical"]
    assert "motor_stall" in plain("silence", "mo")
    assert plain("debug", "head", "o") == ["on", "off"]


def test_a_verb_whose_extra_is_missing_ends_in_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERBS, "run", VERBS["run"]._replace(target="absent_module:run"))
    assert plain("run", "--") == ["--help"]


@pytest.mark.parametrize("shell", [ZshComplete, FishComplete], ids=lambda shell: shell.name)
def test_the_script_of_each_shell_calls_thecal(shell: type[ShellComplete]) -> None:
    script = shell(main, {}, "thecal", VARIABLE).source()
    assert f"{VARIABLE}={shell.name}_complete" in script


@pytest.mark.skipif(BASH is None, reason="no bash here")
def test_in_a_real_bash() -> None:
    script = (
        f'eval "$({VARIABLE}=bash_source thecal)"; COMP_WORDS=(thecal silence low); COMP_CWORD=2; '
        '_thecal_completion thecal; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with child([str(BASH), "--norc", "-c", script], stdout=-1, env={**os.environ, "PATH": path}) as shell:
        assert shell.stdout.read().split() == [b"low_battery_reset", b"low_reservoir"]
