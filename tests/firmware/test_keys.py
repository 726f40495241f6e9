"""The device key: it takes the test key's place whole, opens alone, is never lost silently, and there is a way back."""

from typing import Any

import pytest

from firmware.config import Config
from firmware.records import slots
from firmware.records.state import NEVER
from protocol import auth, codes

from .body import Body
from .clinic import DAY_S, Clinic, Refused
from .test_power_cut import CuttingBody, PowerLost, running

HOUR_S = 3600
KEYS = [bytes([first]) * 32 for first in (0xA1, 0xB2)]
OPENERS = (auth.TEST_KEY, *KEYS)


def paired(clinic=None, device_key=KEYS[0]):
    clinic = clinic or running()
    clinic.provision(device_key)
    return clinic


def openers(clinic):
    """The keys that open a session now. The tries are far enough apart not to make the pump deaf."""
    before = clinic.device_key
    found = []
    for device_key in OPENERS:
        clinic.device_key = device_key
        clinic.run(6)
        try:
            clinic.open("observer")
        except Refused:
            continue
        clinic.signed("CLOSE")
        found.append(device_key)
    clinic.device_key = before
    return found


def key(clinic):
    return str(clinic.ask("HELLO").key)


def told(clinic, *names):
    return [str(entry.event) for entry in clinic.events() if str(entry.event) in names]


def corrupt(clinic, *slots):
    for slot in slots:
        data = bytearray(clinic.body.store.slots[slot])
        data[20] ^= 1
        clinic.body.store.slots[slot] = bytes(data)


def head(clinic, there):
    clinic.body.present = lambda: there


def test_a_new_key_opens_the_pump_and_the_old_one_no_more():
    clinic = running()
    assert (key(clinic), openers(clinic)) == ("test", [auth.TEST_KEY])
    for device_key in KEYS:
        clinic.provision(device_key)
        assert (key(clinic), openers(clinic)) == ("device", [device_key])
        clinic.boot()
        assert (key(clinic), openers(clinic)) == ("device", [device_key])
    assert told(clinic, "KEY_CHANGED") == ["KEY_CHANGED"] * 2
    assert clinic.status().therapy == "running"


@pytest.mark.shows("R8.5")
def test_only_the_manufacturing_role_provisions():
    clinic = running()
    for role in ("observer", "patient", "clinician"):
        clinic.open(role)
        with pytest.raises(Refused, match="auth"):
            clinic.signed("PROVISION", masked_key=bytes(32))
    with pytest.raises(Refused, match="auth"):
        clinic.ask("PROVISION", masked_key=bytes(32))
    assert openers(clinic) == [auth.TEST_KEY]


def test_the_published_key_is_no_device_key():
    clinic = running()
    with pytest.raises(Refused, match="inconsistent"):
        clinic.provision(auth.TEST_KEY)
    assert key(clinic) == "test"


@pytest.mark.shows("R8.9")
def test_a_change_needs_the_head_and_is_heard():
    clinic = running()
    clinic.run(60)
    before = len(clinic.body.tones)
    head(clinic, False)
    with pytest.raises(Refused, match="auth"):
        clinic.provision(KEYS[0])
    head(clinic, True)
    clinic.device_key = auth.TEST_KEY
    clinic.provision(KEYS[0])
    assert [pattern for _, pattern in clinic.body.tones[before:]] == [0x33]
    assert not set(clinic.alarms()) - {"clock_lost"}


def test_a_session_offered_or_open_with_the_old_key_ends():
    clinic = running()
    clinic.open("manufacturing")
    offered = clinic.ask("OPEN", role="clinician", nonce=bytes(16))
    change = clinic.sign("PROVISION", masked_key=auth.masked_key(clinic.key, clinic.counter + 1, KEYS[0]))
    session, session_key = clinic.session, clinic.key
    answer = clinic._answer(change)
    assert clinic._answer(change) == answer, "a lost answer is given again"
    with pytest.raises(Refused, match="auth"):
        clinic.signed("CLOSE")
    code = codes.ROLE["clinician"]
    clinic.session, clinic.counter = offered.session, 0
    clinic.key = auth.session_key(
        auth.role_key(auth.TEST_KEY, code), b"THECAL-00001", code, offered.session, bytes(16), offered.nonce
    )
    with pytest.raises(Refused, match="auth"):
        clinic.signed("PROVE")
    assert session != offered.session
    assert session_key != clinic.key


def test_no_frame_and_no_log_shows_a_key():
    clinic = running()
    sent = []
    exchange = clinic.exchange

    def listen(data):
        clinic.body.line.outgoing = b""
        frames = exchange(data)
        sent.extend((data, bytes(clinic.body.line.outgoing)))
        return frames

    clinic.exchange = listen
    paired(clinic)
    paired(clinic, KEYS[1])
    clinic.events()
    assert len(sent) >= 16
    for device_key in KEYS:
        assert not [data for data in sent if device_key[:8] in data]


def test_the_same_key_never_looks_the_same_on_the_line():
    masked = {auth.masked_key(bytes(32), sequence, KEYS[0]) for sequence in range(100)}
    assert len(masked) == 100


@pytest.mark.shows("R8.7")
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.6, 0.97, 1.0])
def test_a_cut_in_any_write_of_a_rotation_leaves_the_old_or_the_new_key(keep):
    seen = set()
    cases = 0
    for at in range(1, 40):
        clinic = paired()
        clinic.body.store.cut_at, clinic.body.store.keep = at, keep
        try:
            clinic.provision(KEYS[1])
        except PowerLost:
            clinic.body.store.on = True
            clinic.boot()
        else:
            clinic.body.store.cut_at = 0
            assert openers(clinic) == [KEYS[1]]
            break
        (opener,) = openers(clinic)
        assert opener in KEYS
        for slot in slots.KEY[0]:  # whichever copy rots later, the other key does not come back
            twin = paired_twin(clinic)
            corrupt(twin, slot)
            twin.boot()
            assert openers(twin) == [opener]
        seen.add(opener)
        cases += 1
    print(f"{cases} cuts, {keep:.0%} of the write kept, each with either copy corrupt after it")
    assert cases >= 5, "the rotation wrote less than it should"
    assert seen == set(KEYS)


def paired_twin(clinic):
    """Another pump with the same memory, and the time to look at it once."""
    twin = Clinic(CuttingBody())
    twin.body.store.slots = dict(clinic.body.store.slots)
    twin.body.now_ms = clinic.body.now_ms
    twin.boot()
    return twin


def test_a_store_that_fails_changes_no_key():
    clinic = paired()
    clinic.body.store.failing = True
    with pytest.raises(Refused, match="store"):
        clinic.provision(KEYS[1])
    clinic.device_key = KEYS[0]
    assert openers(clinic) == [KEYS[0]]


@pytest.mark.parametrize("slot", slots.KEY[0])
def test_a_copy_that_rots_is_written_anew(slot):
    clinic = paired()
    corrupt(clinic, slot)
    clinic.run(13 * HOUR_S)
    assert clinic.events()[-1].a == codes.REGION["key"] or told(clinic, "MEM_CORRECTED") == ["MEM_CORRECTED"]
    corrupt(clinic, *[other for other in slots.KEY[0] if other != slot])
    assert openers(clinic) == [KEYS[0]]


@pytest.mark.shows("R1.12")
@pytest.mark.parametrize("gone", ["corrupt", "missing"])
@pytest.mark.parametrize("booted", [True, False])
def test_a_lost_key_is_never_the_test_key(gone, booted):
    clinic = paired()
    delivered_nl = clinic.status().delivered_nl
    if gone == "corrupt":
        corrupt(clinic, *slots.KEY[0])
    else:
        for slot in slots.KEY[0]:
            del clinic.body.store.slots[slot]
    if booted:
        clinic.boot()
    assert (key(clinic), openers(clinic)) == ("lost", [])
    clinic.run(13 * HOUR_S)
    assert clinic.alarms()["memory"].condition == "active"
    assert [entry.a for entry in clinic.events() if str(entry.event) == "MEM_ERROR_NONCRIT"] == [codes.REGION["key"]]
    assert (key(clinic), openers(clinic)) == ("lost", [])
    assert clinic.status().therapy == "running"
    assert clinic.status().delivered_nl - delivered_nl > 60_000


def test_a_pump_all_of_whose_other_records_are_gone_keeps_its_key():
    clinic = paired()
    clinic.body.store.slots = {slot: clinic.body.store.slots[slot] for slot in slots.KEY[0]}
    clinic.boot()
    assert (key(clinic), openers(clinic)) == ("device", [KEYS[0]])


def test_a_pump_that_could_never_write_its_first_records_takes_no_key():
    body = CuttingBody()
    body.store.failing = True
    clinic = Clinic(body)
    assert key(clinic) == "test"
    with pytest.raises(Refused, match="store"):
        clinic.provision(KEYS[0])


def reset(clinic):
    return clinic.ask("RESET_KEY").left_s


def test_the_way_back_takes_a_head_a_day_and_the_head_again():
    clinic = paired()
    clinic.run(60)
    before, orders = len(clinic.body.tones), len(clinic.body.orders)
    head(clinic, False)
    with pytest.raises(Refused, match="auth"):
        clinic.ask("RESET_KEY")
    head(clinic, True)
    assert reset(clinic) == DAY_S
    head(clinic, False)
    assert "key_reset" in map(str, clinic.status().advisories)
    clinic.run(6 * HOUR_S)
    head(clinic, True)
    assert DAY_S - 6 * HOUR_S - 1 <= reset(clinic) <= DAY_S - 6 * HOUR_S, "asking again renews nothing"
    assert (key(clinic), openers_without_cancelling(clinic)) == ("device", True)
    clinic.run(18 * HOUR_S - 2)
    assert reset(clinic) > 0
    clinic.run(2)
    head(clinic, False)
    with pytest.raises(Refused, match="auth"):
        clinic.ask("RESET_KEY")
    head(clinic, True)
    assert reset(clinic) == 0
    assert reset(clinic) == 0, "a lost answer is given again"
    tones = [pattern for at_ms, pattern in clinic.body.tones[before:]]
    assert tones.count(0x33) >= 25
    assert (key(clinic), openers(clinic)) == ("test", [auth.TEST_KEY])
    assert told(clinic, "KEY_RESET_REQUESTED", "KEY_RESET_CANCELLED") == ["KEY_RESET_REQUESTED"]
    assert told(clinic, "KEY_CHANGED") == ["KEY_CHANGED"] * 2
    assert clinic.status().therapy == "running"
    assert len(clinic.body.orders) > orders + 20
    assert "key_reset" not in map(str, clinic.status().advisories)


def openers_without_cancelling(clinic):
    """Whether the test key still opens nothing. A session of the device key would end the waiting."""
    before, clinic.device_key = clinic.device_key, auth.TEST_KEY
    try:
        with pytest.raises(Refused, match="auth"):
            clinic.open()
    finally:
        clinic.device_key = before
    return True


@pytest.mark.parametrize("role", ["observer", "patient", "clinician", "manufacturing"])
def test_whoever_has_the_key_ends_the_waiting(role):
    clinic = paired()
    reset(clinic)
    clinic.run(DAY_S + 1)
    clinic.open(role)
    assert told(clinic, "KEY_RESET_CANCELLED") == ["KEY_RESET_CANCELLED"]
    with pytest.raises(Refused, match="state"):
        clinic.ask("RESET_KEY")
    clinic.signed("CLOSE")
    tones = len(clinic.body.tones)
    clinic.run(5 * HOUR_S)
    assert len(clinic.body.tones) == tones
    assert reset(clinic) == DAY_S
    assert openers(clinic) == [KEYS[0]]


def test_a_way_back_that_nobody_takes_is_void_after_as_long_again():
    clinic = paired()
    reset(clinic)
    clinic.run(2 * DAY_S + 1)
    assert told(clinic, "KEY_RESET_CANCELLED") == ["KEY_RESET_CANCELLED"]
    assert reset(clinic) == DAY_S


def test_the_waiting_survives_cuts_and_no_cut_shortens_it():
    """Time without power does not count, and of a cut's last hour what was not recorded."""
    clinic = paired()
    reset(clinic)
    powered_s = cuts = 0
    while powered_s < DAY_S - HOUR_S:
        clinic.run(5000)
        powered_s += 5000
        clinic.body.now_ms += HOUR_S * 1000
        tones = len(clinic.body.tones)
        clinic.boot()
        cuts += 1
        assert len(clinic.body.tones) > tones, "it is told of again after a cut"
        assert reset(clinic) >= DAY_S - powered_s
        assert key(clinic) == "device"
    print(f"{cuts} cuts in the waiting")
    clinic.run(DAY_S)
    assert reset(clinic) == 0
    assert openers(clinic) == [auth.TEST_KEY]


@pytest.mark.parametrize("step", ["asked for", "taken", "cancelled"])
@pytest.mark.parametrize("keep", [0.0, 0.5, 1.0])
def test_a_cut_in_any_write_of_the_way_back_leaves_a_whole_state(step, keep):
    cases = 0
    for at in range(1, 40):
        clinic = paired()
        if step != "asked for":
            reset(clinic)
            clinic.run(DAY_S)
        clinic.body.store.cut_at, clinic.body.store.keep = at, keep
        try:
            clinic.open() if step == "cancelled" else reset(clinic)
        except PowerLost:
            clinic.body.store.on = True
            clinic.boot()
            cases += 1
        else:
            break
        assert key(clinic) in ({"test", "device"} if step == "taken" else {"device"})
        assert openers(clinic) == [auth.TEST_KEY if key(clinic) == "test" else KEYS[0]]
        assert clinic.status().therapy == "running"
    print(f"{cases} cuts while it is {step}, {keep:.0%} of the write kept")
    assert cases >= 3


def test_a_lost_key_has_the_same_way_back_and_a_new_key_ends_the_alarm():
    clinic = paired()
    corrupt(clinic, *slots.KEY[0])
    clinic.boot()
    assert reset(clinic) == DAY_S
    clinic.boot()
    assert (key(clinic), openers(clinic)) == ("lost", [])
    clinic.run(DAY_S + HOUR_S)
    assert reset(clinic) == 0
    assert clinic.alarms()["memory"].silenced == "no", "who has no key silences nothing"
    clinic.device_key = auth.TEST_KEY
    clinic.provision(KEYS[1])
    assert "memory" not in clinic.alarms()
    assert openers(clinic) == [KEYS[1]]


def test_a_waiting_cannot_be_begun_where_the_test_key_opens_the_pump():
    clinic = running()
    assert reset(clinic) == 0
    assert clinic.pump.keys.due_s == NEVER
    assert not told(clinic, "KEY_RESET_REQUESTED", "KEY_CHANGED")


def test_an_announcement_silences_no_alarm():
    """It cuts off a critical tone, which is sounded again after it."""
    clinic = paired()
    clinic.body.stalled = True
    clinic.run(DAY_S)
    clinic.run(clinic.due_s - clinic.body.now_ms // 1000)
    while clinic.body.tones[-1][1] != 0x55 or clinic.body.tones[-1][0] // 1000 != clinic.body.now_ms // 1000:
        clinic.run(1)
    reset(clinic)
    clinic.run(5)
    assert [pattern for _, pattern in clinic.body.tones[-2:]] == [0x33, 0x55]


def test_an_unfilled_pump_is_paired_in_silence():
    clinic = paired(Clinic(Body()))
    assert not clinic.body.tones
    assert openers(clinic) == [KEYS[0]]


def test_two_pumps_have_two_keys():
    first, second = paired(), paired(device_key=KEYS[1])
    assert (openers(first), openers(second)) == ([KEYS[0]], [KEYS[1]])


def test_a_session_offered_before_the_way_back_was_taken_ends_with_it():
    clinic = paired()
    reset(clinic)
    clinic.run(DAY_S)
    offered = clinic.ask("OPEN", role="observer", nonce=bytes(16))
    assert reset(clinic) == 0
    code = codes.ROLE["observer"]
    role_key = auth.role_key(KEYS[0], code)
    clinic.session, clinic.counter = offered.session, 0
    clinic.key = auth.session_key(role_key, b"THECAL-00001", code, offered.session, bytes(16), offered.nonce)
    with pytest.raises(Refused, match="auth"):
        clinic.signed("PROVE")


def test_telemetry_tells_that_something_is_at_the_key():
    """Its revision rises: who follows it asks for the status then."""
    clinic = paired()
    for change in (reset, lambda one: one.open(), lambda one: one.provision(KEYS[1])):
        before = clinic.pump.state.revision
        change(clinic)
        clinic.run(1)
        assert clinic.pump.state.revision > before


def test_a_pump_that_forgot_its_age_begins_the_waiting_anew():
    """Counted from an uptime that it has not reached again, it would wait for years."""
    clinic = paired()
    clinic.run(30 * DAY_S)
    reset(clinic)
    clinic.body.store.slots = {slot: clinic.body.store.slots[slot] for slot in slots.KEY[0]}
    clinic.boot()
    assert clinic.status().uptime_s < DAY_S
    assert reset(clinic) == DAY_S
    clinic.run(DAY_S)
    assert reset(clinic) == 0
    assert openers(clinic) == [auth.TEST_KEY]


class BlindGauge:
    faulty = True


def test_a_status_full_of_everything_fits_into_a_frame():
    """Of six advisories that hold at once five are told: that the clock is unset, the missing time says as well."""
    clinic = paired(Clinic(CuttingBody(), Config(telemetry_bytes_per_day=1)))
    reset(clinic)
    pump = clinic.pump
    for entry in pump.state.alarms:
        entry[0] = 0x55
    pump.state.commit(pump.clock.now_s)
    pump.sensors._out_of_range = pump.selftest.buzzer_failed = True
    gauge: Any = BlindGauge()
    pump.sensors._fill_sensor = gauge
    clinic.believe()
    status = clinic.status()
    told = ["key_reset", "temperature", "sensor_fault", "telemetry_budget", "buzzer_fault"]
    assert [str(advisory) for advisory in status.advisories] == told
    assert status.wall_s == NEVER
    assert len(status.alarms) == 17
