"""The types of the programmer: a misspelt key of a status, or a missing check for None, is found before it runs."""

import json
import subprocess
import sys
from pathlib import Path

from tests.child import LIMIT_S, child

ROOT = Path(__file__).parents[2]
TOOL = """\
from host_tools.programmer import Programmer, Status

def shown(status: Status) -> str:
    return f"{status['reservoir_nl']} nL, {status['limits']['capacity_nl']} nL at most"

with Programmer.open("socket://127.0.0.1:4321", timeout_s=2.0) as pump:
    print(shown(pump.status()))
    for status in pump.watch():
        print(status["seq"], shown(status), [alarm["name"] for alarm in status["alarm_list"]])
    last = pump.status()["last_bolus"]
    print(last["kind"] if last else "none")
"""
SLIPS = {
    "a misspelt key": ("status['reservoir_nl']", "status['reservior_nl']"),
    "a misspelt key of the limits": ("['capacity_nl']", "['capacity_ml']"),
    "a misspelt key of an alarm": ('alarm["name"]', 'alarm["nam"]'),
    "the number of a message that was not pushed": ("print(shown(pump.status()))", 'print(pump.status()["seq"])'),
    "a bolus that there may not be": ('last["kind"] if last else "none"', 'last["kind"]'),
    "a misspelt option": ("timeout_s=2.0", "timeout=2.0"),
    "a misspelt verb": ("pump.watch()", "pump.wacth()"),
}
"""What stands in TOOL, and what is put in its place."""


def files_with_errors(folder: Path) -> set[str]:
    settings = {"include": ["."], "extraPaths": [str(ROOT)], "pythonVersion": "3.11", "typeCheckingMode": "standard"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pyright",
        "--outputjson",
        "--pythonpath",
        sys.executable,
        "--project",
        str(folder),
    ]
    with child(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        output, _ = process.communicate(timeout=LIMIT_S)
    return {Path(error["file"]).stem for error in json.loads(output)["generalDiagnostics"]}


def test_a_tool_is_clean_and_each_slip_in_it_is_found(tmp_path: Path) -> None:
    (tmp_path / "clean.py").write_text(TOOL, encoding="utf-8")
    for name, (right, wrong) in SLIPS.items():
        assert right in TOOL, name
        (tmp_path / f"{name.replace(' ', '_')}.py").write_text(TOOL.replace(right, wrong, 1), encoding="utf-8")
    assert files_with_errors(tmp_path) == {name.replace(" ", "_") for name in SLIPS}
