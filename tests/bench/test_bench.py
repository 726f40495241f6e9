"""The benchmarks' shape. How fast anything is, no test asks."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from host_tools.bench import __main__ as bench
from host_tools.bench import decode

NUMBERS: dict[str, Any] = {
    "life": {"sim_s_per_wall_s": 120_000_000, "wakes_per_s": 35_000, "simpy_timeouts_per_s": 700_000},
    "life_flex": {"sim_s_per_wall_s": 60_000_000, "wakes_per_s": 20_000},
    "decode": {"frames_per_s": 60_000, "pymavlink_per_s": 120_000, "bulk_frames_per_s": 900_000},
    "roundtrip": {"median_ms": 1.25},
    "startup": {"thecal_s": 0.15, "mpremote_s": 0.1},
    "board": None,
}


def shown(numbers: dict[str, Any]) -> str:
    console = Console(width=120, file=None)
    with console.capture() as captured:
        console.print(bench.table(numbers))
    return captured.get()


def test_table_has_each_ratio_beside_its_mark() -> None:
    text = shown(NUMBERS)
    for ratio, mark in (
        ("120 M", "100 M"),
        ("60 M", "100 M"),
        ("1/20.0", "1/20, wish 1/5"),
        ("0.50", "0.5"),
        ("1.50", "at most 2"),
    ):
        assert any(ratio in line and line.rstrip().endswith(mark) for line in text.splitlines()), (ratio, text)


def test_writes_the_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench, "PEERS", ())
    monkeypatch.setattr(bench, "measured", lambda: NUMBERS)
    out = tmp_path / "new" / "bench.json"
    result = CliRunner().invoke(bench.main, ["--out", str(out)])
    assert result.exit_code == 0, result.output
    assert json.loads(out.read_text()) == NUMBERS


def test_missing_peers_are_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "PEERS", ("json", "no_such_peer"))
    result = CliRunner().invoke(bench.main)
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
    assert "not installed to compare with: no_such_peer;" in result.output
    assert "[bench]" in result.output


def test_both_ways_of_decoding_get_every_frame_and_miss_a_spoilt_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "FRAMES", 20)
    data = decode._telemetry_bytes()
    at = next(index for index, byte in enumerate(data) if byte > 0x40)  # beyond COBS's own bytes in short frames
    spoilt = data[:at] + bytes([data[at] ^ 0x01]) + data[at + 1 :]
    for way in (decode._construct, decode._bulk):
        way(data)
        with pytest.raises(RuntimeError, match="19 of 20"):
            way(spoilt)
