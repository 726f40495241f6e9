"""The emergency read-out and the answer of `lasts` fit the terminal, and no word is cut."""

import re

import pytest

from tests.cli.conftest import Thecal
from tests.cli.test_verbs import start_therapy


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
