"""The patient's record and the titration history, as a programmer reads and writes them."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.programmer import BadValue, Programmer, Refused
from protocol import codes
from protocol.messages import NONE32
from tests.programmer.peer import Peer, PeerTransport


def connect(peer: Peer, **options: Any) -> Programmer:
    return Programmer(PeerTransport(peer), entropy=random.Random(1).randbytes, **options)


def dose(number: int, old_ng: int, new_ng: int, overridden: str = "no") -> dict[str, Any]:
    times = {"number": number, "wall_s": NONE32, "uptime_s": 10 * number}
    doses = {"old_dose_ng_per_day": old_ng, "dose_ng_per_day": new_ng}
    return {**times, **doses, "concentration_mcg_per_ml": 500, "overridden": overridden}


def test_what_was_written_is_read_and_all_else_is_empty() -> None:
    pump = connect(Peer())
    pump.write_record("patient_name", "Ada Ø")
    pump.write_records({"allergies": "latex\npenicillin", "born": "1980-05-17"})
    told = pump.records()
    assert list(told) == list(codes.RECORDS)
    assert {field: text for field, text in told.items() if text} == {
        "patient_name": "Ada Ø",
        "allergies": "latex\npenicillin",
        "born": "1980-05-17",
    }


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("patientname", "Ada", "did you mean 'patient_name'?"),
        ("shoe size", "39", "fields are patient_name,"),
        ("patient_name", "Ø" * 25, "patient_name is 50 bytes of UTF-8 long; the pump keeps 48"),
        ("patient_name", "Ada\x1b[2J", "the character '\\x1b'"),
        ("born", "17.5.1980", "write 1980-05-17"),
        ("born", "1980-02-30", "write 1980-05-17"),
        ("born", "1980W201", "write 1980-05-17"),
    ],
)
def test_one_bad_text_is_refused_in_words_and_none_is_written(field: str, text: str, words: str) -> None:
    peer = Peer()
    with pytest.raises(BadValue) as refused:
        connect(peer).write_records({"clinic": "North", field: text})
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert peer.done == []


@pytest.mark.parametrize("field", codes.RECORDS)
def test_the_longest_text_goes_through_and_one_byte_more_does_not(field: str) -> None:
    peer = Peer()
    most = codes.RECORDS[field].most_bytes
    if field != "born":
        connect(peer).write_record(field, "x" * most)
        assert peer.texts[field].rstrip(b"\0") == b"x" * most
    with pytest.raises(BadValue):
        connect(peer).write_record(field, "x" * (most + 1))


def test_without_checks_the_pump_is_asked() -> None:
    peer = Peer()
    connect(peer, checks=False).write_record("born", "a day in spring")
    assert peer.texts["born"].startswith(b"a day in spring")


def test_a_spoilt_record_is_an_error_and_not_an_empty_one() -> None:
    peer = Peer()
    peer.refuse = {"READ_RECORD": "state"}
    with pytest.raises(Refused, match="no copy of the patient's record"):
        connect(peer).records()


def test_an_unused_pump_has_no_history() -> None:
    assert connect(Peer()).titration() == []


def test_the_history_is_read_to_its_end_in_order() -> None:
    peer = Peer()
    peer.doses = [dose(number, 1000 * number, 1000 * number + 1000) for number in range(8, 38)]
    assert [row["uptime_s"] for row in connect(peer).titration()] == [10 * number for number in range(8, 38)]


def test_a_row_says_what_was_changed() -> None:
    peer = Peer()
    peer.doses = [dose(1, 0, 100_000), dose(2, 100_000, 130_500, "yes")]
    first, second = connect(peer).titration()
    assert (first["old_dose_mcg_per_day"], first["change_percent"], first["overridden"]) == (0, None, False)
    assert second == {
        "wall": None,
        "uptime_s": 20,
        "old_dose_mcg_per_day": 100,
        "dose_mcg_per_day": 130.5,
        "concentration_mcg_per_ml": 500,
        "change_percent": 30.5,
        "overridden": True,
    }


@given(old_ng=st.integers(1, 10**10), new_ng=st.integers(1, 10**10))
def test_the_change_is_right_to_a_twentieth_of_a_percent(old_ng: int, new_ng: int) -> None:
    peer = Peer()
    peer.doses = [dose(1, old_ng, new_ng)]
    (row,) = connect(peer).titration()
    tenths = round(10 * row["change_percent"])
    assert abs(tenths * old_ng - 1000 * (new_ng - old_ng)) * 2 <= old_ng
