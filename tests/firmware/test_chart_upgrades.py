"""A pump with the chart of the version before, which had fourteen texts, byte by byte: none of them is lost.

docs/upgrades.md says what an upgrade keeps; test_map.py tries what it loses.
"""

import struct
from binascii import crc32

import pytest

from firmware import wire
from firmware.records.patientrecord import FIELDS
from protocol import codes

from .clinic import Clinic
from .test_power_cut import CuttingBody, PowerLost, boot_cut_at

SLOTS, KIND, VERSION, LENGTH = (16, 17), 16, 1, 1602
SIZES = (48, 24, 10, 96, 96, 192, 192, 192, 192, 192, 192, 96, 48, 32)
TEXTS = {number: f"{number} Jürgen".ljust(size, "x")[:size].encode()[:size] for number, size in enumerate(SIZES, 1)}
TEXTS[3] = b"1971-03-29"
TEXTS[9] = b""


def former_bytes(texts, sequence):
    layout = "<4sBBHI" + "".join(f"{size}s" for size in SIZES)
    data = struct.pack(layout, b"THCL", KIND, VERSION, LENGTH, sequence, *[texts[number] for number in sorted(texts)])
    return data + struct.pack("<I", crc32(data))


def upgraded(sequences=(7, 8)):
    """A pump that runs, with the chart that the version before left."""
    clinic = Clinic(CuttingBody())
    clinic.implant()
    clinic.refill()
    clinic.program(dose_ng_per_day=300_000)
    for slot, sequence in zip(SLOTS, sequences, strict=True):
        texts = TEXTS if sequence == max(sequences) else TEXTS | {1: b"as it was before"}
        clinic.body.store.slots[slot] = former_bytes(texts, sequence)
        assert len(clinic.body.store.slots[slot]) == LENGTH + 16
    return clinic


def told(clinic):
    return {field: clinic.pump.patient_record.read(field).rstrip(b"\0") for field in FIELDS}


def check(clinic):
    assert told(clinic) == {field: TEXTS.get(field, b"") for field in FIELDS}
    assert set(clinic.alarms()) <= {"clock_lost"}
    assert str(clinic.status().therapy) == "running"


@pytest.mark.parametrize("sequences", [(7, 8), (8, 7)])
def test_every_text_is_kept_and_no_alarm_sounds(sequences):
    clinic = upgraded(sequences)
    clinic.boot()
    check(clinic)
    corrected = [entry.a for entry in clinic.events() if str(entry.event) == "MEM_CORRECTED"]
    assert wire.REGION_PATIENT not in corrected
    for slot in SLOTS:
        assert clinic.body.store.slots[slot][5] == VERSION + 1
    clinic.boot()
    check(clinic)


@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
@pytest.mark.parametrize("sequences", [(7, 8), (8, 7)])
@pytest.mark.parametrize("at", range(1, 7))
def test_a_cut_at_each_write_of_an_upgrade_loses_nothing(sequences, at, keep):
    clinic = upgraded(sequences)
    boot_cut_at(clinic, at, keep)
    check(clinic)


@pytest.mark.parametrize("damaged", SLOTS)
def test_one_copy_alone_is_enough(damaged):
    clinic = upgraded((8, 8))
    clinic.body.store.slots[damaged] = clinic.body.store.slots[damaged][:100]
    clinic.boot()
    check(clinic)


@pytest.mark.parametrize("at", [1, 2])
def test_a_text_that_is_written_after_a_cut_stands_beside_the_old_ones(at):
    """The copy of the version before that the cut left is never what a later loss leads back to."""
    clinic = upgraded()
    store = clinic.body.store
    store.cut_at = at
    with pytest.raises(PowerLost):
        clinic.boot()
    store.on, store.cut_at = True, 0
    clinic.boot()
    clinic.command("WRITE_RECORD", field="hearing", text=b"deaf".ljust(192, b"\0"))
    for slot in SLOTS:
        kept = store.slots[slot]
        store.slots[slot] = kept[:100]
        assert told(clinic) == {**dict.fromkeys(FIELDS, b""), **TEXTS, codes.RECORD["hearing"]: b"deaf"}
        store.slots[slot] = kept


def test_a_store_that_takes_nothing_yet_leaves_the_old_texts_to_read():
    clinic = upgraded()
    clinic.body.store.failing = True
    clinic.boot()
    assert told(clinic) == {field: TEXTS.get(field, b"") for field in FIELDS}
    assert "memory" not in clinic.alarms()
    clinic.body.store.failing = False
    clinic.command("WRITE_RECORD", field="skin", text=b"2026-03-01 dry".ljust(192, b"\0"))
    assert told(clinic) == {**dict.fromkeys(FIELDS, b""), **TEXTS, codes.RECORD["skin"]: b"2026-03-01 dry"}
