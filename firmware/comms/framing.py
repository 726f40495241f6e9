"""Frames on a serial line: header, payload, MAC and CRC-32 inside COBS, ended by a zero byte (docs/protocol.md)."""

from binascii import crc32
from struct import pack, unpack_from

_HEADER = "<BBBIIH"
_HEADER_BYTES = 13
_CRC_BYTES = 4
_VERSION = 1
AUTHENTICATED = 0x01
MAC_BYTES = 16
MAX_FRAME_BYTES = 371
MAX_PAYLOAD_BYTES = MAX_FRAME_BYTES - _HEADER_BYTES - MAC_BYTES - _CRC_BYTES


def header(code: int, flags: int, session: int, sequence: int, payload_bytes: int) -> bytes:
    """The first 13 bytes of a frame."""
    return pack(_HEADER, _VERSION, code, flags, session, sequence, payload_bytes)


def seal(body: bytes) -> bytes:
    """The bytes for the line, of a frame without its CRC."""
    return cobs(body + pack("<I", crc32(body))) + b"\x00"


def cobs(data: bytes) -> bytes:
    """`data` without zero bytes, one byte longer for each 254."""
    out = bytearray()
    start = 0
    while True:
        end = data.find(b"\x00", start, start + 254)
        if end >= 0:
            out.append(end - start + 1)
            out += data[start:end]
            start = end + 1
        elif len(data) - start >= 254:
            out.append(255)
            out += data[start : start + 254]
            start += 254
            if start == len(data):
                return bytes(out)
        else:
            out.append(len(data) - start + 1)
            out += data[start:]
            return bytes(out)


def uncobs(data: bytes) -> bytes | None:
    """The bytes that `cobs` was given, or None for what it never makes."""
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        end = at + code
        if code == 0 or end > len(data):
            return None
        out += data[at + 1 : end]
        if code != 255 and end < len(data):
            out.append(0)
        at = end
    return bytes(out)


class Frame:
    """A whole frame as it came in. `signed` is what the MAC covers, `raw` the frame without its CRC."""

    def __init__(self, raw: bytes) -> None:
        _, self.code, self.flags, self.session, self.sequence, length = unpack_from(_HEADER, raw)
        end = _HEADER_BYTES + length
        self.raw = raw
        self.signed = raw[:end]
        self.payload = raw[_HEADER_BYTES:end]
        self.mac = raw[end:]


def parse(data: bytes) -> "Frame | None":
    """The Frame in COBS bytes without the delimiter, or None when anything about it is wrong."""
    frame = uncobs(data)
    if frame is None or len(frame) < _HEADER_BYTES + _CRC_BYTES or len(frame) > MAX_FRAME_BYTES:
        return None
    raw = frame[:-_CRC_BYTES]
    if crc32(raw) != unpack_from("<I", frame, len(raw))[0]:
        return None
    mac_bytes = MAC_BYTES if raw[2] == AUTHENTICATED else 0
    length = unpack_from("<H", raw, _HEADER_BYTES - 2)[0]
    if raw[0] != _VERSION or raw[2] not in (0, AUTHENTICATED) or len(raw) != _HEADER_BYTES + length + mac_bytes:
        return None
    return Frame(raw)


class Decoder:
    """Cuts a stream of any bytes into frames; what is no frame is counted in `errors`."""

    def __init__(self) -> None:
        self.errors = 0
        self._buffer = bytearray()
        self._overlong = False

    def feed(self, data: bytes) -> "list[Frame]":
        """The frames that `data` completes, in order. Never raises, and keeps at most one frame's bytes."""
        frames = []
        start = 0
        while True:
            end = data.find(b"\x00", start)
            if end < 0:
                self._keep(data[start:])
                return frames
            self._keep(data[start:end])
            start = end + 1
            if self._overlong:
                self.errors += 1
            elif self._buffer:
                frame = parse(bytes(self._buffer))
                if frame is None:
                    self.errors += 1
                else:
                    frames.append(frame)
            self._buffer = bytearray()
            self._overlong = False

    def cut(self) -> None:
        """Drop a frame that had begun: it will not go on."""
        if self._buffer or self._overlong:
            self.errors += 1
        self._buffer = bytearray()
        self._overlong = False

    def _keep(self, piece: bytes) -> None:
        if len(self._buffer) + len(piece) > MAX_FRAME_BYTES + 2:
            self._overlong = True
            self._buffer = bytearray()
        elif not self._overlong:
            self._buffer += piece
