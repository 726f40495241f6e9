"""Corrupts what a pump remembers: in RAM, where a bit flips in a number, and in the store, where copies rot."""

from typing import Any

from firmware.records import slots
from hal.mock.store import MockStore

_FLIPPED_BYTE = 20  # of a record: behind its header, so that it is a number that changes
_RECORDS = {
    "program": slots.STATE[0],
    "ledger": slots.LEDGER[0],
    "windows": slots.WINDOWS[0],
    "patient": slots.PATIENT[0],
    "doses": slots.DOSES[0],
    "key": slots.KEY[0],
}
_LOGS = {"log": slots.LOG, "fault_log": slots.FAULT_LOG}
_RATE_BIT = 1 << 15  # 32,768 nL/day, or steps
_TIME_BIT = 1 << 20  # s: the running batch would last for twelve days


def corrupt(pump: Any, store: MockStore, fault: str, region: str, copies: int = 2) -> None:
    """Do a `bit_flip` or a `store_corrupt`. ValueError where there is nothing to corrupt."""
    if pump is None:
        raise ValueError(f"{fault}: the firmware raised and does not run until the watchdog's reset; advance 8s first")
    if fault == "bit_flip" and region not in _LOGS:
        _flip(pump, region)
        return
    held = store.dump()
    slots = [slot for slot in _slots(pump, region) if slot in held]
    if not slots:
        raise ValueError(f"{fault}: the pump has written nothing yet for {region}")
    if region in _LOGS:
        store.corrupt(slots[0], _FLIPPED_BYTE)
        return
    for slot in slots[:copies]:
        store.corrupt(slot, _FLIPPED_BYTE)


def _slots(pump: Any, region: str) -> tuple[int, ...]:
    if region in _LOGS:
        return _LOGS[region]
    if region == "week":
        return slots.WEEKS[pump.state.week - 1][0] if pump.state.week else ()
    return _RECORDS[region]


def _flip(pump: Any, region: str) -> None:
    if region == "rate":
        pump.delivery.rate_nl_per_day ^= _RATE_BIT
    elif region == "program":
        pump.state.rate_nl_per_day ^= _RATE_BIT
    elif region == "ledger":
        pump.ledger.delivered_steps ^= _RATE_BIT
    elif region == "working":
        pump.delivery.until_s ^= _TIME_BIT
    elif pump.program.week is None:
        raise ValueError("bit_flip: no flex program runs, so there is no week")
    else:
        pump.program.week.volumes_nl[0] ^= _RATE_BIT
