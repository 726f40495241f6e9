"""Framing on both sides, with and without noise on the line."""

from binascii import crc32 as pump_crc32
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from firmware.comms import framing
from protocol import frame as host
from protocol.frame import AUTHENTICATED, MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES, Decoder, Frame, crc32, encode

u32 = st.integers(0, 2**32 - 1)


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    """Any frame; payloads full of zeros and payloads that fill COBS blocks among them."""
    zeros = st.integers(0, MAX_PAYLOAD_BYTES).map(bytes)
    full = st.integers(0, MAX_PAYLOAD_BYTES).map(lambda size: b"\xff" * size)
    payload = draw(st.one_of(st.binary(max_size=MAX_PAYLOAD_BYTES), zeros, full))
    flags = draw(st.sampled_from([0, AUTHENTICATED]))
    mac = draw(st.binary(min_size=16, max_size=16)) if flags else b""
    return Frame(draw(st.integers(0, 255)), draw(u32), draw(u32), payload, flags, mac)


class PumpDecoder:
    """The pump's decoder, giving frames as the host has them."""

    def __init__(self) -> None:
        self._decoder = framing.Decoder()

    @property
    def errors(self) -> int:
        return self._decoder.errors

    def feed(self, data: bytes) -> list[Frame]:
        return [Frame(f.code, f.session, f.sequence, f.payload, f.flags, f.mac) for f in self._decoder.feed(data)]


both = pytest.mark.parametrize("decoder", [Decoder, PumpDecoder], ids=["host", "pump"])
NewDecoder = Callable[[], Any]


@given(frames())
def test_both_sides_write_the_same_bytes(frame: Frame) -> None:
    head = framing.header(frame.type, frame.flags, frame.session, frame.sequence, len(frame.payload))
    assert framing.seal(head + frame.payload + frame.mac) == encode(frame)


@both
@given(st.lists(frames(), max_size=4), st.integers(1, 400))
def test_what_was_sent_arrives_however_it_is_cut(decoder: NewDecoder, sent: list[Frame], size: int) -> None:
    stream = b"".join(map(encode, sent))
    receiver = decoder()
    pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert [frame for piece in pieces for frame in receiver.feed(piece)] == sent
    assert receiver.errors == 0


@st.composite
def noise(draw: st.DrawFn, stream: bytes) -> bytes:
    """`stream` with bytes flipped, dropped and inserted."""
    spoilt = bytearray(stream)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(spoilt) - 1)))
        kind = draw(st.sampled_from(["flip", "drop", "insert"]))
        if kind == "insert" or not spoilt:
            spoilt[at:at] = draw(st.binary(min_size=1, max_size=20))
        elif kind == "drop":
            del spoilt[at : at + draw(st.integers(1, 20))]
        else:
            spoilt[at] ^= draw(st.integers(1, 255))
    return bytes(spoilt)


@pytest.mark.shows("FI-41")
@both
@given(st.lists(frames(), min_size=1, max_size=3), frames(), st.data())
def test_noise_never_makes_a_frame_and_the_next_one_arrives(
    decoder: NewDecoder, sent: list[Frame], last: Frame, data: st.DataObject
) -> None:
    receiver = decoder()
    received = receiver.feed(data.draw(noise(b"".join(map(encode, sent)))))
    assert all(frame in sent for frame in received)
    assert receiver.feed(b"\0" + encode(last))[-1] == last


@both
@given(frames(), st.data())
def test_a_corrupt_frame_is_counted_once(decoder: NewDecoder, frame: Frame, data: st.DataObject) -> None:
    line = bytearray(encode(frame))
    at = data.draw(st.integers(0, len(line) - 2))
    flipped = line[at] ^ data.draw(st.integers(1, 255))
    assume(flipped)  # a zero would make two of it
    line[at] = flipped
    receiver = decoder()
    assert receiver.feed(bytes(line)) == []
    assert receiver.errors == 1


@both
@given(st.lists(st.binary(max_size=900), max_size=8))
@example([b"\1" * 100_000, b"\1" * 100_000])
@example([b"\xff" + b"\1" * 254 + b"\0"])
def test_any_bytes_are_frames_or_errors(decoder: NewDecoder, pieces: list[bytes]) -> None:
    receiver = decoder()
    received = [frame for piece in pieces for frame in receiver.feed(piece)]
    lines = [line for line in b"".join(pieces).split(b"\0")[:-1] if line]
    assert len(received) + receiver.errors == len(lines)


def test_the_host_keeps_no_more_than_a_frame() -> None:
    receiver = Decoder()
    for _ in range(100):
        receiver.feed(b"\1" * 1000)
    assert len(receiver._rest) <= MAX_FRAME_BYTES + 3
    assert receiver.feed(b"\0" + encode(Frame(1, 0, 0, b""))) == [Frame(1, 0, 0, b"")]
    assert receiver.errors == 1


@both
def test_empty_frames_are_no_error(decoder: NewDecoder) -> None:
    receiver = decoder()
    assert receiver.feed(bytes(50)) == []
    assert receiver.errors == 0


@both
@pytest.mark.parametrize(
    "body",
    [
        b"\2\1\0" + bytes(8) + b"\0\0",  # another version
        b"\1\1\2" + bytes(8) + b"\0\0",  # an unknown flag
        b"\1\1\1" + bytes(8) + b"\0\0",  # flagged, but without a MAC
        b"\1\1\0" + bytes(8) + b"\1\0",  # shorter than it says
        b"\1\1\0" + bytes(8) + b"\0\0\0",  # longer than it says
        b"\1\1\0" + bytes(8),  # not even a header
        b"\1\1\0" + bytes(8) + b"\x63\1" + bytes(355),  # longer than a frame may be
    ],
)
def test_a_sound_crc_does_not_save_a_wrong_header(decoder: NewDecoder, body: bytes) -> None:
    receiver = decoder()
    assert receiver.feed(framing.seal(body)) == []
    assert receiver.errors == 1


@given(st.binary(max_size=400))
def test_both_crcs_agree(data: bytes) -> None:
    assert crc32(data) == pump_crc32(data)
    assert crc32(data + crc32(data).to_bytes(4, "little")) == host._RESIDUE


def test_both_sides_have_the_same_limits() -> None:
    assert (framing.MAX_FRAME_BYTES, framing.MAX_PAYLOAD_BYTES) == (371, 338)
    assert (MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES, host.MAC_BYTES) == (371, 338, framing.MAC_BYTES)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (Frame(256, 0, 0, b""), "type 256"),
        (Frame(1, 2**32, 0, b""), "session 4294967296"),
        (Frame(1, 0, -1, b""), "sequence -1"),
        (Frame(1, 0, 0, b"", flags=2), "flags 2"),
        (Frame(1, 0, 0, bytes(339)), "339 bytes"),
        (Frame(1, 0, 0, b"", AUTHENTICATED), "MAC of 0 bytes"),
        (Frame(1, 0, 0, b"", 0, bytes(16)), "MAC of 16 bytes"),
    ],
)
def test_what_does_not_fit_is_named(frame: Frame, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        encode(frame)
