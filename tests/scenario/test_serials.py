"""Two pumps in reach: what is meant for one is refused by the other, and no two have the same number."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.config import Config
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.machines.serials import SERIALS, serial_of
from host_tools.programmer import NotAuthorised, Programmer, WrongPump
from tests.firmware.body import Body
from tests.firmware.clinic import Clinic, Refused

SEEDS = st.integers(0, SERIALS - 1) | st.integers(99_990, 100_010) | st.integers(0, 70_000)


@given(one=SEEDS, other=SEEDS)
def test_seeds_have_numbers_of_their_own(one, other):
    assert (serial_of(one) == serial_of(other)) == (one == other)
    assert len(serial_of(one)) == 12


@pytest.mark.shows("SEED-45")
def test_sixty_thousand_pumps_and_more_are_told_apart():
    assert len({serial_of(seed) for seed in range(100_500)}) == 100_500
    assert serial_of(0) == "THECAL-00001"
    assert serial_of(SERIALS - 1) == "THECAL-ZZZZZ"


@given(serials=st.lists(st.text("0123456789ABCDEF-", min_size=1, max_size=12), min_size=2, max_size=2, unique=True))
@pytest.mark.shows("FI-54")
def test_a_command_for_one_pump_is_refused_by_any_other(serials):
    meant, other = (Clinic(Body(), Config(serial=serial)) for serial in serials)
    for clinic in (meant, other):
        clinic.open()  # both sessions have the same number, nonces, role and test key
    command = meant.sign("STOP")
    other.counter += 1
    stolen = command._replace(session=other.session)
    with pytest.raises(Refused, match="auth"):
        other._answer(stolen)
    with pytest.raises(Refused, match="not_filled"):  # understood where it was meant to go
        meant._answer(command)


class Switch(MemoryTransport):
    """A line that somebody plugs into another pump."""

    def plug(self, machine):
        self.__init__(machine)


def pumps():
    machines = [MockMachine(Config(serial=serial)) for serial in ("THECAL-00001", "THECAL-00002")]
    for machine in machines:
        machine.hal.head.set(True)
        machine.wake()
    return machines


def test_a_programmer_that_knows_one_pump_cannot_command_another_by_mistake():
    first, second = pumps()
    line = Switch(first)
    programmer = Programmer(line, entropy=random.Random(1).randbytes)
    assert programmer.status()["serial"] == "THECAL-00001"
    line.plug(second)
    before = [event["name"] for event in second.events]
    with pytest.raises(NotAuthorised):
        programmer.set_clock()
    assert [event["name"] for event in second.events] == [*before, "AUTH_FAIL"]


def test_a_programmer_for_one_pump_asks_nothing_of_another():
    _, second = pumps()
    before = list(second.events)
    programmer = Programmer(MemoryTransport(second), serial="THECAL-00001", entropy=random.Random(1).randbytes)
    for verb in (programmer.status, programmer.stop, programmer.records, programmer.titration):
        with pytest.raises(WrongPump, match=r"pump THECAL-00002 answers at .*, not THECAL-00001"):
            verb()
    assert second.events == before
