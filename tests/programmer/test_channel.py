"""A bad line: answers lost, doubled, late, spoilt. What was asked for is done once, or the programmer says so."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.programmer import LinkLost, NoDevice, NotAuthorised, Programmer, SessionLost
from protocol.frame import Decoder, Frame, encode
from protocol.registry import ANSWER, payload
from tests.programmer.peer import Peer, PeerTransport


def programmer(transport: PeerTransport, **options: object) -> Programmer:
    return Programmer(transport, entropy=random.Random(1).randbytes, **options)  # type: ignore[arg-type]


def commands(peer: Peer) -> list[str]:
    return [name for name, _ in peer.done]


@given(st.lists(st.sampled_from(["pass", "drop", "double", "spoil", "noise"]), max_size=40))
def test_stop_is_applied_once_whatever_happens_to_answers(fates: list[str]) -> None:
    peer = Peer()

    def spoil(count: int, data: bytes) -> bytes:
        fate = fates[count] if count < len(fates) else "pass"
        spoilt = bytes([data[0], data[1] ^ 0x10]) + data[2:]
        return {"pass": data, "drop": b"", "double": data * 2, "spoil": spoilt, "noise": b"\x07\xff\0" + data}[fate]

    pump = programmer(PeerTransport(peer, spoil), tries=50)
    pump.stop()
    pump.resume()
    assert commands(peer) == ["PROVE", "STOP", "CLOSE", "PROVE", "RESUME", "CLOSE"]


def test_repeat_has_the_same_bytes() -> None:
    line = PeerTransport(Peer(), lambda count, data: b"" if count in (1, 2) else data)
    programmer(line).hello()
    assert line.sent == [line.sent[0]] * 3


def test_answer_to_an_earlier_request_is_no_answer() -> None:
    peer = Peer()
    line = PeerTransport(peer)
    pump = programmer(line)
    for uptime_s in (1000, 1001, 1002):
        peer.status["uptime_s"] = uptime_s
        assert pump.status()["uptime_s"] == uptime_s
        late = peer.answer(line.sent[-1])
        assert late is not None
        line.incoming.append(encode(late))


def test_silence_before_the_first_answer_is_no_device() -> None:
    with pytest.raises(NoDevice, match="peer: nothing answers"):
        programmer(PeerTransport(Peer(), lambda _count, _data: b"")).hello()


def test_garbage_is_not_a_pump() -> None:
    with pytest.raises(NoDevice, match="not a Thecal pump"):
        programmer(PeerTransport(Peer(), lambda _count, _data: b"MicroPython v1.27\r\n>>> ")).hello()


def test_silence_in_the_middle_of_a_command_leaves_it_open_whether_it_was_done() -> None:
    peer = Peer()
    pump = programmer(PeerTransport(peer, lambda _count, data: b"" if "STOP" in commands(peer) else data))
    with pytest.raises(LinkLost, match=r"may or may not have done it: `thecal status` tells"):
        pump.stop()


def test_silence_while_reading_says_nothing_of_a_command() -> None:
    pump = programmer(PeerTransport(Peer(), lambda count, data: data if count == 1 else b""))
    with pytest.raises(LinkLost, match="stopped answering") as lost:
        pump.status()
    assert "may or may not" not in str(lost.value)


@pytest.mark.parametrize("request_name", ["PROVE", "STOP"])
def test_answer_with_a_wrong_mac_is_not_believed(request_name: str) -> None:
    peer = Peer()

    def forge(_count: int, data: bytes) -> bytes:
        (frame,) = Decoder().feed(data)
        if request_name not in commands(peer) or not frame.flags:
            return data
        return encode(frame._replace(mac=bytes(16)))

    with pytest.raises(NotAuthorised, match="MAC is wrong"):
        programmer(PeerTransport(peer, forge)).stop()


def test_unsigned_success_inside_a_session_is_not_believed() -> None:
    peer = Peer()

    def strip(_count: int, data: bytes) -> bytes:
        (frame,) = Decoder().feed(data)
        return encode(frame._replace(flags=0, mac=b"")) if "STOP" in commands(peer) else data

    with pytest.raises(NotAuthorised, match="MAC is wrong"):
        programmer(PeerTransport(peer, strip)).stop()


REFUSAL = ANSWER["REFUSED"]


def refusal_of(raw: bytes) -> bytes:
    """What anybody can say to a request that he sees."""
    (request,) = Decoder().feed(raw)
    return encode(
        Frame(
            REFUSAL.code,
            request.session,
            request.sequence,
            payload(REFUSAL, {"request": request.type, "reason": "auth"}),
        )
    )


@pytest.mark.parametrize("lost", [0, 1])
def test_unsigned_refusals_inside_a_session_are_waited_out(lost: int) -> None:
    """A stranger refuses each request before the pump answers, and the pump's answer may be lost once."""
    peer = Peer()
    left = {"STOP": lost}

    def overtaken(count: int, data: bytes) -> bytes:
        (answer,) = Decoder().feed(data)
        if not answer.flags or "STOP" not in commands(peer):
            return data
        if left["STOP"]:
            left["STOP"] -= 1
            return refusal_of(line.sent[count - 1])
        return refusal_of(line.sent[count - 1]) * 3 + data

    line = PeerTransport(peer, overtaken)
    programmer(line).stop()
    assert commands(peer) == ["PROVE", "STOP", "CLOSE"]
    assert line.now_s() == lost


@pytest.mark.parametrize("tries", [1, 2, 4])
def test_a_session_that_the_pump_lost_is_given_up_after_two_tries(tries: int) -> None:
    peer = Peer()
    line = PeerTransport(peer)
    pump = programmer(line, tries=tries)
    with pump.session():
        peer.forget()
        sent, asked_s = len(line.sent), line.now_s()
        with pytest.raises(SessionLost, match=r"the session is gone.*`thecal status` tells"):
            pump.stop()
        assert len(line.sent) - sent == min(tries, 2)
        assert line.now_s() - asked_s == min(tries, 2)
    assert commands(peer) == ["PROVE"]


def test_a_wrong_key_is_told_at_once() -> None:
    line = PeerTransport(Peer(key=bytes(32)))
    with pytest.raises(NotAuthorised):
        programmer(line).stop()
    assert line.now_s() == 0
