"""The firmware's types: what is misspelt, miscounted or swapped in it, the type checker of `make lint` finds."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.records.state import State
from firmware.records.statefields import FIELDS
from tests.child import LIMIT_S, child

ROOT = Path(__file__).parents[2]
PLANTS = {
    "a misspelt method": (
        "therapy/orders.py",
        "self._alarms.clear_condition(alarm, by_programmer=True)",
        "self._alarms.clear_conditoin(alarm, by_programmer=True)",
        "reportAttributeAccessIssue",
    ),
    "a misspelt field of the state": (
        "therapy/motorwatch.py",
        "state.stopped_since_s = NEVER",
        "state.stoped_since_s = NEVER",
        "reportAttributeAccessIssue",
    ),
    "a wrong number of arguments": (
        "checks/clockwatch.py",
        "self._alarms.raise_alarm(wire.ALARM_CLOCK_LOST, now_s)",
        "self._alarms.raise_alarm(wire.ALARM_CLOCK_LOST)",
        "reportCallIssue",
    ),
    "values of STATUS by their places": (
        "comms/status.py",
        "uptime_s=self._clock.now_s,\n            wall_s=self._clock.wall_s,",
        "self._clock.wall_s,\n            self._clock.now_s,",
        "reportCallIssue",
    ),
    "a text where a number belongs": (
        "therapy/infusion.py",
        "self.delivery.halt(self._clock.now_s)",
        'self.delivery.halt("now")',
        "reportArgumentType",
    ),
}
"""What is planted: a file, what stands there, what is put in its place, and the rule that finds it."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typed")
    shutil.copytree(ROOT / "firmware", folder / "firmware", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "hal").mkdir()
    for name in ("__init__.py", "contract.py"):
        shutil.copy(ROOT / "hal" / name, folder / "hal")
    settings = {"include": ["firmware"], "pythonVersion": "3.11", "typeCheckingMode": "standard"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def found(folder: Path) -> list[tuple[str, str]]:
    """(file, rule) of each error."""
    command = [sys.executable, "-m", "pyright", "--outputjson", "--project", str(folder)]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        output, _ = process.communicate(timeout=LIMIT_S)
    errors = json.loads(output)["generalDiagnostics"]
    return [(Path(error["file"]).name, error.get("rule", "")) for error in errors]


def test_the_firmware_is_clean_and_each_slip_is_found(copy: Path) -> None:
    assert found(copy) == []
    expected = []
    for name, old, new, rule in PLANTS.values():
        path = copy / "firmware" / name
        text = path.read_text(encoding="utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        expected.append((path.name, rule))
    print(f"{len(expected)} slips planted")
    assert set(expected) <= set(found(copy))


def test_the_states_fields_are_declared_as_the_record_keeps_them() -> None:
    lists = ("patient_boluses_s", "past_doses", "line", "alarms")
    declared = [(name, kind) for name, kind in State.__annotations__.items() if name not in lists]
    assert declared == [(name, bytes if code.endswith("s") else int) for name, code in FIELDS]
