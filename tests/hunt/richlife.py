"""A life of a few days in which a pump is asked for everything there is, with every write to its store recorded.

What a cut of the power leaves is the store, the motor's steps and the time: so each recorded write is enough to live
on from, with any part of it done, and nothing before it is lived again.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any, NamedTuple

from tests.firmware.body import Store
from tests.firmware.clinic import MONDAY_S, Clinic
from tests.firmware.linemodel import LineModel
from tests.firmware.tipdose import TipBody
from tests.hunt.beliefs import Belief, belief_of, differences

HOUR_S = 3600
EVENS = [[(0, 150_000), (420, 100_000), (1290, 50_000)]] * 7
ODDS = [*EVENS[:6], [(0, 290_000)]]
KEY = bytes(range(32))
TUBING_NL, CATHETER_MM, CATHETER_NL = 20_000, 200, 44_000  # short, so that a day brings another drug to the tip

FAILED = 2

Drug = Callable[[LineModel], object]
"""What a clinician does to the true line."""


class Instant(NamedTuple):
    """A write about to be done: the store before it, and the bytes of its slot as they were and will be.

    `wake` is the one that writes, `answered` if its request has its answer already, `drug` what the order under way
    does to the line."""

    store: dict[int, bytes]
    slot: int
    before: bytes
    after: bytes
    appended: bool
    body: dict[str, Any]
    motor: dict[str, Any]
    catheter: LineModel
    wake: int
    answered: bool
    drug: Drug | None


class RecordingStore(Store):
    """Tells `note` of each write before it is done."""

    def __init__(self, slots: dict[int, bytes], note: Callable[[int, bytes, bytes, bool], None]) -> None:
        super().__init__()
        self.slots = slots
        self._note = note

    def write(self, slot: int, data: bytes) -> int:
        self._note(slot, self.read(slot), bytes(data), False)
        return super().write(slot, data)

    def append(self, slot: int, data: bytes) -> int:
        self._note(slot, self.read(slot), self.read(slot) + bytes(data), True)
        return super().append(slot, data)


OF_BODY = ("now_ms", "stalled", "given_pg", "pushed_nl")
OF_MOTOR = ("order_at_ms", "left", "given", "inhibited", "counts")


class RecordingBody(TipBody):
    """A body whose every write becomes one of `instants` while `recording`."""

    def __init__(self, slots: dict[int, bytes] | None = None) -> None:
        super().__init__(LineModel(TUBING_NL, CATHETER_NL))
        self.store = RecordingStore(dict(slots or {}), self._note)
        self.instants: list[Instant] = []
        self.recording = False
        self.wake = 0
        self.answered = False  # before the power went
        self.drug: Drug | None = None

    def _note(self, slot: int, before: bytes, after: bytes, appended: bool) -> None:
        if self.recording:
            body = {name: getattr(self, name) for name in OF_BODY}
            motor = {name: deepcopy(getattr(self.motor, name)) for name in OF_MOTOR}
            told = (self.wake, self.answered or bool(self.line.outgoing), self.drug)
            kept = (dict(self.store.slots), slot, before, after, appended)
            self.instants.append(Instant(*kept, body, motor, deepcopy(self.catheter), *told))

    @classmethod
    def after(cls, instant: Instant, slots: dict[int, bytes]) -> "RecordingBody":
        """A body whose power went at that instant, and whose store holds this."""
        body = cls(slots)
        vars(body).update(instant.body)
        vars(body.motor).update(deepcopy(instant.motor))
        body.catheter = deepcopy(instant.catheter)
        body.wake, body.answered, body.drug = instant.wake, instant.answered, instant.drug
        return body


class Lifelong(Clinic):
    """Keeps what the pump believed after each wake; before the first one, what a new pump does."""

    def __init__(self) -> None:
        self.beliefs: list[Belief] = [belief_of(Clinic(RecordingBody()).pump)._replace(next_seq=1)]
        body = RecordingBody()
        body.recording, body.wake = True, 1
        super().__init__(body)

    def poll(self) -> None:
        self.body.line.outgoing = b""
        super().poll()
        self.beliefs.append(belief_of(self.pump))
        body = self.body
        body.wake = len(self.beliefs)
        if body.drug and differences(*self.beliefs[-2:]):
            body.drug(body.catheter)
            body.drug = None

    def drug(self, order: Callable[[], object], does: Drug) -> None:
        """An order that goes with drug in a clinician's hand."""
        self.body.drug = does
        order()
        assert self.body.drug is None, "nothing was changed"

    def stall(self, seconds: int) -> None:
        self.body.motor.progress()
        self.body.stalled = True
        self.run(seconds)
        self.body.motor.progress()
        self.body.stalled = False


def _fill(life: Lifelong, mcg_per_ml: int, volume_nl: int = 20_000_000) -> None:
    life.drug(lambda: life.refill(volume_nl, mcg_per_ml), lambda line: line.refill(mcg_per_ml))


def _begin(life: Lifelong) -> None:
    """From the operation to a first dose."""
    life.implant_empty(catheter_mm=CATHETER_MM, tubing_nl=TUBING_NL)
    _fill(life, 2000)
    life.command("WRITE_RECORD", field="patient_name", text=b"Ada".ljust(192, b"\0"))
    life.command("LIMITS", max_dose_mcg_per_day=900, max_bolus_mcg=90, max_change_percent=20)
    life.command("ALARM_SETTINGS", **_ALARMS)
    life.program(300_000)
    life.command("PRIME", volume_nl=life.unprimed_nl())
    life.run(HOUR_S)


def _boluses(life: Lifelong) -> None:
    life.command("SET_PATIENT_BOLUS", dose_ng=10_000, over_s=600, lockout_s=3600, per_day=4)
    life.command("PATIENT_BOLUS")
    life.run(2 * HOUR_S)
    life.command("BOLUS", dose_ng=20_000, over_s=2 * HOUR_S)
    life.run(HOUR_S + 100)
    life.command("CANCEL_BOLUS")


def _orders(life: Lifelong) -> None:
    life.command("STOP")
    life.run(3 * HOUR_S + 100)
    life.command("RESUME")
    life.stall(3 * HOUR_S)
    life.run(HOUR_S)
    life.command("SILENCE", alarm="all")
    life.command("MINIMUM_RATE")
    life.run(HOUR_S)
    life.command("RESUME")


def _strengths(life: Lifelong) -> None:
    """Another strength behind the first one, then put right."""
    _fill(life, 500)
    life.program(310_000, 500)
    life.run(2 * HOUR_S + 100)
    life.drug(lambda: life.correct(600), lambda line: line.correct(600))
    life.command("SET_CLOCK", wall_s=life.pump.clock.wall_s + 600)
    life.run(HOUR_S)


def _week(life: Lifelong) -> None:
    life.flex(EVENS, 600, override="yes")
    life.run(6 * HOUR_S)
    life.flex(ODDS, 600, override="yes")
    life.run(3 * HOUR_S)
    life.command("BOLUS", dose_ng=10_000, over_s=HOUR_S)
    life.run(2 * HOUR_S)


def _low(life: Lifelong) -> None:
    """A kept catheter in place of the line, and a filling that is soon low."""
    life.command("STOP")
    held = {"catheter": "kept", "catheter_mm": CATHETER_MM, "tubing_nl": TUBING_NL, "tubing": "primed"}
    held["parcels"] = [{"volume_nl": CATHETER_NL, "mcg_per_ml": 600}]
    life.drug(lambda: life.implant(**held), lambda line: line.fit([(CATHETER_NL, 600)], primed=True))
    _fill(life, 600, 2_300_000)
    life.program(300_000, 600, override="yes")
    life.run(20 * HOUR_S)
    life.command("SILENCE", alarm="low_reservoir")
    _fill(life, 600)
    life.run(HOUR_S)
    life.provision(KEY)
    life.run(2 * HOUR_S)


def _faults(life: Lifelong) -> None:
    """Alarms of a fault or a loss, silenced, and the orders that end them."""
    body: Any = life.body
    body.check_ram = lambda: FAILED
    life.boot()
    del body.check_ram
    life.boot()
    life.command("SILENCE", alarm="all")
    life.command("SET_CLOCK", wall_s=MONDAY_S + 86400)
    life.command("RESUME")
    life.run(HOUR_S)
    body.check_code = lambda: FAILED
    life.run(HOUR_S + 100)
    del body.check_code
    life.command("SILENCE", alarm="all")
    life.command("STOP")
    body.store.slots |= {16: b"rotten", 17: b"rotten"}
    life.run(12 * HOUR_S)
    life.command("SILENCE", alarm="all")
    life.command("WRITE_RECORD", field="patient_name", text=b"Ada".ljust(192, b"\0"))
    life.program(300_000, 600, override="yes")


def _settings(life: Lifelong) -> None:
    """Alarms that a setting, a program or a filling ends."""
    life.command("ALARM_SETTINGS", **_ALARMS | {"low_reservoir_nl": 9_000_000})
    _fill(life, 800, 8_000_000)
    life.run(4 * HOUR_S)
    life.command("SILENCE", alarm="all")
    life.command("ALARM_SETTINGS", **_ALARMS)
    life.program(300_000, 800, override="yes")
    life.run(HOUR_S)


_ALARMS = {"critical_interval_s": 1200, "non_critical_interval_s": 7200, "stopped_after_s": 7200}
_ALARMS |= {"low_reservoir_nl": 2_000_000}

PARTS = (_begin, _boluses, _orders, _strengths, _week, _low, _faults, _settings)


def lived() -> Lifelong:
    """All of it."""
    life = Lifelong()
    for part in PARTS:
        part(life)
    return life
