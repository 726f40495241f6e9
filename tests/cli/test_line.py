"""What stands in the line, from the command line: implantations, corrections, and refills of another strength."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from host_tools.emulator.process import EmulatorProcess
from tests.cli.conftest import PeerServer, Thecal, asked, commands
from tests.cli.test_verbs import DAY_S, IMPLANT, advance, status

REFILL = ("refill", "--volume-ml", "20", "--concentration-mcg-per-ml")
HOUR_S = 3600


@pytest.fixture
def treated(emulator: EmulatorProcess, thecal: Thecal) -> EmulatorProcess:
    """A pump that gives 300 mcg/day of 500 mcg/mL, which its line is full of."""
    for verb in (IMPLANT, (*REFILL, "500"), ("prime",), ("program", "--dose-mcg-per-day", "300", "--yes")):
        assert thecal(*verb).exit_code == 0
    advance(emulator, 3 * DAY_S)
    return emulator


def shown(text: str) -> str:
    return " ".join(text.split())


# Implantations

CHANGES = {
    "new": "the line is empty: 0.336 mL to prime; 0.336 mL of 500 mcg/mL on record are no longer counted on",
    "same": "nothing moves: 0.336 mL of 500 mcg/mL stay",
    "kept": "0.196 mL of 1000 mcg/mL come first, at the dose; then 0.140 mL of nothing",
}
LINES = {
    "new": [{"nl": 335_800, "mcg_per_ml": 0}],
    "same": [{"nl": 335_800, "mcg_per_ml": 500}],
    "kept": [{"nl": 195_800, "mcg_per_ml": 1000}, {"nl": 140_000, "mcg_per_ml": 0}],
}


@pytest.mark.usefixtures("treated")
@pytest.mark.parametrize("catheter", CHANGES)
def test_an_implantation_says_what_becomes_of_the_line(thecal: Thecal, catheter: str) -> None:
    thecal("stop")
    more = ("--catheter-mcg-per-ml", "1000") if catheter == "kept" else ()
    done = thecal(*IMPLANT, "--catheter", catheter, *more)
    assert done.exit_code == 0, done.stderr
    assert CHANGES[catheter] in done.stderr
    assert status(thecal)["line"] == LINES[catheter]


@pytest.mark.usefixtures("treated")
@pytest.mark.parametrize(("catheter_cm", "change"), [("80", "0.020 mL less"), ("100", "0.024 mL more")])
def test_another_length_of_the_same_catheter_changes_the_parcel_at_the_tip(
    thecal: Thecal, catheter_cm: str, change: str
) -> None:
    thecal("stop")
    done = thecal("implant", "--catheter-cm", catheter_cm, "--catheter", "same")
    assert (done.exit_code, f"{change} at the tip than on record" in done.stderr) == (0, True), done.stderr
    (parcel,) = status(thecal)["line"]
    assert f"nothing moves: {parcel['nl'] / 1e6:.3f} mL of 500 mcg/mL stay" in done.stderr


@pytest.mark.usefixtures("treated")
def test_a_new_catheter_is_never_taken_for_granted(thecal: Thecal) -> None:
    thecal("stop")
    before = status(thecal)["line"]
    done = thecal("implant", "--catheter-cm", "80")
    assert (done.exit_code, "say --catheter new" in done.stderr) == (2, True)
    assert status(thecal)["line"] == before
    done = thecal(*IMPLANT)  # the very same numbers are a word of the same
    assert (done.exit_code, CHANGES["same"] in done.stderr) == (0, True)


@pytest.mark.usefixtures("emulator")
def test_before_the_first_filling_it_is_new(thecal: Thecal) -> None:
    for catheter_cm in ("89", "80", "80"):
        assert thecal("implant", "--catheter-cm", catheter_cm).exit_code == 0
    done = thecal("implant", "--catheter-cm", "89", "--catheter", "new", "--tubing", "primed")
    assert "the tubing is primed and the catheter is empty: 0.196 mL to prime" in done.stderr
    assert thecal(*REFILL, "500").exit_code == 0
    assert status(thecal)["line"] == [{"nl": 195_800, "mcg_per_ml": 0}, {"nl": 140_000, "mcg_per_ml": 500}]
    assert "Line         0.196 mL without drug, then 0.140 mL of 500 mcg/mL\n" in thecal("status").stdout


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--catheter", "kept"), "--catheter-mcg-per-ml"),
        (("--catheter-mcg-per-ml", "500"), "goes with --catheter kept"),
        (("--catheter", "new", "--catheter-mcg-per-ml", "500"), "goes with --catheter kept"),
    ],
)
def test_what_a_catheter_holds_is_said_of_a_kept_one_and_of_no_other(
    thecal: Thecal, options: tuple[str, ...], words: str
) -> None:
    done = thecal(*IMPLANT, *options)
    assert (done.exit_code, words in done.stderr) == (2, True), done.stderr
    assert status(thecal)["implanted"] is None


@pytest.mark.parametrize(("keys", "exit_code"), [(b"y\n", 0), (b"n\n", 1)])
def test_drug_in_the_line_is_asked_about(
    server: PeerServer, terminal: tuple[int, int], keys: bytes, exit_code: int
) -> None:
    said, code = asked(terminal, keys, *IMPLANT, "--catheter", "new", "--port", server.url)
    assert (code, b"of 500 mcg/mL on record are no longer counted on" in said) == (exit_code, True)
    assert ("IMPLANT" in commands(server.peer)) == (exit_code == 0)


def test_a_handover_brings_line_and_dose(treated: EmulatorProcess, thecal: Thecal, tmp_path: Path) -> None:
    assert thecal(*REFILL, "2000").exit_code == 0
    advance(treated, 4 * HOUR_S)
    told = json.loads(thecal("patient", "--json").stdout)
    assert (told["drug"], told["concentration_mcg_per_ml"], told["dose_mcg_per_day"]) == ("baclofen", 2000, 300)
    assert told["line"] == status(thecal)["line"]
    file = tmp_path / "old.json"
    file.write_text(json.dumps(told))
    with EmulatorProcess(speed=0, seed=7) as second:
        port = ("--port", second.url)
        done = thecal("implant", "--keep-catheter", str(file), *port)
        assert done.exit_code == 0, done.stderr
        assert "THECAL-00001 gave 300 mcg/day of baclofen, 2000 mcg/mL: this pump's first program" in done.stderr
        assert "0.196 mL of 500 mcg/mL come first, at the dose; then 0.140 mL of nothing" in done.stderr
        assert thecal("implant", "--keep-catheter", str(file), "--catheter", "new", *port).exit_code == 2
        assert thecal(*REFILL, "2000", *port).exit_code == 0
        done = thecal("program", "--dose-mcg-per-day", "391", "--yes", *port)
        assert (done.exit_code, "allow 240 to 390 mcg/day" in done.stderr) == (4, True), done.stderr
        assert thecal("program", "--dose-mcg-per-day", "300", "--yes", *port).exit_code == 0
        assert json.loads(thecal("status", "--json", *port).stdout)["tip_mcg_per_ml"] == 500


# Refills


def test_the_dose_goes_on_at_another_strength_until_a_program_is_missed(
    treated: EmulatorProcess, thecal: Thecal
) -> None:
    done = thecal(*REFILL, "2000")
    assert "line 0.336 mL of 500 mcg/mL" in shown(done.stdout)
    assert "the dose of 300 mcg/day goes on, of 2000 mcg/mL too, which reach the tip in 13h 25m" in shown(done.stdout)
    assert "commit a program for 2000 mcg/mL: without one the alarm program_unconfirmed" in shown(done.stdout)
    advance(treated, 4 * HOUR_S)
    assert "Line         0.236 mL of 500 mcg/mL, then 0.100 mL of 2000 mcg/mL\n" in thecal("status").stdout
    assert "Bridge       0.2358 mL before the reservoir's, 9h 25m 55s left\n" in thecal("status").stdout
    advance(treated, 10 * HOUR_S)
    values = status(thecal)
    assert (values["alarms"], values["dose_mcg_per_day"]) == (["program_unconfirmed"], 300)
    assert "Line" not in thecal("status").stdout
    assert "no program was ordered for it; the dose goes on" in shown(thecal("emergency").stdout)
    assert thecal("program", "--dose-mcg-per-day", "300", "--yes").exit_code == 0
    assert status(thecal)["alarms"] == []


@pytest.mark.usefixtures("treated")
def test_a_dose_that_the_new_drug_cannot_make_is_said(thecal: Thecal) -> None:
    done = thecal(*REFILL, "10")
    assert "cannot be made of 10 mcg/mL" in shown(done.stdout)
    assert "with a critical alarm" in shown(done.stdout)


def test_a_filling_without_drug_is_said(treated: EmulatorProcess, thecal: Thecal) -> None:
    done = thecal(*REFILL, "0")
    assert "filled 20.000 mL without drug" in shown(done.stdout)
    assert "goes on until the drug is out, in 13h 25m; then minimum rate, which is no therapy" in shown(done.stdout)
    assert "order a new one" not in done.stdout
    assert "Dose         300 mcg/day, of 500 mcg/mL" in thecal("status").stdout
    advance(treated, DAY_S)
    assert "Dose         none: no drug was filled in\n" in thecal("status").stdout
    assert status(thecal)["therapy"] == "minimum"
    for verb in (("resume",), ("program", "--dose-mcg-per-day", "300", "--yes")):
        done = thecal(*verb)
        assert (done.exit_code, "filled without drug" in done.stderr) == (4, True), done.stderr
    assert "none: the pump was filled without drug" in thecal("emergency").stdout


@pytest.mark.usefixtures("treated")
def test_another_drug_is_said(thecal: Thecal) -> None:
    done = thecal(*REFILL, "500", "--drug", "morphine")
    assert "morphine is not baclofen: the pump is at the minimum rate until a program" in shown(done.stdout)
    assert status(thecal)["therapy"] == "minimum"
    assert "morphine, intrathecal" in thecal("emergency").stdout


@pytest.mark.usefixtures("treated")
def test_a_refill_without_a_bridge_is_warned_of(thecal: Thecal) -> None:
    done = thecal(*REFILL, "2000", "--bridge", "none")
    assert "there is no bridge. If tubing and catheter still hold 0.336 mL of 500 mcg/mL" in done.stderr
    assert "0.25 times the dose" in done.stderr
    assert status(thecal)["tip_mcg_per_ml"] == 2000
    assert "no bridge" not in thecal(*REFILL, "2000", "--bridge", "none").stderr


def test_after_two_days_without_delivery_no_dose_comes_by_itself(treated: EmulatorProcess, thecal: Thecal) -> None:
    with treated.debug_client() as debug:
        debug.fault("motor_stall")
        debug.advance(3 * DAY_S)
        debug.heal("motor_stall")
    done = thecal(*REFILL, "500")
    assert "nothing was delivered for 48 h: the pump is at the minimum rate" in shown(done.stdout)
    done = thecal("resume")
    assert (done.exit_code, "used to no dose any more" in done.stderr) == (4, True), done.stderr
    done = thecal("program", "--dose-mcg-per-day", "300", "--yes")
    assert (done.exit_code, "nothing was delivered for 48 h" in done.stderr) == (4, True), done.stderr
    advance(treated, 5 * HOUR_S)  # eight steps at the minimum rate, and the stall is over
    assert thecal("resume", "--override").exit_code == 0
    assert status(thecal)["dose_mcg_per_day"] == 300


CAUSES = (
    "more or less than it counts",
    "leaks or is kinked",
    "reservoir that leaks",
    "pocket",
    "measurement",
    "record",
)


@pytest.mark.parametrize(("keys", "exit_code"), [(b"y\n", 0), (b"n\n", 1)])
def test_an_aspirated_volume_out_of_tolerance_is_asked_about_before_it_is_booked(
    treated: EmulatorProcess, thecal: Thecal, terminal: tuple[int, int], keys: bytes, exit_code: int
) -> None:
    advance(treated, 10 * DAY_S)
    before = status(thecal)
    said, code = asked(terminal, keys, *REFILL, "500", "--aspirated-ml", "19.5")
    text = shown(said.decode())
    assert code == exit_code
    assert re.search(r"aspirated 19\.500 mL, \+7\.\d{3} mL from expected: 9\d\.\d % of the \d\.\d{3} mL counted", text)
    assert all(cause in text for cause in CAUSES), text
    assert "Were 19.500 mL aspirated?" in text
    after = status(thecal)
    assert (after["last_refill"] != before["last_refill"]) == (exit_code == 0)
    assert ("out of tolerance: 19.500 mL aspirated" in thecal("status").stdout) == (exit_code == 0)


@pytest.mark.parametrize("aspirated_ml", ["0", "2", "40"])
def test_absurd_discrepancies_have_no_absurd_percentages(
    treated: EmulatorProcess, thecal: Thecal, tmp_path: Path, aspirated_ml: str
) -> None:
    """A minute after a refill nothing was counted that a percentage could be of."""
    assert thecal(*REFILL, "500").exit_code == 0
    advance(treated, HOUR_S)
    done = thecal(*REFILL, "500", "--aspirated-ml", aspirated_ml, "--volume-ml", "19")
    assert done.exit_code == 0, done.stderr
    assert "more than 200 % of the 0.025 mL counted" in shown(done.stdout)
    page = tmp_path / "report.html"
    assert thecal("report", "--out", str(page)).exit_code == 0
    for text in (done.stdout, thecal("status").stdout, page.read_text()):
        assert "more than 200 %" in shown(text)
        assert all(float(percent) <= 200 for percent in re.findall(r"([\d.]+) %", text))


def test_the_registry_has_the_last_discrepancy(treated: EmulatorProcess, thecal: Thecal) -> None:
    advance(treated, 10 * DAY_S)
    for aspirated_ml, out in (("19.5", "1"), ("20", "0")):
        assert thecal(*REFILL, "500", "--aspirated-ml", aspirated_ml, "--yes").exit_code == 0
        names, values = (line.split(",") for line in thecal("export", "--registry").stdout.splitlines())
        row = dict(zip(names, values, strict=True))
        assert row["refill_out_of_tolerance"] == out
        assert float(row["refill_discrepancy_ml"]) == pytest.approx(7.5 if out == "1" else 0, abs=0.5)


# Corrections


def rows(text: str) -> dict[str, str]:
    return {line.split()[0]: shown(line) for line in text.splitlines()}


@pytest.mark.parametrize("wait_h", [0, 4, 24])
def test_a_correction_shows_what_flows_now_and_what_will(treated: EmulatorProcess, thecal: Thecal, wait_h: int) -> None:
    """The filling is at the tip or not yet: the words say which, and come true."""
    assert thecal(*REFILL, "500").exit_code == 0
    advance(treated, wait_h * HOUR_S)
    done = thecal("correct", "--concentration-mcg-per-ml", "1000", "--yes")
    assert done.exit_code == 0, done.stderr
    told = rows(done.stderr)
    assert told["concentration"] == "concentration now 500 mcg/mL new 1000 mcg/mL"
    at_tip = wait_h == 24
    assert told["rate"] == f"rate now 0.600 mL/day new {'0.300' if at_tip else '0.600'} mL/day"
    assert told["dose"] == f"dose now {600 if at_tip else 300} mcg/day, really new 300 mcg/day"
    values = status(thecal)
    assert (values["dose_mcg_per_day"], values["rate_nl_per_day"]) == (300, 300_000 if at_tip else 600_000)
    assert f"what flows now: {told['rate'].split('new ')[1]}, 300 mcg/day" in done.stdout
    assert any(event["name"] == "RECORD_CORRECTED" for event in json.loads(thecal("log", "--json").stdout))


@pytest.mark.usefixtures("treated")
def test_volume_and_line_are_corrected_too(thecal: Thecal) -> None:
    before = status(thecal)
    done = thecal("correct", "--volume-ml", "18", "--line", "0.196:1000, 0.140:2000", "--yes")
    assert done.exit_code == 0, done.stderr
    assert "filled now 20.000 mL new 18.000 mL" in shown(done.stderr)
    assert "new 0.196 mL of 1000 mcg/mL, then 0.140 mL of 2000 mcg/mL" in shown(done.stderr)
    after = status(thecal)
    assert before["reservoir_nl"] - after["reservoir_nl"] == 2_000_000
    assert [parcel["mcg_per_ml"] for parcel in after["line"]][:2] == [1000, 2000]
    assert (after["rate_nl_per_day"], after["dose_mcg_per_day"]) == (300_000, 300)


@pytest.mark.usefixtures("treated")
@pytest.mark.parametrize(
    ("options", "exit_code", "words"),
    [
        ((), 2, "give --concentration-mcg-per-ml, --volume-ml or --line"),
        (("--line", "0.2"), 2, "'0.2' is no parcel; write 0.196:500"),
        (("--line", "1:500"), 4, "the line holds less"),
        (("--volume-ml", "21"), 4, "more than the reservoir's 20 mL"),
        (("--concentration-mcg-per-ml", "2001"), 4, "more than 4 times away"),
        (("--concentration-mcg-per-ml", "10", "--override"), 4, "cannot be delivered at that concentration"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_in_words(
    thecal: Thecal, options: tuple[str, ...], exit_code: int, words: str
) -> None:
    before = status(thecal)
    done = thecal("correct", *options, "--yes")
    assert (done.exit_code, words in done.stderr) == (exit_code, True), done.stderr
    after = status(thecal)
    keys: tuple[Any, ...] = ("line", "concentration_mcg_per_ml", "reservoir_nl", "rate_nl_per_day")
    assert [before[key] for key in keys] == [after[key] for key in keys]


@pytest.mark.usefixtures("treated")
def test_a_larger_slip_needs_an_override(thecal: Thecal) -> None:
    assert thecal("correct", "--concentration-mcg-per-ml", "2001", "--yes", "--override").exit_code == 0
    assert status(thecal)["concentration_mcg_per_ml"] == 2001


@pytest.mark.parametrize(("keys", "exit_code"), [(b"y\n", 0), (b"n\n", 1)])
def test_a_correction_is_asked_about(
    server: PeerServer, thecal: Thecal, terminal: tuple[int, int], keys: bytes, exit_code: int
) -> None:
    correct = ("correct", "--concentration-mcg-per-ml", "1000", "--port", server.url)
    assert thecal(*correct).exit_code == 2  # nobody to ask
    said, code = asked(terminal, keys, *correct)
    assert (code, b"now 2000 mcg/mL" in said) == (exit_code, True)
    assert ("CORRECT" in commands(server.peer)) == (exit_code == 0)


def test_an_accuracy_goes_by_the_volume_as_it_was_put_right(
    treated: EmulatorProcess, thecal: Thecal, terminal: tuple[int, int], tmp_path: Path
) -> None:
    """1.3 mL are more than 14.5 % of what was counted since 18 mL were filled in, and less if those had been 20 mL."""
    assert thecal("correct", "--volume-ml", "18", "--yes").exit_code == 0
    advance(treated, 10 * DAY_S)
    aspirated_ml = f"{status(thecal)['reservoir_nl'] / 1e6 + 1.3:.3f}"
    said, code = asked(terminal, b"y\n", *REFILL, "500", "--aspirated-ml", aspirated_ml)
    assert (code, b"mL aspirated? " in said) == (0, True)
    page = tmp_path / "report.html"
    assert thecal("report", "--out", str(page)).exit_code == 0
    assert ">out of tolerance<" in page.read_text()
