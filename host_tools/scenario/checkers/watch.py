"""Lives a scenario wake by wake, and has every checker look at what happened. It changes nothing."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from firmware.config import Config
from hal.plant.faults import INSTANT
from host_tools.machines.machine import Machine, RuntimeUnavailable
from host_tools.machines.mock.crash import crash_line
from host_tools.machines.mock.machine import MockMachine
from host_tools.scenario.checkers.alarmbook import AlarmBook
from host_tools.scenario.checkers.belief import Belief
from host_tools.scenario.checkers.causes import Causes
from host_tools.scenario.checkers.delivery import DeliveryWatch
from host_tools.scenario.checkers.findings import Finding, Tally
from host_tools.scenario.checkers.logbook import LogBook
from host_tools.scenario.checkers.orderbook import OrderBook
from host_tools.scenario.checkers.outcome import Outcome
from host_tools.scenario.checkers.refusals import Situation, judge
from host_tools.scenario.checkers.risk import Risk
from host_tools.scenario.checkers.spoils import Spoils
from host_tools.scenario.schema import PROGRAMMER_VERBS, Correct, Step

CLOCK, NOTHING = frozenset(["clock", "rotor_above"]), frozenset()
UNTOLD = frozenset(["tip"])  # a pump that was never told of its line takes it to hold nothing
LOST = frozenset(("memory_critical", "safe_state"))  # with them doses of before may be forgotten
MINUTE_MS = 60_000
CLOCK_STANDS_MS = 7_200_000  # after a sign of it a counter of seconds may still stand still
KEY_WAIT_MS = 86_400_000
MOST_BOOKS = 16  # of orders of which nobody heard whether they were done
NO_SESSION = ("auth", "replay")  # what a pump says that was reset in the middle of one
OBEYED_UNKEPT = ("stop", "minimum_rate", "cancel_bolus", "silence")  # even where the pump could not keep them
TIP_HANDS = ("aspirate_line", "inject_line")


class Watch:
    """`tally` has what was counted and found. `books` are the order books that may be true: more than one while the
    answer to an order is missing."""

    def __init__(self, machine: MockMachine, config: Config, start: datetime) -> None:
        self.tally = Tally()
        self._machine = machine
        self._config = config
        self._start = start
        self.risk = Risk(self.tally)
        self._meet_pump()
        machine.tell_crashes(self._note_crash)

    @classmethod
    def of(cls, machine: Machine, config: Config, start: datetime) -> "Watch":
        """Watch a machine that can be looked at wake by wake. RuntimeUnavailable for another."""
        if not isinstance(machine, MockMachine):
            raise RuntimeUnavailable("a scenario with watch: true needs a pump that lives from wake to wake")
        return cls(machine, config, start)

    def _meet_pump(self) -> None:
        """Begin with a new pump."""
        machine, config, tally = self._machine, self._config, self.tally
        self.books = [OrderBook(config, self._start)]
        self.alarms = AlarmBook(tally)
        self.delivery = DeliveryWatch(tally, machine, config, self.alarms)
        self._logbook = LogBook(tally)
        self._belief = Belief(tally, machine, self.alarms, config)
        self._causes = Causes(tally, machine, config, self.alarms)
        self._spoils = Spoils()
        self._events = len(machine.events)
        self._boots = len(machine.boots)
        self._tones = len(machine.plant.tones)
        self._demo_ms = -MINUTE_MS
        self._in_order = self._booted = self._loud = self._unsure = False  # unsure of what alarms are on
        self._situation: Situation | None = None

    def _note_crash(self, error: Exception, now_ms: int) -> None:
        self.tally.now_s = now_ms // 1000
        self.tally.check("no_exception", False, lambda: crash_line(error, now_ms))

    @property
    def findings(self) -> list[Finding]:
        return self.tally.findings

    # Time

    def advance_to(self, at_ms: int) -> None:
        """Live until `at_ms`, and look after each wake."""
        machine = self._machine
        while (next_ms := machine.next_wake_ms) <= at_ms:
            machine.advance_to(next_ms)
            self.look()
        machine.advance_to(at_ms)
        self.look()

    def look(self) -> None:
        """Look at what happened since the last look."""
        plant = self._machine.plant
        plant.drivetrain.settle(plant.now_ms)
        if "dry_damage" not in plant.faults:  # which looks at what is dry when the plant settles
            plant.settle()
        self.tally.now_s = plant.now_ms // 1000
        before = self._spoils.now  # a fault that ends now was on until now
        self._spoils.look(plant.faults, plant.flow.wear)
        spoilt = before | self._spoils.now | (CLOCK if plant.now_ms < self._spoils.clock_until_ms else NOTHING)
        if not all(book.implanted for book in self.books):
            spoilt |= UNTOLD
        self._unsure |= bool(spoilt & {"records", "firmware"})
        if len(self._machine.boots) > self._boots:
            self._note_boot(plant.now_ms)
        if len(self._machine.events) > self._events:
            self._read_log(plant.now_ms)
        if len(plant.tones) > self._tones:
            self._hear(self._loud or self._is_loud)
        self._loud = self._is_loud
        self.delivery.look(self.books, spoilt)
        self._causes.look(self.books, self.delivery, spoilt)
        can_sound = (
            not self._unsure and "tones" not in spoilt and all(book.therapy != "unfilled" for book in self.books)
        )
        self.alarms.listen(plant.now_ms, self.books[0], can_sound)
        explained = "risk" in spoilt or self._unsure or self.alarms.undelivered or self._ordered_little
        explained |= not self.delivery.drug_at_tip
        self.risk.look(plant.now_ms, plant.flow.patient.risk, explained)

    @property
    def _is_loud(self) -> bool:
        """True while an alarm is on that nobody silenced."""
        return not all(self.alarms.on.values())

    @property
    def _ordered_little(self) -> bool:
        """True while somebody ordered less than the program."""
        return any(book.therapy != "running" for book in self.books)

    # The log and the tones

    def _read_log(self, now_ms: int) -> None:
        events = self._machine.events
        gaps = self._unsure
        for event in events[self._events :]:
            self._logbook.log(event, self._in_order or gaps, gaps)
            self.alarms.log(event, now_ms, self._in_order or gaps)
            self._note(event, now_ms)
        self._events = len(events)

    def _note_boot(self, now_ms: int) -> None:
        """The pump was started; its log may be unable to say so."""
        self._boots = len(self._machine.boots)
        self._booted = True
        self.alarms.reset()
        self.delivery.boot()
        for book in self.books:
            book.lose_power()
            book.end_bolus(now_ms)

    def _note(self, event: Mapping[str, Any], now_ms: int) -> None:
        name, data = event["name"], event["data"]
        if name == "BOOT":
            unknown_nl = data["unknown_steps"] * self._config.step_nl
            self._causes.unknown_nl += unknown_nl
            self._belief.line_unknown_nl += unknown_nl
            self.delivery.blur(data["unknown_steps"])
        elif name in ("BOLUS_START", "BOLUS_DONE", "BOLUS_CANCELLED"):
            if data["bolus"] == "prime":
                self.delivery.priming = name == "BOLUS_START"
            elif name != "BOLUS_START" and data["bolus"] != "bridge":
                for book in self.books:
                    book.end_bolus(now_ms)
            self.delivery.change()
        elif name == "STOPPED_48H":
            self.delivery.lapse()
        elif name == "THERAPY_STATE_CHANGED" and data["new"] == "minimum" and not self._in_order:
            if not any(book.may_fall_back for book in self.books):
                self.delivery.lapse()  # else the last drug is out
            self.delivery.change()
        elif name in ("THERAPY_STATE_CHANGED", "MOTOR_STALL", "MOTOR_STALL_RECOVERY", "IMPLANT", "RATE_STEP"):
            self.delivery.change()
        elif name == "CLOCK_CHANGED":
            self._spoils.clock_until_ms = now_ms + CLOCK_STANDS_MS
        elif name == "CLOCK_LOST":
            for book in self.books:
                book.lose_power()
        elif name == "DOSE_HELD":
            self.delivery.held_ms = now_ms
        elif name == "ALARM_DEMO":
            self._demo_ms = now_ms
        elif name in ("KEY_RESET_REQUESTED", "KEY_RESET_CANCELLED", "KEY_CHANGED"):
            self._demo_ms = now_ms + (KEY_WAIT_MS if name == "KEY_RESET_REQUESTED" else 0)  # announced every hour
        self._causes.log(event, self.books, self._spoils.now)

    def _hear(self, was_loud: bool) -> None:
        tones = self._machine.plant.tones
        for tone in tones[self._tones :]:
            since_ms = max(self._demo_ms, self.alarms.newest_ms)
            self.alarms.hear(tone.kind, tone.at_ms, was_loud or self._unsure or tone.at_ms - since_ms <= MINUTE_MS)
        self._tones = len(tones)

    # Orders

    def before(self, step: Step) -> None:
        """A step is about to be done."""
        self.look()
        self._in_order = step.verb in PROGRAMMER_VERBS
        self._booted = False
        self._logbook.begin_order()
        plant = self._machine.plant
        unprimed_nl = next((nl for nl, strength in plant.flow.catheter.contents[:1] if not strength), 0)
        self._lost = self._unsure or bool(self.alarms.on.keys() & LOST)
        book, lapsed = self.books[0], self.delivery.lapsed
        by_order = lapsed and book.therapy == "stopped" and "stopped_48h" in self.alarms.on
        may_be = lapsed or "stopped_48h" in self.alarms.on
        self._situation = Situation(book, plant.now_ms, by_order, may_be, self._config.reservoir_nl, unprimed_nl)

    def after(self, step: Step, outcome: Outcome) -> None:
        """A step was done, or came to that."""
        if step.verb in PROGRAMMER_VERBS and outcome.sent:
            self._order(step, outcome)
        self._note_hands(step)
        self._in_order = False
        self.look()

    def _order(self, step: Step, outcome: Outcome) -> None:
        """Write an order down, in every book of those that may be true."""
        verb, reason, now_ms, lapsed = step.verb, outcome.reason, self._machine.now_ms, self.delivery.lapsed
        if len(self._machine.boots) > self._boots:
            self._note_boot(now_ms)
        self._judge(step, outcome)
        unheard = outcome.unheard is not None or (self._booted and reason in NO_SESSION)
        unsure = unheard or self._booted or (reason == "store" and verb in OBEYED_UNKEPT)
        self._unsure |= unsure
        if reason is None or unsure:
            done = [book.copy() for book in self.books] if unsure else self.books
            for book in done:
                book.accept(verb, getattr(step, verb), now_ms, lapsed)
            reset = [book.copy() for book in done] if self._booted else []
            for book in reset:  # the reset came after the order
                book.lose_power()
                book.end_bolus(now_ms)
            before = self.books if unheard or reason else []
            self.books = _distinct([*before, *done, *reset])[:MOST_BOOKS] if unsure else self.books
            if verb == "correct":
                self._note_correction(step.correct)
            elif verb == "set_patient_bolus":
                self._belief.patient_boluses = True
            if step.meant:
                self.risk.slip(now_ms, step.meant)
        if reason is None and not unsure:
            if verb == "refill":
                self._spoils.refilled()
                if self._lost:  # what was in the line before is forgotten, too
                    self._spoils.touch_line()
            elif verb == "alarm_settings":
                self.alarms.reset()
            elif verb in ("program", "resume", "minimum_rate"):
                self.delivery.start(knowingly=verb != "minimum_rate")
        self.delivery.change()

    def _note_correction(self, said: Correct) -> None:
        """What was put right may be wrong now."""
        reservoir = self._machine.plant.flow.reservoir
        if said.concentration_mcg_per_ml not in (None, reservoir.mcg_per_ml):
            self._spoils.leave("wrong_concentration")
        if said.volume_ml is not None or said.line is not None:
            self._spoils.leave("overfill")

    def _judge(self, step: Step, outcome: Outcome) -> None:
        now, spoilt = self._situation, self._spoils.now
        verb, reason, trusted = step.verb, outcome.reason, not spoilt & {"records", "firmware"}
        if outcome.unheard is not None and not outcome.by_plan:
            text = outcome.unheard
            self.tally.check("answers", bool(spoilt & {"link", "firmware", "records"}), lambda: f"no answer: {text}")
        heard = outcome.unheard is None
        if (
            now is not None
            and heard
            and len(self.books) == 1
            and trusted
            and not self._lost
            and not self.delivery.lapse_is_near
        ):
            judge(self.tally, verb, getattr(step, verb), reason, now)
        self._read_log(self._machine.now_ms)
        told_again = verb == "refill" and self.books[0].refills > 0
        certain = heard and reason is None and trusted and not told_again and not step.cut_in_write
        self._logbook.end_order(verb, 1 if certain else 0, 1 if reason is None else 0)

    def _note_hands(self, step: Step) -> None:
        """Take notice of what people did to the world beside the pump."""
        if step.verb == "fault" and step.fault.name in INSTANT:
            self._spoils.leave(step.fault.name)
            if step.fault.name == "reverse_step":
                self._causes.unknown_nl += self._config.step_nl
                self._belief.line_unknown_nl += self._config.step_nl
                self.delivery.reversed_steps += 1
        elif step.verb in TIP_HANDS or (step.verb == "refill" and step.refill.bridge == "none"):
            self._spoils.touch_line()
        elif step.verb == "replace_pump":
            mistaken = "tip" in self._spoils.now
            self._meet_pump()
            if mistaken:  # the new one is told what the old one took for true
                self._spoils.touch_line()

    def told(self, status: Mapping[str, Any]) -> None:
        """A programmer read the status."""
        self.look()
        now_ms, spoilt = self._machine.now_ms, self._spoils.now
        self.tally.check("answers", True, str)
        if not spoilt & {"records", "firmware"} and not self.alarms.on.keys() & {"memory_critical", "memory"}:
            wrong = [self._belief.agrees(status, book, now_ms) for book in self.books]
            self.books = [book for book, parts in zip(self.books, wrong, strict=True) if not parts] or self.books
            books = _distinct(self.books)
            self.books = books if len(books) < 3 else [books[0], books[-1]]  # the rest lie between these
            self.tally.check("acknowledged_kept", [] in wrong, lambda: "; ".join(min(wrong, key=len)))
        if self._belief.line_is_known(status):
            self._spoils.flushed()
            spoilt = self._spoils.now
        if self._unsure:
            self._unsure = bool(spoilt & {"records", "firmware"})
            self.alarms.take(status["alarm_list"])
            for book in self.books if status["wall"] is None else ():
                book.lose_power()
        spoilt |= NOTHING if self.books[0].implanted else UNTOLD
        self._belief.compare(status, self.books[0], now_ms, spoilt, self._causes.unknown_nl)


def _distinct(books: list[OrderBook]) -> list[OrderBook]:
    """The books without those that say the same as one before them."""
    found: list[OrderBook] = []
    for book in books:
        if not any(book.same_as(other) for other in found):
            found.append(book)
    return found
