"""Strangers on the emulator's lines: whoever has the key gets in at once, and stays."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from random import Random
from threading import Event, Thread

import pytest

from firmware.config import Config
from host_tools.emulator.process import EmulatorProcess
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import LinkLost, NoDevice, Programmer
from protocol.frame import Decoder, encode
from tests.child import LIMIT_S
from tests.emulator.conftest import Start
from tests.strangers import FLOODS, opens

COMMANDS = 10
FRAMES_PER_S = 500
TURN_S = 0.02

Flood = Callable[[Random], Iterator[bytes]]


def connect(emulator: EmulatorProcess) -> socket.socket:
    host, port = emulator.url.removeprefix("socket://").split(":")
    return socket.create_connection((host, int(port)), timeout=LIMIT_S)


def asking_once(emulator: EmulatorProcess) -> Programmer:
    """A programmer that waits for an answer for as long as it takes."""
    return Programmer.open(emulator.url, tries=1, timeout_s=LIMIT_S)


def treat(pump: Programmer) -> None:
    pump.implant(catheter_cm=89)
    pump.refill(volume_ml=20, concentration_mcg_per_ml=2000)
    pump.program_simple(500)


def order(pump: Programmer, count: int) -> None:
    """So many privileged commands, a session each."""
    for turn in range(count):
        pump.resume(override=True) if turn % 2 else pump.stop()


class Beset(MemoryTransport):
    """The first line in virtual time, while a stranger on the second sends FRAMES_PER_S. A turn of it is a second's
    frames, and comes before each of the programmer's."""

    def __init__(self, machine: MockMachine, frames: Iterator[bytes]) -> None:
        super().__init__(machine)
        self.sent = 0
        self._pump = machine
        self._frames = frames

    def write(self, data: bytes) -> None:
        self._pump.advance_to(self._pump.now_ms + 1000)
        line = self._pump.hal.links[1]
        for frame in islice(self._frames, FRAMES_PER_S):
            while frame:
                frame = frame[line.host_send(frame) :]
                if frame:
                    self._pump.wake()
                    line.host_receive()
            self.sent += 1
        super().write(data)


@pytest.mark.shows("R8.10", "R8.8")
@pytest.mark.parametrize("flood", FLOODS)
def test_each_command_is_done_at_the_first_try_whatever_a_neighbour_line_carries(flood: Flood) -> None:
    machine = MockMachine(Config(), link_count=2)
    machine.hal.head.set(True)
    machine.wake()
    treat(Programmer(MemoryTransport(machine), entropy=Random(1).randbytes))
    line = Beset(machine, flood(Random(2)))
    before = len(machine.events)
    order(Programmer(line, entropy=Random(3).randbytes, tries=1), COMMANDS)
    names = [event["name"] for event in machine.events[before:]]
    print(f"{COMMANDS} of {COMMANDS} commands, seed 2, {line.sent} frames of a stranger, {len(names)} log entries")
    assert names.count("SESSION_OPEN") == COMMANDS
    assert sum(names.count(name) for name in ("AUTH_FAIL", "AUTH_REPLAY", "COMMS_ERROR", "COMMS_RATE_LIMIT")) <= 1


class Shared(MemoryTransport):
    """A line that a stranger is on, too: for each request that he sees he sends the pump forgeries of it, all that was
    said before, and asks for a session; the programmer hears what the pump answers to that."""

    def __init__(self, machine: MockMachine) -> None:
        super().__init__(machine)
        self.seen: list[bytes] = []
        self.sent = 0
        self._asked = opens(Random(5))

    def write(self, data: bytes) -> None:
        (request,) = Decoder().feed(data)
        if request.flags and self.seen:
            forged = encode(request._replace(mac=bytes(16)))
            ahead = encode(request._replace(sequence=request.sequence + 7))
            for frame in (*[forged] * 4, *self.seen[-5:], ahead, next(self._asked)):
                super().write(frame)
                self.sent += 1
        super().write(data)
        if request.flags:
            self.seen.append(data)


@pytest.mark.shows("FI-43")
def test_a_stranger_on_the_sessions_own_line_neither_ends_nor_disturbs_it() -> None:
    machine = MockMachine(Config())
    machine.hal.head.set(True)
    machine.wake()
    line = Shared(machine)
    pump = Programmer(line, entropy=Random(1).randbytes, tries=1)
    with pump.session():
        treat(pump)
        line.seen.clear()
        order(pump, COMMANDS)
        assert line.now_s() == 0
    names = [event["name"] for event in machine.events]
    print(f"{COMMANDS} of {COMMANDS} commands, seed 5, {line.sent} frames of a stranger on the same line")
    assert names.count("SESSION_OPEN") == 1
    assert [names.count(name) for name in ("AUTH_FAIL", "AUTH_REPLAY", "CMD_REJECTED")] == [1, 1, 0]


@contextmanager
def flooded(emulator: EmulatorProcess, flood: Flood) -> Iterator[list[int]]:
    """A stranger on a connection of his own, who sends FRAMES_PER_S and reads what comes. The list's number counts."""
    stranger = connect(emulator)
    frames, over, sent = flood(Random(4)), Event(), [0]
    per_turn = int(FRAMES_PER_S * TURN_S)

    def send() -> None:
        while not over.wait(TURN_S):
            stranger.sendall(b"".join(islice(frames, per_turn)))
            sent[0] += per_turn

    def read() -> None:
        while stranger.recv(65536):
            pass

    threads = [Thread(target=send, daemon=True), Thread(target=read, daemon=True)]
    for thread in threads:
        thread.start()
    try:
        yield sent
    finally:
        over.set()
        threads[0].join(LIMIT_S)
        stranger.shutdown(socket.SHUT_RDWR)
        threads[1].join(LIMIT_S)
        stranger.close()


@pytest.mark.parametrize("speed", [0, "max"])
def test_each_command_is_done_at_the_first_try_whatever_another_client_sends(start: Start, speed: object) -> None:
    emulator = start(speed=speed)
    with Programmer.open(emulator.url) as pump:
        treat(pump)
    for flood in FLOODS:
        with flooded(emulator, flood) as sent, asking_once(emulator) as pump:
            while sent[0] < FRAMES_PER_S // 2:
                pump.status()
            order(pump, COMMANDS)
        print(f"{flood.__name__}: {COMMANDS} of {COMMANDS} commands, seed 4, {sent[0]} frames of a stranger")


def test_idle_strangers_give_up_their_place(start: Start) -> None:
    emulator = start(speed=0)
    with ExitStack() as stack:
        quiet = stack.enter_context(asking_once(emulator))
        assert quiet.hello()
        strangers = [stack.enter_context(connect(emulator)) for _ in range(20)]
        for _ in range(3):
            with asking_once(emulator) as pump:
                pump.silence()
        assert [stranger.recv(1) for stranger in strangers[:19]] == [b""] * 19
        assert quiet.status()


def test_who_left_half_a_frame_behind_spoils_nothing_for_the_next_one(start: Start) -> None:
    emulator = start(speed=0)
    for _ in range(6):
        with connect(emulator) as stranger:
            stranger.sendall(b"half a frame")
        with asking_once(emulator) as pump:
            assert pump.hello()


def test_one_client_too_many_gets_the_place_of_who_was_silent_for_longest(start: Start) -> None:
    emulator = start(speed=0)
    first, second, third = (Programmer.open(emulator.url) for _ in range(3))
    for pump in (second, first, third):
        assert pump.hello()
    with Programmer.open(emulator.url) as fourth:
        assert fourth.hello()
        for pump in (first, third):
            assert pump.status()
        with pytest.raises((NoDevice, LinkLost)):
            second.status()
    for pump in (first, second, third):
        pump.close()


def test_who_opened_a_session_keeps_his_place_until_it_ends(start: Start) -> None:
    emulator = start(speed=0)
    with asking_once(emulator) as pump, ExitStack() as stack:
        with pump.session():
            for _ in range(2):
                other = stack.enter_context(Programmer.open(emulator.url))
                assert other.hello()
            for _ in range(20):
                stack.enter_context(connect(emulator))
            pump.silence()
        for _ in range(3):
            assert stack.enter_context(Programmer.open(emulator.url)).hello()
        with pytest.raises((NoDevice, LinkLost)):
            pump.status()


def test_who_comes_where_a_session_was_left_open_has_no_place_for_that(start: Start) -> None:
    emulator = start(speed=0)
    with ExitStack() as stack:
        others = [stack.enter_context(asking_once(emulator))]  # whose head keeps that session open
        assert others[0].hello()
        gone = asking_once(emulator)
        with gone.session():
            gone.close()
        with connect(emulator) as stranger:  # on that line, the first that is free
            for _ in range(2):
                others.append(stack.enter_context(asking_once(emulator)))
                assert others[-1].hello()
            assert stranger.recv(1) == b""
        for pump in others:
            pump.silence()
