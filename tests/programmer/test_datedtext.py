"""Lines of the patient's record that begin with a date: what is none is refused, and what was written is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.programmer import BadValue
from host_tools.programmer.datedtext import DATED, Entry, check_dated, entries, with_line
from protocol import codes
from tests.programmer.peer import Peer
from tests.programmer.test_patientrecord import connect

WORDS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=30).filter(str.strip)
LINES = st.lists(st.tuples(st.dates().map(str), WORDS.map(str.strip)), min_size=1, max_size=6)


@given(lines=LINES, end=st.sampled_from(["", "\n"]))
def test_what_was_written_is_read_in_its_order(lines: list[tuple[str, str]], end: str) -> None:
    text = "\n".join(f"{day} {words}" for day, words in lines) + end
    check_dated("skin", text)
    assert list(entries(text)) == [Entry(day, words) for day, words in lines]
    day, words = lines[0]
    assert list(entries(with_line(text, day, words))) == [Entry(*line) for line in [*lines, lines[0]]]
    assert list(entries(with_line("", day, words))) == [Entry(day, words)]


@pytest.mark.parametrize("field", DATED)
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("dry", "'dry', begins with no day"),
        ("", "'', begins with no day"),
        (" 2026-03-01 dry", "begins with no day"),
        ("2026-02-29 dry", "begins with no day"),
        ("2026-3-1 dry", "begins with no day"),
        ("20260301 dry", "begins with no day"),
        ("2026-W09-1 dry", "begins with no day"),
        ("1.3.2026 dry", "begins with no day"),
        ("2026-03-01dry", "begins with no day"),
        ("2026-03-01", "says nothing after its day"),
        ("2026-03-01  ", "says nothing after its day"),
    ],
)
def test_a_line_without_a_day_or_words_is_named_and_nothing_is_written(field: str, line: str, words: str) -> None:
    peer = Peer()
    with pytest.raises(BadValue) as refused:
        connect(peer).write_records({"clinic": "North", field: f"2026-03-01 red\n{line}\n2026-03-02 dry"})
    assert f"{field}: line 2, " in str(refused.value)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert peer.done == []


def test_a_line_from_another_programmer_is_told_without_a_day() -> None:
    assert list(entries("red\n\n2026-03-01 dry\n2026-03-01")) == [
        Entry("", "red"),
        Entry("2026-03-01", "dry"),
        Entry("2026-03-01", ""),
    ]


@pytest.mark.shows("SEED-61", "SEED-63")
@pytest.mark.parametrize("field", DATED)
def test_an_added_line_has_the_pumps_day_and_stands_last(field: str) -> None:
    peer = Peer()
    pump = connect(peer)
    day = (pump.status()["wall"] or "")[:10]
    pump.write_record(field, "2030-01-01 from the future\n")
    pump.write_records(pump.records_with({"clinic": "North"}, [(field, " red "), (field, "dry")]))
    assert pump.records()[field] == f"2030-01-01 from the future\n{day} red\n{day} dry"
    assert pump.records()["clinic"] == "North"


@pytest.mark.parametrize("field", DATED)
@pytest.mark.parametrize("letter", ["x", "ä"])
def test_a_line_for_which_there_is_no_room_says_how_much_there_is(field: str, letter: str) -> None:
    peer = Peer()
    pump = connect(peer)
    most = codes.RECORDS[field].most_bytes
    pump.write_record(field, "2026-03-01 red")
    room = most - len("2026-03-01 red\n2026-03-01 ")
    fits = letter * (room // len(letter.encode()))
    assert len(pump.records_with({}, [(field, fits)])[field].encode()) in (most, most - 1)
    done = len(peer.done)
    with pytest.raises(BadValue, match=f"the pump keeps {most}: a new line has room for {room} bytes after its date"):
        pump.records_with({}, [("skin" if field != "skin" else "scores", "dry"), (field, fits + letter)])
    pump.write_record(field, "2026-03-01 ".ljust(most, "x"))
    with pytest.raises(BadValue, match="a new line has room for 0 bytes after its date"):
        pump.records_with({}, [(field, "dry")])
    assert [name for name, _ in peer.done[done:] if name.startswith("WRITE")] == ["WRITE_RECORD"]


@pytest.mark.parametrize("field", [field for field in codes.RECORDS if field not in DATED])
def test_a_field_without_dates_takes_no_line(field: str) -> None:
    peer = Peer()
    with pytest.raises(BadValue, match=f"{field} has no dated lines; --set writes it"):
        connect(peer).records_with({}, [(field, "dry")])
    assert peer.done == []


def test_a_pump_whose_clock_is_not_set_knows_no_date() -> None:
    peer = Peer()
    peer.status["wall_s"] = 0xFFFFFFFF
    with pytest.raises(BadValue, match=r"the pump's clock is not set.*`thecal clock` sets it"):
        connect(peer).records_with({}, [("skin", "dry")])


def test_a_misspelt_field_is_named() -> None:
    with pytest.raises(BadValue, match="did you mean 'scores'"):
        connect(Peer()).records_with({}, [("score", "dry")])
