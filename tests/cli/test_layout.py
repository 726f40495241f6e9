"""The emergency read-out and the answer of `lasts` fit the terminal, and no word is cut."""

import re

import pytest

from host_tools.cli.layout import NARROWEST, WIDEST, width, wrapped
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import start_therapy


@pytest.mark.parametrize(("columns", "wanted"), [("60", 60), ("20", NARROWEST), ("500", WIDEST), ("", 80)])
def test_the_width_is_the_terminals_within_bounds(monkeypatch: pytest.MonkeyPatch, columns: str, wanted: int) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width() == wanted


def test_words_stay_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    text = "low-reservoir " + "x" * 60 + " 2026-03-18 " * 5
    assert [word for line in wrapped(text, "  ").splitlines() for word in line.split()] == text.split()


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("columns", [60, 80, 120])
def test_every_line_fits(thecal: Thecal, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    start_therapy(thecal)
    commands = (["emergency"], ["lasts", "2026-03-10"], ["lasts", "2026-04-10"])
    wide = [thecal(*command).stdout for command in commands]
    monkeypatch.setenv("COLUMNS", str(columns))
    for command, text in zip(commands, wide, strict=True):
        lines = thecal(*command).stdout.splitlines()
        assert max(map(len, lines)) <= columns
        assert len(lines) >= len(text.splitlines())
        assert re.findall(r"\S+", " ".join(lines)) == re.findall(r"\S+", text)
