"""Lines of the terminal's width with whole words, and terminals that want no escape codes."""

import os
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.cli import layout, statustext
from host_tools.documents.events import data_text
from protocol import codes
from tests.child import LIMIT_S, child
from tests.child import thecal as child_command
from tests.cli.conftest import PeerServer, Thecal

ESCAPE = "\x1b"
word = st.text("abc-_(),.", min_size=1, max_size=20) | st.text("abc-_(),.", min_size=41, max_size=50)
words = st.lists(word, min_size=1, max_size=40)


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda wanted: monkeypatch.setenv("COLUMNS", str(wanted))


@pytest.mark.parametrize(("wanted", "width"), [("", 80), ("0", 80), ("20", 40), ("60", 60), ("120", 120), ("999", 120)])
def test_the_width_is_the_terminals_within_reason(columns: Any, wanted: str, width: int) -> None:
    columns(wanted)
    assert layout.width() == width


@given(words, st.sampled_from([40, 60, 80, 120]), st.sampled_from(["", "    "]))
def test_words_stay_whole_and_in_order(words: list[str], width: int, indent: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        lines = layout.wrapped(" ".join(words), indent).split("\n")
    assert " ".join(lines).split() == words
    for line in lines:
        assert len(line) <= width or len(line.split()) == 1
    assert all(line.startswith(indent) for line in lines[1:])


def test_a_number_keeps_its_unit(columns: Any) -> None:
    columns(40)
    lines = layout.wrapped("the reservoir of this pump holds now 20.000 mL of 500 mcg/mL").split("\n")
    assert lines == ["the reservoir of this pump holds now", "20.000 mL of 500 mcg/mL"]


RAW = re.compile(r"_|=|\b(nl|ng|wall|centi)\b|\d{7}")
UNIT = {
    "_nl": "mL", "_nl_per_day": "mL/day", "_ng": "mcg", "_ng_per_day": "mcg/day", "_mcg": "mcg",
    "_mcg_per_day": "mcg/day", "_mcg_per_ml": "mcg/mL", "_mv": "mV", "_mm": "mm", "_percent": "%", "_wall_s": ":00",
    "_s": "h", "celsius": "Celsius",
}  # fmt: skip


@pytest.mark.parametrize("name", codes.EVENTS)
def test_every_number_of_every_event_is_said_in_words_and_units(name: str) -> None:
    event = codes.EVENTS[name]
    data: dict[str, Any] = dict.fromkeys(event.data, 3600 * 7)
    settings = codes.ALARM_SETTING if "setting" in data else ("",)
    for setting in settings:
        entry = {"seq": 1, "t_s": 0, "wall": None, "name": name, "severity": event.severity}
        entry["data"] = data | ({"setting": setting} if setting else {})
        text = data_text(entry)
        assert not RAW.search(text), text
        assert text in " ".join(statustext.event_line(entry).split())
        keys = [f"old_{setting}"] if setting else [key for key in data if key != "digest"]
        parts = text.split(", ") if text else []
        assert len(parts) == (2 if setting else len(keys))
        for key, part in zip(keys, parts, strict=False):
            unit = next((unit for end, unit in sorted(UNIT.items(), key=lambda u: -len(u[0])) if key.endswith(end)), "")
            assert part.endswith(unit), (key, part)


@pytest.mark.parametrize(
    ("wall", "refill_by", "words"),
    [
        ("2026-03-13T08:00:00", "2026-03-01", "was 2026-03-01, 12 days overdue"),
        ("2026-03-02T00:00:00", "2026-03-01", "was 2026-03-01, 1 day overdue"),
        ("2026-03-01T23:59:59", "2026-03-01", "2026-03-01"),
        ("2026-03-01T23:59:59", None, "-"),
    ],
)
def test_a_refill_that_should_have_been_is_overdue(wall: str, refill_by: str | None, words: str) -> None:
    status: Any = {"wall": wall, "refill_by": refill_by}
    assert statustext.refill_by(status) == words


def test_what_the_pump_counts_its_time_by_is_said(server: PeerServer, thecal: Thecal) -> None:
    assert (
        "Up for       16m 40s since first power-up, time without power left out"
        in thecal("status", "--port", server.url).stdout
    )


def on_terminal(server: PeerServer, *verb: str, **environment: str) -> str:
    """What a verb writes to a terminal of its own."""
    if not hasattr(os, "openpty"):
        pytest.skip("no pseudo-terminals here")
    server.pushes = range(50)
    plain = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "COLUMNS")}
    ours, theirs = os.openpty()
    written = b""
    with child(
        child_command(*verb), stdin=theirs, stdout=theirs, stderr=theirs, env=plain | {"TERM": "xterm"} | environment
    ) as running:
        os.close(theirs)
        try:
            while piece := os.read(ours, 4096):
                written += piece
        except OSError:
            pass  # so Linux ends a terminal that nobody has open any more
        running.wait(LIMIT_S)
    os.close(ours)
    return written.decode()


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
@pytest.mark.parametrize("verb", ["status", "watch", "log", "--help", "--bogus"])
def test_who_wants_no_colour_gets_no_escape_codes(server: PeerServer, verb: str, environment: dict[str, str]) -> None:
    arguments = (verb,) if verb.startswith("--") else (verb, "--port", server.url)
    arguments += ("--count", "2") if verb == "watch" else ()
    written = on_terminal(server, *arguments, **environment)
    assert written
    assert ESCAPE not in written
    assert "\r" not in written.replace("\r\n", "")
    if verb != "log":
        assert ESCAPE in on_terminal(server, *arguments) or verb in ("--bogus", "watch")


def test_watch_on_a_terminal_takes_the_place_of_the_update_before(server: PeerServer) -> None:
    written = on_terminal(server, "watch", "--count", "3", "--port", server.url)
    header, updates, *_ = written.split("\r\n")
    assert header.endswith("State and alarms")
    lines = [re.sub(r"\x1b\[[0-9]*m", "", line) for line in updates.split("\r") if line]
    assert len(lines) == 3
    assert {len(line) for line in lines} == {79}
    assert "eri" in lines[0]
