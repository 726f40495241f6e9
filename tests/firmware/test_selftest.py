"""Self-tests: nothing is delivered after one that failed, what can be repaired is, and none of it disturbs delivery."""

from itertools import pairwise
from struct import calcsize
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.checks import selftest
from firmware.records import slots, state, statefields

from .body import Body
from .clinic import DAY_S, MONDAY_S, Clinic, Refused

HOUR_S = 3600
FAILED: int = 2


def running(flex=False, primed=True) -> Any:
    clinic: Any = Clinic(Body())
    clinic.implant() if primed else clinic.implant_empty()
    clinic.refill()
    if flex:
        clinic.flex([[(0, 150_000), (420, 100_000), (1290, 50_000)]] * 7)
    else:
        clinic.program()
    clinic.run(DAY_S + 100)
    return clinic


def events(clinic, name):
    return [event for event in clinic.events() if str(event.event) == name]


def faults(clinic):
    answer = clinic.ask("FAULTS", first_seq=1, last_seq=2**32 - 2)
    return [str(entry.event) for entry in answer.entries]


def corrupt(clinic, *slots):
    for slot in slots:
        data = bytearray(clinic.body.store.read(slot))
        data[20] ^= 1
        clinic.body.store.slots[slot] = bytes(data)


# At power-on


def fails_cpu(_clinic, monkeypatch):
    monkeypatch.setattr(selftest, "crc32", lambda data: 0)


def fails(name, value):
    return lambda clinic, _monkeypatch: setattr(clinic.body, name, lambda *_: value)


TESTS = {
    "code": fails("check_code", FAILED),
    "ram": fails("check_ram", FAILED),
    "battery": fails("rest_mv", -1),
    "watchdog": lambda clinic, _: setattr(clinic.body, "watchdog", FailingTest(clinic.body)),
    "clock": lambda clinic, _: setattr(clinic.body, "clock", FailingTest(clinic.body)),
    "cpu": fails_cpu,
}


class FailingTest:
    """A device that fails its own test and otherwise works."""

    def __init__(self, body):
        self.body = body

    def __getattr__(self, name):
        return getattr(self.body, name)

    def self_test(self) -> int:
        return FAILED


@pytest.mark.parametrize("test", TESTS)
def test_what_fails_at_power_on_delivers_nothing(test, monkeypatch):
    clinic = running()
    TESTS[test](clinic, monkeypatch)
    orders = len(clinic.body.orders)
    clinic.boot()
    assert [str(event.a) for event in events(clinic, "POST_FAIL")] == [str(region(test))]
    assert faults(clinic).count("POST_FAIL") == 1
    assert str(clinic.status().operation) == "halted"
    assert {"self_test", "safe_state"} <= set(clinic.alarms())
    for order in ("RESUME", "MINIMUM_RATE"):
        with pytest.raises(Refused, match="state"):
            clinic.command(order)
    with pytest.raises(Refused, match="state"):
        clinic.program(dose_ng_per_day=510_000)
    clinic.run(2 * DAY_S)
    assert len(clinic.body.orders) == orders
    assert any(pattern == 0x55 for _, pattern in clinic.body.tones)


def region(name):
    return getattr(selftest.wire, f"REGION_{name.upper()}")


def test_a_better_boot_alone_delivers_nothing():
    clinic = running()
    clinic.body.check_ram = lambda: FAILED
    clinic.boot()
    clinic.boot()
    assert len(events(clinic, "POST_FAIL")) == 2
    del clinic.body.check_ram
    orders = len(clinic.body.orders)
    clinic.command("SILENCE", alarm="all")
    clinic.boot()
    clinic.run(DAY_S)
    assert len(clinic.body.orders) == orders
    clinic.command("RESUME")
    clinic.run(DAY_S)
    assert len(clinic.body.orders) > orders
    assert not {"self_test", "safe_state"} & set(clinic.alarms())
    clinic.boot()
    assert str(clinic.status().operation) == "basal"


def test_an_unfilled_pump_fails_its_test_in_silence():
    body = Body()
    body.check_ram = lambda: FAILED
    clinic = Clinic(body)
    clinic.run(DAY_S)
    assert str(clinic.status().therapy) == "unfilled"
    assert "self_test" in clinic.alarms()
    assert not body.tones


@pytest.mark.parametrize("gap_s", [60, 1199, 1200, HOUR_S // 2, HOUR_S])
def test_three_resets_within_an_hour_are_a_loop(gap_s):
    clinic = running()
    clinic.body.reset_by_watchdog = True
    for _ in range(3):
        clinic.run(gap_s)
        clinic.boot()
    loop = gap_s < HOUR_S  # what is lost of uptime makes resets come closer, never farther apart
    assert bool(events(clinic, "RESET_LOOP")) == loop
    assert str(clinic.status().therapy) == ("safe_state" if loop else "running")
    assert [event.a for event in events(clinic, "WATCHDOG_RESET")] == ([1, 2, 3] if loop else [1, 1, 1])


def test_a_loop_is_known_even_if_no_wake_comes_to_its_end():
    clinic = running()
    clinic.body.reset_by_watchdog = True
    poll, clinic.poll = clinic.poll, lambda: None  # it hangs before its first wake
    for _ in range(5):
        clinic.boot()
    clinic.poll = poll
    clinic.poll()
    assert len(events(clinic, "RESET_LOOP")) == 1


# While it works


def test_every_hour_is_tested_and_no_wake_is_added():
    clinic = running()
    tests = []
    clinic.pump.selftest.hourly = lambda now_s, hourly=clinic.pump.selftest.hourly: (tests.append(now_s), hourly(now_s))
    clinic.run(DAY_S)
    clinic.command("STOP")  # in mid-hour
    clinic.run(777)
    clinic.command("RESUME")
    clinic.run(3 * DAY_S)
    gaps_s = [later - earlier for earlier, later in pairwise(tests)]
    assert max(gaps_s) <= HOUR_S
    assert len(tests) <= 4 * 24 + 4
    wakes = []
    clinic.pump.poll = lambda poll=clinic.pump.poll: (wakes.append(1), poll())[1]
    clinic.run(DAY_S)
    assert len(wakes) == 24


def test_the_first_test_comes_within_an_hour_of_power_on():
    clinic = running()
    clinic.boot()
    tests = []
    clinic.pump.selftest.hourly = lambda now_s, hourly=clinic.pump.selftest.hourly: (tests.append(now_s), hourly(now_s))
    clinic.run(HOUR_S)
    assert len(tests) == 1


def test_self_tests_disturb_no_order():
    tested, untested = running(), running()
    untested.pump.selftest.hourly = lambda now_s: setattr(untested.pump.selftest, "due_s", now_s + HOUR_S)
    for clinic in (tested, untested):
        clinic.run(30 * DAY_S)
    assert tested.body.orders == untested.body.orders


FLIPS = {
    "rate": lambda pump, bit: setattr(pump.delivery, "rate_nl_per_day", pump.delivery.rate_nl_per_day ^ bit),
    "batch's end": lambda pump, bit: setattr(pump.delivery, "until_s", pump.delivery.until_s ^ bit << 9),
    "clock": lambda pump, bit: setattr(pump.clock, "base_s", pump.clock.base_s ^ bit),
    "threshold": lambda pump, bit: setattr(pump.reservoir, "low_at_steps", pump.reservoir.low_at_steps ^ bit << 14),
    "budget's hours": lambda pump, bit: pump.monitor._hours.__setitem__(3, bit << 20),
    "dose windows": lambda pump, bit: pump.dose_window.spans[-1].__setitem__(1, bit << 20),
    "log": lambda pump, bit: setattr(pump.log, "next_seq", pump.log.next_seq ^ bit),
    "fault log": lambda pump, bit: pump.log.faults._crc.__setitem__(0, bit),
    "configuration": lambda pump, bit: setattr(pump.infusion._config, "step_nl", pump.infusion._config.step_nl ^ bit),
    **{
        name: lambda pump, bit, name=name: setattr(pump.ledger, name, getattr(pump.ledger, name) ^ bit)
        for name in ("delivered_steps", "unknown_steps", "booked_steps")
    },
}


@pytest.mark.parametrize("bit", [1, 64])
@pytest.mark.parametrize("flip", FLIPS)
@pytest.mark.shows("FI-30", "R4.2")
def test_a_flip_in_ram_is_put_right_before_the_next_batch(flip, bit):
    twin, clinic = running(), running()
    clinic.run(1000)
    FLIPS[flip](clinic.pump, bit)
    clinic.run(2 * DAY_S - 1000)
    twin.run(2 * DAY_S)
    assert clinic.body.orders == twin.body.orders
    assert abs(clinic.status().delivered_nl - twin.status().delivered_nl) <= 100
    assert clinic.status().dose_ng_per_day == 500_000
    assert not clinic.alarms()
    assert len(events(clinic, "MEM_CORRECTED")) == 1
    assert faults(clinic) == ["MEM_CORRECTED"]


PLACES = [(name, None, 8 * calcsize("<" + code) - (code == "i")) for name, code in statefields.FIELDS] + [
    (name, place, 32)
    for name, count in (
        ("patient_boluses_s", state.PATIENT_BOLUSES),
        ("past_doses", state.PAST_DOSES),
        ("alarms", len(state.ALARMS)),
    )
    for place in range(count)
]
PLACES += [("lost", None, 1)]
"""All that the state is made of, as (attribute, index in its list, bits)."""


def treated() -> Any:
    """A pump in mid-bridge with a program to follow, an alarm on, and past doses and boluses to remember."""
    clinic = running(flex=True)
    boluses = {"dose_ng": 10_000, "over_s": 600, "lockout_s": HOUR_S, "per_day": 3}
    clinic.command("SET_PATIENT_BOLUS", **boluses)
    clinic.open("patient")
    clinic.signed("PATIENT_BOLUS")
    clinic.run(HOUR_S)
    clinic.program(dose_ng_per_day=310_000)
    clinic.boot()  # the clock is lost
    clinic.refill(mcg_per_ml=1000)
    clinic.program(dose_ng_per_day=320_000, mcg_per_ml=1000)
    assert clinic.pump.infusion.operation == selftest.wire.OPERATION_BRIDGE
    clinic.run(100)
    return clinic


def flip(pump, where, bit):
    """Flip a bit of a number, or of a list's or of bytes' numbers, of the state."""
    name, place, bits = where
    value = getattr(pump.state, name)
    bit %= bits
    if place is not None:
        rows = value
        value = rows[place]
        rows[place] = flipped(value, bit)
    else:
        setattr(pump.state, name, flipped(value, bit))


def refuse(_slot, _data) -> int:
    """What a store that takes nothing says."""
    return 2


def flipped(value, bit):
    if isinstance(value, int):
        return value ^ 1 << bit
    numbers = list(value)
    numbers[bit % len(numbers)] ^= 1 << bit % 8
    return type(value)(numbers)


@settings(max_examples=5)
@given(bit=st.integers(0, 255), orders=st.sampled_from([(), ("STOP", "RESUME"), ("MINIMUM_RATE", "RESUME")]))
@pytest.mark.shows("FI-30", "R4.2")
def test_whatever_flips_in_the_state_is_put_right_before_it_is_used(bit, orders):
    twin, clinic = treated(), treated()
    for number, place in enumerate(PLACES):
        flip(clinic.pump, place, bit + number)
        for one in (twin, clinic):
            if orders:
                one.command(orders[number % 2])
            one.run(900)
        assert [entry.a for entry in events(clinic, "MEM_CORRECTED")[number:]] == [selftest.wire.REGION_PROGRAM], place
        assert clinic.pump.state._values() == twin.pump.state._values()
        assert not clinic.pump.state.lost
    assert clinic.body.orders == twin.body.orders
    assert clinic.body.tones == twin.body.tones
    assert clinic.body.store.slots[slots.STATE[0][0]] == twin.body.store.slots[slots.STATE[0][0]]


@settings(max_examples=40)
@given(
    place=st.sampled_from(PLACES),
    bit=st.integers(0, 255),
    damaged=st.booleans(),
    order=st.sampled_from(["none", "STOP"]),
)
@pytest.mark.shows("FI-30", "R3.3")
def test_whatever_flips_and_cannot_be_put_right_is_the_safe_state(place, bit, damaged, order):
    clinic = treated()
    if damaged:
        corrupt(clinic, *slots.STATE[0])
    else:
        clinic.body.store.write = refuse  # so that the record is older than what is in RAM
        clinic.body.stalled = True
        clinic.run(2 * HOUR_S)
    flip(clinic.pump, place, bit)
    clinic.poll()
    assert {"safe_state", "memory_critical"} <= set(clinic.alarms())
    assert clinic.pump.state.mode == selftest.wire.MODE_NONE
    assert clinic.status().ordered_rate_nl_per_day == 6000
    if order == "STOP" and damaged:
        clinic.command("STOP")
    clinic.run(HOUR_S)
    assert clinic.status().ordered_rate_nl_per_day == (0 if order == "STOP" and damaged else 6000)
    assert any(pattern == 0x55 for _, pattern in clinic.body.tones)


def test_what_the_store_did_not_take_is_not_taken_back():
    """Not by a command that fails for the same reason, and not by a look at the record."""
    clinic = running()
    clinic.body.store.write = refuse
    clinic.body.load_mv = lambda: 2000
    clinic.run(HOUR_S)
    assert str(clinic.status().therapy) == "safe_state"
    with pytest.raises(Refused, match="store"):
        clinic.command("SET_CLOCK", wall_s=MONDAY_S)
    clinic.run(HOUR_S)
    assert str(clinic.status().therapy) == "safe_state"
    assert clinic.status().rate_nl_per_day == 6000
    assert not events(clinic, "MEM_CORRECTED")


@pytest.mark.parametrize("order", ["STOP", "silence", "program"])
def test_a_flip_is_not_kept_by_the_next_command(order):
    clinic = running()
    clinic.pump.state.highest_dose_ng ^= 1 << 20
    if order == "program":
        clinic.program(dose_ng_per_day=510_000)
    else:
        clinic.command(*([order] if order == "STOP" else ["SILENCE"]), **({} if order == "STOP" else {"alarm": "all"}))
    clinic.boot()
    assert clinic.pump.state.highest_dose_ng == (510_000 if order == "program" else 500_000)


def test_what_no_copy_holds_is_lost():
    clinic = running()
    clinic.run(1000)
    corrupt(clinic, *slots.STATE[0])
    clinic.pump.state.rate_nl_per_day ^= 64
    clinic.run(HOUR_S)
    assert set(clinic.alarms()) == {"safe_state", "memory_critical"}
    status = clinic.status()
    assert (str(status.therapy), status.rate_nl_per_day) == ("safe_state", 6000)
    clinic.run(DAY_S)
    assert len(events(clinic, "MEM_ERROR_CRIT")) == 1
    assert "memory_critical" in clinic.alarms()
    clinic.refill()
    clinic.program()
    clinic.run(DAY_S)
    assert not clinic.alarms()
    assert clinic.status().rate_nl_per_day == 250_000


COPIED = {
    "state": slots.STATE[0],
    "ledger": slots.LEDGER[0],
    "week": slots.WEEKS[0][0],
    "windows": slots.WINDOWS[0],
    "chart": slots.PATIENT[0],
    "doses": slots.DOSES[0],
}


def charted(flex=True) -> Any:
    clinic = running(flex)
    clinic.command("WRITE_RECORD", field="patient_name", text=b"Ada".ljust(192, b"\0"))
    return clinic


@pytest.mark.parametrize("copies", [1, 2])
@pytest.mark.parametrize("name", COPIED)
@pytest.mark.shows("R4.5")
def test_a_corrupt_copy_is_written_anew(name, copies):
    if copies == 2 and name in ("chart", "doses"):
        return  # those are in no RAM
    slots = COPIED[name]
    clinic = charted(name == "week")  # whose steps write the windows anew
    whole = [bytes(clinic.body.store.read(slot)) for slot in slots]
    corrupt(clinic, *slots[:copies])
    clinic.run((4 if name in ("state", "ledger", "week") else 12) * HOUR_S)
    assert len(events(clinic, "MEM_CORRECTED")) <= 1  # a ledger's may have been written over before it was looked at
    if name != "ledger":
        assert len(events(clinic, "MEM_CORRECTED")) == 1
        assert [clinic.body.store.read(slot)[12:-4] for slot in slots] == [data[12:-4] for data in whole]
    clinic.boot()
    assert str(clinic.status().therapy) == "running"
    assert set(clinic.alarms()) == {"clock_lost"}


@pytest.mark.parametrize("name", COPIED)
@pytest.mark.parametrize("copy", [0, 1])
def test_a_copy_corrupt_while_unpowered_is_repaired_at_power_on(name, copy):
    slots = COPIED[name]
    clinic = charted()
    corrupt(clinic, slots[copy])
    clinic.boot()
    assert len(events(clinic, "MEM_CORRECTED")) == 1
    assert str(clinic.status().therapy) == "running"
    corrupt(clinic, slots[1 - copy])
    clinic.boot()
    assert str(clinic.status().therapy) == "running"


@pytest.mark.parametrize("unpowered", [True, False])
@pytest.mark.shows("FI-31")
def test_a_record_of_which_no_copy_is_whole_is_a_non_critical_alarm_until_it_is_written(unpowered):
    clinic = charted()
    corrupt(clinic, *slots.PATIENT[0], *slots.DOSES[0])
    if unpowered:
        clinic.boot()
    clinic.run(12 * HOUR_S)
    assert str(clinic.alarms()["memory"].condition) == "active"
    assert str(clinic.status().therapy) == "running"
    regions = {selftest.wire.REGION_PATIENT, selftest.wire.REGION_DOSES}
    assert sorted(entry.a for entry in events(clinic, "MEM_ERROR_NONCRIT")) == sorted(regions)
    with pytest.raises(Refused, match="state"):
        clinic.command("READ_RECORD", field="patient_name")
    clinic.command("WRITE_RECORD", field="patient_name", text=b"Eve".ljust(192, b"\0"))
    assert "memory" in clinic.alarms()
    clinic.program(dose_ng_per_day=300_000)
    assert "memory" not in clinic.alarms()
    clinic.run(12 * HOUR_S)
    corrupt(clinic, *slots.PATIENT[0])
    clinic.run(12 * HOUR_S)
    assert len(events(clinic, "MEM_ERROR_NONCRIT")) == 3
    assert not events(clinic, "MEM_CORRECTED")


@pytest.mark.parametrize("copies", [1, 2])
def test_lost_dose_windows_are_logged_and_taken_as_the_strongest(copies):
    clinic = running()
    boluses = {"dose_ng": 100_000, "over_s": 600}
    clinic.command("LIMITS", max_dose_mcg_per_day=1000, max_bolus_mcg=150, max_change_percent=30)
    clinic.run(HOUR_S)
    corrupt(clinic, *slots.WINDOWS[0][:copies])
    clinic.boot()
    found = "MEM_ERROR_NONCRIT" if copies == 2 else "MEM_CORRECTED"
    assert [entry.a for entry in events(clinic, found)] == [selftest.wire.REGION_WINDOWS]
    assert faults(clinic).count(found) == 1
    assert ("memory" in clinic.alarms()) == (copies == 2)
    if copies == 2:
        assert str(clinic.alarms()["memory"].condition) == "past"
        assert not events(clinic, "MEM_CORRECTED")
        with pytest.raises(Refused, match="dose_limit"):
            clinic.command("BOLUS", **boluses)
        clinic.run(DAY_S)
        clinic.boot()
        assert len(events(clinic, found)) == 1
    clinic.command("BOLUS", **boluses)


@pytest.mark.parametrize("slot", [slots.LOG[0], slots.FAULT_LOG[0]])
@pytest.mark.parametrize("unpowered", [True, False])
def test_a_corrupt_entry_is_a_non_critical_alarm_and_a_gap(slot, unpowered):
    clinic = running()
    clinic.body.reset_by_watchdog = True
    clinic.boot()
    clinic.body.reset_by_watchdog = False
    corrupt(clinic, slot)
    if unpowered:
        clinic.boot()
    else:
        clinic.run(13 * HOUR_S)
    alarm = clinic.alarms()["memory"]
    assert str(alarm.condition) == "past"
    assert len([pattern for _, pattern in clinic.body.tones if pattern == 0x33]) >= 1
    entries = clinic.ask("LOG" if slot == slots.LOG[0] else "FAULTS", first_seq=1, last_seq=12).entries
    assert entries
    assert [entry.seq for entry in entries] == list(range(2, 2 + len(entries)))


@pytest.mark.parametrize("therapy", ["stopped", "minimum"])
@pytest.mark.parametrize(
    ("device", "value", "ends_in"),
    [("check_ram", FAILED, "safe_state"), ("load_mv", 2000, None)],
    ids=["ram", "supply"],
)
@pytest.mark.shows("R1.7")
def test_a_pump_that_fails_gives_no_more_of_a_prime(therapy, device, value, ends_in):
    clinic = running(primed=False)
    clinic.command("STOP" if therapy == "stopped" else "MINIMUM_RATE")
    clinic.run(clinic.pump.selftest.due_s - clinic.status().uptime_s - 100)
    clinic.command("PRIME", volume_nl=60_000)
    clinic.run(1)
    assert str(clinic.status().operation) == "priming"
    setattr(clinic.body, device, lambda: value)
    clinic.run(400)
    status = clinic.status()
    assert (str(status.therapy), str(status.operation) == "priming") == (ends_in or therapy, False)
    assert status.rate_nl_per_day == (0 if (ends_in or therapy) == "stopped" else 6000)
    (cancelled,) = events(clinic, "BOLUS_CANCELLED")
    assert 0 < cancelled.c < cancelled.b == 60_000
    boluses = len(clinic.body.orders)
    clinic.boot()
    assert str(clinic.status().operation) != "priming"
    assert len(clinic.body.orders) <= boluses + 1


@pytest.mark.parametrize("slot", slots.LOG + slots.FAULT_LOG)
def test_every_slot_of_the_logs_is_looked_at(slot):
    clinic = running()
    clinic.body.store.write(slot, b"?" * 48)
    clinic.run(12 * HOUR_S)
    assert "memory" in clinic.alarms()


def test_code_that_is_corrupt_is_not_trusted_any_more():
    clinic = running()
    clinic.body.check_code = lambda: FAILED
    clinic.run(HOUR_S)
    assert set(clinic.alarms()) == {"memory_critical", "safe_state"}
    assert clinic.status().rate_nl_per_day == 6000
    clinic.run(DAY_S)
    assert len(events(clinic, "MEM_ERROR_CRIT")) == 1


def test_a_dead_buzzer_is_said_once_and_stops_nothing():
    clinic = running()
    revision = clinic.pump.state.revision
    clinic.body.buzzer = FailingTest(clinic.body)
    clinic.pump.selftest._hal = clinic.body
    clinic.run(DAY_S)
    status = clinic.status()
    assert [str(advisory) for advisory in status.advisories] == ["buzzer_fault"]
    assert clinic.pump.state.revision > revision  # so that who watches the telemetry asks for status
    assert len(events(clinic, "ALARM_DEVICE_FAULT")) == 1
    assert status.rate_nl_per_day == 250_000
    assert not clinic.alarms()
