"""Sessions at the pump: nothing without a proof, nothing twice, and noise does no harm."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import wire
from firmware.config import Config
from firmware.records import slots
from protocol import auth, codes, frame, registry

from .body import Body, HeadedBody
from .clinic import DAY_S, MONDAY_S, Clinic, Refused

REFILLED = {"aspirated_nl": 0, "bridge": "no", "drug": bytes(12)}
COMMANDS = {
    "STOP": {},
    "RESUME": {},
    "MINIMUM_RATE": {},
    "LIMITS": {"max_dose_mcg_per_day": 900, "max_bolus_mcg": 2**32 - 1, "max_change_percent": 50},
    "DEMO_ALARM": {"alarm_class": "critical"},
    "SILENCE": {"alarm": "all"},
    "SET_CLOCK": {"wall_s": 253_000_000},
    "BOLUS": {"dose_ng": 10_000, "over_s": 600},
    "CANCEL_BOLUS": {},
    "PRIME": {"volume_nl": 1000},
    "PATIENT_BOLUS": {},
    "SET_PATIENT_BOLUS": {"dose_ng": 10_000, "over_s": 600, "lockout_s": 3600, "per_day": 3},
    "REFILL": {"volume_nl": 15_000_000, "concentration_mcg_per_ml": 2000, **REFILLED},
}


def running():
    clinic = Clinic(HeadedBody())
    clinic.implant()
    clinic.refill()
    clinic.program()
    return clinic


def reason(answer):
    assert registry.name_of(answer.type) == "REFUSED"
    return registry.decode(answer).reason


def logged(clinic, name):
    """The first two numbers of each event of that name."""
    return [(entry.a, entry.b) for entry in clinic.events() if str(entry.event) == name]


def kept(clinic):
    """All that a command could change."""
    return dict(clinic.body.store.slots), list(clinic.body.orders)


@given(names=st.lists(st.sampled_from(sorted(COMMANDS)), min_size=1, max_size=5), repeats=st.integers(1, 3))
def test_a_repeated_command_is_answered_again_and_done_once(names, repeats):
    clinic = running()
    clinic.open()
    for name in names:
        data = frame.encode(clinic.sign(name, **COMMANDS[name]))
        first = clinic.exchange(data)
        before = kept(clinic)
        for _ in range(repeats):
            assert clinic.exchange(data) == first
        assert kept(clinic) == before


@pytest.mark.shows("FI-42")
def test_an_old_command_is_a_replay():
    clinic = running()
    clinic.open()
    stop = frame.encode(clinic.sign("STOP"))
    clinic.exchange(stop)
    clinic.signed("RESUME")
    (answer,) = clinic.exchange(stop)
    assert reason(answer) == "replay"
    assert clinic.status().therapy == "running"
    assert logged(clinic, "AUTH_REPLAY") == [(1, 0)]
    assert logged(clinic, "CMD_REJECTED") == []


def test_a_refused_command_is_logged_with_its_reason():
    clinic = running()
    clinic.open()
    for name, fields, why in (
        ("CANCEL_BOLUS", {}, "state"),
        ("BOLUS", {"dose_ng": 900_000, "over_s": 600}, "bolus_limit"),
        ("REFILL", {"volume_nl": 20_000_001, "concentration_mcg_per_ml": 2000, **REFILLED}, "overfill"),
    ):
        with pytest.raises(Refused, match=why):
            clinic.signed(name, **fields)
        assert logged(clinic, "CMD_REJECTED")[-1] == (getattr(wire, "REQ_" + name), codes.REASON[why])
    clinic.signed("CLOSE")
    clinic.open("patient")
    with pytest.raises(Refused, match="auth"):
        clinic.signed("STOP")
    assert logged(clinic, "CMD_REJECTED")[-1] == (wire.REQ_STOP, codes.REASON["auth"])
    assert len(logged(clinic, "CMD_REJECTED")) == 4


@pytest.mark.parametrize(("event", "why"), [("AUTH_FAIL", "auth"), ("AUTH_REPLAY", "replay")])
def test_forgeries_and_replays_are_logged_once_an_hour_with_their_count(event, why):
    clinic = running()
    for count in (1, 60, 60):
        clinic.open()
        old = clinic.sign("STOP")
        clinic.signed("RESUME")
        again = frame.encode(old if why == "replay" else old._replace(mac=bytes(16)))
        for _ in range(count):
            (answer,) = clinic.exchange(again)
            assert reason(answer) == why
            clinic.run(1)
    assert logged(clinic, event) == [(1, 0)]
    clinic.run(3600)
    clinic.poll()
    assert logged(clinic, event) == [(1, 0), (120, 0)]


@pytest.mark.shows("FI-42")
@given(names=st.lists(st.sampled_from(sorted(COMMANDS)), min_size=2, max_size=5), number=st.integers(0, 5))
def test_a_number_that_was_used_up_serves_no_other_command(names, number):
    """Signed as it should be, with a number no higher than the last one that was taken."""
    clinic = running()
    clinic.open()
    *before, other = names
    raws = [clinic.sign(name, **COMMANDS[name]) for name in before]
    for raw in raws:
        clinic.exchange(frame.encode(raw))
    clinic.counter = min(number, clinic.counter - 1)
    astray = clinic.sign(other, **COMMANDS[other])
    if astray == raws[-1]:
        return
    changed = kept(clinic)
    (answer,) = clinic.exchange(frame.encode(astray))
    assert reason(answer) == "replay"
    assert {slot: data for slot, data in kept(clinic)[0].items() if slot not in slots.LOG} == {
        slot: data for slot, data in changed[0].items() if slot not in slots.LOG
    }
    assert kept(clinic)[1] == changed[1]
    assert logged(clinic, "AUTH_REPLAY") == [(1, 0)]


@pytest.mark.shows("FI-42")
def test_a_command_of_another_session_is_none():
    clinic = running()
    clinic.open()
    stop = frame.encode(clinic.sign("STOP"))
    clinic.signed("CLOSE")
    clinic.open()
    (answer,) = clinic.exchange(stop)
    assert reason(answer) == "auth"
    assert clinic.status().therapy == "running"


@pytest.mark.shows("FI-43")
@given(bit=st.integers(0, 8 * 13 - 1))
def test_a_header_that_was_tampered_with_is_none(bit):
    clinic = running()
    clinic.open()
    genuine = clinic.sign("STOP")
    raw = bytearray(genuine.signed_bytes())
    raw[bit // 8] ^= 1 << bit % 8
    _, code, flags, session, sequence = raw[0], raw[1], raw[2], raw[3:7], raw[7:11]
    forged = frame.Frame(
        code, int.from_bytes(session, "little"), int.from_bytes(sequence, "little"), b"", flags & 1, genuine.mac
    )
    if forged == genuine:
        return
    clinic.exchange(frame.encode(forged if forged.flags else forged._replace(mac=b"")))
    assert clinic.status().therapy == "running"


def test_closing_twice_is_closing_once():
    clinic = running()
    clinic.open()
    close = frame.encode(clinic.sign("CLOSE"))
    assert clinic.exchange(close) == clinic.exchange(close)
    assert [str(entry.event) for entry in clinic.events()].count("SESSION_CLOSE") == 4


def test_nothing_opens_without_a_head():
    clinic = running()
    clinic.body.head_on = False
    with pytest.raises(Refused, match="auth"):
        clinic.open()


@pytest.mark.shows("R8.6")
def test_taking_the_head_away_ends_the_session():
    clinic = running()
    clinic.open()
    clinic.body.head_on = False
    clinic.poll()
    clinic.body.head_on = True
    with pytest.raises(Refused, match="auth"):
        clinic.signed("STOP")


@pytest.mark.shows("R8.6")
def test_an_idle_session_ends_and_delivery_goes_on():
    clinic = running()
    clinic.open()
    clinic.run(301)
    assert not clinic.pump.session_open
    assert clinic.events()[-1].event == "SESSION_TIMEOUT"
    clinic.run(DAY_S)
    assert clinic.body.motor.counts[1] >= 2500


def test_a_session_that_is_used_stays_open():
    clinic = running()
    clinic.open()
    for _ in range(5):
        clinic.run(200)
        clinic.signed("RESUME")
    assert logged(clinic, "SESSION_TIMEOUT") == []


def test_who_asks_again_is_offered_the_same_session():
    clinic = running()
    first, again = (clinic.ask("OPEN", role="clinician", nonce=bytes(16)) for _ in range(2))
    assert (first.session, first.nonce) == (again.session, again.nonce)


def test_a_challenge_is_its_own_lines_and_only_the_latest_counts():
    clinic = running()
    stranger = clinic.neighbour()
    for fields in ({"role": "patient", "nonce": bytes(16)}, {"role": "clinician", "nonce": bytes(15) + b"x"}):
        clinic.challenged()
        stranger.ask("OPEN", **fields)
        clinic.signed("PROVE")
        clinic.challenged()
        clinic.ask("OPEN", **fields)
        with pytest.raises(Refused, match="auth"):
            clinic.signed("PROVE")


def test_a_challenge_waits_two_seconds_for_its_proof_and_less_than_three():
    clinic = running()
    for waited_s, opens in ((0, True), (2, True), (3, False), (3600, False)):
        clinic.challenged()
        assert clinic.pump.session_open  # so that no emulator hurries past it
        clinic.run(waited_s)
        if opens:
            clinic.signed("PROVE")
            clinic.signed("CLOSE")
        else:
            with pytest.raises(Refused, match="auth"):
                clinic.signed("PROVE")
        assert not clinic.pump.session_open
    clinic.challenged()
    clinic.run(3)
    clinic.open()


def test_a_challenge_serves_for_one_proof():
    clinic = running()
    clinic.challenged()
    proof = clinic.sign("PROVE")
    clinic.exchange(frame.encode(proof._replace(mac=bytes(16))))
    (answer,) = clinic.exchange(frame.encode(proof))
    assert reason(answer) == "auth"


def test_a_session_is_proved_once():
    clinic = running()
    clinic.open()
    with pytest.raises(Refused, match="auth"):
        clinic.signed("PROVE")
    clinic.signed("STOP")


def test_a_new_proof_ends_the_session_before_it():
    clinic = running()
    clinic.open()
    stop = frame.encode(clinic.sign("STOP"))
    clinic.open()
    (answer,) = clinic.exchange(stop)
    assert reason(answer) == "auth"
    clinic.signed("STOP")


def test_an_unproved_challenge_leaves_the_session_alone():
    clinic = running()
    clinic.open()
    clinic.ask("OPEN", role="clinician", nonce=bytes(16))
    clinic.signed("STOP")


def test_a_role_cannot_be_claimed_with_another_roles_key():
    clinic = running()
    challenge = clinic.ask("OPEN", role="clinician", nonce=bytes(16))
    patient_key = auth.role_key(auth.TEST_KEY, 0x33)
    clinic.session, clinic.counter = challenge.session, 0
    clinic.key = auth.session_key(patient_key, b"THECAL-00001", 0x55, challenge.session, bytes(16), challenge.nonce)
    with pytest.raises(Refused, match="auth"):
        clinic.signed("PROVE")


@pytest.mark.shows("FI-43", "R4.7")
def test_forgeries_are_refused_and_lock_nobody_out():
    """Neither the session on whose line they come nor the next one, and at once: time may stand still."""
    clinic = running()
    clinic.open()
    for role in ("clinician", "patient", "clinician"):
        forged = clinic.sign("STOP")._replace(mac=bytes(16))
        for _ in range(50):
            (answer,) = clinic.exchange(frame.encode(forged))
            assert reason(answer) == "auth"
        clinic.signed("READ_PROGRAM")
        for _ in range(50):
            clinic.challenged(role)
            clinic.exchange(frame.encode(clinic.sign("PROVE")._replace(mac=bytes(16))))
        clinic.open(role)
    assert clinic.status().therapy == "running"
    assert logged(clinic, "AUTH_FAIL") == [(1, 0)]


@pytest.mark.shows("FI-42")
def test_replays_keep_no_session_open():
    """Of the last frame, which is answered again, and of one before it."""
    clinic = running()
    clinic.open()
    before, last = (frame.encode(clinic.sign(name)) for name in ("STOP", "RESUME"))
    clinic.exchange(before)
    clinic.exchange(last)
    for _ in range(4):
        clinic.run(75)
        clinic.exchange(before)
        clinic.exchange(last)
    assert len(logged(clinic, "SESSION_TIMEOUT")) == 1


def test_reasons_in_their_order():
    clinic = running()
    malformed = frame.Frame(wire.REQ_STOP, 7, 1, b"x", 1, bytes(16))
    assert reason(clinic.exchange(frame.encode(malformed))[0]) == "malformed"
    unsigned = frame.Frame(wire.REQ_STOP, 0, 1, b"")
    assert reason(clinic.exchange(frame.encode(unsigned))[0]) == "auth"
    unknown = frame.Frame(0x7E, 0, 1, b"")
    assert reason(clinic.exchange(frame.encode(unknown))[0]) == "malformed"
    clinic.open()
    with pytest.raises(Refused, match="malformed"):
        clinic.signed("REFILL", volume_nl=0, concentration_mcg_per_ml=0, **REFILLED)
    with pytest.raises(Refused, match="overfill"):
        clinic.signed("REFILL", volume_nl=20_000_001, concentration_mcg_per_ml=2000, **REFILLED)


@pytest.mark.shows("FI-41")
@given(noise=st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_are_counted_at_most_and_therapy_goes_on(noise):
    clinic = running()
    before = clinic.body.motor.progress()[1]
    for data in noise:
        clinic.exchange(data)
        clinic.run(3)
    clinic.run(DAY_S)
    clinic.exchange(b"\x00")
    assert clinic.status().therapy == "running"
    assert abs(clinic.body.motor.progress()[1] - before - 2500) <= 2


@given(at=st.integers(1, 40))
def test_half_a_frame_costs_nothing_after_a_second(at):
    clinic = running()
    clinic.run(1)  # the body's ticks wrap 5 s after the beginning
    for _ in range(3):
        data = frame.encode(frame.Frame(wire.REQ_STATUS, 0, 9, b""))
        clinic.exchange(data[: min(at, len(data) - 1)])
        clinic.run(3)
        (answer,) = clinic.exchange(data)
        assert registry.name_of(answer.type) == "STATUS"


def test_session_numbers_are_never_used_again():
    clinic = running()
    seen = set()
    for turn in range(150):
        clinic.open()
        assert clinic.session not in seen
        seen.add(clinic.session)
        if turn % 40 == 39:
            clinic.boot()


@pytest.mark.shows("FI-54")
def test_what_is_meant_for_another_pump_is_no_command():
    """Two pumps with one key, one nonce and one session number: only their serials differ."""
    ours, other = Clinic(Body(), Config(serial="THECAL-00001")), Clinic(Body(), Config(serial="THECAL-00002"))
    for clinic in (ours, other):
        clinic.open()
    astray = ours.sign("SET_CLOCK", wall_s=MONDAY_S)
    (answer,) = other.exchange(frame.encode(astray))
    assert reason(answer) == "auth"
    assert str(other.events()[-1].event) == "AUTH_FAIL"
    (answer,) = ours.exchange(frame.encode(astray))
    assert registry.name_of(answer.type) == "DONE"
