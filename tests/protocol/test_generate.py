"""What is generated: up to date, and noticed when it is not."""

# pyright: reportOperatorIssue=false
# (construct's integers are made by a decorator that hides their type)

import inspect
import json
import re
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
from construct import Bytes, Int8ul, Int16ul, Int32ul, PrefixedArray

from firmware import wire
from protocol import auth, codes, fingerprint, generate, messages, registry, wiregen
from protocol.fields import fields_of
from protocol.frame import Decoder, Frame
from protocol.layout import Struct

VECTORS = json.loads(generate.OUTPUTS["docs/vectors.json"]())


def test_nothing_is_stale() -> None:
    assert generate.stale(generate.ROOT) == []


def test_check_names_each_file_that_is_missing_or_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr("sys.argv", ["generate", "--check"])
    generate.write(tmp_path)
    assert generate.main() == 0
    (tmp_path / "firmware/wire.py").write_bytes(b"VERSION = 2\r\n")
    (tmp_path / "docs/vectors.json").unlink()
    assert generate.main() == 1
    complaints = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in complaints] == ["firmware/wire.py", "docs/vectors.json"]
    assert all("make gen" in line for line in complaints)


def test_check_notices_a_changed_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(codes.THERAPY, "running", 0x69)
    assert generate.stale(generate.ROOT) == list(generate.OUTPUTS)[:2]


@pytest.mark.parametrize("index", range(len(registry.MESSAGES)))
def test_the_fingerprint_changes_with_any_message(index: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint.fingerprint()
    changed = list(registry.MESSAGES)
    field = Struct("added" / Int16ul * "-; any; a field more")
    changed[index] = changed[index]._replace(layout=Struct(*changed[index].layout.subcons, *field.subcons))
    monkeypatch.setattr(fingerprint, "MESSAGES", tuple(changed))
    assert fingerprint.fingerprint() != before


def test_the_fingerprint_sees_names_widths_and_codes_but_no_prose(monkeypatch: pytest.MonkeyPatch) -> None:
    def of(field: Any, text: str = "") -> int:
        message = messages.Message(1, "X", Struct(field), text)
        monkeypatch.setattr(fingerprint, "MESSAGES", (message,))
        return fingerprint.fingerprint()

    doc = "-; any; meaning"
    before = of("a" / Int16ul * doc)
    assert of("a" / Int16ul * "s; 1..2; else", "prose") == before
    assert of("b" / Int16ul * doc) != before
    assert of("a" / Int32ul * doc) != before
    monkeypatch.setitem(codes.EVENTS, "BOOT", codes.EVENTS["BOOT"]._replace(data=("boots",)))
    assert of("a" / Int16ul * doc) != before


def test_the_pump_has_every_code() -> None:
    for prefix, table in fingerprint.TABLES.items():
        for name, code in table.items():
            assert getattr(wire, f"{prefix}_{name.upper()}") == code
    for name, event in codes.EVENTS.items():
        code = getattr(wire, f"EVENT_{name}")
        assert (code, wire.EVENT_SEVERITY[code]) == (event.code, codes.SEVERITY[event.severity])
    for request in messages.REQUESTS:
        assert wire.ROLE_OF.get(request.code) == (codes.ROLE[request.role] if request.role else None)
    for alarm, event in codes.ALARM_EVENT.items():
        assert wire.ALARM_EVENT[codes.ALARM[alarm]] == codes.EVENTS[event].code
    assert fingerprint.fingerprint() == wire.FINGERPRINT


@pytest.mark.parametrize(
    ("layout", "range_", "read"),
    [
        (Int16ul, "0..65535", (0, 65535, None)),
        (Int16ul, "any", (0, 65535, None)),
        (Int32ul, "1..2^30-1", (1, 2**30 - 1, None)),
        (Int32ul, "0..2^32-2, not measured 2^32-1", (0, 2**32 - 2, 2**32 - 1)),
        (Int16ul, "1..24, 1 for the first, unchanged 65535", (1, 24, 65535)),
    ],
)
def test_a_range_is_read(layout: Any, range_: str, read: tuple[int, int, int | None]) -> None:
    (field,) = fields_of(Struct("a" / layout * f"s; {range_}; meaning"))
    assert (field.least, field.most, field.sentinel) == read


@pytest.mark.parametrize(
    ("layout", "range_"),
    [
        (Int16ul, "1 to 5"),
        (Int16ul, "1..capacity"),
        (Int16ul, "5..1"),
        (Int16ul, "0..65536"),
        (Int16ul, "0..5, none"),
        (Int16ul, "0..5, none 65536"),
        (Int16ul, "0..5, none 6, unchanged 7"),
        (Int16ul, "0..5, 6 allows none"),
        (Int16ul, "0..5 and more"),
        (Int16ul, "table Alarms"),
        (Int16ul, "-"),
        (Bytes(4), "0..5"),
        (messages.flag, "0..5"),
        (messages.FlexStep, "any"),
        (PrefixedArray(Int8ul, Int16ul), "any"),
        (PrefixedArray(Int8ul, Int16ul), "up to many"),
    ],
)
def test_a_range_that_cannot_be_read_is_an_error_that_names_its_field(layout: Any, range_: str) -> None:
    with pytest.raises(ValueError, match=f"^amount: {re.escape(repr(range_))} is no range"):
        fields_of(Struct("amount" / layout * f"s; {range_}; meaning"))


def test_nothing_is_generated_from_a_range_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    request = messages.REQUESTS[-1]._replace(layout=Struct("a" / Int16ul * "s; some; meaning"))
    monkeypatch.setattr(messages, "REQUESTS", (*messages.REQUESTS[:-1], request))
    with pytest.raises(ValueError, match="'some' is no range"):
        wiregen.wire_py()


def test_a_changed_range_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    request = registry.REQUEST["PRIME"]._replace(layout=Struct("volume_nl" / Int32ul * "nL; 0..7; meaning"))
    index = messages.REQUESTS.index(registry.REQUEST["PRIME"])
    changed = (*messages.REQUESTS[:index], request, *messages.REQUESTS[index + 1 :])
    monkeypatch.setattr(messages, "REQUESTS", changed)
    assert 'return _unpack(payload, "<I", (), ((0, 0, 7, None),))' in wiregen.wire_py()


def test_every_value_that_the_pump_packs_has_a_type_and_one_of_many_its_name() -> None:
    for message in registry.MESSAGES[len(messages.REQUESTS) :]:
        packer = inspect.signature(getattr(wire, f"pack_{message.name.lower()}"))
        parameters = list(packer.parameters.values())
        assert [parameter.name for parameter in parameters] == [field.name for field in fields_of(message.layout)]
        assert all(parameter.annotation is not parameter.empty for parameter in parameters)
        by_name = len(parameters) > wiregen.MOST_IN_A_ROW
        assert {parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters} == {by_name}, message.name
        assert packer.return_annotation is bytes


def test_every_tuple_that_the_pump_unpacks_has_a_type_for_each_value() -> None:
    for message in messages.REQUESTS:
        fields = fields_of(message.layout)
        if fields:
            returned, none = get_args(
                inspect.signature(getattr(wire, f"unpack_{message.name.lower()}")).return_annotation
            )
            flat = [leaf for field in fields for leaf in (() if field.is_list else field.inside or (field,))]
            types = [bytes if field.is_bytes else int for field in flat]
            assert [one for one in get_args(returned) if get_origin(one) is not list] == types, message.name
            assert none is type(None)


def test_a_list_before_a_fixed_field_is_refused() -> None:
    subcons = registry.ANSWER["LOG"].layout.subcons
    message = registry.ANSWER["LOG"]._replace(layout=Struct(*reversed(subcons)))
    with pytest.raises(ValueError, match="LOG: a list stands before"):
        wiregen._packer(message)
    with pytest.raises(ValueError, match="LOG: a list stands before"):
        wiregen._unpacker(message)


def test_the_document_has_every_message_field_table_and_event() -> None:
    text = generate.OUTPUTS["docs/protocol.md"]()
    headings = set(re.findall(r"^### (.*)$", text, re.MULTILINE))
    for message in registry.MESSAGES:
        assert any(line.startswith(f"{message.name} (0x{message.code:02X}") for line in headings)
        for field in fields_of(message.layout):
            assert f"| `{field.name}` |" in text
            table = re.match(r"table (\w+)", field.range)
            assert table is None or table[1] in headings, field.name
    assert all(f"| {name} | 0x{event.code:02X} |" in text for name, event in codes.EVENTS.items())
    assert all(f"| {name} | 0x{code:02X} |" in text for name, code in codes.REASON.items())
    assert "not a medical device" in text
    assert "$" not in text


def test_the_documents_examples_are_frames() -> None:
    lines = re.findall(r"^on the line: ([0-9a-f ]+)$", generate.OUTPUTS["docs/protocol.md"](), re.MULTILINE)
    frames = Decoder().feed(b"".join(map(bytes.fromhex, lines)))
    names = ["HELLO", "SUBSCRIBED", "OPEN", "CHALLENGE", "PROVE", "PROVED", "STAGE", "STAGED"]
    assert [registry.name_of(frame.type) for frame in frames] == names
    key = bytes.fromhex(VECTORS["session"]["session_key"])
    assert all(auth.verify(key, frame.signed_bytes(), frame.mac) for frame in frames if frame.flags)
    assert registry.decode(frames[6])["rate_nl_per_day"] == 250_000


def test_there_is_a_vector_for_every_message() -> None:
    assert [vector["type"] for vector in VECTORS["frames"]] == [m.code for m in registry.MESSAGES]


@pytest.mark.parametrize("vector", VECTORS["frames"], ids=lambda v: f"{v['name']}-{v['direction']}")
def test_a_vector_decodes_to_its_fields(vector: dict[str, Any]) -> None:
    (frame,) = Decoder().feed(bytes.fromhex(vector["line"]))
    mac = bytes.fromhex(vector.get("mac", ""))
    payload = bytes.fromhex(vector["payload"])
    assert frame == Frame(vector["type"], vector["session"], vector["sequence"], payload, bool(mac), mac)
    assert _plain(registry.decode(frame)) == vector["fields"]
    if mac:
        assert auth.verify(bytes.fromhex(vector["session_key"]), frame.signed_bytes(), mac)


def test_the_vectors_keys_follow_from_their_parts() -> None:
    session = VECTORS["session"]
    parts = [bytes.fromhex(session[name]) for name in ("device_key", "serial", "host_nonce", "pump_nonce")]
    role_key = auth.role_key(parts[0], session["role"])
    key = auth.session_key(role_key, parts[1], session["role"], session["session"], parts[2], parts[3])
    assert (role_key.hex(), key.hex()) == (session["role_key"], session["session_key"])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.hex() if isinstance(value, bytes) else value
