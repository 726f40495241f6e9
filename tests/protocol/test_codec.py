"""The pump's generated codec against the host's, for every message and any values."""

from itertools import chain
from typing import Any

import construct
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from firmware import wire
from protocol import registry
from protocol.fields import fields_of, leaves
from protocol.frame import MAX_PAYLOAD_BYTES, Frame
from protocol.messages import ANSWERS, PUSHED, REQUESTS, LogEntry, Message
from protocol.wiregen import MOST_IN_A_ROW
from tests.protocol.values import allowed, just_outside, numbers, outside, places, put, values

WITH_FIELDS = [message for message in REQUESTS if fields_of(message.layout)]
FROM_PUMP = ANSWERS + PUSHED
EXAMPLES = settings(max_examples=settings().max_examples // 3)
"""For each message of each test; `make check` tries twenty times as many."""


def name(message: Message) -> str:
    return f"{message.name}-{message.code:02x}"


def unpack(message: Message, payload: bytes) -> tuple[Any, ...] | None:
    return getattr(wire, f"unpack_{message.name.lower()}")(payload)


def pack(message: Message, *fields: Any) -> bytes:
    packer = getattr(wire, f"pack_{message.name.lower()}")
    names = [field.name for field in fields_of(message.layout)]
    return packer(**dict(zip(names, fields, strict=True))) if len(names) > MOST_IN_A_ROW else packer(*fields)


@pytest.mark.parametrize("message", WITH_FIELDS, ids=name)
@EXAMPLES
@given(data=st.data())
def test_the_pump_reads_what_the_host_wrote(message: Message, data: st.DataObject) -> None:
    named = data.draw(allowed(message.layout))
    assert unpack(message, registry.payload(message, named)) == numbers(fields_of(message.layout), named)


FORBIDDING = {
    message.name: [(path, field) for path, field in places(message.layout) if field.is_list or just_outside(field)]
    for message in REQUESTS
}
"""Of each request the fields that have room for what the declaration forbids."""


@pytest.mark.parametrize("message", [message for message in REQUESTS if FORBIDDING[message.name]], ids=name)
@EXAMPLES
@given(data=st.data())
def test_the_pump_reads_nothing_that_the_declaration_forbids(message: Message, data: st.DataObject) -> None:
    path, field = data.draw(st.sampled_from(FORBIDDING[message.name]))
    named = data.draw(allowed(message.layout))
    assume(len(path) == 1 or named[path[0]])
    near = st.sampled_from(just_outside(field, dict.fromkeys([inner.name for inner in field.inside], 0)))
    value = data.draw(near | outside(field) if field.is_number else near)
    assert unpack(message, registry.payload(message, put(named, path, value))) is None


def test_ranges_of_lists_and_of_their_entries_are_looked_at_too() -> None:
    assert [path for path, _ in FORBIDDING["STAGE_DAY"]] == [("day",), ("steps",), ("steps", "from_min")]


@pytest.mark.parametrize("message", FROM_PUMP, ids=name)
@EXAMPLES
@given(data=st.data())
def test_the_host_reads_what_the_pump_wrote(message: Message, data: st.DataObject) -> None:
    named = data.draw(values(message.layout))
    payload = pack(message, *numbers(fields_of(message.layout), named))
    assert registry.decode(Frame(message.code, 0, 0, payload)) == named


@pytest.mark.parametrize("message", WITH_FIELDS, ids=name)
@EXAMPLES
@given(data=st.data())
def test_the_pump_refuses_another_length(message: Message, data: st.DataObject) -> None:
    payload = registry.payload(message, data.draw(allowed(message.layout)))
    other = data.draw(st.one_of(st.binary(min_size=1).map(payload.__add__), st.just(payload[:-1])))
    assert unpack(message, other) is None


@pytest.mark.parametrize("message", WITH_FIELDS, ids=name)
@EXAMPLES
@given(payload=st.binary(max_size=60))
def test_the_pump_never_raises_and_takes_only_codes_that_exist(message: Message, payload: bytes) -> None:
    fields = unpack(message, payload)
    if fields is not None:
        registry.decode(Frame(message.code, 0, 0, payload))


@pytest.mark.parametrize("message", registry.MESSAGES, ids=name)
@EXAMPLES
@given(payload=st.binary(max_size=MAX_PAYLOAD_BYTES))
def test_the_host_gives_values_or_one_kind_of_error(message: Message, payload: bytes) -> None:
    try:
        named = registry.decode(Frame(message.code, 0, 0, payload))
    except registry.ProtocolError as error:
        text = str(error)
    else:
        assert registry.payload(message, named) == payload
        return
    assert text.startswith(f"{message.name} of {len(payload)} bytes: ")
    assert "\n" not in text


@pytest.mark.parametrize("message", registry.MESSAGES, ids=name)
@EXAMPLES
@given(data=st.data())
def test_reading_a_run_at_once_gives_what_construct_gives(message: Message, data: st.DataObject) -> None:
    payload = registry.payload(message, data.draw(values(message.layout)))
    plain = construct.Struct(*message.layout.subcons)
    assert message.layout.parse(payload) == plain.parse(payload)


@EXAMPLES
@given(st.sampled_from([m for m in FROM_PUMP if m.name != "DONE"]), st.data())
def test_the_pump_raises_where_micropython_would_wrap(message: Message, data: st.DataObject) -> None:
    fields = fields_of(message.layout)
    named = data.draw(values(message.layout))
    plain = [field for field in fields if not field.inside and not field.is_list]
    field = data.draw(st.sampled_from(plain))
    arguments = list(numbers(fields, named))
    wrong = st.sampled_from([-1, 2 ** (8 * field.bytes)])
    arguments[fields.index(field)] = bytes(field.bytes + 1) if field.is_bytes else data.draw(wrong)
    place = 1 + sum(len(before.inside) or 1 for before in fields[: fields.index(field)])
    with pytest.raises(ValueError, match=f"^value {place}: "):
        pack(message, *arguments)


def test_a_stored_log_entry_goes_out_as_it_is() -> None:
    entry = (7, 100, wire.NONE32, wire.EVENT_BOOT, wire.SEVERITY_INFO, 1, 2, 3)
    stored = LogEntry.build(dict(zip(LogEntry._subcons, entry, strict=True)))
    assert wire.pack_log(1, 8, [stored]) == wire.pack_log(1, 8, [entry])
    with pytest.raises(ValueError, match="25 values"):
        wire.pack_log(1, 8, [stored[:-1]])


def test_a_program_is_one_nested_tuple() -> None:
    program = (wire.MODE_SIMPLE, 2000, 500_000, 250_000)
    staged = wire.pack_staged_program(program, b"12345678")
    assert wire.unpack_stage(staged[:-8]) == program


@pytest.mark.parametrize("message", registry.MESSAGES, ids=name)
def test_the_largest_payload_fits_into_a_frame(message: Message) -> None:
    sizes = [1 + field.most * field.bytes if field.is_list else field.bytes for field in fields_of(message.layout)]
    assert sum(sizes) <= MAX_PAYLOAD_BYTES


def test_every_field_is_documented_in_three_parts() -> None:
    subcons = chain.from_iterable(m.layout.subcons for m in registry.MESSAGES)
    for subcon in chain(subcons, LogEntry.subcons):
        assert [bool(part.strip()) for part in subcon.docs.split("; ", 2)] == [True] * 3, subcon.name
    for message in registry.MESSAGES:
        assert [field for field in leaves(message.layout) if field.name and not field.meaning] == []


def test_codes_of_messages_are_unique_and_on_their_side() -> None:
    assert len(registry.BY_CODE) == len(registry.MESSAGES)
    assert all(message.code < 0x80 for message in REQUESTS)
    assert all(message.code >= 0x80 for message in FROM_PUMP)


@pytest.mark.parametrize(
    ("code", "payload", "words"),
    [
        (0x77, b"", "0x77 is unknown"),
        (0x81, b"", "HELLO of 0 bytes: serial:"),
        (0x84, b"\1\0\0", "SUBSCRIBED of 3 bytes: 1 more"),
        (0xFF, b"\1\2", "reason: code 0x02 is not in its table"),
    ],
)
def test_an_error_says_which_message_and_what(code: int, payload: bytes, words: str) -> None:
    with pytest.raises(registry.ProtocolError, match=words):
        registry.decode(Frame(code, 0, 0, payload))


@pytest.mark.parametrize(("fields", "words"), [({}, "'period_s' is missing"), ({"period_s": 65536}, "65536")])
def test_a_request_that_does_not_fit_is_named(fields: dict[str, int], words: str) -> None:
    with pytest.raises(registry.ProtocolError, match=words):
        registry.payload(registry.REQUEST["SUBSCRIBE"], fields)


def test_a_request_too_long_for_a_frame_is_named() -> None:
    step = {"from_min": 0, "dose_ng": 0, "rate_nl_per_day": 0}
    with pytest.raises(registry.ProtocolError, match="STAGE_DAY of 342 bytes: a frame carries at most 338"):
        registry.payload(registry.REQUEST["STAGE_DAY"], {"day": 0, "steps": [step] * 34})
