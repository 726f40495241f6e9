"""docs/install.md: every environment variable, every extra, and lines of completion that work."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

ROOT = Path(__file__).parents[2]
PAGE = ROOT.joinpath("docs", "install.md").read_text(encoding="utf-8")
CODE = ("firmware", "hal", "host_tools", "protocol", "tests")
VARIABLE = re.compile(r"\bTHECAL_[A-Z0-9]+(?:_[A-Z0-9]+)*\b")


def sources() -> Iterator[Path]:
    yield ROOT / "Makefile"
    for folder in CODE:
        yield from ROOT.joinpath(folder).rglob("*.py")


def rows(title: str) -> dict[str, str]:
    """The rows of a section's table: what is in its first cell, and the rest."""
    section = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `?([^`|]+?)`? \| (.*) \|$", section, re.MULTILINE))


def test_each_variable_of_the_code_is_in_the_table() -> None:
    used = {name for path in sources() for name in VARIABLE.findall(path.read_text(encoding="utf-8"))}
    assert used - set(rows("Environment variables")) == set()
    assert {"NO_COLOR", "TERM"} <= set(rows("Environment variables"))


def test_each_extra_is_in_the_table() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(rows("Which parts")) - {"extra", "---"} == set(project["optional-dependencies"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shells_line_asks_for_its_own_script(shell: str) -> None:
    (line,) = [rest for name, rest in rows("Completion in the shell").items() if name.split()[0] == shell]
    assert get_completion_class(shell)
    assert f"_THECAL_COMPLETE={shell}_source thecal" in line
