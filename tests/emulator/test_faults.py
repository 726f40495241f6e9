"""Faults on the command line: listed, completed, healed together, and said to be unknown."""

import json

import pytest
from click.shell_completion import ShellComplete

from hal.plant.faults import FAULTS
from host_tools.cli.main import main
from host_tools.emulator.process import EmulatorProcess
from host_tools.machines.faultfields import FAULT_FIELDS
from tests.emulator.conftest import Start
from tests.emulator.test_debug import thecal


@pytest.fixture
def emulator(start: Start) -> EmulatorProcess:
    return start(speed=0)


def test_the_list_names_every_fault_with_its_fields_and_those_that_are_on(emulator: EmulatorProcess) -> None:
    assert thecal("fault", "buzzer_dead").exit_code == 0
    shown = thecal("faults")
    lines = shown.output.splitlines()
    assert max(map(len, lines)) <= 80
    listed = [line.split()[0] for line in lines if line[:1].isalpha()]
    assert [name for name in listed if name in FAULTS] == list(FAULTS)
    assert lines[-1] == "On now: buzzer_dead."
    known = json.loads(thecal("faults", "--json").output)
    assert known["faults"] == ["buzzer_dead"]
    assert {name: list(fault["fields"]) for name, fault in known["known"].items()} == FAULT_FIELDS
    assert all(fault["summary"] for fault in known["known"].values())


def test_all_are_healed_at_once(emulator: EmulatorProcess) -> None:
    assert thecal("heal", "all").output == "no fault is on\n"
    for fault in (("runaway",), ("link_drop", "percent=3"), ("mri", "recovery=2h")):
        assert thecal("fault", *fault).exit_code == 0
    assert thecal("heal", "all").output == (
        "runaway is over\nlink_drop is over\nmri is healed and acts on for a while\n"
    )
    assert json.loads(thecal("heal", "all", "--json").output) == {"faults": ["mri"]}
    assert thecal("advance", "2h").exit_code == 0
    assert thecal("heal", "all").output == "no fault is on\n"


@pytest.mark.parametrize("verb", ["fault", "heal"])
def test_an_unknown_fault_is_guessed_at(verb: str) -> None:
    result = thecal(verb, "motor_stal")
    assert result.exit_code == 2
    assert "unknown fault 'motor_stal'; did you mean 'motor_stall'?" in result.stderr
    assert result.stderr.count("\n") == 1


def completed(*words: str) -> list[str]:
    *before, incomplete = words
    items = ShellComplete(main, {}, "thecal", "_THECAL_COMPLETE").get_completions(["debug", *before], incomplete)
    return [item.value for item in items]


def test_a_shell_completes_names_and_fields() -> None:
    assert completed("fault", "") == list(FAULTS)
    assert completed("heal", "") == [*FAULTS, "all"]
    for name in FAULTS:
        assert name in completed("fault", name[:-1])
        assert completed("fault", name, "") == ["for=", *(f"{field}=" for field in FAULT_FIELDS[name])]


def test_a_pump_that_was_cut_says_why_its_own_count_is_less(emulator: EmulatorProcess) -> None:
    assert thecal("advance", "1d").output == "pump time is 1d since its first power-up\n"
    cut = thecal("cut", "2h")
    assert cut.output.splitlines() == [
        "power was off for 2h",
        "pump time is 1d 2h since its first power-up",
        "2h of it without power",
        "up for 1d by its own count, which lacks cuts and what resets lost",
    ]
    truth = thecal("truth")
    assert truth.output.splitlines()[-3:] == cut.output.splitlines()[1:]
    times = {"now_s": 26 * 3600, "unpowered_s": 2 * 3600, "uptime_s": 24 * 3600}
    assert json.loads(thecal("truth", "--json").output).items() >= times.items()
    assert json.loads(thecal("advance", "0s", "--json").output) == times
