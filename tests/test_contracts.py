"""Who may import whom: each contract of pyproject.toml is broken by an import that it forbids, and by nothing less."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.child import LIMIT_S, child

ROOT = Path(__file__).parents[1]
PACKAGES = ("firmware", "hal", "protocol", "host_tools")
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
PLANTS = {
    "The firmware imports only itself": ("firmware/therapy/infusion.py", "from protocol import codes"),
    "The firmware's layers": ("firmware/safety/alarms.py", "from firmware.therapy import infusion"),
    "The safety monitor, the alarms and the lost steps": (
        "firmware/safety/monitor.py",
        "from firmware.safety import alarms",
    ),
    "The HAL's contract imports nothing": ("hal/contract.py", "from firmware import wire"),
    "The plant knows no firmware and no driver": ("hal/plant/battery.py", "from hal.mock import motor"),
    "The mock drivers stand between": ("hal/mock/motor.py", "from firmware import wire"),
    "The board's drivers know the contract": ("hal/rp2040/motor.py", "from firmware import wire"),
    "The protocol imports nothing of ours": ("protocol/frame.py", "from firmware import wire"),
    "The programmer is a real client": ("host_tools/programmer/units.py", "from hal.plant import plant"),
    "The host's rooms": ("host_tools/machines/serials.py", "from host_tools.emulator import pacing"),
    "The machines know nothing of one another": (
        "host_tools/machines/rp2040/machine.py",
        "from host_tools.machines.mock import crash",
    ),
    "No import circles": ("host_tools/machines/machine.py", "def late(): from host_tools.scenario import runtimes"),
}
"""By the beginning of a contract's name: a file, and an import in it that the contract forbids."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def verdicts(folder: Path) -> dict[str, str]:
    """Each contract's name: KEPT or BROKEN."""
    command = [sys.executable, "-c", LINT, "--no-cache"]
    with child(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        output, _ = process.communicate(timeout=LIMIT_S)
    return dict(re.findall(r"^(.+?) (KEPT|BROKEN)", output, re.MULTILINE))


def contracts() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]


def test_every_contract_has_a_plant() -> None:
    names = contracts()
    assert len(names) == len(PLANTS)
    assert [name for name in names if not name.startswith(tuple(PLANTS))] == []


def test_the_tree_keeps_them_and_what_they_forbid_breaks_them(tree: Path) -> None:
    assert set(verdicts(tree).values()) == {"KEPT"}
    for start, (name, line) in PLANTS.items():
        path = tree / name
        text = path.read_text(encoding="utf-8")
        path.write_text(f"{text}\n{line}\n", encoding="utf-8")
        found = verdicts(tree)
        path.write_text(text, encoding="utf-8")
        assert [verdict for contract, verdict in found.items() if contract.startswith(start)] == ["BROKEN"], (
            name,
            line,
        )
    print(f"{len(PLANTS)} forbidden imports planted")


@pytest.mark.parametrize(
    ("folder", "start"),
    [
        ("firmware", "The firmware's layers"),
        ("host_tools", "The host's rooms"),
        ("host_tools/machines", "The machines know nothing of one another"),
    ],
)
def test_a_new_room_must_be_given_its_layer(tree: Path, folder: str, start: str) -> None:
    extra = tree / folder / "extra.py"
    extra.write_text("", encoding="utf-8")
    found = verdicts(tree)
    extra.unlink()
    broken = [name for name, verdict in found.items() if verdict == "BROKEN"]
    assert broken == [name for name in contracts() if name.startswith(start)]
