"""`thecal pair` and `thecal keys`, and that no output of any verb has a key in it."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from host_tools.emulator.process import EmulatorProcess
from tests.cli.conftest import Thecal


@pytest.fixture(autouse=True)
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "keys" / "keys.json"
    monkeypatch.setenv("THECAL_KEYS", str(path))
    return path


def answer(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def held(key_file: Path) -> set[bytes]:
    """Every key in the file."""
    pumps = json.loads(key_file.read_text())["pumps"].values() if key_file.exists() else ()
    keys = {key for pump in pumps for key in (pump["key"], pump["pending"], *pump["displaced"]) if key}
    return {bytes.fromhex(key) for key in keys}


def shapes(key: bytes) -> Iterator[bytes]:
    """How a key may stand in an output by its beginning: raw, hexadecimal, base64 at each offset, text, list."""
    part = key[:9]
    yield part
    yield part.hex().encode()
    yield part.hex().upper().encode()
    yield part.hex(" ").encode()
    for offset in range(3):
        yield base64.b64encode(key[offset : offset + 9])
    yield repr(part)[2:-1].encode()
    yield json.dumps(repr(part)[2:-1])[1:-1].encode()
    yield part.decode("latin-1").encode()
    yield json.dumps(part.decode("latin-1"), ensure_ascii=False)[1:-1].encode()
    yield json.dumps(part.decode("latin-1"))[1:-1].encode()
    yield str(list(part))[1:-1].encode()


@pytest.mark.shows("R8.7")
def test_a_pump_is_paired_used_rotated_and_forgotten(emulator: EmulatorProcess, thecal: Thecal, key_file: Path) -> None:
    assert "TEST KEY" in thecal("status").stdout
    assert "TEST KEY" in thecal("log").stderr
    paired = answer(thecal("pair", "--json"))
    assert (paired["serial"], paired["key"], paired["left_s"]) == ("THECAL-00001", "device", 0)
    assert "TEST KEY" not in thecal("status").stdout
    assert "TEST KEY" not in thecal("log").stderr
    assert answer(thecal("keys", "--json")) == [{"serial": "THECAL-00001", "since": paired["since"], "pending": False}]
    assert "THECAL-00001" in thecal("keys").stdout
    assert thecal("clock").exit_code == 0
    (old,) = held(key_file)
    assert answer(thecal("keys", "rotate", "--json"))["key"] == "device"
    (new,) = held(key_file)
    assert new != old
    assert thecal("clock").exit_code == 0
    again = thecal("pair")
    assert again.exit_code == 4
    assert "thecal keys rotate" in again.stderr
    assert thecal("keys", "forget", "OTHER").exit_code == 2
    assert thecal("keys", "forget", "THECAL-00001").exit_code == 2, "there is no terminal to ask on"
    assert answer(thecal("keys", "forget", "THECAL-00001", "--yes", "--json"))["forgotten"]
    for verb in ("clock", "pair"):
        refused = thecal(verb)
        assert refused.exit_code == 5
        assert "thecal pair --lost" in refused.stderr
    assert thecal("status").exit_code == 0, "to read needs no key"
    assert thecal("emergency").exit_code == 0


def test_the_way_back(emulator: EmulatorProcess, thecal: Thecal, key_file: Path) -> None:
    assert thecal("keys", "rotate").exit_code == 4
    assert thecal("pair").exit_code == 0
    key_file.unlink()
    asked = answer(thecal("pair", "--lost", "--json"))
    assert asked == {"serial": "THECAL-00001", "key": "device", "left_s": 86_400}
    assert "key_reset" in answer(thecal("status", "--json"))["advisories"]
    assert thecal("debug", "advance", "23h").exit_code == 0
    assert "in 1h of its time" in thecal("pair", "--lost").stdout
    assert thecal("debug", "advance", "1h").exit_code == 0
    assert answer(thecal("pair", "--lost", "--json"))["key"] == "device"
    assert thecal("clock").exit_code == 0
    assert answer(thecal("status", "--json"))["key"] == "device"
    names = [event["name"] for event in answer(thecal("log", "--json"))]
    assert names.count("KEY_CHANGED") == 3
    assert names.count("KEY_RESET_REQUESTED") == 1


def test_no_head_no_key(emulator: EmulatorProcess, thecal: Thecal, key_file: Path) -> None:
    assert thecal("debug", "head", "off").exit_code == 0
    for arguments in (("pair",), ("pair", "--lost")):
        refused = thecal(*arguments)
        assert refused.exit_code == 5
        assert "head" in refused.stderr
    assert held(key_file) == set()


def test_a_key_file_that_others_can_read_is_refused(emulator: EmulatorProcess, thecal: Thecal, key_file: Path) -> None:
    assert thecal("pair").exit_code == 0
    key_file.chmod(0o644)
    for arguments in (("clock",), ("keys",), ("keys", "rotate"), ("keys", "forget", "THECAL-00001", "--yes")):
        refused = thecal(*arguments)
        assert refused.exit_code == 2
        assert "chmod 600" in refused.stderr
        assert refused.stdout == ""


def test_a_pump_keeps_its_key_between_two_runs(thecal: Thecal, tmp_path: Path) -> None:
    for run in range(2):
        with EmulatorProcess(speed=0, state=tmp_path / "pump"):
            if run == 0:
                assert thecal("pair").exit_code == 0
            assert thecal("clock").exit_code == 0
            assert answer(thecal("status", "--json"))["key"] == "device"


@pytest.mark.shows("R8.7")
def test_no_output_has_a_key_in_it(thecal: Thecal, tmp_path: Path, key_file: Path) -> None:
    keys: set[bytes] = set()
    said: list[bytes] = []
    folder = tmp_path / "written"
    folder.mkdir()
    verbs = (
        "implant --catheter-cm 89", "pair --json", "refill --volume-ml 20 --concentration-mcg-per-ml 2000",
        "program --dose-mcg-per-day 300 --yes", "keys rotate", "keys rotate --json", "keys", "keys --json", "pair -v",
        "status", "status --json", "watch --count 2 --json", "log", "log --json", "log --csv", "log --faults", "export",
        "export --registry", "titration", "patient --json", "emergency", "lasts 2030-02-01", "silence eri -v",
        f"report --out {folder}/report.html", f"card --out {folder}/card.html",
        f"record {folder}/telemetry.sqlite --count 2", "pair --lost", "debug truth", "keys forget THECAL-00001 --yes",
        "clock -v", "pair -v", "pair --help", "keys --help",
    )  # fmt: skip
    codes = []
    with EmulatorProcess(speed=100) as emulator:
        for verb in verbs:
            result = thecal(*verb.split())
            said += [result.stdout.encode(), result.stderr.encode()]
            codes.append(result.exit_code)
            keys |= held(key_file)
    said.append(emulator.messages.encode())
    said += [path.read_bytes() for path in folder.iterdir()]
    wanted = [shape for key in keys for shape in shapes(key)]
    print(f"{len(keys)} keys in {len(shapes_of := set(wanted))} shapes, in {len(said)} outputs of {len(verbs)} verbs")
    assert len(keys) == 3
    assert len(shapes_of) >= 3 * 11
    assert sum(map(len, said)) > 30_000
    assert len(list(folder.iterdir())) == 3
    assert {code: codes.count(code) for code in codes} == {0: len(verbs) - 5, 1: 1, 4: 2, 5: 2}, codes
    assert not [shape for shape in wanted for output in said if shape in output]
