"""What differs between the interpreters does not pass unseen: each difference is planted in a copy of the firmware."""

import shutil
import sys
import threading
from contextlib import contextmanager
from importlib import import_module

import pytest

from firmware.config import Config
from host_tools.machines.micropython import pump as micropython
from host_tools.machines.mock.machine import MockMachine
from tests import gate

HOUR_MS = 3_600_000
PLACE = "        self.selftest.power_on()\n"
PLANTS = {
    "nothing": "pass",
    "order of a dict": "for number in {3: 0, 2: 0, 1: 0}: LOG(number)",
    "order of a set": "for number in {3, 2, 1}: LOG(number)",
    "unstable sort": "for _, number in sorted([(i % 3, i) for i in range(20)], key=lambda pair: pair[0]): LOG(number)",
    "wrap on pack": "from struct import pack; LOG(pack('<H', 70_000)[0])",
    "float": "LOG(int('%.0f' % (5 / 2)))",
}


@pytest.fixture
def planted(tmp_path):
    """Puts a line into a copy of the firmware, and says where the copy is."""

    def plant(line):
        copy = tmp_path / "firmware"
        shutil.copytree(micropython.FIRMWARE, copy, ignore=shutil.ignore_patterns("__pycache__"))
        path = copy / "pump.py"
        text = path.read_text()
        assert text.count(PLACE) == 1
        line = line.replace("LOG(", "self.log.add(wire.EVENT_BOOT, ")
        path.write_text(text.replace(PLACE, f"{PLACE}        {line}\n"))
        return copy

    return plant


@contextmanager
def imported(copy, monkeypatch):
    """The copy's Pump, on CPython."""
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.partition(".")[0] == "firmware"]:
            patch.delitem(sys.modules, name)
        patch.syspath_prepend(copy.parent)
        yield import_module("firmware.pump").Pump


def outcome(pump_class):
    """The trace of an hour, or the error that ended it."""
    try:
        machine = MockMachine(Config(), pump_class=pump_class)
        machine.advance_to(HOUR_MS)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the outcome
        return type(error)
    return machine.effects.trace_sha256()


@pytest.mark.parametrize("what", PLANTS)
def test_a_planted_difference_shows_in_the_trace(what, planted, monkeypatch):
    copy = planted(PLANTS[what])
    with imported(copy, monkeypatch) as pump_class:
        here = outcome(pump_class)
    with micropython.pumps(copy) as boot:
        there = outcome(boot)
    assert (here == there) == (what == "nothing")


@pytest.mark.parametrize("what", PLANTS)
def test_the_gate_sees_it_without_running_it(what, planted):
    copy = planted(PLANTS[what])
    line = copy.joinpath("pump.py").read_text().split(PLACE)[0].count("\n") + 2
    found = list(gate.findings(sorted(copy.glob("*.py")), copy.parent))
    assert {find.split(": ")[0] for find in found} == ({f"firmware/pump.py:{line}"} if what != "nothing" else set())


def test_a_failure_there_is_told_with_file_and_line(planted):
    copy = planted("(1).bit_length()")
    with micropython.pumps(copy) as boot, pytest.raises(micropython.GuestError) as failure:
        MockMachine(Config(), pump_class=boot)
    line = copy.joinpath("pump.py").read_text().split(PLACE)[0].count("\n") + 2
    assert f'File "firmware/pump.py", line {line}, in ' in str(failure.value)
    assert str(failure.value).endswith("AttributeError: 'int' object has no attribute 'bit_length'")


def test_what_does_not_come_back_is_ended(planted, monkeypatch):
    monkeypatch.setattr(micropython, "COMPUTE_LIMIT_S", 2)
    with micropython.pumps(planted("while True: pass")) as boot, pytest.raises(micropython.GuestError) as failure:
        MockMachine(Config(), pump_class=boot)
    assert "did not come back within 2 s" in str(failure.value)


def test_what_does_not_compile_is_said(planted):
    with (
        pytest.raises(micropython.GuestError, match=r"pump\.py does not compile"),
        micropython.pumps(planted("match 1:\n            case 1: pass")),
    ):
        pass


def test_misuse_of_the_body_is_raised_where_the_machine_is(planted):
    copy = planted("self._watchdog.pause(); self._watchdog.feed()")
    with micropython.pumps(copy) as boot, pytest.raises(RuntimeError, match="fed while it was not armed"):
        MockMachine(Config(), pump_class=boot)


def test_nothing_is_left_behind():
    before = threading.enumerate()
    with micropython.pumps() as boot:
        machine = MockMachine(Config(), pump_class=boot)
        machine.power_cut(1000)
        assert len(threading.enumerate()) == len(before) + 1
    assert threading.enumerate() == before
