"""Telemetry from raw port bytes to values, beside pymavlink on messages of like size and number of fields."""

import random
import struct
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from statistics import median

from cobs import cobs

from host_tools.bench.timing import timed_s
from protocol.fields import fields_of
from protocol.frame import Decoder, Frame, crc32, encode
from protocol.registry import ANSWER, decode, payload

MAVLINK = "pymavlink.dialects.v20.common"
FRAMES = 10_000
ROUNDS = 9
READ_BYTES = 4096
_RESIDUE = 0x2144DF1C  # CRC-32 of anything followed by its own CRC-32


def measure() -> dict[str, float]:
    """Frames per second, the three ways turn by turn on the same computer."""
    telemetry, mavlink = _telemetry_bytes(), _mavlink_bytes()
    ways = {
        "frames_per_s": partial(_construct, telemetry),
        "pymavlink_per_s": partial(_pymavlink, mavlink),
        "bulk_frames_per_s": partial(_bulk, telemetry),
    }
    taken_s: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            taken_s[name].append(timed_s(way))
    return {name: round(FRAMES / median(values)) for name, values in taken_s.items()}


def _all_of(count: int) -> None:
    if count != FRAMES:
        raise RuntimeError(f"{count} of {FRAMES} frames were decoded")


def _construct(data: bytes) -> None:
    decoder = Decoder()
    _all_of(sum(decode(frame) is not None for piece in _reads(data) for frame in decoder.feed(piece)))


def _bulk(data: bytes) -> None:
    """Decode as a recording's decoder may: all frames are of one type, so one struct takes them whole."""
    fields = fields_of(ANSWER["TELEMETRY"].layout)
    layout = struct.Struct("<BBBIIH" + "".join(field.letters for field in fields) + "I")
    raws = [cobs.decode(line) for line in data.split(b"\x00") if line]
    good = [raw for raw in raws if crc32(raw) == _RESIDUE]
    _all_of(len(list(layout.iter_unpack(b"".join(good)))))


def _pymavlink(data: bytes) -> None:
    parser = import_module(MAVLINK).MAVLink(None)
    parser.robust_parsing = True
    _all_of(sum(len(parser.parse_buffer(piece) or ()) for piece in _reads(data)))


def _reads(data: bytes) -> Iterator[bytes]:
    """The stream as a port gives it, cut anywhere."""
    return (data[at : at + READ_BYTES] for at in range(0, len(data), READ_BYTES))


def _telemetry_bytes() -> bytes:
    draw = random.Random(1)
    message = ANSWER["TELEMETRY"]
    sent = []
    for sequence in range(1, FRAMES + 1):
        values = {
            field.name: draw.choice(list(field.codes)) if field.codes else draw.getrandbits(7 * field.bytes)
            for field in fields_of(message.layout)
        }
        sent.append(encode(Frame(message.code, 0, sequence, payload(message, values))))
    return b"".join(sent)


def _mavlink_bytes() -> bytes:
    """HIL_CONTROLS is nearest: 42 bytes and 11 fields, where TELEMETRY has 38 bytes and 10 fields."""
    common = import_module(MAVLINK)
    draw = random.Random(1)
    sender = common.MAVLink(None)
    sent = []
    for _ in range(FRAMES):
        controls = [draw.uniform(-1, 1) for _ in range(8)]
        message = common.MAVLink_hil_controls_message(draw.getrandbits(56), *controls, 1, 1)
        sent.append(message.pack(sender))
        sender.seq = (sender.seq + 1) % 256
    return b"".join(sent)
