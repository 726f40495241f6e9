"""Frames that are wrong, one of each kind, and what a pump does with them."""

from typing import Any, NamedTuple

from cobs import cobs

from protocol import auth, codes
from protocol.frame import AUTHENTICATED, MAC_BYTES, MAX_PAYLOAD_BYTES, Frame, crc32, encode
from protocol.registry import ANSWER, REQUEST

_HELLO = Frame(REQUEST["HELLO"].code, 0, 1, b"")
_LENGTH_AT = 11  # of the payload's length in a header
_UNKNOWN_REQUEST = 0x7F
_NO_ROLE = b"\0"


class BadFrame(NamedTuple):
    """A frame for the pump and what it does with it: `errors` is how many its decoder counts, `answer` the refusal that
    it sends for `reason`; where that is None it is silent."""

    name: str
    why: str
    line: bytes
    errors: int
    reason: str | None = None
    answer: bytes = b""


def bad_frames(session: int, session_key: bytes) -> list[BadFrame]:
    """All of them; those that need a session belong to this one."""
    return [*_spoilt(), *_refused(session, session_key)]


def rows(session: int, session_key: bytes) -> list[dict[str, Any]]:
    """The bad frames as vectors.json has them."""
    return [
        {
            "name": bad.name,
            "why": bad.why,
            "line": bad.line.hex(),
            "errors": bad.errors,
            "reason": bad.reason,
            "answer": bad.answer.hex() or None,
        }
        for bad in bad_frames(session, session_key)
    ]


def _spoilt() -> list[BadFrame]:
    """Bytes that no receiver may take for a frame."""
    hello = _HELLO.signed_bytes()
    whole = encode(_HELLO)
    longest = Frame(_HELLO.type, 0, 1, bytes(MAX_PAYLOAD_BYTES), AUTHENTICATED, bytes(MAC_BYTES)).signed_bytes()
    too_long = _with_length(longest + b"\0", MAX_PAYLOAD_BYTES + 1) + bytes(MAC_BYTES)
    spoilt = (
        ("wrong CRC", "one bit of the CRC is flipped", _line(hello, crc32(hello) ^ 1)),
        ("flipped bit", "one bit of the type is flipped, and the CRC is as it was", _flipped_type(hello)),
        ("unknown version", "the version is 2", _line(b"\2" + hello[1:])),
        ("unknown flag", "bit 1 of the flags is set", _line(hello[:2] + b"\2" + hello[3:])),
        ("flag without MAC", "the flags say authenticated, and there is no MAC", _line(hello[:2] + b"\1" + hello[3:])),
        ("MAC without flag", "there is a MAC, and the flags do not say so", _line(hello + bytes(MAC_BYTES))),
        ("length too great", "the length says 1, and there is no payload", _line(_with_length(hello, 1))),
        ("length too small", "the length says 0, and there is a payload of one byte", _line(hello + b"\5")),
        ("short header", "the frame ends before its length", _line(hello[:_LENGTH_AT])),
        ("372 bytes", "one byte more than the largest frame, and right in all else", _line(too_long)),
        ("cut COBS", "the last byte before the delimiter is missing", whole[:-2] + b"\0"),
        ("two in one", "the delimiter between two whole frames is missing", whole[:-1] + whole),
    )
    nothing = BadFrame("nothing", "two delimiters in a row: no frame, and no error", b"\0\0", errors=0)
    return [*(BadFrame(name, why, line, errors=1) for name, why, line in spoilt), nothing]


def _refused(session: int, session_key: bytes) -> list[BadFrame]:
    """Frames that get a refusal without authentication."""
    stop = Frame(REQUEST["STOP"].code, session, 2, b"", AUTHENTICATED)
    mac = auth.mac(session_key, stop.signed_bytes())
    forged = stop._replace(mac=bytes([mac[0] ^ 1]) + mac[1:])
    role = codes.ROLE["clinician"].to_bytes(1, "little")
    nonce = bytes(16)
    refused = (
        ("wrong MAC", "one bit of the MAC is flipped", forged, "auth"),
        ("no MAC", "a request that needs a session, outside of one", Frame(stop.type, 0, 2, b""), "auth"),
        ("unknown request", "no request has this code", _HELLO._replace(type=_UNKNOWN_REQUEST), "malformed"),
        ("payload too long", "a HELLO with a byte of payload", _HELLO._replace(payload=b"\0"), "malformed"),
        ("payload too short", "an OPEN without its nonce", Frame(REQUEST["OPEN"].code, 0, 1, role), "malformed"),
        ("unknown code", "an OPEN in no role", Frame(REQUEST["OPEN"].code, 0, 1, _NO_ROLE + nonce), "malformed"),
    )
    return [
        BadFrame(name, why, encode(frame), 0, reason, _refusal(frame, reason)) for name, why, frame, reason in refused
    ]


def _refusal(request: Frame, reason: str) -> bytes:
    payload = bytes([request.type, codes.REASON[reason]])
    return encode(Frame(ANSWER["REFUSED"].code, request.session, request.sequence, payload))


def _with_length(body: bytes, length: int) -> bytes:
    return body[:_LENGTH_AT] + length.to_bytes(2, "little") + body[_LENGTH_AT + 2 :]


def _flipped_type(body: bytes) -> bytes:
    return _line(body[:1] + bytes([body[1] ^ 0x40]) + body[2:], crc32(body))


def _line(body: bytes, check: int | None = None) -> bytes:
    """The bytes for the line of what may be no frame, with its CRC or another."""
    check = crc32(body) if check is None else check
    return cobs.encode(body + check.to_bytes(4, "little")) + b"\0"
