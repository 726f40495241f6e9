"""The benchmarks' shape. How fast anything is, no test asks."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from host_tools.bench import __main__ as bench
from host_tools.bench import board, decode, wear

NUMBERS: dict[str, Any] = {
    "life": {"sim_s_per_wall_s": 120_000_000, "wakes_per_s": 35_000, "simpy_timeouts_per_s": 700_000},
    "life_flex": {"sim_s_per_wall_s": 60_000_000, "wakes_per_s": 20_000},
    "decode": {"frames_per_s": 60_000, "pymavlink_per_s": 120_000, "bulk_frames_per_s": 900_000},
    "roundtrip": {"median_ms": 1.25},
    "startup": {"thecal_s": 0.15, "mpremote_s": 0.1},
    "board": None,
    "hunt": {"sim_s_per_core_s": 15_000_000, "lives": 24},
    "wear": {"worst_erases": 314, "share_of_rated": 0.00314},
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


BOARD = {
    "idle_wake_us": 4321,
    "idle_wake_alloc_bytes": 0,
    "busy_wake_us": 123_456,
    "worst_wake_us": 543_210,
    "heap_live": 100_000,
    "heap_high_water": 150_000,
    "heap_free_at_boot": 200_000,
    "ready_ms": 1765,
    "deployed_bytes": 87_654,
    "status_roundtrip_ms": 67,
    "open_roundtrip_ms": 21,
    "session_ms": 88,
    "asleep_share": 0.9876,
}


def test_table_has_the_boards_costs_beside_their_marks() -> None:
    lines = [line.split() for line in shown(NUMBERS | {"board": BOARD}).splitlines()]
    for words in (
        "4.3 - - -",
        "123 - - -",
        "543 - - -",
        "67 - - -",
        "21 - - -",
        "88 - - -",
        "1,765 - - below 2,000",
        "98.76% - - -",
    ):
        assert [line for line in lines if " ".join(line).endswith(f" {words}")], words
    for words in ("0 - - 0", "free 200,000 0.50 -", "free 200,000 0.75 below 0.5", "87,654 - - below 120,000"):
        assert [line for line in lines if " ".join(line).endswith(f" {words}")], words


def test_a_board_that_was_not_measured_is_said_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THECAL_UF2", raising=False)
    assert board.measure() is None
    assert "not measured: THECAL_UF2 names no MicroPython" in shown(NUMBERS)


def test_table_has_the_worst_sector_beside_what_the_flash_stands() -> None:
    row = next(line.split() for line in shown(NUMBERS).splitlines() if line.startswith("worst sector"))
    assert " ".join(row) == "worst sector, erases 314 rated 100,000 0.0031 below 0.1"
    assert "not measured: no littlefs" in shown(NUMBERS | {"wear": None})


def test_a_sector_is_erased_when_its_records_fill_it_and_none_is_worn_alone() -> None:
    pytest.importorskip("littlefs")
    disk = wear.Disk()
    for number in range(6000):
        disk.put(0, "wb", bytes(60) + number.to_bytes(4, "little"))
    few = sum(disk.erases.values())
    assert 6000 // 100 < few < 6000
    assert max(disk.erases.values()) <= wear.CYCLES + 1
    for _ in range(100):
        disk.put(2, "wb", bytes(616))
    assert sum(disk.erases.values()) >= few + 100


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
