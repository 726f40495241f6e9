"""The dose windows against every second of an exact sum, and a limit that was lowered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.windows import DAY_S, SLOTS, Windows, with_bolus
from protocol import codes

from .body import Body, Store
from .clinic import Clinic, Refused

HOUR_S = 3600
UNIT = 1_000_000  # nL/day times mcg/mL: 1 mcg/day
spans = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 2000)), min_size=1, max_size=8)


def windows_after(past):
    """Windows of a past of (hours, mcg/day), and when now is."""
    windows = Windows(Store(), 0)
    now_s = 0
    for hours, mcg in past:
        assert windows.note(now_s, mcg * UNIT)
        now_s += hours * HOUR_S
    return windows, now_s


def hourly(pieces, hours):
    """mcg of each hour of (hours, mcg/day) pieces, the last one going on."""
    rates = [mcg for length, mcg in pieces for _ in range(length)]
    return [mcg / 24 for mcg in (rates + [pieces[-1][1]] * hours)[:hours]]


@given(past=spans, to_come=spans, limit=st.integers(1, 2000))
def test_an_order_is_taken_where_no_24_hours_get_more_than_the_limit(past, to_come, limit):
    windows, now_s = windows_after(past)
    pieces = []
    at_s = now_s
    for hours, mcg in to_come:
        pieces.append((at_s, mcg * UNIT))
        at_s += hours * HOUR_S
    before = hourly(past, now_s // HOUR_S)
    hours = before + hourly(to_come, (at_s - now_s) // HOUR_S + 24)
    now = len(before)
    first = max(0, now - 24)
    sums = [sum(hours[max(0, i) : i + 24]) for i in range(now - 24, len(hours) - 23)]
    over = sum(before[first:])
    taken = windows.allow(now_s, pieces, at_s, limit)
    if over <= limit:
        assert taken == (max(sums) <= limit * 1.001)
    elif taken:  # a higher limit was in force: no more than it left, and from now on no more than this one
        assert max(sums) <= over * 1.001
        assert max(sums[24:]) <= limit * 1.001


def test_a_bolus_ends_and_leaves_the_basal_rate_as_it_was():
    assert with_bolus([(0, 5), (100, 7)], 3, 50) == [(0, 8), (50, 5), (100, 7)]
    assert with_bolus([(0, 5), (100, 7)], 3, 150) == [(0, 8), (100, 10), (150, 7)]


def test_a_loss_is_taken_for_the_strongest_day_there_may_be():
    store = Store()
    Windows(store, 0).note(0, 5 * UNIT)
    for slot in store.slots:
        store.slots[slot] = b"spoilt"
    lost = Windows(store, 1000 * UNIT)
    burst = [(DAY_S, 1800 * UNIT), (DAY_S + DAY_S // 2, 0)]
    assert Windows(Store(), 0).allow(DAY_S, burst, DAY_S, 900)
    assert not lost.allow(DAY_S, burst, DAY_S, 900)
    assert lost.allow(DAY_S, [(DAY_S, 900 * UNIT)], DAY_S, 900)


def test_under_a_lowered_limit_no_bolus_counts_on_the_old_one():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program(1_000_000)
    clinic.run(2 * DAY_S)
    none = 2**32 - 1
    clinic.command("LIMITS", max_dose_mcg_per_day=500, max_bolus_mcg=none, max_change_percent=none)
    clinic.program(500_000, override="yes")
    for _ in range(30):
        clinic.run(HOUR_S)
        with pytest.raises(Refused, match="dose_limit"):
            clinic.command("BOLUS", dose_ng=100_000, over_s=10 * HOUR_S)


def stall(clinic, hours):
    clinic.body.motor.progress()
    clinic.body.stalled = True
    clinic.run(hours * HOUR_S)
    clinic.body.motor.progress()
    clinic.body.stalled = False


def test_what_is_delivered_after_a_stall_counts():
    """Of 1000 mcg a day: 2 hours of stall leave room for 83."""
    for dose_ng, taken in ((150_000, False), (50_000, True)):
        clinic = Clinic(Body())
        clinic.implant()
        clinic.refill()
        clinic.program(1_000_000)
        clinic.run(DAY_S)
        stall(clinic, 2)
        clinic.run(20 * HOUR_S)
        assert clinic.alarms()["motor_stall"].condition == "past"
        clinic.program(100_000, override="yes")
        if taken:
            clinic.command("BOLUS", dose_ng=dose_ng, over_s=HOUR_S)
        else:
            with pytest.raises(Refused, match="dose_limit"):
                clinic.command("BOLUS", dose_ng=dose_ng, over_s=HOUR_S)


def test_a_store_that_refuses_the_windows_is_named_for_them():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    write = clinic.body.store.write
    clinic.body.store.write = lambda slot, data: 2 if slot in SLOTS else write(slot, data)
    clinic.command("STOP")
    (event,) = [event for event in clinic.events() if str(event.event) == "MEM_ERROR_CRIT"]
    assert event.a == codes.REGION["windows"]
