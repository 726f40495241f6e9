"""A store that takes nothing: no order is half done, no reason is untrue, and an order to deliver less is obeyed."""

import pytest

from firmware.records import slots
from hal.contract import SLOT_COUNT

from .body import Body, Store
from .clinic import DAY_S, Clinic, Refused
from .test_eventlog import ORDERS, give

HOUR_S = 3600
LOGS = slots.LOG + slots.FAULT_LOG
WINDOWS = slots.WINDOWS[0]
EVERY_SLOT = tuple(range(SLOT_COUNT))
BUT_LOGS = tuple(slot for slot in EVERY_SLOT if slot not in LOGS)
NOTHING_TO_KEEP = ("DEMO_ALARM", "STAGE")
OBEYED = ("STOP", "CANCEL_BOLUS", "SILENCE")
BOOKKEEPING = {"SESSION_OPEN", "SESSION_CLOSE", "CMD_REJECTED", "PROGRAM_STAGED", "BOLUS_DENIED"}
"""What the log may say of an order that was refused."""


class FailingStore(Store):
    """Takes nothing into the slots of `failing`."""

    failing: tuple[int, ...] = ()

    def write(self, slot, data) -> int:
        return 2 if slot in self.failing else super().write(slot, data)

    def append(self, slot, data) -> int:
        return 2 if slot in self.failing else super().append(slot, data)


class FailingBody(Body):
    def __init__(self):
        super().__init__()
        self.store = FailingStore()


def running():
    clinic = Clinic(FailingBody())
    clinic.implant()
    clinic.refill()
    clinic.program(dose_ng_per_day=300_000)
    clinic.run(HOUR_S)
    return clinic


def said(clinic):
    """STATUS without what a refused session itself changes."""
    status = dict(clinic.status())
    return {name: value for name, value in status.items() if name not in ("_io", "advisories")}


@pytest.mark.shows("FI-52", "R5.4", "R1.12")
@pytest.mark.parametrize("failing", [BUT_LOGS, EVERY_SLOT], ids=["records", "everything"])
def test_an_order_that_cannot_be_kept_changes_nothing_and_says_store(failing):
    """In the order of a pump's life; each is tried with a store that fails, and then given."""
    clinic = Clinic(FailingBody())
    tried = 0
    for name, fields, _ in ORDERS:
        clinic.run(300)
        if name == "SILENCE":
            clinic.body.stalled = True
            clinic.run(4 * HOUR_S)
        if name not in NOTHING_TO_KEEP + OBEYED:
            tried += 1
            before, entries, orders = said(clinic), len(clinic.events()), len(clinic.body.orders)
            clinic.body.store.failing = failing
            with pytest.raises(Refused, match="store"):
                give(clinic, name, fields)
            clinic.body.store.failing = ()
            clinic.signed("CLOSE")
            assert said(clinic) == before, name
            assert {str(entry.event) for entry in clinic.events()[entries:]} - {"LOG_FAIL"} <= BOOKKEEPING, name
            assert len(clinic.body.orders) == orders, name
        give(clinic, name, fields)
    print(f"{tried} orders tried")
    assert tried == len(ORDERS) - len(NOTHING_TO_KEEP + OBEYED)


LESS = {
    "STOP": ({}, lambda clinic: clinic.status().rate_nl_per_day == 0),
    "MINIMUM_RATE": ({}, lambda clinic: clinic.status().rate_nl_per_day == 6000),
    "CANCEL_BOLUS": ({}, lambda clinic: clinic.status().rate_nl_per_day == 150_000),
    "SILENCE": ({"alarm": "all"}, lambda clinic: all(entry.silenced == "yes" for entry in clinic.status().alarms)),
}


@pytest.mark.shows("R7.6", "R1.7")
@pytest.mark.parametrize("failing", [BUT_LOGS, EVERY_SLOT], ids=["records", "everything"])
@pytest.mark.parametrize("name", LESS)
def test_an_order_to_deliver_less_is_obeyed_and_kept_as_soon_as_it_can_be(name, failing):
    clinic = running()
    fields, obeyed = LESS[name]
    clinic.command("BOLUS", dose_ng=20_000, over_s=4 * HOUR_S)
    clinic.body.store.failing = failing
    clinic.run(2 * HOUR_S)
    assert clinic.status().rate_nl_per_day == 210_000
    with pytest.raises(Refused, match="store"):
        clinic.command(name, **fields)
    assert obeyed(clinic)
    clinic.run(HOUR_S)
    assert obeyed(clinic)
    assert "memory_critical" in clinic.alarms()
    clinic.body.store.failing = ()
    clinic.run(2 * HOUR_S)
    clinic.boot()
    assert str(clinic.status().bolus) == "none"
    if name == "SILENCE":
        assert "memory_critical" not in clinic.alarms()
    else:
        assert obeyed(clinic)


def test_a_session_opens_whatever_the_store_does():
    """More sessions than are reserved at once, and each stops the pump or silences it."""
    clinic = running()
    clinic.body.store.failing = EVERY_SLOT
    for _ in range(70):
        with pytest.raises(Refused, match="store"):
            clinic.command("STOP")
    assert str(clinic.status().therapy) == "stopped"


@pytest.mark.shows("R2.2", "R1.12")
@pytest.mark.parametrize("hours", [1, 5, 28, 100])
@pytest.mark.parametrize("healed_at", ["the cut", "the next boot"])
@pytest.mark.parametrize("failing", [(0, 1), EVERY_SLOT], ids=["ledger", "everything"])
def test_what_a_cut_takes_of_the_books_makes_the_reservoir_low(failing, healed_at, hours):
    """Where nothing at all can be written, and all is well again when the power comes back, nobody can know."""
    clinic = running()
    clinic.body.store.failing = failing
    clinic.run(hours * HOUR_S + 100)
    delivered_nl = clinic.body.motor.progress()[1] * 100
    if healed_at == "the cut":
        clinic.body.store.failing = ()
    clinic.boot()
    clinic.body.store.failing = ()
    status = clinic.status()
    if healed_at == "the cut" and failing == EVERY_SLOT:
        assert status.delivered_nl < delivered_nl
        return
    assert status.reservoir_nl <= 2_000_000
    assert status.delivered_nl >= delivered_nl
    assert {"low_reservoir", "memory_critical"} <= set(clinic.alarms())
    clinic.run(DAY_S)
    clinic.boot()
    assert clinic.status().reservoir_nl <= 2_000_000
    clinic.refill()
    assert "low_reservoir" not in clinic.alarms()
    assert clinic.status().reservoir_nl == 20_000_000


def test_a_store_that_works_again_before_the_cut_loses_nothing():
    clinic = running()
    clinic.body.store.failing = EVERY_SLOT
    clinic.run(28 * HOUR_S)
    clinic.body.store.failing = ()
    clinic.run(2 * HOUR_S)
    delivered_nl = clinic.body.motor.progress()[1] * 100
    clinic.boot()
    assert delivered_nl <= clinic.status().delivered_nl <= delivered_nl + 20_000
    assert "low_reservoir" not in clinic.alarms()


def missing(clinic, slots):
    for slot in slots:
        clinic.body.store.slots.pop(slot, None)


RECORDS = {"ledger": (0, 1), "state": slots.STATE[0], "windows": (6, 7), "chart": (16, 17), "doses": (18, 19)}
RECORDS |= {"event log": slots.LOG, "key": slots.KEY[0]}


@pytest.mark.shows("R1.12", "FI-32")
@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize("life", ["unfilled", "running"])
def test_a_record_that_is_missing_was_lost(name, life):
    clinic = Clinic(FailingBody())
    clinic.run(100)
    if life == "running":
        clinic = running()
    missing(clinic, RECORDS[name])
    clinic.boot()
    clinic.run(HOUR_S)
    told = [str(entry.event) for entry in clinic.events()]
    alarms = set(clinic.alarms())
    if name in ("ledger", "state"):
        assert "POST_FAIL" in told
        assert "safe_state" in alarms
    else:
        assert "MEM_ERROR_NONCRIT" in told
    if life == "running":
        assert ("low_reservoir" in alarms) == (name == "ledger")
        assert str(clinic.status().therapy) == ("safe_state" if name in ("ledger", "state") else "running")


@pytest.mark.shows("R1.12", "R6.4")
def test_a_cut_in_any_of_a_new_pumps_writes_leaves_a_new_pump():
    from .test_power_cut import CuttingBody, PowerLost

    tried = 0
    for at in range(1, 40):
        for keep in (0.0, 0.3, 0.99, 1.0):
            body = CuttingBody()
            body.store.cut_at, body.store.keep = at, keep
            try:
                Clinic(body)
            except PowerLost:
                tried += 1
            body.store.on, body.store.cut_at = True, 0
            clinic = Clinic(body)
            clinic.run(HOUR_S)
            assert str(clinic.status().therapy) == "unfilled", (at, keep)
            assert clinic.alarms() == {}, (at, keep)
            clinic.implant()
            clinic.refill()
            clinic.program()
            clinic.boot()
            assert str(clinic.status().therapy) == "running", (at, keep)
    print(f"{tried} cuts tried")
    assert tried > 40


@pytest.mark.shows("FI-18", "R5.4")
@pytest.mark.parametrize("failing", [WINDOWS, BUT_LOGS, EVERY_SLOT], ids=["windows", "records", "everything"])
@pytest.mark.parametrize("mcg_per_ml", [500, 1000, 3000, 4000])
def test_a_correction_that_cannot_be_kept_leaves_the_strength_that_was(mcg_per_ml, failing):
    """Up, the dose windows are written before the state; down, after it: then the state alone decides."""
    clinic = running()
    before = said(clinic)
    clinic.body.store.failing = failing
    refused = mcg_per_ml > 2000 or failing != WINDOWS
    if refused:
        with pytest.raises(Refused, match="store"):
            clinic.correct(mcg_per_ml)
    else:
        clinic.correct(mcg_per_ml)
    clinic.body.store.failing = ()
    after = said(clinic)
    assert after["concentration_mcg_per_ml"] == (2000 if refused else mcg_per_ml)
    assert after["rate_nl_per_day"] * after["concentration_mcg_per_ml"] == pytest.approx(300_000_000, rel=1e-5)
    assert not refused or after == before
