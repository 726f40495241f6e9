"""A cut at any store operation: nothing acknowledged is lost, nothing is half applied, nothing is delivered twice."""

from contextlib import suppress
from typing import Any

import pytest

from firmware import wire
from firmware.records import patientrecord, slots
from firmware.therapy import dosewindow

from .body import Body, Store
from .clinic import DAY_S, MONDAY_S, Clinic, Refused

BATCH_NL = 20_000
"""The largest batch there is. A torn record of the ledger costs one beside the one that was running."""


class PowerLost(BaseException):
    pass


class CuttingStore(Store):
    """Tears the write or append numbered `cut_at` after `keep` of its bytes, and the power is gone until `on`."""

    cut_at = 0
    keep = 0.0
    on = True
    failing = False

    def _cut(self, slot, before, after):
        if not self.on:
            raise PowerLost
        self.cut_at -= 1
        if self.cut_at == 0:
            self.on = False
            at = len(before) + int(self.keep * (len(after) - len(before))) if after[: len(before)] == before else 0
            self.slots[slot] = after[: at or int(self.keep * len(after))]
            raise PowerLost

    def write(self, slot, data):
        if self.failing:
            return 2
        self._cut(slot, b"", bytes(data))
        return super().write(slot, data)

    def append(self, slot, data):
        self._cut(slot, self.read(slot), self.read(slot) + bytes(data))
        return super().append(slot, data)


class CuttingBody(Body):
    def __init__(self):
        super().__init__()
        self.store = CuttingStore()


def boot_cut_at(clinic, write, keep):
    """Power comes, goes in that write of the boot with a share `keep` of it done, and comes back for good."""
    store = clinic.body.store
    store.cut_at, store.keep = write, keep
    try:
        clinic.boot()
    except PowerLost:
        store.on = True
    store.cut_at = 0
    clinic.boot()


def running():
    clinic = Clinic(CuttingBody())
    clinic.implant()
    clinic.refill()
    clinic.program(dose_ng_per_day=300_000)
    clinic.run(5 * DAY_S + 1234)
    return clinic


def cut_during(command, at, keep):
    """The clinic after a cut at that store operation of the command, or None when the command has fewer."""
    clinic = running()
    clinic.body.store.cut_at = at
    clinic.body.store.keep = keep
    delivered_nl = clinic.body.motor.counts[1] * 100
    try:
        command(clinic)
    except PowerLost:
        clinic.body.store.on = True
        clinic.boot()
        return clinic, delivered_nl
    return None, delivered_nl


@pytest.mark.shows("R6.4", "FI-29")
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.97, 1.0])
def test_a_program_is_the_old_or_the_new_one(keep):
    seen = set()
    cuts = 0
    for at in range(1, 60):
        clinic, delivered_nl = cut_during(lambda clinic: clinic.program(dose_ng_per_day=330_000), at, keep)
        if clinic is None:
            break
        cuts = at
        status = clinic.status()
        assert status.therapy == "running"
        assert (status.dose_ng_per_day, status.rate_nl_per_day) in {(300_000, 150_000), (330_000, 165_000)}
        assert status.delivered_nl >= delivered_nl
        assert status.delivered_nl - delivered_nl <= 2 * BATCH_NL
        seen.add(status.dose_ng_per_day)
        told = [str(entry.event) for entry in clinic.events()]
        staged = told.count("PROGRAM_STAGED") == 2
        assert told.count("PROGRAM_ROLLBACK") == (staged and status.dose_ng_per_day == 300_000)
        faults = clinic.ask("FAULTS", first_seq=1, last_seq=99).entries
        assert told.count("PROGRAM_ROLLBACK") == [str(fault.event) for fault in faults].count("PROGRAM_ROLLBACK")
        clinic.boot()
        assert len([entry for entry in clinic.events() if str(entry.event) == "PROGRAM_ROLLBACK"]) <= 1
    assert cuts >= 6, "the command wrote less than it should"
    assert seen == {300_000, 330_000}


@pytest.mark.shows("R6.4")
@pytest.mark.parametrize("keep", [0.0, 0.5, 1.0])
def test_a_refill_is_booked_or_not(keep):
    seen = set()
    for at in range(1, 60):
        clinic, _ = cut_during(lambda clinic: clinic.refill(volume_nl=15_000_000), at, keep)
        if clinic is None:
            break
        reservoir_nl = clinic.status().reservoir_nl
        assert 15_000_000 - 2 * BATCH_NL <= reservoir_nl <= 15_000_000 or 19_200_000 < reservoir_nl < 19_300_000
        seen.add(reservoir_nl > 16_000_000)
    assert seen == {True, False}


def test_a_cut_in_mid_batch_books_the_batch_whole():
    clinic = running()
    clinic.run(1800)
    confirmed = clinic.body.motor.progress()[1]
    intent = clinic.body.orders[-1][1]
    clinic.boot()
    booked_nl = clinic.status().delivered_nl
    assert confirmed * 100 <= booked_nl < (confirmed + intent) * 100
    assert [entry.b for entry in clinic.events() if str(entry.event) == "BOOT"] == [0, intent]
    assert "clock_lost" in clinic.alarms()


@pytest.mark.shows("R4.5")
@pytest.mark.parametrize("copy", [0, 1])
@pytest.mark.parametrize("batches", [1, 2])
def test_a_copy_of_the_ledger_that_rots_hides_no_batch(copy, batches):
    """Whichever it was: of what was delivered nothing stays unbooked, also when the power fails again at once."""
    clinic = running()
    clinic.run(3000 + 3600 * batches)
    delivered_nl = clinic.body.motor.progress()[1] * 100
    data = bytearray(clinic.body.store.read(copy))
    data[20] ^= 1
    clinic.body.store.slots[copy] = bytes(data)
    for _ in range(3):
        clinic.boot()
        assert delivered_nl <= clinic.status().delivered_nl <= delivered_nl + 2 * BATCH_NL
    recovered = [entry.b for entry in clinic.events() if str(entry.event) == "BOOT"]
    assert recovered[1] >= BATCH_NL // 100
    clinic.run(3600)
    booked_nl = clinic.status().delivered_nl
    clinic.boot()
    assert clinic.status().delivered_nl - booked_nl < BATCH_NL


@pytest.mark.parametrize("copy", [0, 1])
def test_a_ledger_that_flips_in_ram_and_rots_in_the_store_hides_no_batch(copy):
    clinic = running()
    clinic.run(3000)
    data = bytearray(clinic.body.store.read(copy))
    data[20] ^= 1
    clinic.body.store.slots[copy] = bytes(data)
    clinic.pump.ledger.booked_steps ^= 64
    clinic.run(3600)
    delivered_nl = clinic.body.motor.progress()[1] * 100
    assert delivered_nl <= clinic.status().delivered_nl <= delivered_nl + 2 * BATCH_NL


def test_after_a_cut_delivery_owes_nothing():
    clinic = running()
    clinic.boot()
    before = clinic.body.motor.progress()[1]
    clinic.run(DAY_S)
    assert clinic.body.motor.progress()[1] - before == 1500


def test_uptime_never_goes_back():
    clinic = running()
    last_s = 0
    for _ in range(20):
        clinic.run(5000)
        clinic.boot()
        uptime_s = clinic.status().uptime_s
        assert uptime_s >= last_s
        last_s = uptime_s


def test_a_lost_ledger_starts_no_motor_in_an_unfilled_pump():
    clinic = Clinic(Body())
    clinic.run(7200)
    for slot in (0, 1):
        clinic.body.store.slots[slot] = b"?"
    clinic.boot()
    clinic.run(DAY_S)
    assert clinic.status().therapy == "unfilled"
    assert not clinic.body.orders
    assert list(clinic.alarms()) == ["safe_state"]


@pytest.mark.shows("R1.12", "FI-32")
@pytest.mark.parametrize("slots", [(0, 1), (2, 3), (0, 1, 2, 3)], ids=["ledger", "state", "both"])
def test_lost_records_mean_the_safe_state_and_nothing_overwritten(slots):
    clinic = running()
    for slot in slots:
        data = bytearray(clinic.body.store.read(slot))
        data[20] ^= 0xFF
        clinic.body.store.slots[slot] = bytes(data)
    kept = dict(clinic.body.store.slots)
    clinic.boot()
    clinic.run(2 * DAY_S)
    status = clinic.status()
    assert status.therapy == "safe_state"
    assert status.rate_nl_per_day == 6000
    assert "safe_state" in clinic.alarms()
    assert status.reservoir_nl <= 2_000_000
    assert ("low_reservoir" in clinic.alarms()) == (2 not in slots)
    assert {slot: clinic.body.store.slots[slot] for slot in slots} == {slot: kept[slot] for slot in slots}
    assert any(pattern == 0x55 for _, pattern in clinic.body.tones)
    clinic.refill()
    clinic.program(dose_ng_per_day=200_000, override="yes")
    clinic.boot()
    assert clinic.status().dose_ng_per_day == 200_000
    assert clinic.status().therapy == "running"


def test_a_store_that_fails_raises_the_alarm_and_stops_no_therapy():
    clinic = running()
    store = clinic.body.store
    store.failing = True
    clinic.run(2 * 3600)
    assert clinic.alarms()["memory_critical"].condition == "active"
    before = clinic.body.motor.progress()[1]
    clinic.run(DAY_S)
    assert clinic.body.motor.progress()[1] - before == 1500
    with pytest.raises(Refused, match="store"):
        clinic.program(dose_ng_per_day=330_000)
    assert clinic.status().dose_ng_per_day == 300_000
    with pytest.raises(Refused, match="store"):
        clinic.command("SILENCE", alarm="all")
    tones = len(clinic.body.tones)
    clinic.run(1200)
    assert len(clinic.body.tones) == tones
    store.failing = False
    clinic.run(2 * 3600)
    assert "memory_critical" not in clinic.alarms()  # over, and silenced


@pytest.mark.parametrize("keep", [0, 1.0])
@pytest.mark.parametrize("at", range(1, 16))
def test_a_cut_in_the_boot_after_a_cut_forgets_nothing_of_what_the_first_left_unknown(at, keep):
    """2000 mcg/mL are followed by 500. Of the batch that was cut nobody knows whether it moved the line, so the 2000
    are taken to last as much longer: until then 500 would be given at a quarter of its dose, and never 2000 at four
    times it."""
    clinic = running()
    clinic.refill(mcg_per_ml=500)
    end_steps = clinic.pump.state.line[-1][1]
    clinic.run(3000)
    clinic.body.motor.halt()
    moved_steps = clinic.body.motor.counts[1]
    boot_cut_at(clinic, at, keep)
    pump = clinic.pump
    lag_steps = pump.ledger.booked_steps - moved_steps  # that the pump may be ahead of the drug
    assert lag_steps >= 0
    assert pump.state.line[-1][1] - end_steps >= lag_steps


@pytest.mark.parametrize(("old", "new"), [(500, 2000), (2000, 500)])
@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
@pytest.mark.parametrize("at", range(1, 9))
def test_a_cut_in_a_correction_never_leaves_the_windows_with_less_than_was_given(old, new, keep, at):
    """300 mcg/day by the old label, for two days. Whatever the label says after the cut, the day before counts at least
    as what it was by that label."""
    clinic = Clinic(Body())
    clinic.body.store = CuttingStore()
    clinic.boot()
    clinic.implant()
    clinic.refill(mcg_per_ml=old)
    clinic.program(300_000, old)
    clinic.run(2 * DAY_S)
    store: Any = clinic.body.store
    clinic.open()
    store.cut_at, store.keep = at, keep
    with suppress(PowerLost):
        clinic.signed("CORRECT", concentration_mcg_per_ml=new, volume_nl=2**32 - 1, override="no", parcels=[])
    store.on, store.cut_at = True, 0
    clinic.body.motor.halt()
    clinic.boot()
    pump = clinic.pump
    now_s = pump.clock.now_s
    counted_mcg = dosewindow._dose(pump.dose_window.spans, now_s - DAY_S) / (1_000_000 * DAY_S)
    given_mcg = 300 * pump.state.drug_mcg_per_ml / old
    assert counted_mcg >= given_mcg * 0.999


COPIES = sorted(slot for place in slots.RECORDS if place is not slots.LEDGER for slot in place[0])
WEEK = [[(0, 150_000), (720, 150_000)]] * 7


def _told(clinic):
    texts = tuple(clinic.pump.patient_record.read(field) for field in patientrecord.FIELDS)
    return clinic.status().dose_ng_per_day, str(clinic.status().mode), texts, clinic.pump.titration.read(1, 99)


@pytest.mark.shows("R4.5", "R6.4")
@pytest.mark.parametrize(
    "order",
    [
        lambda clinic: clinic.command("WRITE_RECORD", field="patient_name", text=b"Ada".ljust(192, b"\0")),
        lambda clinic: clinic.program(dose_ng_per_day=330_000),
        lambda clinic: clinic.flex(WEEK),
    ],
    ids=["text", "program", "week"],
)
def test_a_copy_that_rots_after_a_cut_brings_back_nothing_older(order):
    """Both copies are made the same again: else the older one would come back, in silence, when the newer is lost."""
    cuts = 0
    for at in range(1, 60):
        clinic, _ = cut_during(order, at, 1.0)
        if clinic is None:
            break
        cuts = at
        told = _told(clinic)
        kept = dict(clinic.body.store.slots)
        for slot in COPIES:
            clinic.body.store.slots = kept | {slot: b"rotten"}
            clinic.boot()
            assert _told(clinic) == told, (at, slot)
    assert cuts > 4


FAILED = 2


def _fault(name):
    def fault(clinic):
        setattr(clinic.body, name, lambda: FAILED)
        clinic.boot()
        delattr(clinic.body, name)
        clinic.boot()

    return fault


def _rot_chart(clinic):
    clinic.body.store.slots |= {16: b"rotten", 17: b"rotten"}
    clinic.boot()


def _write_chart(clinic):
    clinic.command("WRITE_RECORD", field="patient_name", text=b"Ada".ljust(192, b"\0"))


def _low(clinic):
    clinic.refill(volume_nl=2_100_000)
    clinic.run(DAY_S)


MUTED = {
    "low_reservoir": (_low, lambda c: c.refill(), lambda c: c.status().reservoir_nl > 15_000_000),
    "self_test": (_fault("check_ram"), lambda c: c.command("RESUME"), lambda c: c.status().therapy == "running"),
    "safe_state": (_fault("check_ram"), lambda c: c.command("STOP"), lambda c: c.status().therapy == "stopped"),
    "memory": (_rot_chart, _write_chart, lambda c: not c.pump.patient_record.corrupt),
    "clock_lost": (lambda c: c.boot(), lambda c: c.command("SET_CLOCK", wall_s=MONDAY_S), lambda c: False),
}


@pytest.mark.shows("R6.4")
@pytest.mark.parametrize("alarm", MUTED)
def test_a_cut_leaves_no_alarm_mute_that_the_order_in_force_ended(alarm):
    """The alarm's end is kept after the order. One left silenced would be silent the next time, and one of the
    self-test would bar all delivery."""
    raise_it, order, done = MUTED[alarm]
    heard = 0
    for at in range(1, 60):
        clinic = running()
        raise_it(clinic)
        clinic.command("SILENCE", alarm=alarm)
        store = clinic.body.store
        store.cut_at, store.keep = at, 1.0
        try:
            order(clinic)
            break
        except PowerLost:
            store.on, was_set = True, clinic.pump.state.clock == wire.FLAG_YES
        clinic.boot()
        listed = clinic.alarms()
        if done(clinic):
            heard += 1
            assert alarm not in listed, at
            assert alarm != "self_test" or not clinic.pump.orders.locked_by_selftest
        if alarm == "clock_lost" and was_set:
            heard += 1
            assert str(listed[alarm].silenced) == "no", at
    assert heard > 1


@pytest.mark.shows("R6.4")
def test_a_cut_in_a_second_change_of_strength_does_not_mute_its_alarm():
    """The alarm is on for the first change, silenced. The second one is kept before that ends."""
    changed = 0
    for at in range(1, 60):
        clinic = running()
        clinic.refill(mcg_per_ml=1000, bridge="no")
        clinic.run(DAY_S)
        clinic.command("SILENCE", alarm="program_unconfirmed")
        store = clinic.body.store
        store.cut_at, store.keep = at, 1.0
        try:
            clinic.refill(mcg_per_ml=1500, bridge="no")
            break
        except PowerLost:
            store.on = True
        clinic.boot()
        if clinic.pump.state.drug_mcg_per_ml == 1500:
            changed += 1
            assert str(clinic.alarms()["program_unconfirmed"].silenced) == "no", at
    assert changed > 1
