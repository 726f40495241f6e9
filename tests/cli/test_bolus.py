"""Primes and boluses from the command line, against a real emulator."""

import json
from typing import Any

import pytest

from host_tools.emulator.process import EmulatorProcess
from tests.cli.conftest import Thecal

IMPLANT = ("implant", "--catheter-cm", "89", "--wall", "2026-01-05T08:00:00")
REFILL = ("refill", "--volume-ml", "20", "--concentration-mcg-per-ml")
PROGRAM = ("program", "--dose-mcg-per-day", "300", "--yes")
BOLUS = ("bolus", "--dose-mcg", "10", "--over", "30m")
PATIENT = ("bolus-settings", "--dose-mcg", "5", "--over", "5m", "--lockout", "4h", "--per-day", "3")


@pytest.fixture
def filled(emulator: EmulatorProcess, thecal: Thecal) -> EmulatorProcess:
    for verb in (IMPLANT, (*REFILL, "500")):
        assert thecal(*verb).exit_code == 0
    return emulator


@pytest.fixture
def running(filled: EmulatorProcess, thecal: Thecal) -> EmulatorProcess:
    assert thecal(*PROGRAM).exit_code == 0
    return filled


@pytest.fixture
def primed(running: EmulatorProcess, thecal: Thecal) -> EmulatorProcess:
    """Drug stands at the tip: nothing else can be given as a bolus."""
    assert thecal("prime").exit_code == 0
    advance(running, 1800)
    return running


def advance(emulator: EmulatorProcess, by_s: int) -> None:
    with emulator.debug_client() as debug:
        debug.advance(by_s)


def status(thecal: Thecal) -> dict[str, Any]:
    return json.loads(thecal("status", "--json").stdout)


def test_prime_fills_what_is_not_primed_and_no_more(filled: EmulatorProcess, thecal: Thecal) -> None:
    assert "Line         0.336 mL without drug\n" in thecal("status").stdout
    done = thecal("prime", "--volume-ml", "0.3359")
    assert (done.exit_code, "0.3359 mL is more than the 0.3358 mL" in done.stderr) == (4, True)
    done = thecal("prime")
    assert "priming 0.3358 mL, 20m 8s, of 500 mcg/mL" in done.stdout
    assert "Prime        0.3358 mL, 20m 8s left" in thecal("status").stdout
    advance(filled, 1800)
    assert "Line" not in thecal("status").stdout
    done = thecal("prime")
    assert (done.exit_code, "there is nothing to prime" in done.stderr) == (4, True)


def test_a_prime_of_more_than_a_long_line_holds_is_asked_about(emulator: EmulatorProcess, thecal: Thecal) -> None:
    long_line = ("implant", "--catheter-cm", "89", "--pump-tubing-ml", "0.5", "--wall", "2026-01-05T08:00:00", "--yes")
    for verb in (long_line, (*REFILL, "500")):
        assert thecal(*verb).exit_code == 0
    done = thecal("prime")
    assert (done.exit_code, "no terminal to ask on" in done.stderr) == (2, True)
    assert status(thecal)["bolus"] == "none"
    assert thecal("prime", "--volume-ml", "0.382").exit_code == 0
    thecal("stop")
    done = thecal("prime", "--yes", "--volume-ml", "0.383")
    assert (done.exit_code, status(thecal)["bolus"]) == (0, "prime"), done.stderr


def test_bolus_says_dose_concentration_and_volume_and_is_cancelled(primed: EmulatorProcess, thecal: Thecal) -> None:
    done = thecal(*BOLUS)
    assert (done.exit_code, "no terminal to ask on" in done.stderr) == (2, True)
    assert status(thecal)["bolus"] == "none"
    done = thecal(*BOLUS, "--yes")
    assert "bolus 10 mcg over 30m: 0.0200 mL of 500 mcg/mL" in done.stderr
    assert "giving 10 mcg over 30m, of 500 mcg/mL" in done.stdout
    advance(primed, 900)
    assert "Single       0.0100 mL, 5.0 mcg of 500 mcg/mL left" in thecal("status").stdout
    assert "cancelled" in thecal("bolus", "--cancel").stdout
    assert status(thecal)["rate_nl_per_day"] == 600_000
    events = json.loads(thecal("log", "--json").stdout)
    cancelled = next(event for event in events if event["name"] == "BOLUS_CANCELLED")
    assert cancelled["data"] == {"bolus": "single", "ordered_nl": 20_000, "delivered_nl": 10_000}


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("arguments", "exit_code", "words"),
    [
        (("--dose-mcg", "200.001", "--over", "1h"), 4, "200.001 mcg is above the pump's limit of 200 mcg"),
        (("--dose-mcg", "0", "--over", "1h"), 2, "--dose-mcg 0 mcg is no dose"),
        (("--dose-mcg", "5", "--over", "25h"), 2, "--over 1d 1h is outside 1s to 1d"),
        (("--dose-mcg", "5"), 2, "give --dose-mcg and --over, or --cancel"),
        (("--cancel", "--over", "1h"), 2, "--cancel takes neither"),
        (("--cancel",), 4, "bolus"),
    ],
)
def test_a_bad_bolus_is_refused_in_words(
    thecal: Thecal, arguments: tuple[str, ...], exit_code: int, words: str
) -> None:
    done = thecal("bolus", *arguments, "--yes")
    assert (done.exit_code, words in done.stderr) == (exit_code, True), done.stderr
    assert status(thecal)["bolus"] == "none"


@pytest.mark.usefixtures("emulator")
def test_bolus_of_an_unfilled_pump_is_refused(thecal: Thecal) -> None:
    assert thecal(*BOLUS, "--yes").exit_code == 4


def test_patient_gets_what_a_clinician_allowed(primed: EmulatorProcess, thecal: Thecal) -> None:
    assert "no bolus" in thecal("bolus-settings").stdout
    assert thecal("patient-bolus").exit_code == 4
    assert thecal(*PATIENT[:-2]).exit_code == 2
    allowed = "5 mcg over 5m, of 500 mcg/mL: 4h apart, 3 in any 24 h"
    assert allowed in thecal(*PATIENT).stdout
    assert allowed in thecal("bolus-settings").stdout
    assert json.loads(thecal("bolus-settings", "--json").stdout) == {
        "dose_ng": 5000,
        "over_s": 300,
        "lockout_s": 14_400,
        "per_day": 3,
        "dose_mcg": 5,
    }
    assert "giving 5 mcg over 5m, of 500 mcg/mL; 2 more within 24 h" in thecal("patient-bolus").stdout
    assert status(thecal)["bolus"] == "patient"
    advance(primed, 4 * 3600 - 1)
    assert thecal("patient-bolus").exit_code == 4
    assert thecal("bolus-settings", "--per-day", "0").exit_code == 0
    assert "no bolus" in thecal("bolus-settings").stdout
