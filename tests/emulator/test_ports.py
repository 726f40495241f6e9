"""A line's rate: what the pump may send in how much wall time."""

from hypothesis import given
from hypothesis import strategies as st

from hal.mock.body import MockBody
from hal.mock.recorder import Recorder
from hal.plant.plant import Plant
from host_tools.emulator.ports import ANSWER_BYTES, BURST_BYTES, LINE_BYTES_PER_S, Line


class Reader:
    """Somebody at the other end; `stuck` once they do not read."""

    def __init__(self) -> None:
        self.heard = b""
        self.stuck = False
        self.listening = True

    def send(self, data: bytes) -> None:
        self.heard += data

    def congested(self) -> bool:
        return self.stuck

    def listen(self, wanted: bool) -> None:
        self.listening = wanted

    def hang_up(self) -> None: ...


def attached() -> tuple[MockBody, Line, Reader]:
    body = MockBody(Plant(), Recorder())
    body.power.up()
    line, reader = Line(body.links[0]), Reader()
    line.attach(reader)
    return body, line, reader


@given(waits_s=st.lists(st.floats(0, 0.2), min_size=1, max_size=60))
def test_telemetry_goes_at_the_lines_rate_however_fast_the_pump_is(waits_s: list[float]) -> None:
    body, line, reader = attached()
    wall_s = 0.0
    for wait_s in waits_s:
        wall_s += wait_s
        line.carry_in(wall_s)
        while body.links[0].room() >= 80:
            body.links[0].write(bytes(80))
        line.carry_out()
    assert len(reader.heard) <= BURST_BYTES + wall_s * LINE_BYTES_PER_S
    assert len(reader.heard) >= min(BURST_BYTES, wall_s * LINE_BYTES_PER_S) - 80


def test_a_question_makes_room_for_its_answer() -> None:
    body, line, _ = attached()
    line.carry_in(0)
    body.links[0].write(bytes(376))
    for _ in range(20):
        line.receive(b"?")
        assert line.carry_in(0)
        assert body.links[0].room() >= ANSWER_BYTES
        body.links[0].write(bytes(376))
        line.carry_out()
    assert not line.carry_in(0)
    assert body.links[0].room() == 0


def test_who_does_not_read_is_not_sent_to() -> None:
    body, line, reader = attached()
    reader.stuck = True
    line.receive(b"?")
    line.carry_in(100)
    assert body.links[0].room() == 0


def test_who_sends_too_much_waits_until_the_pump_took_it() -> None:
    body, line, reader = attached()
    sent = bytes(range(256)) * 40
    line.receive(sent)
    assert not reader.listening
    heard = b""
    while line.carry_in(0):
        heard += body.links[0].read() or b""
    assert heard == sent
    assert reader.listening


def test_the_next_one_gets_nothing_of_the_last_ones() -> None:
    body, line, _ = attached()
    line.receive(bytes(1000))
    line.carry_in(0)
    body.links[0].write(b"for the one before")
    line.attach(None)
    line.carry_out()
    reader = Reader()
    line.attach(reader)
    line.carry_out()
    assert reader.heard == b""
    assert not line.incoming
