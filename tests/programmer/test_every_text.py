"""Every text of the patient's record, through the real pump: to its last byte, without controls, and over a swap."""

import json

import pytest

from host_tools.programmer import BadValue, Programmer, Refused
from host_tools.programmer.datedtext import DATED
from host_tools.programmer.handover import handover_of
from protocol import codes, messages
from tests.documents.bench import START, Bench

LETTERS = ("x", "ß", "€", "💊")  # one to four bytes of UTF-8
CONTROLS = ("\x00b", "\x07", "\t", "\r", "\x1b[2J", "\x7f", "\u202e", "\u2067", "\u200f", "\u2028", "\ufeff")


def begun(field: str) -> str:
    """The beginning that a text of this field needs."""
    return "2026-03-01 " if field in DATED else ""


def of_bytes(field: str, count: int, letter: str) -> str:
    """A text of the field of so many bytes, of this letter but for its beginning and what is left over."""
    text = begun(field)
    room = count - len(text)
    each = len(letter.encode())
    return text + "x" * (room % each) + letter * (room // each)


def unchecked(bench: Bench) -> Programmer:
    """The bench's programmer, but one that leaves every check to the pump."""
    bench.pump._client.checks = False
    return bench.pump


@pytest.mark.shows("SEED-37")
@pytest.mark.parametrize("letter", LETTERS)
@pytest.mark.parametrize("field", [field for field in codes.RECORDS if field != "born"])
def test_the_longest_text_is_kept_and_a_byte_more_is_refused_by_programmer_and_pump(field: str, letter: str) -> None:
    most = codes.RECORDS[field].most_bytes
    bench = Bench()
    pump = bench.pump
    for count in (most - 1, most):
        text = of_bytes(field, count, letter)
        assert len(text.encode()) == count
        pump.write_record(field, text)
        assert pump.records() == {**dict.fromkeys(codes.RECORDS, ""), field: text}
    long = of_bytes(field, most + 1, letter)
    kept = {other: "2026-03-01 x" for other in codes.RECORDS if other not in (field, "born")}
    with pytest.raises(BadValue, match=f"{field} is {most + 1} bytes of UTF-8 long; the pump keeps {most}"):
        pump.write_records({**kept, field: long})
    if most < messages.TEXT_BYTES:  # a longer one has no place on the wire
        with pytest.raises(Refused, match="malformed"):
            unchecked(bench).write_record(field, long)
    assert pump.records() == {**dict.fromkeys(codes.RECORDS, ""), field: of_bytes(field, most, letter)}


@pytest.mark.parametrize("control", CONTROLS, ids=ascii)
def test_no_text_takes_a_control_and_each_takes_a_line_end(control: str) -> None:
    bench = Bench()
    pump = bench.pump
    kept = {field: f"{begun(field)}a\n{begun(field)}b" for field in codes.RECORDS if field != "born"}
    pump.write_records(kept)
    for field in kept:
        with pytest.raises(BadValue, match=rf"{field} has the character U\+"):
            pump.write_record(field, f"{begun(field)}a{control}b")
    for field in kept:
        with pytest.raises(Refused, match="malformed"):
            unchecked(bench).write_record(field, f"{begun(field)}a{control}b")
    assert pump.records() == {**dict.fromkeys(codes.RECORDS, ""), **kept}


@pytest.mark.shows("SEED-22", "SEED-58", "SEED-59", "SEED-61", "SEED-62", "SEED-63")
@pytest.mark.parametrize("letter", LETTERS)
def test_every_text_is_handed_on_to_the_next_pump(letter: str) -> None:
    old, new = Bench(), Bench()
    old.treat()
    texts = {field: of_bytes(field, text.most_bytes, letter) for field, text in codes.RECORDS.items()}
    texts["born"] = "1980-05-17"
    old.pump.write_records(texts)
    printed = json.dumps(old.pump.handover()._asdict())  # as `thecal patient --json` does
    new.pump.take_over(handover_of(json.loads(printed), "old.json"), wall=START)
    assert new.pump.records() == texts == old.pump.records()
