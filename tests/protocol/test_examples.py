"""The worked examples of docs/protocol.md, recomputed from the page's own text, and held against a real pump."""

import hashlib
import hmac
import json
import re
from typing import Any

from firmware.config import Config
from host_tools.programmer.entry_json import event_json
from protocol import codes, eventdata, generate
from protocol.fields import leaves
from protocol.frame import Decoder
from protocol.registry import MESSAGES, REQUEST, decode, name_of
from tests.firmware.body import Body
from tests.firmware.clinic import Clinic

PAGE = generate.OUTPUTS["docs/protocol.md"]()
VECTORS = generate.OUTPUTS["docs/vectors.json"]()
EXAMPLES = PAGE.partition("## Worked examples")[2].partition("## Golden frames")[0]
LINES = [bytes.fromhex(line) for line in re.findall(r"^on the line: ([0-9a-f ]+)$", EXAMPLES, re.MULTILINE)]
FRAMES = {name_of(frame.type): (frame, line) for line in LINES for frame in Decoder().feed(line)}
KEYS = {name: bytes.fromhex(value) for name, value in re.findall(r"^(\w+ ?\w+) +([0-9a-f]{24,64})$", EXAMPLES, re.M)}
BOOTS_BEFORE = 1  # which used a piece of 64 numbers, so that the session's is 65


class ExampleBody(Body):
    """One whose nonces are the page's."""

    def random_bytes(self, count: int) -> bytes:
        return KEYS["pump nonce"][:count]


def prepared() -> Clinic:
    """A pump with the example's drug in it, whose next session is the example's."""
    clinic = Clinic(ExampleBody(), Config(serial=KEYS["serial"].decode()))
    clinic.refill(mcg_per_ml=2000)
    for _ in range(BOOTS_BEFORE):
        clinic.boot()
    return clinic


def test_the_keys_follow_from_the_pages_words() -> None:
    role = b"\x55"
    role_key = hmac.digest(KEYS["device key"], b"thecal role" + role, "sha256")
    assert role_key == KEYS["role key"]
    parts = KEYS["serial"] + role + bytes.fromhex("41000000") + KEYS["host nonce"] + KEYS["pump nonce"]
    assert hmac.digest(role_key, b"thecal session" + parts, "sha256") == KEYS["session key"]


def test_the_parts_of_each_frame_are_the_frame() -> None:
    blocks = re.findall(r"```\n((?:[0-9a-f]{2}[ \n].*\n)+)\non the line", EXAMPLES)
    assert len(blocks) == len(LINES)
    for block, (frame, _) in zip(blocks, FRAMES.values(), strict=True):
        parts = [bytes.fromhex(line.split("  ")[0]) for line in block.splitlines()]
        assert b"".join(parts[:-1]) == frame.signed_bytes() + frame.mac


def test_a_real_pump_says_what_the_page_says() -> None:
    clinic = prepared()
    for request, answer in (("OPEN", "CHALLENGE"), ("PROVE", "PROVED"), ("STAGE", "STAGED")):
        clinic.exchange(FRAMES[request][1])
        assert clinic.line.outgoing == FRAMES[answer][1]


def test_a_forged_order_in_the_open_session_is_refused_and_the_session_goes_on() -> None:
    clinic = prepared()
    (wrong,) = [bad for bad in json.loads(VECTORS)["bad_frames"] if bad["name"] == "wrong MAC"]
    for name in ("OPEN", "PROVE"):
        clinic.exchange(FRAMES[name][1])
    clinic.exchange(bytes.fromhex(wrong["line"]))
    assert clinic.line.outgoing == bytes.fromhex(wrong["answer"])
    clinic.exchange(FRAMES["STAGE"][1])  # with the number that the forged frame had
    assert clinic.line.outgoing == FRAMES["STAGED"][1]


def test_the_digest_of_a_program_is_that_of_its_bytes() -> None:
    staged = decode(FRAMES["STAGED"][0])
    assert staged["digest"] == hashlib.sha256(FRAMES["STAGE"][0].payload).digest()[:8]


def _week() -> tuple[list[bytes], str, bytes]:
    """STAGE's payload and the days', SHA-256 and digest, as the page has them."""
    rows = re.findall(r"^STAGE(?:_DAY \d)? +([0-9a-f ]+)$", EXAMPLES, re.MULTILINE)
    whole = re.search(r"SHA-256 of the (\d+) bytes +(\w{64})\ndigest +([0-9a-f ]{23})$", EXAMPLES, re.MULTILINE)
    assert whole
    payloads = [bytes.fromhex(row) for row in rows]
    assert sum(map(len, payloads)) == int(whole[1])
    return payloads, whole[2], bytes.fromhex(whole[3])


def test_the_digest_of_a_week_is_that_of_the_pages_bytes() -> None:
    payloads, sha256, digest = _week()
    assert len(payloads) == 1 + 7
    assert hashlib.sha256(b"".join(payloads)).hexdigest() == sha256
    assert bytes.fromhex(sha256)[:8] == digest


def test_a_real_pump_has_the_same_digest_in_whatever_order_the_days_come() -> None:
    payloads, _, digest = _week()
    clinic = prepared()
    clinic.open()
    program: Any = REQUEST["STAGE"].layout.parse(payloads[0])
    clinic.signed("STAGE", **program)
    for payload in reversed(payloads[1:]):
        day: Any = REQUEST["STAGE_DAY"].layout.parse(payload)
        clinic.signed("STAGE_DAY", **day)
    assert clinic.signed("READ_BACK").digest == digest


def test_each_code_that_a_field_can_have_is_on_the_page() -> None:
    for message in MESSAGES:
        for field in leaves(message.layout):
            for name, code in (field.codes or {}).items():
                number = f"0x{code:04X}" if code > 0xFF else f"0x{code:02X}"
                assert f"| {name} | {number} |" in PAGE or f"`{name}` ({number})" in PAGE, name


def test_each_number_of_an_event_names_its_table() -> None:
    titles = set(re.findall(r"^### (.*)$", PAGE, re.MULTILINE))
    rows = dict(re.findall(r"^\| ([A-Z_0-9]+) \| 0x\w\w \| \w+ \| (`.*|.*) \|$", PAGE, re.MULTILINE))
    for name, event in codes.EVENTS.items():
        assert [cell.split("`")[1] for cell in rows[name].split("|") if "`" in cell] == list(event.data)
        for label in event.data:
            table = eventdata.table_of(name, label)
            found = re.search(rf"`{label}` \(([A-Z][a-z ]+)\)", rows[name])
            assert bool(table) == bool(found)
            if found:
                assert found[1] in titles


def test_a_setting_is_a_number_in_the_log_and_no_word() -> None:
    setting = codes.ALARM_SETTING["critical_interval_s"]
    entry = {"seq": 1, "uptime_s": 0, "wall_s": 0, "event": "ALARM_CONFIG_CHANGED", "severity": "info"}
    data = event_json(entry | {"a": setting, "b": codes.THERAPY["minimum"], "c": codes.THERAPY["running"]})["data"]
    assert data == {"setting": "critical_interval_s", "old": 60, "new": 85}
