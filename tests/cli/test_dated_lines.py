"""`thecal patient --add`, against a real emulator over real pyserial."""

import json

import pytest

from host_tools.emulator.process import EmulatorProcess
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import IMPLANT, advance

pytestmark = pytest.mark.usefixtures("emulator")


@pytest.mark.shows("SEED-61", "SEED-63")
def test_lines_are_added_with_the_date_of_the_pumps_clock(thecal: Thecal, emulator: EmulatorProcess) -> None:
    thecal(*IMPLANT, "--wall", "2026-03-01T08:00:00")
    assert thecal("patient", "--add", "skin=dry", "--add", "scores=Ashworth 3", "--set", "hearing=deaf").exit_code == 0
    advance(emulator, 86_400)
    done = thecal("patient", "--add", "scores=Ashworth 2", "--add", "scores=can sit = yes")
    assert done.exit_code == 0, done.stderr
    assert [line.strip() for line in done.stdout.splitlines()[:5]] == [
        "hearing              deaf",
        "scores               2026-03-01 Ashworth 3",
        "2026-03-02 Ashworth 2",
        "2026-03-02 can sit = yes",
        "skin                 2026-03-01 dry",
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("skin", "'skin' adds nothing; write skin='dry'"),
        ("allergies=latex", "allergies has no dated lines; --set writes it"),
        ("skins=dry", "did you mean 'skin'?"),
        ("skin=", "says nothing after its day"),
        ("skin=" + "x" * 86, "skin would be 97 bytes of UTF-8 long, and the pump keeps 96: a new line has room for 85"),
        ("skin=dry\nred", "skin: line 2, 'red', begins with no day"),
    ],
)
def test_a_line_that_no_field_takes_is_refused_and_nothing_is_written(thecal: Thecal, line: str, words: str) -> None:
    thecal(*IMPLANT, "--wall", "2026-03-01T08:00:00")
    done = thecal("patient", "--set", "clinic=North", "--add", "scores=Ashworth 3", "--add", line)
    assert done.exit_code == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not any(json.loads(thecal("patient", "--json").stdout)["patient"].values())


def test_without_a_clock_there_is_no_date_to_write(thecal: Thecal) -> None:
    done = thecal("patient", "--add", "skin=dry")
    assert done.exit_code == 2
    assert "the pump's clock is not set, so that it knows no date for a line; `thecal clock` sets it" in done.stderr
