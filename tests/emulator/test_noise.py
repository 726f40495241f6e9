"""Any bytes on any line: the pump goes on, and answers who speaks its language."""

import json
import os
import random
import socket
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.programmer import Programmer
from protocol.frame import Frame, encode
from tests.child import LIMIT_S
from tests.emulator.conftest import Start

HELLO = encode(Frame(0x01, 0, 1, b""))


def noise(seed: int, count: int) -> bytes:
    """Random bytes, zeros (which end a frame) among them more often than chance has it, and real frames bent."""
    dice = random.Random(seed)
    pieces = []
    while sum(map(len, pieces)) < count:
        piece = bytearray(dice.choice([HELLO, dice.randbytes(dice.randrange(400)), b"\x00" * 5]))
        if piece:
            piece[dice.randrange(len(piece))] ^= 1 << dice.randrange(8)
        pieces.append(bytes(piece))
    return b"".join(pieces)


@pytest.mark.parametrize("seed", range(3))
def test_noise_on_all_lines(start: Start, seed: int) -> None:
    emulator = start(speed=3600)
    host, port = emulator.url.removeprefix("socket://").split(":")
    address = (host, int(port))
    with (
        socket.create_connection(address, timeout=LIMIT_S) as one,
        socket.create_connection(address, timeout=LIMIT_S) as two,
    ):
        terminal = os.open(emulator.pty, os.O_RDWR | os.O_NOCTTY) if emulator.pty else None
        one.sendall(noise(seed, 100_000))
        two.sendall(noise(seed + 100, 100_000))
        if terminal is not None:
            for at in range(0, 20_000, 1000):
                os.write(terminal, noise(seed * 1000 + at, 1000))
            os.close(terminal)
        for url in filter(None, (emulator.url, emulator.pty)):
            with Programmer.open(url) as pump:
                assert pump.status()["serial"] == emulator.serial
    assert emulator.stop() == 0
    assert emulator.messages == ""


def test_noise_on_the_debug_link(start: Start) -> None:
    emulator = start(speed=0)
    host, port = emulator.debug.split(":")

    tokens = st.text(st.characters(codec="ascii"), max_size=50) | st.integers() | st.none() | st.lists(st.text())

    def shout(line: bytes) -> str:
        with socket.create_connection((host, int(port)), timeout=LIMIT_S) as link, link.makefile() as answers:
            link.sendall(line + b"\n")
            return answers.readline()

    @settings(max_examples=50)
    @given(
        line=st.binary() | st.text().map(str.encode) | tokens.map(lambda token: json.dumps({"token": token}).encode())
    )
    def shout_anything(line: bytes) -> None:
        assert "error" in shout(line.replace(b"\n", b""))

    shout_anything()
    assert "error" in shout(b"[" * 50_000)
    with suppress(ConnectionError):  # it hangs up on a line without end
        assert shout(b"x" * 200_000) == ""
    with emulator.debug_client() as debug:
        assert debug.now_s() == 0
    assert emulator.stop() == 0
    assert emulator.messages == ""
