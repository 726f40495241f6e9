"""Signed answers to who only reads, and what is left on a line when its other end hangs up: nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import auth, codes, frame, registry
from tests.protocol import values

from .body import Body, Line
from .clinic import MONDAY_S, Clinic, Refused

READING = {
    "HELLO": {},
    "STATUS": {},
    "LINE": {},
    "LOG": {"first_seq": 1, "last_seq": 2**32 - 2},
    "FAULTS": {"first_seq": 1, "last_seq": 2**32 - 2},
    "DOSES": {"first": 1},
    "DIAGNOSTICS": {},
    "PATIENT_BOLUS_SETTINGS": {},
    "SUBSCRIBE": {"period_s": 60},
}
NOT_READING = sorted(set(registry.REQUEST) - set(READING) - {"PROVE", "RESET_KEY"})


class TelltaleLine(Line):
    """A line that knows when its other end hangs up."""

    hung_up = False

    def read(self):
        if self.hung_up:
            self.hung_up = False
            return None
        return super().read()


class TwoLined(Body):
    """`line` is the one on which the clinic speaks."""

    def __init__(self):
        super().__init__()
        self.links = (TelltaleLine(), TelltaleLine())
        self.line = self.links[0]


class Clinics(Clinic):
    """Two programmers, one a line, each with a session of its own."""

    def __init__(self):
        super().__init__(TwoLined())
        self._others = {}

    def at(self, number):
        """Go to that line."""
        body = self.body
        self._others[body.links.index(self.line)] = {
            name: vars(self)[name] for name in ("key", "session", "counter") if name in vars(self)
        }
        self.line = body.links[number]
        vars(self).update(self._others.get(number, {}))
        return self

    def challenge(self, role="observer", nonce=bytes(16)):
        """A session that is not proved."""
        answer = self.ask("OPEN", role=role, nonce=nonce)
        role_key = auth.role_key(auth.TEST_KEY, codes.ROLE[role])
        serial = self.config.serial.encode().ljust(12, b"\0")
        self.session, self.counter = answer.session, 0
        self.key = auth.session_key(role_key, serial, codes.ROLE[role], self.session, nonce, answer.nonce)


def running():
    clinic = Clinics()
    clinic.implant()
    clinic.refill()
    clinic.program()
    return clinic


def pushed(clinic):
    """Telemetry since the last look."""
    line = clinic.line
    frames = frame.Decoder().feed(line.outgoing)
    line.outgoing = b""
    return [one for one in frames if registry.name_of(one.type) == "TELEMETRY"]


@given(names=st.lists(st.sampled_from(sorted(READING)), min_size=1, max_size=6))
def test_what_anybody_may_read_is_signed_for_who_holds_the_key_without_a_session(names):
    clinic = running()
    clinic.challenge()
    before = clinic.pump.log.next_seq, dict(clinic.body.store.slots)
    for name in names:
        (answer,) = [a for a in clinic.exchange(frame.encode(clinic.sign(name, **READING[name]))) if not pushes(a)]
        assert answer.flags == 1
        assert answer.mac == auth.mac(clinic.key, answer.signed_bytes())
        assert registry.name_of(answer.type) != "REFUSED"
    assert not clinic.pump.session_open
    assert (clinic.pump.log.next_seq, dict(clinic.body.store.slots)) == before


def pushes(answer):
    return registry.name_of(answer.type) == "TELEMETRY"


@given(data=st.data(), name=st.sampled_from(NOT_READING))
def test_nothing_else_is_done_without_a_proof(data, name):
    clinic = running()
    clinic.at(1).open()
    clinic.at(0).challenge("manufacturing")
    orders = len(clinic.body.orders)
    with pytest.raises(Refused, match="state" if name == "OPEN" else "auth|malformed"):
        clinic.signed(name, **data.draw(values.allowed(registry.REQUEST[name].layout)))
    assert len(clinic.body.orders) == orders
    assert pushed(clinic) == []
    clinic.at(1).signed("STOP")  # whoever has a session still has it


def test_reading_ends_no_session_and_a_session_ends_no_reading():
    clinic = running()
    clinic.at(1).challenge()
    clinic.signed("STATUS")
    clinic.at(0).open()
    for _ in range(3):
        clinic.at(1).challenge(nonce=bytes(15) + b"x")
        assert str(clinic.signed("STATUS").therapy) == "running"
        clinic.at(0).signed("RESUME")
    clinic.at(1).signed("STATUS")
    clinic.at(0).signed("STOP")
    assert str(clinic.at(1).signed("STATUS").therapy) == "stopped"


def test_a_challenge_on_another_line_leaves_ones_own():
    clinic = running()
    clinic.at(0).challenge("clinician")
    clinic.at(1).challenge()
    clinic.at(0).signed("PROVE")
    assert clinic.pump.session_open
    clinic.at(1).signed("STATUS")


def test_an_observers_session_is_not_privileged():
    clinic = running()
    clinic.open("observer")
    assert not clinic.pump.session_open
    clinic.open("patient")
    assert clinic.pump.session_open


def test_telemetry_is_signed_for_who_reads_signed():
    clinic = running()
    clinic.challenge()
    clinic.signed("SUBSCRIBE", period_s=60)
    clinic.run(120)
    messages = pushed(clinic)
    assert len(messages) == 3
    assert all(one.mac == auth.mac(clinic.key, one.signed_bytes()) for one in messages)


@given(half=st.binary(max_size=40), period_s=st.integers(1, 600))
def test_who_hangs_up_leaves_nothing_behind(half, period_s):
    clinic = running()
    clinic.ask("SUBSCRIBE", period_s=period_s)
    clinic.open()
    clinic.run(period_s)
    stop = clinic.sign("STOP")
    clinic.exchange(half.replace(b"\0", b"x"))
    clinic.line.hung_up = True
    clinic.poll()
    assert not clinic.pump.session_open
    assert clinic.status().telemetry_dropped == 0  # asked in the same second as the half frame
    pushed(clinic)
    spent = clinic.pump.telemetry_budget._spent_bytes
    clinic.run(10 * period_s)
    assert pushed(clinic) == []
    assert clinic.pump.telemetry_budget._spent_bytes == spent
    (answer,) = clinic.exchange(frame.encode(stop))
    assert registry.name_of(answer.type) == "REFUSED"
    clinic.ask("SUBSCRIBE", period_s=period_s)
    assert [one.sequence for one in pushed(clinic)] == [1]


def test_who_hangs_up_ends_no_other_lines_session():
    clinic = running()
    clinic.at(1).ask("SUBSCRIBE", period_s=60)
    clinic.open()
    clinic.at(0).body.line.hung_up = True
    clinic.poll()
    clinic.at(1).signed("SET_CLOCK", wall_s=MONDAY_S)
    clinic.run(60)
    assert pushed(clinic)
