"""A little of the rot of `python -m tests.hunt`, other at every seed; and guards taken away, which it must find."""

from functools import cache
from random import Random
from typing import Any

import pytest

from firmware.records.patientrecord import PatientRecord, _blank
from firmware.records.record import Record
from tests.hunt.rot import Damage, Rot
from tests.hunt.verdicts import BAD, CORRECTED, LOUD, SAME

FEW = 200
SEED = 2


@cache
def rot() -> Rot:
    return Rot()


def bad(of: Rot, damages: list[Damage]) -> list[str]:
    print(f"{len(damages)} damages, seed {SEED}")
    verdicts = [(sorted(damage), of.judge(damage)) for damage in damages]
    return [f"{damaged}: {verdict}: {why}" for damaged, (verdict, why) in verdicts if verdict in BAD]


def bits(of: Rot) -> list[Damage]:
    return [of.flipped(*bit) for bit in Random(SEED).sample(of.bits(), FEW)]


@pytest.mark.shows("R4.5")
def test_a_bit_of_one_copy_costs_nothing() -> None:
    """Of a week that is not in force nobody takes notice."""
    assert {rot().judge(damage).verdict for damage in bits(rot())} == {CORRECTED, SAME}


@pytest.mark.shows("R4.5", "FI-32")
def test_a_bit_of_a_log_or_of_both_copies_is_told_by_an_alarm() -> None:
    draw = Random(SEED)
    damages = [rot().flipped(*bit) for bit in draw.sample(rot().log_bits(), FEW)]
    assert {rot().judge(damage).verdict for damage in damages} == {LOUD}
    both = [rot().both_flipped(draw) for _ in range(FEW)]
    assert {rot().judge(damage).verdict for damage in both} == {LOUD, SAME}


@pytest.mark.shows("FI-32")
def test_what_is_lost_changed_or_cut_short_is_never_wrong_in_silence() -> None:
    draw = Random(SEED)
    short = [rot().ended(*case) for case in draw.sample(rot().cut_short(), FEW)]
    assert not bad(rot(), [*rot().missing(), *draw.sample(rot().swapped(), FEW), *short])


def _unchecked(self: Any, data: bytes) -> list[Any] | None:
    """A copy is read whatever its checksum is."""
    from struct import unpack

    if len(data) != 12 + self.length + 4:
        return None
    _, _, _, _, *values = unpack(self.layout, data[:-4])
    return values


def _defaults(self: Any) -> list[bytes]:
    """A chart that is lost is a blank one."""
    return self._record.load() or _blank()


def test_a_checksum_that_is_not_looked_at_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Record, "_parse", _unchecked)
    assert bad(rot(), bits(rot()))


def test_a_record_that_is_missing_and_taken_for_a_blank_one_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientRecord, "_texts", _defaults)
    assert bad(rot(), rot().missing())
