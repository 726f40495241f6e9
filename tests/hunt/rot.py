"""Spoils what a pump without power has in its store, one place at a time, and powers it up.

A flipped bit or a missing piece of one copy must cost nothing; what takes both copies must be told by an alarm that is
latched, and never bring more drug than was ordered. A pump that believes just what it did without the damage is not
lived on with: what it does from then on follows from that. All others live a day.
"""

from collections.abc import Iterator
from functools import cached_property
from random import Random
from typing import NamedTuple

from firmware import wire
from firmware.records import slots
from tests.firmware.body import Body
from tests.firmware.clinic import DAY_S, Clinic
from tests.hunt.beliefs import Belief, belief_of, day_units, differences
from tests.hunt.richlife import EVENS, HOUR_S, lived
from tests.hunt.verdicts import BELIEF, CORRECTED, DELIVERY, LIMIT, LOST, LOUD, SAME, Verdict

SLOTS = range(30)
RECORDS = [place[0] for place in slots.RECORDS]
LOGS = (*slots.LOG, *slots.FAULT_LOG)
APART_STEPS = 60  # of a day: what an assumed batch of another strength makes
UNKNOWN_STEPS = 200  # the largest batch, of which a lost copy of the ledger may have told
COUNTED_SHARE = 0.999

LOG = "the log"

Damage = dict[int, bytes]
"""New contents by slot."""


class Powered(NamedTuple):
    """A pump after its boot; `entries` are its log's."""

    clinic: Clinic
    belief: Belief
    entries: list[tuple[int, ...]]
    line: list[tuple[int, int]]


class Rot:
    """A store, and what becomes of it."""

    def __init__(self) -> None:
        life = lived()
        life.flex(EVENS, 800, override="yes")
        life.run(2 * HOUR_S + 100)
        self.store: dict[int, bytes] = dict(life.body.store.slots)
        self.twin = self._power_up({})
        log = self.twin.clinic.pump.log
        self._newest_log = slots.LOG[log._at]  # one that ends too soon is as a log that never went further

    def _power_up(self, damage: Damage) -> Powered:
        body = Body()
        body.store.slots = self.store | damage
        clinic = Clinic(body)
        pump = clinic.pump
        return Powered(clinic, belief_of(pump), pump.log.read(1, wire.NONE32, 1 << 20), list(pump.state.line))

    @cached_property
    def twin_steps(self) -> int:
        return _day_of(self._power_up({}))

    def judge(self, damage: Damage) -> Verdict:
        try:
            return self._judge(self._power_up(damage), damage)
        except Exception as error:  # noqa: BLE001 - whatever the firmware raises
            return Verdict(LOST, f"raised {error!r}")

    def _judge(self, found: Powered, damage: Damage) -> Verdict:
        twin, belief = self.twin.belief, found.belief
        alike = belief == twin._replace(next_seq=belief.next_seq) and found.line == self.twin.line
        more_steps = 0 if alike else _day_of(found) - self.twin_steps
        if more_steps > APART_STEPS:
            return Verdict(DELIVERY, f"{more_steps} steps more in a day")
        if belief.alarms - twin.alarms:
            return Verdict(LOUD, "")
        wrong = [*differences(twin, belief), *self._miscounted(belief), *self._unlogged(found)]
        if wrong == [LOG] and self._newest_log in damage:
            return Verdict(LIMIT, "")
        if wrong:
            return Verdict(BELIEF, ", ".join(wrong))
        if more_steps < -APART_STEPS:
            return Verdict(DELIVERY, f"{-more_steps} steps fewer in a day")
        said = belief.next_seq - twin.next_seq
        return Verdict(CORRECTED if said else SAME, "")

    def _miscounted(self, belief: Belief) -> Iterator[str]:
        twin = self.twin.belief
        if not 0 <= belief.booked_steps - twin.booked_steps <= UNKNOWN_STEPS:
            yield "steps booked"
        if belief.today_units < twin.today_units:
            yield "dose of the day"
        now_s = self.twin.clinic.pump.clock.base_s
        if day_units(belief.spans, now_s) < COUNTED_SHARE * day_units(twin.spans, now_s):
            yield "dose of 24 hours"
        if twin.alarms - belief.alarms:
            yield "alarms"
        if belief.strengths != twin.strengths:
            yield "strengths in the line"

    def _unlogged(self, found: Powered) -> Iterator[str]:
        """Entries of before the boot that are not told any more."""
        last = self.twin.clinic.pump.log.next_seq - 20
        before = [entry for entry in self.twin.entries if entry[0] < last]
        if [entry for entry in found.entries if entry[0] < last] != before:
            yield LOG

    # What can happen to it

    def bits(self) -> list[tuple[int, int]]:
        """(slot, bit) of all copies of all records."""
        return [(slot, bit) for pair in RECORDS for slot in pair for bit in range(8 * len(self.store.get(slot, b"")))]

    def log_bits(self) -> list[tuple[int, int]]:
        return [(slot, bit) for slot in LOGS for bit in range(8 * len(self.store.get(slot, b"")))]

    def flipped(self, slot: int, bit: int) -> Damage:
        data = bytearray(self.store[slot])
        data[bit // 8] ^= 1 << bit % 8
        return {slot: bytes(data)}

    def bit_pairs(self) -> int:
        """The number of ways to flip a bit in each copy of a record."""
        return sum((8 * len(self.store[first])) ** 2 for first, _ in self._kept_records)

    @property
    def _kept_records(self) -> list[tuple[int, int]]:
        return [pair for pair in RECORDS if self.store.get(pair[1])]

    def both_flipped(self, random: Random) -> Damage:
        """A bit in each copy of a record: the same one, or another."""
        first, second = random.choice(self._kept_records)
        bit = random.randrange(8 * len(self.store[first]))
        other = random.choice((bit, random.randrange(8 * len(self.store[second]))))
        return self.flipped(first, bit) | self.flipped(second, other)

    def missing(self) -> list[Damage]:
        """Each slot empty, each record, and both logs."""
        whole = [slots.LOG, slots.FAULT_LOG]
        groups = [(slot,) for slot in SLOTS] + RECORDS + whole
        return [dict.fromkeys(group, b"") for group in groups]

    def swapped(self) -> list[Damage]:
        """The contents of any two slots changed for each other, the two copies of a record among them."""
        pairs = [(a, b) for a in SLOTS for b in range(a)]
        return [{a: self.store.get(b, b""), b: self.store.get(a, b"")} for a, b in pairs]

    def cut_short(self) -> list[tuple[tuple[int, ...], int]]:
        """(slots, length): a copy, or both copies of a record, that end too soon."""
        groups = [(slot,) for slot in SLOTS] + RECORDS
        return [(group, end) for group in groups for end in range(len(self.store.get(group[0], b"")))]

    def ended(self, group: tuple[int, ...], end: int) -> Damage:
        return {slot: self.store.get(slot, b"")[:end] for slot in group}


def _day_of(found: Powered) -> int:
    motor = found.clinic.body.motor
    before = motor.progress()[1]
    found.clinic.run(DAY_S)
    return motor.progress()[1] - before
