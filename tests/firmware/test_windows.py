"""The dose windows against every second of an exact sum, and a limit that was lowered."""

import os
from itertools import accumulate
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.records import slots
from firmware.therapy.dosewindow import DAY_S, DoseWindow, with_bolus
from protocol import codes

from .body import Body, Store
from .clinic import Clinic, Refused

HOUR_S = 3600
UNIT = 1_000_000  # nL/day times mcg/mL: 1 mcg/day
PASTS = 2000 if os.environ.get("THECAL_HYPOTHESIS") == "thorough" else 60
ROUNDED = 1.00005  # the most that the rounding of rates may be taken for
spans = st.lists(st.tuples(st.integers(1, 20), st.integers(0, 2000)), min_size=1, max_size=8)


def windows_after(past):
    """Windows of a past of (hours, mcg/day), and when now is."""
    windows = DoseWindow(Store(), 0, False)
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
        assert taken == (max(sums) <= limit * ROUNDED)
    elif taken:  # a higher limit was in force: no more than it left, and from now on no more than this one
        assert max(sums) <= over * ROUNDED
        assert max(sums[24:]) <= limit * ROUNDED


def test_a_bolus_ends_and_leaves_the_basal_rate_as_it_was():
    assert with_bolus([(0, 5), (100, 7)], 3, 50) == [(0, 8), (50, 5), (100, 7)]
    assert with_bolus([(0, 5), (100, 7)], 3, 150) == [(0, 8), (100, 10), (150, 7)]


def test_a_loss_is_taken_for_the_strongest_day_there_may_be():
    store = Store()
    DoseWindow(store, 0, False).note(0, 5 * UNIT)
    for slot in store.slots:
        store.slots[slot] = b"corrupt"
    lost = DoseWindow(store, 1000 * UNIT, True)
    burst = [(DAY_S, 1800 * UNIT), (DAY_S + DAY_S // 2, 0)]
    assert DoseWindow(Store(), 0, False).allow(DAY_S, burst, DAY_S, 900)
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


def at_the_limit(dose_ng=1_000_000, mcg_per_ml=2000):
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill(mcg_per_ml=mcg_per_ml)
    clinic.program(dose_ng, mcg_per_ml)
    return clinic


def taken(command, *args, **fields):
    try:
        command(*args, **fields)
    except Refused:
        return False
    return True


@pytest.mark.shows("R1.3")
@given(
    basal_mcg=st.integers(990, 1000),
    boluses=st.lists(st.tuples(st.integers(1, 2000), st.integers(1, 3600), st.integers(0, 3600)), max_size=12),
)
def test_boluses_however_small_do_not_add_up_beyond_the_limit(basal_mcg, boluses):
    clinic = at_the_limit(basal_mcg * 1000)
    clinic.run(DAY_S)
    given_ng = 0
    for dose_ng, over_s, wait_s in boluses:
        given_ng += dose_ng * taken(clinic.command, "BOLUS", dose_ng=dose_ng, over_s=over_s)
        clinic.run(over_s + wait_s)
    assert basal_mcg * 1000 + given_ng <= 1_000_000 * ROUNDED


@pytest.mark.shows("R1.3")
@given(
    cuts_s=st.lists(st.integers(0, 2 * HOUR_S), max_size=6),
    before_mcg=st.sampled_from([300, 970, 999, 1000]),
    mcg_per_ml=st.sampled_from([500, 1500, 2000]),
    stopped_s=st.integers(-1, HOUR_S),
)
def test_after_cuts_a_program_at_the_limit_is_taken_at_once(cuts_s, before_mcg, mcg_per_ml, stopped_s):
    clinic = at_the_limit(before_mcg * 1000, mcg_per_ml)
    clinic.run(DAY_S)
    for wait_s in cuts_s:
        clinic.run(wait_s)
        clinic.boot()
        clinic.program(1_000_000, mcg_per_ml, override="yes")
    clinic.run(100)
    if stopped_s >= 0:
        clinic.command("STOP")
        clinic.run(stopped_s)
        clinic.command("RESUME")
    clinic.program(1_000_000, mcg_per_ml, override="yes")


@pytest.mark.parametrize("cuts", [0, 1, 2, 3])
def test_what_is_not_known_of_a_stall_is_counted_after_any_number_of_cuts(cuts):
    """A rotor that turns while the pump still takes it to stand, and a pump that wakes with no rate to note."""
    clinic = at_the_limit()
    clinic.run(2 * DAY_S)
    stall(clinic, 24)
    steps = clinic.body.motor.progress()[1]
    clinic.run(HOUR_S // 2)
    given_mcg = (clinic.body.motor.progress()[1] - steps) / 5
    assert given_mcg > 15
    for _ in range(cuts):
        clinic.boot()
    clinic.program(96_000, override="yes")
    clinic.command("LIMITS", max_dose_mcg_per_day=200, max_bolus_mcg=1000, max_change_percent=2**32 - 1)
    assert not taken(clinic.command, "BOLUS", dose_ng=1000 * (105 - int(given_mcg)), over_s=600)


def test_of_more_changes_than_are_kept_no_dose_is_lost_or_added():
    """In minutes. An hour of a bolus, to follow them."""
    judged = 0
    for seed in range(PASTS):
        random = Random(seed)
        most_mcg = random.choice((300, 3000))
        windows = DoseWindow(Store(), 0, False)
        minutes = []
        for _ in range(random.randint(60, 80)):
            mcg = random.randint(0, most_mcg) * random.randint(0, 1)
            assert windows.note(60 * len(minutes), mcg * UNIT)
            minutes += [mcg / 1440] * random.randint(5, 30)
        now = len(minutes)
        bolus_mcg = random.randint(0, 20_000)
        minutes += [bolus_mcg / 1440] * 60 + [0] * 1440
        sums = [sum(minutes[max(0, i) : i + 1440]) for i in range(now - 1440, now + 1)]
        limit = max(1, int(max(sums)) + random.randint(-30, 30))
        pieces = [(60 * now, bolus_mcg * UNIT), (60 * now + HOUR_S, 0)]
        taken = windows.allow(60 * now, pieces, 60 * now + HOUR_S, limit)
        if sums[0] <= limit < max(sums) / ROUNDED:
            judged += 1
            assert not taken, f"seed {seed}: {max(sums)} mcg are over {limit}"
        if sum(minutes) < limit:
            assert taken, f"seed {seed}: {sum(minutes)} mcg fit into {limit}"
    print(f"{PASTS} pasts, {judged} orders over the limit")
    assert judged > PASTS // 10


MERGED_MIN = 63
"""As much later may a dose count that came among many changes."""


def restless(random, windows, days):
    """Days of a rotor that stands, moves now and then, and turns again; mcg of each minute of them."""
    minutes = []
    rate = 0
    longest = random.choice((5, 30, 120))
    while len(minutes) < days * 1440:
        now_s = 60 * len(minutes)
        extra_mcg = random.randint(1, 10) if not rate and random.random() < 0.7 else 0
        if extra_mcg:
            windows.add(now_s, extra_mcg * UNIT)
        if random.random() < 0.3:
            rate = random.choice((0, 0, 300, 500, 900))
        assert windows.note(now_s, rate * UNIT)
        lasting = random.randint(1, longest)
        minutes += [rate / 1440 + extra_mcg] + [rate / 1440] * (lasting - 1)
    return minutes


@pytest.mark.shows("R1.3")
def test_what_was_given_counts_for_a_day_and_for_an_hour_more_at_most():
    """However many changes there were: a dose is taken that the exact sums allow with an hour to spare, and none that
    they forbid."""
    judged = [0, 0]
    for seed in range(PASTS):
        random = Random(seed)
        windows = DoseWindow(Store(), 0, False)
        minutes = restless(random, windows, random.choice((1, 2, 5)))
        now = len(minutes)
        since = list(accumulate(reversed(minutes), initial=0))  # mcg of the last so many minutes
        past_mcg = since[min(now, 1440 + MERGED_MIN)]
        for _ in range(5):
            limit = int(past_mcg * random.uniform(0.9, 1.8)) + 1
            rate = random.randint(1, limit)
            to_come = [rate * (1440 - before) / 1440 for before in range(1441)]
            exact = max(since[before] + to_come[before] for before in range(1441))
            hour_more = max(since[min(now, before + MERGED_MIN)] + to_come[before] for before in range(1441))
            taken = windows.allow(60 * now, [(60 * now, rate * UNIT)], 60 * now, limit)
            if exact > max(limit, past_mcg) * ROUNDED:
                judged[0] += 1
                assert not taken, (seed, limit, rate)
            if hour_more <= limit:
                judged[1] += 1
                assert taken, (seed, limit, rate)
    print(f"{PASTS} pasts, {judged} orders that are too much, and that are not")
    assert min(judged) > PASTS // 4


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
    clinic.body.store.write = lambda slot, data: 2 if slot in slots.WINDOWS[0] else write(slot, data)
    clinic.command("STOP")
    (event,) = [event for event in clinic.events() if str(event.event) == "MEM_ERROR_CRIT"]
    assert event.a == codes.REGION["windows"]
