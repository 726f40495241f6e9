"""docs/vectors.json: golden frames within their ranges, bad frames as both decoders and a real pump take them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cobs import cobs

from firmware.comms import dispatcher, framing
from firmware.config import Config
from host_tools.programmer.texts import is_shown
from protocol import frame, generate, messages, registry
from protocol.fields import Field, fields_of
from tests.firmware.body import Body
from tests.firmware.clinic import Clinic

TEXT = generate.OUTPUTS["docs/vectors.json"]()
VECTORS = json.loads(TEXT)
PAGE = generate.OUTPUTS["docs/protocol.md"]()
BAD = {bad["name"]: bad for bad in VECTORS["bad_frames"]}

golden = pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda v: f"{v['name']}-{v['direction']}")
each_bad = pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))


def forbidden(fields: tuple[Field, ...], named: dict[str, Any]) -> Iterator[str]:
    """The fields whose value, as vectors.json has it, is outside of what the page gives for them."""
    for field in fields:
        value = named[field.name]
        if field.is_list:
            if len(value) > field.most:
                yield field.name
            for entry in value:
                yield from forbidden(field.inside, entry if field.inside[0].name else {"": entry})
        elif field.inside:
            yield from forbidden(field.inside, value)
        elif not _allowed(field, value):
            yield f"{field.name} {value!r}: {field.range}"


def _allowed(field: Field, value: Any) -> bool:
    if field.range == "table Requests":
        return value in {request.code for request in messages.REQUESTS}
    if field.codes:
        return value in field.codes
    if field.is_number:
        return field.least <= value <= field.most or value == field.sentinel
    data = bytes.fromhex(value)
    if "padded" in field.range and b"\0" in data.rstrip(b"\0"):
        return False
    text = data.rstrip(b"\0").decode() if field.is_text else ""
    return len(data) == field.bytes and all(is_shown(letter) for letter in text)


@golden
def test_every_field_is_within_its_range(vector: dict[str, Any]) -> None:
    assert list(forbidden(fields_of(registry.layout_of(vector["type"])), vector["fields"])) == []


@golden
def test_no_number_is_beyond_what_a_json_reader_keeps(vector: dict[str, Any]) -> None:
    assert all(int(number) < 2**53 for number in re.findall(r": (\d+)", json.dumps(vector["fields"])))


@pytest.mark.parametrize("vector", VECTORS["frames"][: len(messages.REQUESTS)], ids=lambda v: v["name"])
def test_no_request_is_malformed(vector: dict[str, Any]) -> None:
    (request,) = framing.Decoder().feed(bytes.fromhex(vector["line"]))
    assert dispatcher.parse(request, Config()) is not None


@each_bad
@pytest.mark.parametrize("decoder", [frame.Decoder, framing.Decoder], ids=["host", "pump"])
def test_both_decoders_count_what_is_spoilt(decoder: Any, bad: dict[str, Any]) -> None:
    receiver = decoder()
    frames = receiver.feed(bytes.fromhex(bad["line"]))
    assert receiver.errors == bad["errors"]
    assert len(frames) == (0 if bad["errors"] or bad["name"] == "nothing" else 1)
    hello = bytes.fromhex(VECTORS["frames"][0]["line"])
    assert len(receiver.feed(hello)) == 1  # it goes on with the next


@each_bad
def test_a_pump_answers_as_it_says(bad: dict[str, Any]) -> None:
    clinic = Clinic(Body())
    answers = clinic.exchange(bytes.fromhex(bad["line"]))
    assert clinic.line.outgoing == bytes.fromhex(bad["answer"] or "")
    assert [registry.decode(answer)["reason"] for answer in answers] == [bad["reason"]] * len(answers)
    assert clinic.status().comms_errors == bad["errors"]


def test_there_is_every_kind() -> None:
    kinds = {"wrong CRC", "unknown version", "unknown flag", "length too great", "length too small", "wrong MAC"}
    assert kinds | {"cut COBS", "372 bytes"} <= set(BAD)
    assert len(cobs.decode(bytes.fromhex(BAD["372 bytes"]["line"])[:-1])) == frame.MAX_FRAME_BYTES + 1 == 372


def test_the_page_has_each_key_of_the_file_and_no_other() -> None:
    page = PAGE.partition("## Golden frames")[2].partition("### Wrong frames")[0]
    rows = re.findall(r"^\| (`.*?) \|", page, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`([a-z_.\[\]]+)`", row)}
    found = set(VECTORS) | {f"session.{key}" for key in VECTORS["session"]}
    for part in ("frames", "bad_frames"):
        found |= {f"{part}[].{key}" for row in VECTORS[part] for key in row}
    assert named == found
