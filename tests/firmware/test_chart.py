"""The patient's chart: what was written is read, by whoever may; what cannot be shown is refused; rot is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import wire
from firmware.config import Config
from firmware.records import slots
from firmware.records.patientrecord import FIELDS, PatientRecord, fits
from host_tools.programmer.texts import is_shown
from protocol import codes

from .body import Body, Store
from .clinic import Clinic, Refused

FIELD = st.sampled_from(FIELDS)
TEXT = st.text(st.characters().filter(is_shown) | st.just("\n"), max_size=60)
writes = st.lists(st.tuples(FIELD, TEXT), max_size=8)


def padded(text):
    return text.encode().ljust(192, b"\0")


@given(writes=writes)
@pytest.mark.shows("SEED-37")
def test_every_text_that_fits_is_read_again_after_a_reset(writes):
    store = Store()
    assert PatientRecord(store).begin()
    kept = dict.fromkeys(FIELDS, "")
    for field, text in writes:
        chart = PatientRecord(store)
        short_enough = len(text.encode()) <= wire.RECORD_BYTES[field]
        assert fits(Config(), field, padded(text)) == short_enough
        if short_enough:
            assert chart.write(field, padded(text))
            kept[field] = text
    assert {field: PatientRecord(store).read(field) for field in FIELDS} == {
        f: padded(text) for f, text in kept.items()
    }


@pytest.mark.parametrize("bit", [0, 8 * 12, 8 * 40, 8 * 1600])
@pytest.mark.shows("FI-31")
def test_either_copy_alone_is_the_whole_chart_and_none_is_an_alarm(bit):
    clinic = Clinic(Body())
    clinic.command("WRITE_RECORD", field="patient_name", text=padded("Ada"))
    store = clinic.body.store
    for copies in (slots.PATIENT[0][:1], slots.PATIENT[0][1:], slots.PATIENT[0]):
        for slot in copies:
            data = bytearray(store.read(slot))
            data[bit // 8] ^= 1
            store.write(slot, bytes(data))
        clinic.boot()
        assert ("memory" in clinic.alarms()) == (copies == slots.PATIENT[0])
        if copies != slots.PATIENT[0]:
            assert clinic.command("READ_RECORD", field="patient_name").text == padded("Ada")
    assert len([entry for entry in clinic.events() if str(entry.event) == "MEM_CORRECTED"]) == 2
    with pytest.raises(Refused, match="state"):
        clinic.command("READ_RECORD", field="patient_name")
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "MEM_ERROR_NONCRIT"]
    assert event.a == codes.REGION["patient"]
    assert str(clinic.status().therapy) == "unfilled"  # a chart is no reason to stop anything
    clinic.command("WRITE_RECORD", field="allergies", text=padded("latex"))
    assert "memory" not in clinic.alarms()
    assert clinic.command("READ_RECORD", field="patient_name").text == bytes(192)


def test_personal_data_needs_a_session_and_writing_a_clinician():
    clinic = Clinic(Body())
    with pytest.raises(Refused, match="auth"):
        clinic.ask("READ_RECORD", field="patient_name")
    clinic.open("observer")
    assert clinic.signed("READ_RECORD", field="patient_name").text == bytes(192)
    with pytest.raises(Refused, match="auth"):
        clinic.signed("WRITE_RECORD", field="patient_name", text=padded("Eve"))


@pytest.mark.parametrize("text", ["x" * 49, "\x1b[2J", b"\xff", b"A\0B", "Ada\u202e", "\u2066Ada", "A\u2028B"])
def test_what_does_not_fit_is_refused_and_nothing_is_changed(text):
    clinic = Clinic(Body())
    clinic.command("WRITE_RECORD", field="patient_name", text=padded("Ada"))
    before = dict(clinic.body.store.slots)
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(Refused, match="malformed"):
        clinic.command("WRITE_RECORD", field="patient_name", text=data.ljust(192, b"\0"))
    assert [clinic.body.store.slots[slot] == before[slot] for slot in slots.PATIENT[0]] == [True, True]
    changes = [entry.a for entry in clinic.events() if str(entry.event) == "RECORD_CHANGED"]
    assert changes == [codes.RECORD["patient_name"]]
