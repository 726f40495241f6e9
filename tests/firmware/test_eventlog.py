"""The log's ring: numbers without gaps, oldest first out, nothing lost to a reset or a torn tail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import wire
from firmware.clock import PumpClock
from firmware.comms.alarmsettings import NAMES
from firmware.records import slots
from firmware.records.eventlog import RECORD_BYTES, EventLog
from protocol import codes, messages

from .body import Body, Store
from .clinic import MONDAY_S, Clinic

NAMES_OF_REQUESTS = {message.name for message in messages.REQUESTS}


class Now(PumpClock):
    """A time that stands still."""

    def __init__(self):
        self.now_s = 0

    @property
    def wall_s(self):
        return 0


class RefusingStore(Store):
    """Refuses as many writes and appends as it is told to."""

    refuse = 0

    def _refused(self):
        self.refuse -= 1
        return self.refuse >= 0

    def write(self, slot, data):
        return 2 if self._refused() else super().write(slot, data)

    def append(self, slot, data):
        return 2 if self._refused() else super().append(slot, data)


def filled(store, count):
    log = EventLog(store, Now())
    for number in range(count):
        log.add(wire.EVENT_BOOT, number)
    return log


def numbers(log, first=1, last=2**32 - 2):
    found = []
    while True:
        entries = log.read(first, last, 12)
        if not entries:
            return found
        found += [entry[0] for entry in entries]
        first = found[-1] + 1


@pytest.mark.shows("R5.2", "R5.3")
@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 1024, 1025, 3000])
def test_reads_back_the_newest_without_a_gap(count):
    store = Store()
    log = filled(store, count)
    kept = numbers(log)
    assert kept == list(range(log.oldest_seq, count + 1))
    assert len(kept) >= min(count, 7 * 128)
    assert numbers(EventLog(store, Now())) == kept


def test_ordinary_events_push_no_fault_out():
    store = Store()
    log = EventLog(store, Now())
    log.add(wire.EVENT_MOTOR_STALL, 27)
    for number in range(3000):
        log.add(wire.EVENT_RATE_STEP, number)
    log.add(wire.EVENT_WATCHDOG_RESET, 1)
    again = EventLog(store, Now())
    for one in (log, again):
        assert [entry[3:6:2] for entry in one.faults.read(1, 99, 12)] == [
            (wire.EVENT_MOTOR_STALL, 27),
            (wire.EVENT_WATCHDOG_RESET, 1),
        ]
        assert wire.EVENT_MOTOR_STALL not in [entry[3] for entry in one.read(1, 2**32 - 2, 2000)]
    assert again.read(3002, 3002, 1)[0][3] == wire.EVENT_WATCHDOG_RESET  # a fault stands in both


def test_the_fault_log_keeps_its_newest():
    log = EventLog(Store(), Now())
    for number in range(1000):
        log.add(wire.EVENT_MOTOR_STALL, number)
    kept = numbers(log.faults)
    assert kept == list(range(log.faults.oldest_seq, 1001))
    assert len(kept) >= 3 * 128


@given(st.lists(st.integers(0, 199), min_size=1, max_size=5, unique=True))
def test_a_corrupt_entry_leaves_a_gap(corrupt):
    store = Store()
    log = filled(store, 200)
    for place in corrupt:
        slot = slots.LOG[place // 128]
        data = bytearray(store.read(slot))
        data[place % 128 * RECORD_BYTES + 9] ^= 1
        store.write(slot, bytes(data))
    left = [number for number in range(1, 201) if number - 1 not in corrupt]
    again = EventLog(store, Now())
    assert again.corrupt
    for one in (log, again):
        assert numbers(one) == left
        if 199 not in corrupt and len(corrupt) < 128:
            assert one.next_seq == 201


@pytest.mark.shows("R5.2", "FI-32")
@pytest.mark.parametrize("count", [129, 200, 640, 1024, 1025, 1100, 3000])
def test_slots_that_are_lost_cut_short_or_changed_for_each_other_are_noticed(count):
    store = Store()
    log = filled(store, count)
    kept = dict(store.slots)
    assert not EventLog(store, Now()).corrupt
    newest = slots.LOG[log._at]
    oldest = slots.LOG[(log._at + 1) % len(slots.LOG)]
    for slot in sorted(set(kept) & set(slots.LOG) - {newest}):
        if slot != oldest:  # which is empty when the power went while it was written over
            store.slots = kept | {slot: b""}
            assert EventLog(store, Now()).corrupt, slot
        store.slots = kept | {slot: kept[slot][: 50 * RECORD_BYTES]}
        assert EventLog(store, Now()).corrupt, slot
        store.slots = kept | {slot: kept[newest], newest: kept[slot]}
        assert EventLog(store, Now()).corrupt, slot
    store.slots = kept | {oldest: b""}
    assert not EventLog(store, Now()).corrupt


def test_a_change_of_a_slot_is_said_once():
    store = Store()
    log = filled(store, 200)
    assert all(log.valid(index) for index in range(len(slots.LOG)))
    data = bytearray(store.read(slots.LOG[1]))
    data[7] ^= 1
    store.write(slots.LOG[1], bytes(data))
    assert [log.corrupt_in(1), log.corrupt_in(1), log.corrupt_in(0)] == [wire.REGION_LOG, 0, 0]
    log.add(wire.EVENT_BOOT)
    assert log.valid(1)
    assert EventLog(store, Now()).valid(1)


def test_a_store_that_refuses_for_long_costs_no_older_entry():
    store = RefusingStore()
    log = filled(store, 900)
    store.refuse = 50
    for number in range(60):
        log.add(wire.EVENT_BOOT, number)
    kept = numbers(log)
    assert kept == sorted(kept)
    assert kept[-11:] == list(range(901, 912))  # ten, and LOG_FAIL
    assert len(kept) >= 700
    assert numbers(EventLog(store, Now())) == kept


@pytest.mark.parametrize("torn", [0, 1, RECORD_BYTES - 1])
def test_what_the_store_took_half_of_corrupts_nothing(torn):
    class TearingStore(Store):
        torn = None

        def append(self, slot, data):
            if self.torn is None:
                return super().append(slot, data)
            super().append(slot, data[: self.torn])
            return 2

    store = TearingStore()
    log = filled(store, 3)
    store.torn = torn
    log.add(wire.EVENT_BOOT, 99)
    store.torn = None
    assert all(log.valid(index) for index in range(len(slots.LOG)))
    for number in range(3):
        log.add(wire.EVENT_BOOT, number)
    assert numbers(log) == numbers(EventLog(store, Now())) == list(range(1, 8))


def test_a_fault_log_that_cannot_be_written_says_so_and_no_more():
    class HalfStore(Store):
        def write(self, slot, data):
            return 2 if slot in slots.FAULT_LOG else super().write(slot, data)

    log = EventLog(HalfStore(), Now())
    for _ in range(3):
        log.add(wire.EVENT_MOTOR_STALL)
    assert [entry[3] for entry in log.read(1, 99, 12)] == [wire.EVENT_MOTOR_STALL, wire.EVENT_LOG_FAIL] * 3
    assert not log.faults.read(1, 99, 12)


LONG = filled(Store(), 1200)


@given(first=st.integers(1, 1300), last=st.integers(1, 1300))
def test_any_range(first, last):
    wanted = [seq for seq in range(first, last + 1) if LONG.oldest_seq <= seq < LONG.next_seq]
    assert numbers(LONG, first, last) == wanted


@pytest.mark.shows("R5.4")
@given(count=st.integers(1, 300), cut=st.integers(1, RECORD_BYTES))
def test_a_torn_tail_costs_that_entry_alone(count, cut):
    store = Store()
    filled(store, count)
    slot = slots.LOG[(count - 1) // 128]
    store.write(slot, store.read(slot)[:-cut])
    again = EventLog(store, Now())
    again.add(wire.EVENT_BOOT, 99)
    assert numbers(again) == list(range(1, count + 1))
    assert again.read(count, count, 1)[0][5] == 99


@pytest.mark.shows("R5.4", "FI-52")
def test_what_the_store_refused_is_logged_when_it_works_again():
    store = RefusingStore()
    log = filled(store, 3)
    store.refuse = 2
    for number in range(3):
        log.add(wire.EVENT_BOOT, number)
    entries = log.read(4, 100, 12)
    assert [(entry[3], entry[5]) for entry in entries] == [(wire.EVENT_BOOT, 2), (wire.EVENT_LOG_FAIL, 2)]


DRUG = {"drug": b"baclofen".ljust(12, b"\0"), "aspirated_nl": 0, "concentration_mcg_per_ml": 2000}
PROGRAM = {"mode": "simple", "concentration_mcg_per_ml": 2000, "dose_ng_per_day": 500_000, "rate_nl_per_day": 250_000}
LINE = {"catheter_mm": 0, "tubing_nl": 20_000, "depth_mm": 20, "site": bytes(24)}
LINE |= {"override": "no", "catheter": "new", "tubing": "empty", "dose_ng_per_day": 0, "parcels": []}
UNCHANGED = {"concentration_mcg_per_ml": wire.NONE32}
BOLUS = {"dose_ng": 10_000, "over_s": 1800}
ORDERS = [
    ("IMPLANT", {"wall_s": MONDAY_S, "implanted_wall_s": MONDAY_S} | LINE, "IMPLANT"),
    ("WRITE_RECORD", {"field": "patient_name", "text": b"Ada".ljust(192, b"\0")}, "RECORD_CHANGED"),
    ("SET_CLOCK", {"wall_s": MONDAY_S}, "CLOCK_SET"),
    ("REFILL", {"volume_nl": 20_000_000, "bridge": "no"} | DRUG, "REFILL"),
    ("CORRECT", {"volume_nl": 19_000_000, "override": "no", "parcels": []} | UNCHANGED, "RECORD_CORRECTED"),
    ("PRIME", {"volume_nl": 20_000}, "BOLUS_START"),
    ("STAGE", PROGRAM, "PROGRAM_STAGED"),
    ("COMMIT", {"override": "no", "after_commit": 0}, "PROGRAM_COMMITTED"),
    ("BOLUS", BOLUS, "BOLUS_START"),
    ("CANCEL_BOLUS", {}, "BOLUS_CANCELLED"),
    ("SET_PATIENT_BOLUS", BOLUS | {"lockout_s": 3600, "per_day": 4}, "PATIENT_BOLUS_SET"),
    ("PATIENT_BOLUS", {}, "BOLUS_START"),
    ("LIMITS", {"max_dose_mcg_per_day": 900, "max_bolus_mcg": 90, "max_change_percent": 20}, "LIMITS_CHANGED"),
    ("ALARM_SETTINGS", {"critical_interval_s": 120} | dict.fromkeys(NAMES[1:], wire.NONE32), "ALARM_CONFIG_CHANGED"),
    ("DEMO_ALARM", {"alarm_class": "critical"}, "ALARM_DEMO"),
    ("STOP", {}, "THERAPY_STATE_CHANGED"),
    ("MINIMUM_RATE", {}, "THERAPY_STATE_CHANGED"),
    ("RESUME", {"override": "no"}, "THERAPY_STATE_CHANGED"),
    ("SILENCE", {"alarm": "all"}, "ALARM_SILENCED"),
    ("PROVISION", {"device_key": bytes(range(32))}, "KEY_CHANGED"),
]
"""Every order that there is, as (name, fields, what the log calls it)."""


def faults(clinic):
    return clinic.ask("FAULTS", first_seq=1, last_seq=2**32 - 2).entries


def give(clinic, name, fields):
    if name == "PROVISION":  # which ends its session itself
        clinic.provision(**fields)
        return
    clinic.open("patient" if name == "PATIENT_BOLUS" else "clinician")
    if name == "COMMIT":
        clinic.signed("STAGE", **PROGRAM)
        fields = fields | {"digest": clinic.signed("READ_BACK").digest}
    clinic.signed(name, **fields)
    if name == "STAGE":
        clinic.signed("READ_BACK")
    clinic.signed("CLOSE")


@pytest.mark.shows("R5.1")
def test_every_order_stands_in_the_log_with_its_time_and_no_order_among_the_faults():
    sessions = {"OPEN", "PROVE", "CLOSE"}
    reading = {name for name in NAMES_OF_REQUESTS if name.startswith("READ_")}
    reading |= {
        "HELLO",
        "STATUS",
        "LINE",
        "LOG",
        "FAULTS",
        "DOSES",
        "SUBSCRIBE",
        "DIAGNOSTICS",
        "PATIENT_BOLUS_SETTINGS",
    }
    covered = {"STAGE_DAY", "RESET_KEY"}  # by the digest that is logged; by the tests of the keys: it has no session
    assert {name for name, _, _ in ORDERS} == NAMES_OF_REQUESTS - sessions - reading - covered
    clinic = Clinic(Body())
    for name, fields, event in ORDERS:
        clinic.run(300)
        if name == "SILENCE":
            clinic.body.stalled = True
            clinic.run(4 * 3600)
        now_s, before = clinic.status().uptime_s, len(clinic.events())
        give(clinic, name, fields)
        told = clinic.events()[before:]
        names = [str(entry.event) for entry in told]
        assert (names[0], names[-1], event in names) == ("SESSION_OPEN", "SESSION_CLOSE", True)
        assert {entry.uptime_s for entry in told} == {now_s}
        assert [str(entry.event) for entry in faults(clinic)] == (
            ["MOTOR_STALL"] if name in ("SILENCE", "PROVISION") else []
        )


TROUBLE = {
    "motor_stall": lambda clinic: setattr(clinic.body, "stalled", True),
    "low_battery_reset": lambda clinic: setattr(clinic.body, "load_mv", lambda: 2000),
    "eri": lambda clinic: setattr(clinic.body, "rest_mv", lambda: 2400),
    "memory_critical": lambda clinic: setattr(clinic.body, "check_code", lambda: 2),
    "stopped": lambda clinic: clinic.command("STOP"),
    "clock_lost": lambda clinic: clinic.boot(),
    "memory": lambda clinic: [clinic.body.store.write(slot, b"?" * 99) for slot in slots.PATIENT[0]],
}


@pytest.mark.shows("R5.1")
@pytest.mark.parametrize("alarm", TROUBLE)
def test_every_alarm_stands_in_both_logs_with_its_time(alarm):
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(1000)
    TROUBLE[alarm](clinic)
    clinic.run(8 * 3600)
    assert alarm in clinic.alarms()
    for entry in clinic.status().alarms:
        name = codes.ALARM_EVENT[str(entry.alarm)]
        for log in (clinic.events(), faults(clinic)):
            assert [one.uptime_s for one in log if str(one.event) == name] == [entry.since_s]
    assert len(faults(clinic)) < len(clinic.events())
