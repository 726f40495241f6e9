"""The Makefile, without running it: each target brings what it needs and no more, and `make` alone lists them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.child import LIMIT_S, child

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder in which nothing is installed yet."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(folder: Path, *arguments: str) -> str:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # `make test` runs this
    with child(["make", *arguments], cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as process:
        output, _ = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 0
    return output


def extras(output: str) -> list[str]:
    """The extras that are installed, in order."""
    return re.findall(r"pip install .*'\.\[(\w+)\]'", output)


@pytest.mark.parametrize("target", ["demo", "emulator"])
def test_demo_and_emulator_install_the_small_set_and_say_how_large_it_is(clone: Path, target: str) -> None:
    output = make(clone, "-n", target)
    assert extras(output) == ["demo"]
    assert re.search(r"Installing .* \d+ MB", output)
    assert output.rstrip().endswith({"demo": "thecal demo", "emulator": "thecal emulate"}[target])


@pytest.mark.parametrize("target", ["install", "test", "gen", "rig", "flash", "format"])
def test_the_others_install_all_of_it(clone: Path, target: str) -> None:
    assert extras(make(clone, "-n", target))[:2] == ["demo", "dev"]


def test_nothing_is_installed_twice(clone: Path) -> None:
    (clone / ".venv").mkdir()
    for name in ("pyvenv.cfg", "installed-demo", "installed"):
        (clone / ".venv" / name).touch()
    assert extras(make(clone, "-n", "install", "demo")) == []


def test_make_alone_lists_every_target_in_a_line_that_80_columns_hold(clone: Path) -> None:
    targets = re.findall(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)[0].split()
    lines = make(clone).splitlines()
    assert [line.split()[1] for line in lines] == targets
    assert max(map(len, lines)) <= 80
