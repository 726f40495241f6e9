"""The pump's side of the wire on a real MicroPython: the golden frames give the same there, byte for byte, and what the
declarations forbid is not read.

The script is bare module-level code with the collector off: this build's collector loses live objects in functions.
"""

import json
import shutil
from typing import Any

import pytest

from firmware import wire
from host_tools.machines.micropython import interpreter
from protocol import auth, generate, messages, registry
from protocol.fields import fields_of
from protocol.frame import Decoder
from protocol.wiregen import MOST_IN_A_ROW
from tests.protocol.values import edges, just_outside, numbers, places, put

VECTORS = json.loads(generate.OUTPUTS["docs/vectors.json"]())["frames"]
MODULES = ("__init__.py", "text.py", "wire.py", "crypto.py", "comms/__init__.py", "comms/framing.py")

SCRIPT = """
import gc
gc.disable()
import sys
sys.path.append("/input")
from binascii import hexlify, unhexlify
from firmware import crypto, wire
from firmware.comms import framing
print(hexlify(crypto.role_key(crypto.TEST_KEY, 85)).decode(), wire.FINGERPRINT)
decoder = framing.Decoder()
for function, line, arguments, names, key in {cases!r}:
    frame = decoder.feed(b"\\xff\\x01\\x00" + line)[0]
    unpack = getattr(wire, "unpack_" + function, wire.unpack_empty)
    if arguments is None:
        values = unpack(frame.payload)
        payload = frame.payload
    else:
        values = arguments
        pack = getattr(wire, "pack_" + function)
        payload = pack(**dict(zip(names, arguments))) if names else pack(*arguments)
    body = framing.header(frame.code, frame.flags, frame.session, frame.sequence, len(payload)) + payload
    if key:
        body += crypto.hmac_sha256(key, body)[:16]
    print(hexlify(framing.seal(body)).decode(), values)
print(decoder.errors)
for wrong in (-1, 1 << 16, 1 << 40):
    try:
        print(wire.pack_subscribed(wrong))
    except ValueError as error:
        print(error)
print([getattr(wire, "unpack_" + function)(payload) is None for function, payload in {edges!r}])
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("board")
    (folder / "firmware" / "comms").mkdir(parents=True)
    for name in MODULES:
        shutil.copy(generate.ROOT / "firmware" / name, folder / "firmware" / name)
    edges = [(request, payload) for request, payload, _ in _edges()]
    script = SCRIPT.format(cases=[_case(vector) for vector in VECTORS], edges=edges)
    return interpreter.run(script, {"/input": folder}).splitlines()


def _edges() -> list[tuple[str, bytes, bool]]:
    """(request, payload, whether its declaration forbids it): golden requests with one field at or beyond an edge."""
    found = []
    for message, vector in zip(messages.REQUESTS, VECTORS, strict=False):
        (frame,) = Decoder().feed(bytes.fromhex(vector["line"]))
        golden = dict(registry.decode(frame))
        for path, field in places(message.layout):
            beyond = just_outside(field, dict.fromkeys([inner.name for inner in field.inside], 0))
            for value, forbidden in [*((value, False) for value in edges(field)), *((value, True) for value in beyond)]:
                payload = registry.payload(message, put(golden, path, value))
                found.append((message.name.lower(), payload, forbidden))
    return found


def _case(vector: dict[str, Any]) -> tuple[Any, ...]:
    """(message, its bytes on the line, what to pack or None for a request, by which names, session key)."""
    fields = None if vector["direction"] == "request" else _fields(vector)
    key = bytes.fromhex(vector.get("session_key", ""))
    line = bytes.fromhex(vector["line"])
    (frame,) = Decoder().feed(line)
    names = [field.name for field in fields_of(registry.layout_of(frame.type))]
    return vector["name"].lower(), line, fields, names if len(names) > MOST_IN_A_ROW else (), key


def _fields(vector: dict[str, Any]) -> tuple[Any, ...]:
    (frame,) = Decoder().feed(bytes.fromhex(vector["line"]))
    return numbers(fields_of(registry.layout_of(frame.type)), registry.decode(frame))


def test_it_has_the_same_keys_and_tables(printed: list[str]) -> None:
    assert printed[0] == f"{auth.role_key(auth.TEST_KEY, 85).hex()} {wire.FINGERPRINT}"


@pytest.mark.parametrize("index", range(len(VECTORS)), ids=lambda i: f"{VECTORS[i]['name']}-{i}")
def test_it_reads_and_writes_the_golden_frame(printed: list[str], index: int) -> None:
    line, values = printed[1 + index].split(" ", 1)
    assert line == VECTORS[index]["line"]
    assert values == repr(_fields(VECTORS[index]))


def test_it_counts_noise_and_raises_instead_of_wrapping(printed: list[str]) -> None:
    assert printed[1 + len(VECTORS) : -1] == [
        str(len(VECTORS)),
        "value 1: -1 does not fit 2 bytes",
        "value 1: 65536 does not fit 2 bytes",
        "value 1: 1099511627776 does not fit 2 bytes",
    ]


def test_it_reads_what_the_declarations_allow_and_nothing_else(printed: list[str]) -> None:
    cases = _edges()
    print(f"{len(cases)} values at and beyond the edges of their ranges")
    assert printed[-1] == repr([forbidden for _, _, forbidden in cases])
