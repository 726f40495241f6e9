"""Frames, the host's side: header, payload, MAC and CRC-32 inside COBS, ended by a zero byte."""

import struct
from typing import NamedTuple

import crcmod.predefined
from cobs import cobs

FRAME_VERSION = 1
AUTHENTICATED = 0x01
MAC_BYTES = 16
MAX_FRAME_BYTES = 371
"""Up to here CRC-32 still guarantees Hamming distance 5."""

_HEADER = struct.Struct("<BBBIIH")
_CRC = struct.Struct("<I")
HEADER_BYTES = _HEADER.size
MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - HEADER_BYTES - MAC_BYTES - _CRC.size
_MIN_FRAME_BYTES = HEADER_BYTES + _CRC.size
_MAX_LINE_BYTES = MAX_FRAME_BYTES + 2  # COBS adds a byte for each 254
_RESIDUE = 0x2144DF1C  # CRC-32 of anything followed by its own CRC-32

crc32 = crcmod.predefined.mkPredefinedCrcFun("crc-32")


class Frame(NamedTuple):
    """One frame. `mac` is 16 bytes when `flags` says AUTHENTICATED, and empty when not."""

    type: int
    session: int
    sequence: int
    payload: bytes
    flags: int = 0
    mac: bytes = b""

    def signed_bytes(self) -> bytes:
        """The bytes that the MAC covers: header and payload."""
        head = (FRAME_VERSION, self.type, self.flags, self.session, self.sequence, len(self.payload))
        return _HEADER.pack(*head) + self.payload


def encode(frame: Frame) -> bytes:
    """The bytes for the line, delimiter included. ValueError when a value does not fit."""
    _check(frame)
    body = frame.signed_bytes() + frame.mac
    return cobs.encode(body + _CRC.pack(crc32(body))) + b"\x00"


def _check(frame: Frame) -> None:
    numbers = (
        ("type", frame.type, 0xFF),
        ("session", frame.session, 0xFFFFFFFF),
        ("sequence", frame.sequence, 0xFFFFFFFF),
        ("flags", frame.flags, AUTHENTICATED),
    )
    for name, value, most in numbers:
        if not 0 <= value <= most:
            raise ValueError(f"frame {name} {value} is outside 0..{most}")
    if len(frame.payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"payload of {len(frame.payload)} bytes: a frame carries at most {MAX_PAYLOAD_BYTES}")
    mac_bytes = MAC_BYTES if frame.flags else 0
    if len(frame.mac) != mac_bytes:
        raise ValueError(f"MAC of {len(frame.mac)} bytes: flags {frame.flags} ask for {mac_bytes}")


class Decoder:
    """Cuts a stream of any bytes into frames. What is no frame is counted in `errors`, never raised."""

    def __init__(self) -> None:
        self.errors = 0
        self._rest = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes, in order."""
        *lines, rest = (self._rest + data).split(b"\x00")
        self._rest = rest[: _MAX_LINE_BYTES + 1]  # enough to be seen as overlong when its delimiter comes
        frames = []
        for line in lines:
            if line:
                frame = _parse(line)
                if frame is None:
                    self.errors += 1
                else:
                    frames.append(frame)
        return frames


def _parse(line: bytes) -> Frame | None:
    if len(line) > _MAX_LINE_BYTES:
        return None
    try:
        raw = cobs.decode(line)
    except cobs.DecodeError:
        return None
    if not _MIN_FRAME_BYTES <= len(raw) <= MAX_FRAME_BYTES or crc32(raw) != _RESIDUE:
        return None
    version, code, flags, session, sequence, length = _HEADER.unpack_from(raw)
    end = HEADER_BYTES + length
    mac_end = end + MAC_BYTES if flags == AUTHENTICATED else end
    if version != FRAME_VERSION or flags > AUTHENTICATED or len(raw) != mac_end + _CRC.size:
        return None
    return Frame(code, session, sequence, raw[HEADER_BYTES:end], flags, raw[end:mac_end])
