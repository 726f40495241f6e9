"""The patient's record and the titration history, as a programmer reads and writes them."""

import json
import random
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.programmer import BadValue, Handover, Programmer, Refused
from host_tools.programmer.handover import handover_of
from protocol import codes
from protocol.messages import NONE32
from tests.programmer.peer import Peer, PeerTransport

NOW = datetime(2026, 1, 5, 8)


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
        ("patient_name", "Ada\x1b[2J", "patient_name has the character U+001B"),
        ("born", "17.5.1980", "write 1980-05-17"),
        ("born", "1980-02-30", "write 1980-05-17"),
        ("born", "1980W201", "write 1980-05-17"),
        ("born", "1980-W20-1", "write 1980-05-17"),
    ],
)
def test_one_bad_text_is_refused_in_words_and_none_is_written(field: str, text: str, words: str) -> None:
    peer = Peer()
    with pytest.raises(BadValue) as refused:
        connect(peer).write_records({"clinic": "North", field: text})
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert peer.done == []


def test_without_checks_the_pump_is_asked() -> None:
    peer = Peer()
    connect(peer, checks=False).write_record("born", "a day in spring")
    assert peer.texts["born"].startswith(b"a day in spring")


def test_a_corrupt_record_is_an_error_and_not_an_empty_one() -> None:
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


OLD = Handover(
    "THECAL-00001",
    {"implanted": None, "catheter_cm": 89.0, "pump_tubing_ml": 0.199, "site": "left", "depth_mm": 18},
    {"patient_name": "Ada", "clinic": ""},
    [{"nl": 100_000, "mcg_per_ml": 500}, {"nl": 294_800, "mcg_per_ml": 2000}],
    "baclofen",
    2000,
    300.5,
)


def test_the_catheter_and_the_record_are_taken_over_in_one_session() -> None:
    peer = Peer()
    connect(peer).take_over(OLD, wall=NOW)
    assert [name for name, _ in peer.done] == ["PROVE", "READ_IMPLANT", "IMPLANT", "WRITE_RECORD", "CLOSE"]
    told = peer.done[2][1]
    assert (told["catheter_mm"], told["tubing_nl"], told["depth_mm"]) == (
        890,
        140_000,
        18,
    )  # the tubing is the new one's
    assert (told["site"].rstrip(b"\0"), str(told["catheter"]), str(told["tubing"])) == (b"left", "kept", "empty")
    assert told["dose_ng_per_day"] == 300_500
    held = [(parcel["volume_nl"], parcel["mcg_per_ml"]) for parcel in told["parcels"]]
    assert held == [(100_000, 500), (95_800, 2000)]  # the old pump's own tubing went with it


def test_of_an_older_handover_the_kept_catheters_strength_must_be_said() -> None:
    peer = Peer()
    with pytest.raises(BadValue, match=r"nobody says what the kept catheter holds: .*--catheter-mcg-per-ml"):
        connect(peer).take_over(OLD._replace(line=None), wall=NOW)
    assert peer.done == []
    connect(peer).take_over(OLD._replace(line=None), wall=NOW, catheter_mcg_per_ml=1000)
    (parcel,) = peer.done[2][1]["parcels"]
    assert (parcel["volume_nl"], parcel["mcg_per_ml"]) == (195_800, 1000)


@pytest.mark.parametrize(
    ("line", "words"),
    [("x", "line cannot be 'x'"), ([1], "cannot hold 1"), ([{"nl": -1, "mcg_per_ml": 0}], "cannot hold {'nl': -1")],
)
def test_a_handover_with_another_line_is_refused(line: object, words: str) -> None:
    document = {"serial": "X", "implant": OLD.implant, "patient": OLD.patient, "line": line}
    with pytest.raises(BadValue, match=words):
        handover_of(document, "old.json")


def test_a_handover_that_was_written_is_read_as_it_was() -> None:
    assert handover_of(json.loads(json.dumps(OLD._asdict())), "old.json") == OLD


RECORDED = {"implanted_wall_s": 1000, "catheter_mm": 890, "tubing_nl": 140_000}


@pytest.mark.parametrize(
    ("recorded", "catheter_cm", "told"),
    [({}, 89, "new"), (RECORDED, 89, "same"), (RECORDED, 80, None)],
    ids=["first", "same length", "another length"],
)
def test_an_implantation_never_makes_a_catheter_new_by_itself(
    recorded: dict[str, int], catheter_cm: int, told: str | None
) -> None:
    peer = Peer()
    peer.implantation |= recorded
    if told is None:
        with pytest.raises(BadValue, match="Say which: --catheter new, or --catheter same"):
            connect(peer).implant(catheter_cm, wall=NOW)
        return
    connect(peer).implant(catheter_cm, wall=NOW)
    (sent,) = [fields for name, fields in peer.done if name == "IMPLANT"]
    assert str(sent["catheter"]) == told
    assert (sent["implanted_wall_s"] == 1000) == (told == "same")


def test_a_kept_catheter_without_a_handover_needs_its_strength() -> None:
    with pytest.raises(BadValue, match="what does the kept catheter hold"):
        connect(Peer()).implant(89, wall=NOW, catheter="kept")


@pytest.mark.parametrize(
    "old", [OLD._replace(patient={"name": "Ada"}), OLD._replace(implant=OLD.implant | {"depth_mm": 30})]
)
def test_what_cannot_be_taken_over_is_said_before_anything_is_done(old: Handover) -> None:
    peer = Peer()
    with pytest.raises((BadValue, Refused)):
        connect(peer).take_over(old, wall=NOW)
    assert not {"IMPLANT", "WRITE_RECORD"} & {name for name, _ in peer.done}


def test_a_handover_is_read_from_its_own_document() -> None:
    document = json.loads(json.dumps(OLD._asdict()))
    assert handover_of(document, "old.json") == OLD


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"implant": None}, "does not say how a pump was implanted"),
        ({"implant": OLD.implant | {"catheter_cm": "89"}}, "implant.catheter_cm cannot be '89'"),
        ({"implant": OLD.implant | {"catheter_cm": 0}}, "no catheter"),
        ({"implant": OLD.implant | {"site": None}}, "implant.site cannot be None"),
        ({"patient": {"patient_name": 5}}, "holds no texts"),
        ({"patient": None}, "holds no texts"),
    ],
)
def test_what_is_no_handover_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadValue, match=words) as refused:
        handover_of(OLD._asdict() | change, "old.json")
    assert str(refused.value).startswith("old.json")
