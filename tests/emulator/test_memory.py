"""Faults of the pump's memory and its firmware, on a machine: what they corrupt, and how a hang ends."""

from typing import Any

import pytest

from firmware.config import Config
from hal.contract import WATCHDOG_MS
from host_tools.machines.mock.machine import MockMachine

HOUR_MS = 3_600_000


def machine() -> Any:
    one = MockMachine(Config())
    one.advance_to(HOUR_MS // 2)
    return one


def names(one: Any) -> list[str]:
    return [event["name"] for event in one.events]


def test_a_hang_ends_with_the_watchdog() -> None:
    one = machine()
    one.plant.apply_fault("hang")
    one.wake()
    assert one.next_wake_ms == HOUR_MS // 2 + WATCHDOG_MS
    hung = one.pump
    one.advance_to(one.next_wake_ms - 1)
    assert one.pump is hung
    one.advance_to(one.now_ms + 1)
    assert one.pump is not hung
    assert one.plant.truth()["faults"] == []
    assert names(one)[-2:] == ["POST_PASS", "WATCHDOG_RESET"]
    assert [boot.at_s for boot in one.boots] == [0, 1808]


def test_a_pump_that_hangs_answers_nobody() -> None:
    one = machine()
    one.plant.apply_fault("hang")
    one.wake()
    polls: list[int] = []
    one.pump.poll = lambda: polls.append(1)
    one.hal.links[0].host_send(b"hello")
    one.wake()
    one.advance_to(one.now_ms + WATCHDOG_MS - 1)
    assert polls == []


def test_a_hang_with_an_end_comes_back_until_then() -> None:
    one = machine()
    one.plant.apply_fault("hang", one.now_ms + 20_000)
    one.wake()
    one.advance_to(one.now_ms + 60_000)
    assert [boot.at_s for boot in one.boots] == [0, 1808, 1816, 1824]


def test_a_power_cut_ends_a_hang_and_is_no_reset() -> None:
    one = machine()
    one.plant.apply_fault("hang")
    one.wake()
    one.power_cut(1000)
    assert one.plant.truth()["faults"] == []
    assert "WATCHDOG_RESET" not in names(one)


def test_a_hang_lasts_by_the_pumps_own_clock() -> None:
    one = machine()
    one.plant.apply_fault("clock_drift", ppm=-100_000)
    one.plant.apply_fault("hang")
    one.wake()
    assert one.next_wake_ms - one.now_ms == pytest.approx(WATCHDOG_MS / 0.9, abs=2)


@pytest.mark.parametrize("fault", ["bit_flip", "store_corrupt"])
def test_there_must_be_a_week_to_corrupt(fault: str) -> None:
    one = machine()
    with pytest.raises(ValueError, match="week"):
        one.plant.apply_fault(fault, region="week")


def test_a_copy_and_both_copies() -> None:
    one = machine()
    one.advance_to(2 * HOUR_MS)
    for copies in (1, 2):
        before = one.hal.store.dump()
        one.plant.apply_fault("store_corrupt", region="ledger", copies=copies)
        after = one.hal.store.dump()
        assert [slot for slot in before if before[slot] != after[slot]] == [0, 1][:copies]


def test_a_flip_in_a_log_changes_one_bit_of_it() -> None:
    one = machine()
    before = one.hal.store.dump()
    one.plant.apply_fault("bit_flip", region="log")
    after = one.hal.store.dump()
    changed = [(a ^ b).bit_count() for slot in before for a, b in zip(before[slot], after[slot], strict=True)]
    assert sum(changed) == 1
