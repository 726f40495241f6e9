"""What is read is signed by the pump, or said not to be; and reading takes nobody's session."""

import json
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from firmware.config import Config
from hal.mock.entropy import Prng
from host_tools.cli.main import main
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import BadValue, Programmer
from host_tools.programmer.keystore import KeyRing
from protocol import auth, codes, registry
from protocol.frame import AUTHENTICATED, Decoder, Frame, encode

from .peer import Peer, PeerTransport

DEVICE_KEY = bytes(range(32))
READS: dict[str, Callable[[Programmer], Any]] = {
    "STATUS": Programmer.status,
    "LOG": lambda pump: list(pump.log()),
    "DOSES": Programmer.titration,
    "DIAGNOSTICS": Programmer.diagnostics,
    "PATIENT_BOLUS_SETTINGS": Programmer.patient_bolus_settings,
}


def connect(peer: Peer, key: bytes = auth.TEST_KEY) -> tuple[Programmer, PeerTransport]:
    line, keys = PeerTransport(peer), KeyRing()
    if key != auth.TEST_KEY:
        serial = peer.identity["serial"].rstrip(b"\0").decode()
        keys.begin(serial, key, over_test_key=True)
        known = keys.of(serial)
        assert known
        keys.settle(serial, key, known)
    return Programmer(line, keys=keys, entropy=random.Random(1).randbytes), line


def answer_unsigned(frame: Frame, name: str, **fields: Any) -> bytes:
    """What somebody else on the line can say to a request."""
    message = registry.ANSWER[name]
    return encode(Frame(message.code, frame.session, frame.sequence, registry.payload(message, fields)))


@pytest.mark.parametrize("name", READS)
def test_what_is_read_is_signed(name: str) -> None:
    peer = Peer()
    pump, _ = connect(peer)
    READS[name](pump)
    assert pump.unsigned_reason is None
    assert "PROVE" not in [done for done, _ in peer.done]


@pytest.mark.shows("R8.4")
@given(names=st.lists(st.sampled_from(sorted(READS)), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_what_another_says_on_the_line_is_not_believed(names: list[str], seed: int) -> None:
    """Before each signed answer of the pump's comes a forged one: bent, with no MAC, or with another's."""
    peer, dice = Peer(), random.Random(seed)
    pump, line = connect(peer)
    honest = {name: READS[name](connect(Peer())[0]) for name in names}

    def forge(_number: int, data: bytes) -> bytes:
        answer = peer._last[1]
        if not answer.flags:
            return data
        mac = dice.choice([dice.randbytes(16), b""])
        payload = bytearray(answer.payload)
        payload[dice.randrange(len(payload))] ^= 1 << dice.randrange(8)
        forged = answer._replace(payload=bytes(payload), flags=AUTHENTICATED if mac else 0, mac=mac)
        return encode(forged) + data

    line._spoil = forge
    assert {name: READS[name](pump) for name in names} == honest
    assert pump.unsigned_reason is None


def test_a_forger_who_turns_the_key_down_gets_no_further_than_unsigned() -> None:
    peer = Peer()
    pump, line = connect(peer)

    def turn_down(_number: int, data: bytes) -> bytes:
        answer = peer._last[1]
        return answer_unsigned(answer, "REFUSED", request=1, reason="auth") if answer.flags else data

    line._spoil = turn_down
    status = pump.status()
    assert status["signed"] is False
    assert pump.unsigned_reason is not None
    assert "did not sign for this programmer's key" in pump.unsigned_reason


@pytest.mark.parametrize("head", [True, False])
def test_without_a_head_it_reads_unsigned_and_signed_when_it_is_there_again(head: bool) -> None:
    peer = Peer()
    pump, _ = connect(peer)
    peer.refuse = {} if head else {"OPEN": "auth"}
    assert pump.status()["signed"] is head
    peer.refuse = {}
    assert pump.status()["signed"] is True


def test_a_pump_with_a_key_of_its_own_is_not_asked_with_the_test_key() -> None:
    peer = Peer(DEVICE_KEY)
    peer.identity["key"] = "device"
    pump, line = connect(peer)
    assert pump.status()["signed"] is False
    assert "the pump has a key of its own, and this programmer does not" in str(pump.unsigned_reason)
    assert len(line.sent) == 4  # HELLO twice, STATUS, LINE
    pump, _ = connect(peer, DEVICE_KEY)
    assert pump.status()["signed"] is True


def test_a_wrong_key_is_tried_once() -> None:
    """Each try is a failure that the pump counts, and after three it listens to nobody's for a while."""
    peer = Peer(DEVICE_KEY)
    pump, line = connect(peer)
    for _ in range(5):
        assert pump.status()["signed"] is False
        READS["LOG"](pump)
    names = [registry.name_of(frame.type) for data in line.sent for frame in Decoder().feed(data)]
    assert names.count("OPEN") == 1


def test_a_pump_that_restarted_signs_again() -> None:
    peer = Peer()
    pump, _ = connect(peer)
    assert pump.status()["signed"] is True
    peer.forget()
    assert pump.status()["signed"] is True
    with pump.session():
        assert pump.status()["signed"] is True
    assert pump.status()["signed"] is True


def test_telemetry_that_another_sends_is_not_shown() -> None:
    peer = Peer()
    pump, line = connect(peer)
    pump.status()
    updates = pump.watch()
    forged = peer.push(1, rate_nl_per_day=9)._replace(flags=0, mac=b"")
    line.incoming.extend([encode(forged), encode(forged._replace(flags=AUTHENTICATED, mac=bytes(16)))])
    line.incoming.append(encode(peer.push(2)))
    first = next(updates)
    assert (first["seq"], first["signed"]) == (2, True)
    peer.forget()
    line.incoming.append(encode(peer.push(3)))  # the pump restarted, and signs no more
    line._spoil = lambda _number, data: data + encode(peer.push(4))
    again = next(updates)
    assert (again["seq"], again["signed"]) == (4, True)
    updates.close()


def test_telemetry_of_a_pump_that_cannot_sign_is_shown_as_unsigned() -> None:
    peer = Peer(DEVICE_KEY)
    peer.identity["key"] = "device"
    pump, line = connect(peer)
    updates = pump.watch()
    line.incoming.extend([encode(peer.push(1)), encode(peer.push(2))])
    assert [next(updates)["signed"] for _ in range(2)] == [False, False]
    updates.close()


@pytest.fixture
def pumps() -> tuple[MockMachine, Programmer, Programmer]:
    """One emulated pump, and a programmer on each of its two lines."""
    machine = MockMachine(Config(), link_count=2)
    machine.hal.head.set(True)
    ends = [MemoryTransport(machine, link) for link in range(2)]
    clinician, reader = (Programmer(end, entropy=Prng(3, f"end {at}").take) for at, end in enumerate(ends))
    return machine, clinician, reader


def test_reading_ends_no_session_and_does_not_hold_time_up(pumps: tuple[MockMachine, Programmer, Programmer]) -> None:
    machine, clinician, reader = pumps
    for _ in range(3):
        assert reader.status()["signed"] is True
        list(reader.log())
        assert not machine.pump.session_open
    logged = [event["name"] for event in machine.events]
    assert not {"SESSION_OPEN", "AUTH_FAIL", "CMD_REJECTED"} & set(logged)
    with clinician.session():
        for _ in range(3):
            assert reader.status()["signed"] is True
            clinician.set_clock(datetime(2026, 1, 5))
        assert machine.pump.session_open
    assert [event["name"] for event in machine.events].count("SESSION_OPEN") == 1
    updates = reader.watch()
    assert next(updates)["signed"] is True
    assert not machine.pump.session_open
    machine.advance_to(machine.now_ms + 86_400_000)
    assert next(updates)["signed"] is True  # it never idles
    updates.close()


def test_how_many_exchanges_it_takes() -> None:
    counts = []
    for reads in range(1, 4):
        pump, line = connect(Peer())
        for _ in range(reads):
            pump.status()
        counts.append(len(line.sent))
    print(f"exchanges of one, two and three statuses: {counts}")
    assert counts == [5, 7, 9]  # HELLO, OPEN, and HELLO again, signed; then STATUS and LINE each time


def thecal(peer: Peer, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[str, str]:
    monkeypatch.setattr(Programmer, "open", lambda *_, **__: connect(peer)[0])
    result = CliRunner().invoke(main, [*arguments])
    assert result.exit_code in (0, 1), result.output
    return result.stdout, result.stderr


@pytest.mark.parametrize("key", ["test", "device"])
@pytest.mark.parametrize("verb", [("status",), ("emergency",), ("lasts", "2026-01-08")])
def test_people_and_programs_are_told(key: str, verb: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Peer(DEVICE_KEY if key == "device" else auth.TEST_KEY)
    peer.identity["key"] = key
    signed = key == "test"
    shown, said = thecal(peer, monkeypatch, *verb)
    assert ("UNSIGNED" in shown) is ("UNSIGNED" in said) is not signed
    shown, said = thecal(peer, monkeypatch, *verb, "--json")
    assert json.loads(shown)["signed"] is signed
    assert ("UNSIGNED" in said) is not signed
    _, said = thecal(peer, monkeypatch, "log", "--json")
    assert ("the pump has a key of its own" in said) is not signed


def test_what_an_old_pump_holds_turns_nothing_round_on_a_terminal(
    pumps: tuple[MockMachine, Programmer, Programmer], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, pump, _ = pumps
    assert machine.pump.patient_record.write(codes.RECORD["contacts"], "\u202eA\nB\x9b2J".encode().ljust(192, b"\0"))
    monkeypatch.setattr(Programmer, "open", lambda *_, **__: pump)
    shown = CliRunner().invoke(main, ["patient"]).stdout
    assert f"{'contacts':<20} <U+202E>A\n{'':<20} B<U+009B>2J\n" in shown
    told = CliRunner().invoke(main, ["patient", "--json"]).stdout
    assert "\\u202eA\\nB\\u009b2J" in told
    assert json.loads(told)["patient"]["contacts"] == "\u202eA\nB\x9b2J"
    with pytest.raises(BadValue, match=r"contacts has the character U\+202E"):
        pump.write_records(json.loads(told)["patient"])


def test_a_pumps_names_are_shown_escaped() -> None:
    peer = Peer()
    peer.identity["model"] = "\x1b[2J\u202ex".encode().ljust(12, b"\0")
    assert connect(peer)[0].status()["model"] == "<U+001B>[2J<U+202E>x"
