"""A log that is full: the oldest entries go, no fault with them, no number is missing, and therapy does not notice."""

import pytest

from firmware import wire
from firmware.records import slots

from .body import Body
from .clinic import DAY_S, Clinic

PER_SLOT = 128
PLACES = len(slots.LOG) * PER_SLOT
FAULT_PLACES = len(slots.FAULT_LOG) * PER_SLOT
LAST = 2**32 - 2


def running():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    return clinic


def full(ordinary=3 * PLACES, faults=0):
    """A pump whose logs took so many entries more: a stall, which is over, before all others."""
    clinic = running()
    for count, event in (
        (1, wire.EVENT_MOTOR_STALL),
        (ordinary, wire.EVENT_RATE_STEP),
        (faults, wire.EVENT_WATCHDOG_RESET),
    ):
        for number in range(count):
            clinic.pump.log.add(event, number)
    return clinic


def told(clinic, request, first_seq=1):
    """(answers, entries) of a whole log, asked for from `first_seq` on, as a programmer does."""
    answers = [clinic.ask(request, first_seq=first_seq, last_seq=LAST)]
    while answers[-1].entries:
        answers.append(clinic.ask(request, first_seq=answers[-1].entries[-1].seq + 1, last_seq=LAST))
    return answers, [entry for answer in answers for entry in answer.entries]


def seqs(entries):
    return [entry.seq for entry in entries]


@pytest.mark.shows("FI-52", "R5.2", "R5.3")
@pytest.mark.parametrize("first_seq", [0, 1, 2, PLACES])
def test_who_asks_for_what_is_gone_gets_all_that_is_kept(first_seq):
    clinic = full()
    clinic.command("STOP")
    for _ in range(2):
        answers, entries = told(clinic, "LOG", first_seq)
        (next_seq,) = {answer.next_seq for answer in answers}
        (oldest_seq,) = {answer.oldest_seq for answer in answers}
        assert next_seq > 3 * PLACES
        assert PLACES - PER_SLOT < next_seq - oldest_seq <= PLACES
        assert seqs(entries) == list(range(oldest_seq, next_seq))
        assert [str(entry.event) for entry in entries].count("THERAPY_STATE_CHANGED") == 1
        clinic.boot()


@pytest.mark.shows("FI-52", "R5.2")
def test_ordinary_events_push_out_no_fault_and_faults_only_older_faults():
    clinic = full()
    first, *_ = told(clinic, "FAULTS")[1]
    assert (first.seq, str(first.event)) == (1, "MOTOR_STALL")
    clinic = full(faults=2 * FAULT_PLACES)
    answers, entries = told(clinic, "FAULTS")
    assert seqs(entries) == list(range(answers[0].oldest_seq, 2 * FAULT_PLACES + 2))
    assert FAULT_PLACES - PER_SLOT < len(entries) <= FAULT_PLACES
    assert {str(entry.event) for entry in entries} == {"WATCHDOG_RESET"}


def treat(clinic):
    """Days with every kind of order, a stall, and a reset; what was logged of them."""
    (first_seq,) = {answer.next_seq for answer in told(clinic, "LOG")[0]}
    clinic.run(DAY_S)
    clinic.command("BOLUS", dose_ng=50_000, over_s=1800)
    clinic.run(DAY_S)
    clinic.program(550_000)
    clinic.body.stalled = True
    clinic.run(DAY_S // 2)
    clinic.body.stalled = False
    clinic.run(DAY_S)
    clinic.command("MINIMUM_RATE")
    clinic.run(DAY_S)
    clinic.boot()
    clinic.command("RESUME")
    clinic.command("SILENCE", alarm="all")
    clinic.run(DAY_S)
    return [entry[1:] for entry in map(fields, told(clinic, "LOG", first_seq)[1])]


def fields(entry):
    return entry.seq, entry.uptime_s, entry.wall_s, str(entry.event), entry.a, entry.b, entry.c


@pytest.mark.shows("FI-52")
def test_a_full_log_changes_no_order_to_the_motor_no_tone_no_status_and_no_later_entry():
    one, twin = full(), running()
    assert treat(one) == treat(twin)
    assert one.body.orders == twin.body.orders
    assert one.body.tones == twin.body.tones
    assert one.status() == twin.status()
