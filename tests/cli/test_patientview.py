"""`patient-view` against a real emulator."""

import json

import pytest

from host_tools.emulator.process import EmulatorProcess
from tests.cli.conftest import Thecal
from tests.cli.test_verbs import start_therapy


@pytest.mark.usefixtures("emulator")
def test_it_is_plain_text_and_json_of_the_same_words(thecal: Thecal) -> None:
    start_therapy(thecal)
    assert thecal("patient", "--set", "clinic=North Clinic").exit_code == 0
    done = thecal("patient-view")
    assert (done.exit_code, done.stderr) == (0, "")
    for words in ("Your pump, THECAL-00001", "not for human use", "Refill: by 2026-03-11", "Clinic: North Clinic"):
        assert words in done.stdout
    told = json.loads(thecal("patient-view", "--json").stdout)
    assert (told["refill_by"], told["left_percent"], told["signed"]) == ("2026-03-11", 100, True)
    assert told["contacts"]["clinic"] == "North Clinic"


def test_without_the_head_it_still_shows_the_pump(emulator: EmulatorProcess, thecal: Thecal) -> None:
    start_therapy(thecal)
    with emulator.debug_client() as debug:
        debug.head("off")
    done = thecal("patient-view")
    assert done.exit_code == 0
    assert "UNSIGNED" in done.stdout
    assert "cannot be read now" in done.stdout
    assert json.loads(thecal("patient-view", "--json").stdout)["contacts"] is None
