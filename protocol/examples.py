"""The worked examples of docs/protocol.md: frames and bytes taken apart, as text."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from protocol import auth, vectors
from protocol.fields import Field, fields_of
from protocol.frame import HEADER_BYTES, Frame, crc32, encode
from protocol.messages import DIGEST_BYTES, Message
from protocol.registry import ANSWER, REQUEST, payload

_PROGRAM = {
    "mode": "simple",
    "concentration_mcg_per_ml": 2000,
    "dose_ng_per_day": 500_000,
    "rate_nl_per_day": 250_000,
}
_FLEX_PROGRAM = _PROGRAM | {"mode": "flex", "dose_ng_per_day": 300_000, "rate_nl_per_day": 150_000}
_FLEX_DAY = (
    {"from_min": 0, "dose_ng": 150_000, "rate_nl_per_day": 257_143},
    {"from_min": 420, "dose_ng": 100_000, "rate_nl_per_day": 82_759},
    {"from_min": 1290, "dose_ng": 50_000, "rate_nl_per_day": 240_000},
)
_FLEX_SATURDAY = ({"from_min": 0, "dose_ng": 300_000, "rate_nl_per_day": 150_000},)
_SATURDAY = 5


def texts() -> dict[str, str]:
    """The examples by the names that protocol.md.in has for them."""
    nonces = {"host": vectors.HOST_NONCE, "pump": vectors.PUMP_NONCE}
    challenge = {"session": vectors.SESSION, "nonce": nonces["pump"]}
    staged = {"digest": _digest(payload(REQUEST["STAGE"], _PROGRAM))}
    return {
        "example_hello": _frame(REQUEST["HELLO"], 1, {}),
        "example_subscribed": _frame(ANSWER["SUBSCRIBED"], 2, {"period_s": 10}),
        "example_open": _frame(REQUEST["OPEN"], 3, {"role": "clinician", "nonce": nonces["host"]}),
        "example_challenge": _frame(ANSWER["CHALLENGE"], 3, challenge),
        "example_keys": _keys(),
        "example_prove": _frame(REQUEST["PROVE"], 1, {}),
        "example_proved": _frame(ANSWER["PROVED"], 1, {"idle_s": 300}),
        "example_stage": _frame(REQUEST["STAGE"], 2, _PROGRAM),
        "example_staged": _frame(ANSWER["STAGED"], 2, staged),
        "example_flex_day": _fenced(_parts(REQUEST["STAGE_DAY"], {"day": 0, "steps": list(_FLEX_DAY)})),
        "example_flex_digest": _fenced(_flex_digest()),
    }


def _frame(message: Message, sequence: int, values: dict[str, Any]) -> str:
    """A frame taken apart, and what goes over the line."""
    frame = vectors.frame_of(message, sequence, values)
    body = frame.signed_bytes()
    check = crc32(body + frame.mac).to_bytes(4, "little")
    lines = [*_header(message, frame), *_parts(message, values)]
    if frame.mac:
        lines.append(_part(frame.mac, f"MAC over the {len(body)} bytes above"))
    lines += [_part(check, "CRC-32 of all bytes above"), "", f"on the line: {encode(frame).hex(' ')}"]
    return _fenced(lines)


def _header(message: Message, frame: Frame) -> Iterator[str]:
    parts = (
        ("version", 1),
        (f"type: {message.name}", 1),
        (f"flags: {'authenticated' if frame.flags else 'none'}", 1),
        (f"session {frame.session}", 4),
        (f"sequence {frame.sequence}", 4),
        (f"length {len(frame.payload)}", 2),
    )
    body, at = frame.signed_bytes()[:HEADER_BYTES], 0
    for meaning, size in parts:
        yield _part(body[at : at + size], meaning)
        at += size


def _parts(message: Message, values: dict[str, Any]) -> Iterator[str]:
    """The payload taken apart: a line for each field, and for each entry of a list."""
    data, at = payload(message, values), 0
    for field in fields_of(message.layout):
        if field.is_list:
            yield _part(data[at : at + 1], f"{field.name}: {len(values[field.name])} entries")
            at += 1
        for meaning in _meanings(field, values[field.name]):
            yield _part(data[at : at + field.bytes], meaning)
            at += field.bytes


def _meanings(field: Field, value: Any) -> Iterator[str]:
    if field.is_list:
        for entry in value:
            yield ", ".join(f"{name} {number}" for name, number in entry.items())
    else:
        yield field.name if isinstance(value, bytes) else f"{field.name}: {value}"


def _flex_digest() -> Iterator[str]:
    """The payloads of a whole week in the order of the digest, and the digest."""
    program = payload(REQUEST["STAGE"], _FLEX_PROGRAM)
    days = [payload(REQUEST["STAGE_DAY"], {"day": day, "steps": _steps(day)}) for day in range(7)]
    yield f"STAGE        {program.hex(' ')}"
    for day, data in enumerate(days):
        yield f"STAGE_DAY {day}  {data.hex(' ')}"
    whole = b"".join([program, *days])
    yield ""
    yield f"SHA-256 of the {len(whole)} bytes  {sha256(whole).hexdigest()}"
    yield f"digest  {_digest(whole).hex(' ')}"


def _steps(day: int) -> list[dict[str, int]]:
    return list(_FLEX_SATURDAY if day == _SATURDAY else _FLEX_DAY)


def _digest(data: bytes) -> bytes:
    return sha256(data).digest()[:DIGEST_BYTES]


def _keys() -> str:
    rows = (
        ("device key", auth.TEST_KEY),
        ("role key", vectors.ROLE_KEY),
        ("serial", vectors.SERIAL),
        ("host nonce", vectors.HOST_NONCE),
        ("pump nonce", vectors.PUMP_NONCE),
        ("session key", vectors.SESSION_KEY),
    )
    return _fenced(f"{name:<12} {value.hex()}" for name, value in rows)


def _part(data: bytes, meaning: str) -> str:
    return f"{data.hex(' '):<24}  {meaning}"


def _fenced(lines: Any) -> str:
    return "\n".join(["```", *lines, "```"])
