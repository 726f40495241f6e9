"""The real firmware behind a bad line: nothing is done twice, nothing that was answered is lost."""

import random
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.config import Config
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import Programmer, SessionLost, Transport
from protocol.frame import Decoder
from protocol.registry import name_of

NOW = datetime(2026, 1, 5, 8)
Fate = Callable[[bytes], str]


class BadLine(Transport):
    """In virtual time, to a machine's first link. `fate` of each piece that travels: pass, drop, double or late."""

    name = "bad line"

    def __init__(self, machine: MockMachine, fate: Fate) -> None:
        self._machine = machine
        self._link = machine.hal.links[0]
        self._fate = fate
        self._held = b""
        self._waited_s = 0.0

    def write(self, data: bytes) -> None:
        times = {"drop": 0, "double": 2}.get(self._fate(data), 1)
        for _ in range(times):
            self._link.host_send(data)
            self._machine.wake()

    def read(self, timeout_s: float) -> bytes:
        data = self._link.host_receive()
        fate = self._fate(data) if data else "pass"
        if fate == "late":
            self._held, data = self._held + data, b""
        elif data:
            data, self._held = self._held + data, b""
        if not data:
            self._waited_s += timeout_s
        return {"drop": b"", "double": data * 2}.get(fate, data)

    def now_s(self) -> float:
        return self._machine.now_ms / 1000 + self._waited_s

    def close(self) -> None:
        """Nothing to give back."""


def pump_on(fate: Fate) -> tuple[MockMachine, Programmer]:
    machine = MockMachine(Config())
    machine.hal.head.set(True)
    machine.wake()
    return machine, Programmer(BadLine(machine, fate), entropy=random.Random(1).randbytes, tries=200)


@pytest.mark.shows("FI-41")
@given(st.lists(st.sampled_from(["pass", "pass", "drop", "double", "late"]), max_size=80))
def test_commands_are_applied_exactly_once_over_a_bad_line(fates: list[str]) -> None:
    coming = iter(fates)
    machine, pump = pump_on(lambda _data: next(coming, "pass"))
    pump.implant(89, wall=NOW)
    pump.refill(20, 2000)
    pump.program_simple(500)
    names = [event["name"] for event in machine.events]
    counts = {name: names.count(name) for name in ("IMPLANT", "REFILL", "PROGRAM_STAGED", "PROGRAM_COMMITTED")}
    assert counts == {"IMPLANT": 1, "REFILL": 1, "PROGRAM_STAGED": 1, "PROGRAM_COMMITTED": 1}
    assert pump.status()["therapy"] == "running"


def test_the_running_program_is_read_as_it_was_ordered() -> None:
    _, pump = pump_on(lambda _data: "pass")
    assert pump.running_program() is None
    pump.implant(89, wall=NOW)
    pump.refill(20, 2000)
    assert pump.program_simple(500) == pump.running_program()
    week = {"default": [("00:00", 150), ("07:30", 250)], "sat": [("00:00", 480)]}
    assert pump.program_flex(week) == pump.running_program()
    pump.stop()
    assert pump.program_flex(week) == pump.running_program()


def test_late_answer_to_a_repeated_open_does_not_stand_for_a_wrong_key() -> None:
    held = []

    def late_challenge(data: bytes) -> str:
        frames = Decoder().feed(data)
        if len(held) < 1 and frames and name_of(frames[0].type) == "CHALLENGE":
            held.append(data)
            return "late"
        return "pass"

    machine, pump = pump_on(late_challenge)
    pump.implant(89, wall=NOW)
    assert [event["name"] for event in machine.events].count("IMPLANT") == 1
    assert held


def test_session_survives_what_a_pump_may_repeat_but_not_a_power_cut() -> None:
    machine, pump = pump_on(lambda _data: "double")
    with pump.session():
        pump.set_clock(NOW)
        machine.power_cut(10_000)
        machine.hal.head.set(True)
        machine.wake()
        with pytest.raises(SessionLost, match="the session is gone"):
            pump.stop()
    pump.set_clock(NOW)
    assert pump.status()["wall"] == "2026-01-05T08:00:00"


class PatientLine(BadLine):
    """Waiting takes the pump's time too."""

    def read(self, timeout_s: float) -> bytes:
        data = self._link.host_receive()
        if not data:
            self._machine.advance_to(self._machine.now_ms + round(timeout_s * 1000))
            data = self._link.host_receive()
        return data


@pytest.mark.parametrize("lost", [1, 2, 3])
def test_a_proof_that_came_too_late_is_given_again(lost: int) -> None:
    left = [lost]

    def lose_proofs(data: bytes) -> str:
        proof = name_of(Decoder().feed(data)[0].type) == "PROVE"
        left[0] -= proof
        return "drop" if proof and left[0] >= 0 else "pass"

    machine = MockMachine(Config())
    machine.hal.head.set(True)
    machine.wake()
    Programmer(PatientLine(machine, lose_proofs), entropy=random.Random(1).randbytes).implant(89, wall=NOW)
    assert [event["name"] for event in machine.events].count("IMPLANT") == 1


def test_watch_goes_on_after_the_pump_restarted() -> None:
    machine = MockMachine(Config())
    updates = Programmer(PatientLine(machine, lambda _data: "pass")).watch(period_s=60)
    before = [next(updates) for _ in range(3)][-1]
    machine.power_cut(1_000)
    after = [next(updates) for _ in range(3)][-1]
    assert (before["boots"], after["boots"]) == (1, 2)
    updates.close()
