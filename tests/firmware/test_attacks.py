"""Attacks by somebody without the key, or with too little of one: each on a pump beside a twin that is left alone.

Afterwards both have the same therapy, the same orders to the motor, the same store but for the log, and the same log
but for an entry an hour and line of each event that counts attacks.
"""

import json
import os
from collections import Counter
from itertools import count, islice
from random import Random

import pytest

from firmware import crypto, wire
from firmware.comms import framing
from firmware.records import slots
from protocol import auth, codes, frame, registry, vectors
from tests.strangers import FLOODS

from .body import Body, Store
from .clinic import DAY_S, Clinic

THOROUGH = os.environ.get("THECAL_HYPOTHESIS") == "thorough"
FLOOD_S = 60 if THOROUGH else 10
FRAMES_PER_S = 500
FRAMES_PER_WAKE = 25
COUNTED = ("AUTH_FAIL", "AUTH_REPLAY", "COMMS_ERROR")
NUMBERED = ("SESSION_OPEN", "SESSION_CLOSE", "SESSION_TIMEOUT")  # a line that asks for a session keeps its number
LAST = 2**32 - 1
OWN_SERIAL, OTHER_SERIAL = b"THECAL-00001", b"THECAL-00002"


class CountingStore(Store):
    writes = 0

    def write(self, slot, data):
        self.writes += 1
        return super().write(slot, data)

    def append(self, slot, data):
        self.writes += 1
        return super().append(slot, data)


class CountingBody(Body):
    def __init__(self):
        super().__init__()
        self.store = CountingStore()
        self._random = Random(7)

    def random_bytes(self, count):
        return self._random.randbytes(count)


class Tapped(Clinic):
    """Whose requests somebody records."""

    def __init__(self, body):
        self.recorded = []
        super().__init__(body)

    def exchange(self, data):
        self.recorded.append(data)
        return super().exchange(data)


def treated():
    clinic = Tapped(CountingBody())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(3600)
    return clinic


@pytest.fixture
def pair():
    """The pump that a test attacks, and its twin."""
    return treated(), treated()


def same(attacked, twin):
    """Compare the two now and after a day; how many entries of its log the attacked one has in addition."""
    for clinic in (attacked, twin):
        clinic.line = clinic.body.line
        clinic.command("LIMITS", max_dose_mcg_per_day=900, max_bolus_mcg=LAST, max_change_percent=50)
    for wait_s in (0, DAY_S):
        for clinic in (attacked, twin):
            clinic.run(wait_s)
        assert facts(attacked) == facts(twin)
    extra = Counter(str(entry.event) for entry in attacked.events() if str(entry.event) in COUNTED)
    assert max(extra.values(), default=0) <= 2 * len(attacked.body.links)
    return extra.total()


def facts(clinic):
    status = {name: value for name, value in clinic.status().items() if name != "comms_errors"}
    events = [
        (str(entry.event), entry.uptime_s, *(() if str(entry.event) in NUMBERED else (entry.a, entry.b, entry.c)))
        for entry in clinic.events()
        if str(entry.event) not in COUNTED
    ]
    store = {slot: data for slot, data in clinic.body.store.slots.items() if slot not in slots.LOG}
    return status, events, store, list(clinic.body.orders), list(clinic.body.tones), clinic.body.motor.counts


def exchange(clinic, data):
    """Bytes to the pump; its answers but telemetry, which a forged SUBSCRIBE may have asked for."""
    return [one for one in clinic.exchange(data) if registry.name_of(one.type) != "TELEMETRY"]


def refused(clinic, data):
    """Whether bytes get no answer, or a refusal that anybody may say."""
    answers = exchange(clinic, data)
    return all(registry.name_of(answer.type) == "REFUSED" and not answer.flags for answer in answers)


def sealed(raw):
    """Any bytes with the right CRC, as a sender without a key can send them."""
    return framing.seal(bytes(raw))


def body_of(data):
    """The frame's bytes without CRC."""
    whole = framing.uncobs(data[:-1])
    assert whole
    return whole[:-4]


def visit(clinic):
    """A session of commands, all that is said in it recorded."""
    clinic.recorded = []
    clinic.open()
    for name in ("STOP", "MINIMUM_RATE", "RESUME", "READ_PROGRAM"):
        clinic.signed(name)
    clinic.signed("SILENCE", alarm="all")
    clinic.signed("CLOSE")
    return clinic.recorded[:]


def requests():
    """(name, payload) of each request that is signed, by the published examples."""
    examples = json.loads(vectors.vectors_json())["frames"]
    return [
        (one["name"], bytes.fromhex(one["payload"]))
        for one in examples
        if one["direction"] == "request" and one["name"] not in ("OPEN", "PROVE")
    ]


def signed(clinic, name, payload):
    """The session's next frame with this payload."""
    clinic.counter += 1
    code = registry.REQUEST[name].code
    unsigned = frame.Frame(code, clinic.session, clinic.counter, payload, 1, bytes(16))
    return unsigned._replace(mac=auth.mac(clinic.key, unsigned.signed_bytes()))


@pytest.mark.shows("FI-42", "R8.2", "R8.12")
def test_a_recorded_session_played_again_does_nothing(pair):
    attacked, twin = pair
    tries = 0
    for clinic in pair:
        visit(clinic)
    recorded = attacked.recorded[:]
    (goodbye,) = attacked.exchange(recorded[-1])
    for opened in (False, True):
        if opened:
            for clinic in pair:
                clinic.open()
                clinic.signed("RESUME")
        for hands in (attacked, attacked.neighbour()):
            for frames in (recorded, recorded[::-1], recorded * 3):
                for data in frames:
                    (answer,) = hands.exchange(data)
                    said_before = answer == goodbye and data == recorded[-1]
                    assert said_before or registry.name_of(answer.type) in ("REFUSED", "CHALLENGE")
                    tries += 1
    print(f"replays: {tries}, entries logged {same(attacked, twin)}")


@pytest.mark.shows("FI-42")
def test_a_session_played_again_while_it_lasts_renews_nothing_and_wears_out_nothing(pair):
    """Thousands of the last frame and of the one before it: the log keeps what it had, and the idle session ends."""
    attacked, twin = pair
    for clinic in pair:
        clinic.open()
        clinic.recorded = []
        clinic.signed("STOP")
        clinic.signed("RESUME")
    before, last = attacked.recorded
    replays = 0
    for _ in range(300):
        for _ in range(4):
            assert refused(attacked, before)
            (answer,) = attacked.exchange(last)
            assert registry.name_of(answer.type) == "DONE"
            replays += 2
        for clinic in pair:
            clinic.run(1)
    assert not attacked.pump.session_open
    assert not twin.pump.session_open
    assert attacked.events()[0].seq == 1
    print(f"replays in an open session: {replays}, entries logged {same(attacked, twin)}")


@pytest.mark.shows("FI-42")
def test_of_commands_in_another_order_only_those_in_order_are_done(pair):
    orders = ("STOP", "RESUME", "MINIMUM_RATE", "RESUME", "STOP", "RESUME")
    random = Random(5)
    tries = 0
    for clinic in pair:
        clinic.open()
    for _ in range(20):
        shuffled = random.sample(range(len(orders)), len(orders))
        frames = [[frame.encode(clinic.sign(name)) for name in orders] for clinic in pair]
        newest = -1
        for index in shuffled:
            if index > newest:
                newest = index
                for clinic, data in zip(pair, frames, strict=True):
                    (answer,) = clinic.exchange(data[index])
                    assert registry.name_of(answer.type) == "DONE"
            else:
                assert refused(pair[0], frames[0][index])
                tries += 1
    print(f"out of order: {tries} of {20 * len(orders)}, seed 5, entries logged {same(*pair)}")


def test_a_frame_cut_off_anywhere_is_none(pair):
    attacked, twin = pair
    tries = 0
    attacked.open()
    twin.open()
    for name, payload in requests():
        data = frame.encode(signed(attacked, name, payload))
        for end in range(len(data) - 1):
            assert not attacked.exchange(data[:end] + b"\0")
            tries += 1
    print(f"truncated: {tries}, entries logged {same(attacked, twin)}")


@pytest.mark.shows("FI-43", "R8.1", "R8.12")
def test_no_bit_of_a_signed_frame_can_be_another(pair):
    """Each bit of each kind of frame, with the CRC put right. The frame itself is taken afterwards, as by the twin."""
    attacked, twin = pair
    tries = 0
    for clinic in pair:
        clinic.open()
    for name, payload in requests():
        if name == "CLOSE":
            continue
        raw = bytearray(body_of(frame.encode(signed(attacked, name, payload))))
        for bit in range(len(raw) * 8):
            raw[bit // 8] ^= 1 << bit % 8
            assert refused(attacked, sealed(raw)), (name, bit)
            raw[bit // 8] ^= 1 << bit % 8
            tries += 1
        answers = [exchange(attacked, sealed(raw)), exchange(twin, frame.encode(signed(twin, name, payload)))]
        assert [one.type for one in answers[0]] == [one.type for one in answers[1]]
        assert all(one.flags for one in answers[0]), name
    print(f"flipped bits: {tries}, entries logged {same(attacked, twin)}")


@pytest.mark.shows("FI-43")
def test_no_bit_of_a_proof_or_its_open_can_be_another(pair):
    attacked, twin = pair
    tries = 0
    for name in ("OPEN", "PROVE"):
        for bit in count():
            attacked.challenged()
            data = attacked.recorded[-1] if name == "OPEN" else frame.encode(attacked.sign(name))
            raw = bytearray(body_of(data))
            if bit == len(raw) * 8:
                break
            raw[bit // 8] ^= 1 << bit % 8
            assert refused(attacked, sealed(raw)) or name == "OPEN", bit
            assert not any(attacked.pump.sessions.on(port.channel) for port in attacked.pump.ports)
            tries += 1
    print(f"flipped bits of opens and proofs: {tries}, entries logged {same(attacked, twin)}")


def strange_keys(clinic, host_nonce, challenge):
    """The keys of everybody but the one whom the challenge was for."""
    role = codes.ROLE["clinician"]
    key = auth.role_key(auth.TEST_KEY, role)
    number, nonce = challenge.session, challenge.nonce
    return {
        "other serial": auth.session_key(key, OTHER_SERIAL, role, number, host_nonce, nonce),
        "other role": auth.session_key(key, OWN_SERIAL, codes.ROLE["patient"], number, host_nonce, nonce),
        "other role's key": auth.session_key(
            auth.role_key(auth.TEST_KEY, codes.ROLE["patient"]), OWN_SERIAL, role, number, host_nonce, nonce
        ),
        "other device key": auth.session_key(
            auth.role_key(bytes(32), role), OWN_SERIAL, role, number, host_nonce, nonce
        ),
        "device key itself": auth.session_key(auth.TEST_KEY, OWN_SERIAL, role, number, host_nonce, nonce),
        "other number": auth.session_key(key, OWN_SERIAL, role, number + 1, host_nonce, nonce),
        "other host nonce": auth.session_key(key, OWN_SERIAL, role, number, bytes(15) + b"x", nonce),
        "other pump nonce": auth.session_key(key, OWN_SERIAL, role, number, host_nonce, bytes(16)),
        "no key": bytes(32),
    }


@pytest.mark.shows("FI-43", "FI-54", "R8.5", "R8.12")
def test_no_other_pumps_roles_or_sessions_key_opens_or_commands(pair):
    attacked, twin = pair
    twin.open()
    tries = 0
    for which in strange_keys(attacked, bytes(16), attacked.ask("OPEN", role="clinician", nonce=bytes(16))):
        challenge = attacked.ask("OPEN", role="clinician", nonce=bytes(16))
        attacked.session, attacked.counter = challenge.session, 0
        attacked.key = strange_keys(attacked, bytes(16), challenge)[which]
        assert refused(attacked, frame.encode(attacked.sign("PROVE"))), which
        assert refused(attacked, frame.encode(attacked.sign("STOP"))), which
        tries += 2
    attacked.open()
    key, counter = attacked.key, attacked.counter
    challenge = attacked.ask("OPEN", role="clinician", nonce=bytes(16))
    for which, stranger in strange_keys(attacked, bytes(16), challenge).items():
        attacked.key, attacked.counter = stranger, counter
        assert refused(attacked, frame.encode(attacked.sign("STOP"))), which
        tries += 1
    attacked.key, attacked.counter = key, counter
    attacked.session -= 1
    assert refused(attacked, frame.encode(attacked.sign("STOP")))
    attacked.session += 1
    neighbour = attacked.neighbour()
    neighbour.counter = counter
    assert refused(neighbour, frame.encode(neighbour.sign("STOP"))), "on another line"
    attacked.signed("READ_PROGRAM")
    twin.signed("READ_PROGRAM")
    print(f"strange keys: {tries + 2}, entries logged {same(attacked, twin)}")


@pytest.mark.shows("FI-42")
def test_what_was_said_before_a_reset_is_nothing_after_it(pair):
    attacked, twin = pair
    for clinic in pair:
        clinic.open()
        clinic.signed("RESUME")
    recorded = [*attacked.recorded, frame.encode(attacked.sign("STOP"))]
    for clinic in pair:
        clinic.boot()
    for data in recorded:
        name = registry.name_of(attacked.exchange(data)[0].type)
        assert name in ("REFUSED", "CHALLENGE")
    print(f"from before a reset: {len(recorded)}, entries logged {same(attacked, twin)}")


@pytest.mark.shows("R8.1", "R8.3")
def test_no_older_version_and_no_other_flag_is_a_way_around_the_mac(pair):
    attacked, twin = pair
    tries = 0
    for clinic in pair:
        clinic.open()
    for name, payload in requests():
        if registry.REQUEST[name].code not in wire.ROLE_OF:
            continue
        raw = body_of(frame.encode(signed(attacked, name, payload)))
        for version in (0, 2, 3, 0x7F, 0xFF):
            assert not exchange(attacked, sealed(bytes([version]) + raw[1:]))
        for flags in range(256):
            if flags != framing.AUTHENTICATED:
                changed = raw[:2] + bytes([flags]) + raw[3:]
                assert refused(attacked, sealed(changed))
                assert refused(attacked, sealed(changed[: -framing.MAC_BYTES]))
        tries += 5 + 2 * 255
    print(f"downgrades: {tries}, entries logged {same(attacked, twin)}")


@pytest.mark.shows("R8.2")
def test_a_session_ends_its_numbers_without_beginning_them_again(pair):
    attacked, twin = pair
    for clinic in pair:
        clinic.open()
        clinic.counter = LAST - 2
        clinic.signed("STOP")
        clinic.signed("RESUME")
    recorded = attacked.recorded[-1]
    (answer,) = attacked.exchange(recorded)
    assert registry.name_of(answer.type) == "DONE"
    for number in (1, 2, LAST - 1, LAST):
        attacked.counter = number - 1
        assert refused(attacked, frame.encode(attacked.sign("STOP")))
    same(attacked, twin)


def test_session_numbers_begin_anew_after_the_last_and_lock_nobody_out(pair):
    clinic, _ = pair
    clinic.pump.state.sessions = LAST - 70
    clinic.pump.state.commit(clinic.pump.clock.now_s)
    clinic.boot()
    numbers = []
    for turn in range(200):
        clinic.open()
        numbers.append(clinic.session)
        if turn % 70 == 69:
            clinic.boot()
    assert all(0 < number < LAST for number in numbers)
    assert len(set(numbers)) == len(numbers)
    assert min(numbers) == 1


@pytest.mark.shows("FI-45", "R8.10", "R8.8")
@pytest.mark.parametrize("from_neighbour", [True, False])
@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_changes_nothing_and_keeps_nobody_out_nor_ends_a_session(pair, flood, from_neighbour):
    """From the neighbour's line while sessions are opened, from the same line while one is open."""
    attacked, twin = pair
    stranger = attacked.neighbour() if from_neighbour else attacked
    frames = flood(Random(6))
    done = 0
    for clinic in pair:
        clinic.open()
    for second in range(FLOOD_S):
        for clinic in pair:
            clinic.run(1)
        for _ in range(FRAMES_PER_S // FRAMES_PER_WAKE):
            stranger.exchange(b"".join(islice(frames, FRAMES_PER_WAKE)))
        for clinic in pair:
            if from_neighbour:
                clinic.challenged()
                if clinic is attacked:
                    stranger.exchange(b"".join(islice(frames, FRAMES_PER_WAKE)))
                clinic.signed("PROVE")
            clinic.signed("STOP" if second % 2 else "RESUME")
        done += 1
    where = "a neighbour's line" if from_neighbour else "the same line"
    print(f"{flood.__name__} from {where}, seed 6: {FLOOD_S * FRAMES_PER_S} frames, {done} of {FLOOD_S} commands done")
    same(attacked, twin)


def test_opens_derive_no_key_and_hardly_write(pair, monkeypatch):
    """6,400 of them, on all lines, are one reservation of session numbers at most."""
    attacked, _ = pair
    macs = []
    real = crypto.hmac_sha256
    monkeypatch.setattr(crypto, "hmac_sha256", lambda key, data: macs.append(1) or real(key, data))
    before = attacked.body.store.writes
    frames = FLOODS[0](Random(8))
    for hands in (attacked, attacked.neighbour()):
        for _ in range(128):
            hands.exchange(b"".join(islice(frames, 25)))
    wrote = attacked.body.store.writes - before
    print(f"6400 opens: {len(macs)} HMACs, {wrote} writes to the store")
    assert not macs
    assert wrote <= 1
    attacked.open()
    print(f"one proof: {len(macs)} HMACs, with its answer")
    assert len(macs) == 4
