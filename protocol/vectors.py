"""Golden frames: one of every message, with values from a small fixed generator, and frames that are wrong."""

import json
from collections.abc import Iterator
from typing import Any

from protocol import auth, badframes, codes
from protocol.fields import Field, fields_of
from protocol.frame import AUTHENTICATED, Frame, encode
from protocol.messages import ANSWERS, REQUESTS, Message
from protocol.registry import ANSWER, MESSAGES, payload

ROLE = codes.ROLE["clinician"]
SERIAL = b"THECAL-00001"
SESSION = 65
HOST_NONCE = bytes(range(0x10, 0x20))
PUMP_NONCE = bytes(range(0xA0, 0xB0))
ROLE_KEY = auth.role_key(auth.TEST_KEY, ROLE)
SESSION_KEY = auth.session_key(ROLE_KEY, SERIAL, ROLE, SESSION, HOST_NONCE, PUMP_NONCE)

_GIVEN = {
    "serial": SERIAL,
    "model": b"THECAL",
    "firmware": b"1.2.3",
    "runtime": b"micropython 1.26.1 rp2040",
    "drug": b"baclofen",
    "site": "left flank, 2½ cm".encode(),
    "text": "penicillin, bee’s venom".encode(),
    "field": "allergies",
    "low_reservoir_nl": 2_000_000,
}
"""Values that are not drawn: texts, and what the pump holds against more than its own range."""

_PROGRAM = {"mode", "concentration_mcg_per_ml", "dose_ng_per_day", "rate_nl_per_day"}
_EXACT_IN_A_DOUBLE = 2**53 - 1  # the largest integer that every JSON reader keeps


def vectors_json() -> str:
    """The text of docs/vectors.json."""
    numbers = _numbers()
    session = {
        "device_key": auth.TEST_KEY.hex(),
        "role": ROLE,
        "serial": SERIAL.hex(),
        "session": SESSION,
        "host_nonce": HOST_NONCE.hex(),
        "pump_nonce": PUMP_NONCE.hex(),
        "role_key": ROLE_KEY.hex(),
        "session_key": SESSION_KEY.hex(),
    }
    frames = [_vector(message, sequence, numbers) for sequence, message in enumerate(MESSAGES, 1)]
    document = {"session": session, "frames": frames, "bad_frames": badframes.rows(SESSION, SESSION_KEY)}
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def direction(message: Message) -> str:
    """request, answer or push."""
    return "request" if message in REQUESTS else "answer" if message in ANSWERS else "push"


def answer_to(request: Message) -> Message:
    """The answer that a request gets when it is not refused."""
    return next((answer for answer in ANSWERS if answer.code == request.code + 0x80), ANSWER["DONE"])


def signed(message: Message) -> bool:
    """True if the message makes sense in a session only."""
    return any(request.role and message in (request, answer_to(request)) for request in REQUESTS)


def frame_of(message: Message, sequence: int, values: dict[str, Any]) -> Frame:
    """The message as a frame, in the example session if it belongs in one."""
    data = payload(message, values)
    if not signed(message):
        return Frame(message.code, 0, sequence, data)
    frame = Frame(message.code, SESSION, sequence, data, AUTHENTICATED)
    return frame._replace(mac=auth.mac(SESSION_KEY, frame.signed_bytes()))


def _vector(message: Message, sequence: int, numbers: Iterator[int]) -> dict[str, Any]:
    fields = fields_of(message.layout)
    values = _agreeing({field.name: _value(field, numbers) for field in fields})
    frame = frame_of(message, sequence, values)
    vector = {
        "name": message.name,
        "direction": direction(message),
        "type": message.code,
        "session": frame.session,
        "sequence": sequence,
        "payload": frame.payload.hex(),
        "fields": {name: _plain(value) for name, value in values.items()},
        "line": encode(frame).hex(),
    }
    if frame.flags:
        vector |= {"session_key": SESSION_KEY.hex(), "mac": frame.mac.hex()}
    return vector


def _numbers() -> Iterator[int]:
    """The high bits of Knuth's 64-bit linear congruential generator."""
    state = 1
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 11


def _value(field: Field, numbers: Iterator[int]) -> Any:
    if field.is_list:
        return [_inner(field, numbers) for _ in range(2)]
    if field.inside:
        return _agreeing(_inner(field, numbers))
    drawn = next(numbers)
    given = _GIVEN.get(field.name)
    if isinstance(given, bytes):
        return given.ljust(field.bytes, b"\0")
    if given is not None:
        return given
    if field.range == "table Requests":
        return REQUESTS[drawn % len(REQUESTS)].code
    if field.codes:
        return list(field.codes)[drawn % len(field.codes)]
    if field.is_bytes:
        return bytes(next(numbers) % 256 for _ in range(field.bytes))
    return field.least + drawn % (min(field.most, _EXACT_IN_A_DOUBLE) - field.least + 1)


def _agreeing(values: dict[str, Any]) -> dict[str, Any]:
    """The values with those put right that the page ties to each other."""
    if "last_seq" in values:
        first, last = sorted((values["first_seq"], values["last_seq"]))
        values |= {"first_seq": first, "last_seq": last}
    if values.keys() == _PROGRAM:
        mcg_per_ml, dose_ng = values["concentration_mcg_per_ml"], values["dose_ng_per_day"] % 10**9 + 1
        values |= {"dose_ng_per_day": dose_ng, "rate_nl_per_day": (dose_ng * 1000 + mcg_per_ml // 2) // mcg_per_ml}
    if "steps" in values:  # in order, from 00:00
        for index, step in enumerate(values["steps"]):
            step["from_min"] = index * step["from_min"]
    if "entries" in values:
        for index, entry in enumerate(values["entries"]):
            entry["seq"] = values["oldest_seq"] % 10**9 + 1 + index
            entry["severity"] = codes.EVENTS[entry["event"]].severity
        values["oldest_seq"] = values["entries"][0]["seq"]
        values["next_seq"] = values["entries"][-1]["seq"] + 1
    return values


def _inner(field: Field, numbers: Iterator[int]) -> Any:
    values = {inner.name: _value(inner, numbers) for inner in field.inside}
    return values.get("", values)


def _plain(value: Any) -> Any:
    """A value as JSON has it: bytes in hexadecimal."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
