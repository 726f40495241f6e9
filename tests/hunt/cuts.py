"""Cuts the power at every write of a rich life to the store, at eight places of each, and again while it comes back.

After each cut the pump boots, and lives on for a day. It must hold every order that was answered before, and the one
under way wholly or not at all; count no less than was given; tell that its clock is lost; and deliver as ordered.
"""

from functools import cache
from typing import Any, NamedTuple

from firmware import wire
from firmware.records import slots
from firmware.records.record import _HEADER_BYTES as HEADER_BYTES
from firmware.records.record import any_whole
from firmware.therapy.delivery import MAX_BATCH_NL
from tests.firmware.body import Store
from tests.firmware.clinic import DAY_S, Clinic
from tests.hunt.beliefs import Belief, belief_of, day_units, differences, most_pg
from tests.hunt.richlife import HOUR_S, Instant, Lifelong, RecordingBody, lived
from tests.hunt.verdicts import CORRECTED, DELIVERY, LOST, LOUD, SAME, Verdict

AS_IT_WAS, WHOLE = "as it was", "whole"
SHARES = {"empty": 0, "a quarter": 0.25, "half": 0.5, "three quarters": 0.75, WHOLE: 1}
PLACES = (AS_IT_WAS, "empty", "first byte", "a quarter", "half", "three quarters", "last byte missing", WHOLE)
STEP_NL = 100
UNKNOWN_STEPS = 2 * MAX_BATCH_NL // STEP_NL  # the batch that ran, and one that a torn ledger does not tell of
APART_STEPS = 3  # of a day: roundings
COUNTED_SHARE = 0.999  # of what was given: roundings of rates


class Case(NamedTuple):
    """A cut at a place of a write; `second` in what follows: the number of the write there, and the place of it."""

    write: int
    place: str
    second: tuple[int, str] | None = None


def torn(instant: Instant, place: str) -> dict[int, bytes]:
    """The store after a cut at that place of the write."""
    if place == AS_IT_WAS:
        return instant.store
    start = len(instant.before) if instant.appended else 0
    length = len(instant.after) - start
    done = {"first byte": 1, "last byte missing": length - 1}.get(place)
    if done is None:
        done = int(SHARES[place] * length)
    return instant.store | {instant.slot: instant.after[: start + done]}


class Day(NamedTuple):
    """The day after a boot: its steps, how many pg more than ordered left the tip, and whether something came to its
    end that is counted in steps, so that those left unknown make it another day."""

    steps: int
    more_pg: int
    ends: bool


class Cut:
    """A pump that boots after a cut. `boot_writes` of its writes were the boot's."""

    def __init__(self, instant: Instant, place: str, recording: bool = False) -> None:
        self.instant = instant
        self.body = RecordingBody.after(instant, torn(instant, place))
        self.given_steps = 0
        self.body.recording = recording
        self.clinic = Clinic(self.body)
        self.given_steps = self.body.motor.counts[1]
        self.boot_writes = len(self.body.instants)
        self.belief = belief_of(self.clinic.pump)

    def writes(self) -> list[Instant]:
        """Those of the boot and of the hour after it."""
        self.clinic.run(HOUR_S)
        return self.body.instants

    def live_a_day(self) -> Day:
        body = self.body
        pump: Any = self.clinic.pump
        given_pg, steps = body.given_pg, body.motor.progress()[1]
        allowed_pg = most_pg(pump)
        ends = pump.catheter.prime_steps or pump.catheter.edge_steps
        self.clinic.run(DAY_S)
        ends = bool(ends or (steps and not pump.reservoir.deliverable_steps))
        return Day(body.motor.progress()[1] - steps, int(body.given_pg - given_pg) - allowed_pg, ends)


class Sweep:
    """All cases of one life."""

    def __init__(self) -> None:
        self.life: Lifelong = lived()
        self.instants = self.life.body.instants
        self.log = {entry[0]: entry for entry in self.life.pump.log.read(1, wire.NONE32, 1 << 20)}
        self.clean_day = cache(self._clean_day)

    def singles(self) -> list[Case]:
        return [Case(write, place) for write in range(len(self.instants)) for place in PLACES]

    def pairs(self, write: int, place: str) -> list[Case]:
        """Of one first cut."""
        count = len(Cut(self.instants[write], place, recording=True).writes())
        return [Case(write, place, (second, at)) for second in range(count) for at in PLACES]

    def try_case(self, case: Case) -> Verdict:
        instant = self.instants[case.write]
        sides = self._sides(instant)
        around = self._around(instant)
        unknown_steps = UNKNOWN_STEPS
        try:
            cut = Cut(instant, case.place, recording=case.second is not None)
            if case.second is not None:
                second, place = case.second
                self._fill(cut)
                cut.writes()
                if second >= cut.boot_writes:  # a user may have been told of it
                    sides = [cut.belief]
                    around = [cut.belief, cut.belief]
                unknown_steps *= 2
                cut = Cut(cut.body.instants[second], place)
            self._fill(cut)
            return self._judge(case, cut, sides, around, unknown_steps)
        except Exception as error:  # noqa: BLE001 - whatever the firmware raises
            return Verdict(LOST, f"raised {error!r}")

    def _fill(self, cut: Cut) -> None:
        """A clinician whose order was taken had the drug in the line."""
        body = cut.body
        before, after = self._around(cut.instant)
        if body.drug and differences(before, after) and not differences(after, cut.belief):
            body.drug(body.catheter)
            body.drug = None

    def _around(self, instant: Instant) -> list[Belief]:
        """The beliefs before the wake that wrote, and after it."""
        return self.life.beliefs[instant.wake - 1 : instant.wake + 1]

    def _sides(self, instant: Instant) -> list[Belief]:
        """The beliefs that may be left: after the answer nothing but the order done."""
        before, after = self._around(instant)
        return [after] if instant.answered else [before, after]

    def _judge(self, case: Case, cut: Cut, sides: list[Belief], around: list[Belief], unknown_steps: int) -> Verdict:
        pump: Any = cut.clinic.pump
        held = [side for side in sides if not differences(side, cut.belief)]
        if not held:
            apart = " / ".join(", ".join(differences(side, cut.belief)) for side in sides)
            return Verdict(LOST, f"orders: {apart}")
        wrong = [
            *_told(cut, sides, held),
            *_counted(cut, held, around, unknown_steps),
            *self._logged(case, cut),
            *_unlike(pump),
        ]
        if wrong:
            return Verdict(LOST, "; ".join(wrong))
        listed = cut.belief.alarms
        day = cut.live_a_day()
        if day.more_pg > UNKNOWN_STEPS * STEP_NL * max(cut.belief.strengths, default=0):
            return Verdict(DELIVERY, f"{day.more_pg // 1000} ng more than ordered in a day")
        clean = [self.clean_day(case.write, place) for place in (AS_IT_WAS, WHOLE)]
        least_steps = most_steps = APART_STEPS
        if any(one.ends for one in (day, *clean)):
            least_steps += unknown_steps
            most_steps += unknown_steps if case.second else 0  # where an hour passed between the cuts
        if not any(-least_steps <= day.steps - one.steps <= most_steps for one in clean):
            return Verdict(DELIVERY, f"{day.steps} steps in a day, {[one.steps for one in clean]} after a clean cut")
        later = belief_of(pump)
        lost = differences(cut.belief, later)
        if lost:
            return Verdict(LOST, f"a day later: {', '.join(lost)}")
        unheard = frozenset.intersection(*(side.alarms - side.muted for side in sides)) - listed - later.alarms
        if unheard:
            return Verdict(LOST, f"alarms {sorted(unheard)} forgotten")
        known = sides[0].alarms | sides[-1].alarms | {wire.ALARM_CLOCK_LOST}
        if listed - known:
            return Verdict(LOUD, f"alarms {sorted(listed - known)}")
        said = [entry for entry in pump.log.read(1, wire.NONE32, 1 << 20) if entry[3] == wire.EVENT_MEM_CORRECTED]
        return Verdict(CORRECTED if said else SAME, "")

    def _clean_day(self, write: int, place: str) -> Day:
        """The day after a cut that tears nothing."""
        cut = Cut(self.instants[write], place)
        self._fill(cut)
        return cut.live_a_day()

    def _logged(self, case: Case, cut: Cut) -> list[str]:
        """The log goes on where it was: no entry missing, none changed."""
        sides = self._sides(self.instants[case.write])
        entries = cut.clinic.pump.log.read(1, wire.NONE32, 1 << 20)
        numbers = [entry[0] for entry in entries]
        if numbers != list(range(numbers[0], cut.belief.next_seq)):
            return ["a hole in the log"]
        if numbers[0] > max(side.oldest_seq for side in sides):
            return ["old entries of the log are lost"]
        least = min(side.next_seq for side in sides)
        if cut.belief.next_seq < least or any(self.log.get(e[0], e) != e for e in entries if e[0] < least):
            return ["entries of the log are lost"]
        return []


def _told(cut: Cut, sides: list[Belief], held: list[Belief]) -> list[str]:
    """A clock that was set is told to be lost, and no alarm is mute that the order in force ended:
    the next one of its kind would be."""
    listed = cut.belief.alarms
    wrong = []
    mute = cut.belief.muted - frozenset.union(*(side.alarms for side in held))
    if mute:
        wrong.append(f"alarms {sorted(mute)} over, and mute")
    if cut.belief.clock_set or (sides[0].clock_set and sides[-1].clock_set and wire.ALARM_CLOCK_LOST not in listed):
        wrong.append("the clock's loss is not told")
    if cut.clinic.pump.bolus.active:
        wrong.append("a bolus goes on")
    return wrong


def _counted(cut: Cut, held: list[Belief], around: list[Belief], unknown_steps: int) -> list[str]:
    """Nothing that was given is left out: of reservoir, day or dose windows."""
    belief = cut.belief
    wrong = []
    unknown_steps += max(side.unknown_steps for side in held)
    if not 0 <= belief.booked_steps - cut.given_steps <= unknown_steps:
        wrong.append(f"{belief.booked_steps} steps booked, {cut.given_steps} given")
    one_day = around[0].day == around[1].day and abs(around[0].day - belief.day) != 1  # a leap only renames the day
    if one_day and belief.today_units < min(_today_units(side, cut.given_steps) for side in around):
        wrong.append("less given today")
    now_s = cut.clinic.pump.clock.now_s
    least_units = min(day_units(side.spans, now_s) for side in held)
    if day_units(belief.spans, now_s) < COUNTED_SHARE * least_units:
        wrong.append("less given in 24 hours")
    return wrong


def _today_units(side: Belief, given_steps: int) -> int:
    """The day's dose at least, with the steps given since that belief."""
    weakest = min(side.strengths, default=0)
    return side.today_units + max(0, given_steps - side.given_steps) * weakest


def _unlike(pump: Any) -> list[str]:
    """Where both copies of a record are the same, none of them can bring back what was before."""
    used = [place for place in slots.RECORDS if place is not slots.LEDGER and place not in slots.WEEKS]
    if pump.program.week is not None:
        used.append(slots.WEEKS[pump.state.week - 1])
    store = pump.state._record.store
    pairs = [list(place[0]) for place in used if any_whole(store, list(place[0]))]
    return [f"copies of {pair} differ" for pair in pairs if _differ(store, pair)]


def _differ(store: Store, pair: list[int]) -> bool:
    first, second = (store.read(slot)[HEADER_BYTES:-4] for slot in pair)
    return first != second
