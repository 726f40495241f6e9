"""Lives in whose midst a bit flips: each a pump brought to an instant between two wakes, and what becomes of it."""

import signal
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple

from firmware import wire
from firmware.records import eventlog, slots
from protocol import codes, frame, messages, registry
from tests.firmware.body import Body
from tests.firmware.clinic import Clinic, Refused

HOUR_S = 3600
LASTS_H = 30  # longer than a day, and than every alarm that is due
ASKED_H = (1, 7, 13, 25, 30)  # when somebody asks for status
MOST_POLLS = 1000  # at one instant
HANGS_S = 3  # of the processor's time in one wake
STATUS: Any = next(message for message in messages.REQUESTS if message.name == "STATUS")


class Hung(Exception):
    """A wake came to no end."""


class Pumped(Clinic):
    """A clinic whose body does as a real one when a wake raises or hangs: it starts the pump anew."""

    def __init__(self) -> None:
        self.crashes: list[str] = []
        self._polls = (0, 0)
        super().__init__(Body())

    def poll(self) -> None:
        at_ms, count = self._polls
        self._polls = (self.body.now_ms, count + 1 if at_ms == self.body.now_ms else 1)
        signal.setitimer(signal.ITIMER_VIRTUAL, HANGS_S)
        try:
            if self._polls[1] > MOST_POLLS:
                raise Hung
            super().poll()
        except Exception as error:  # noqa: BLE001 - whatever the firmware raises
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            self.crashes.append(_where(error))
            self._start_anew()
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def _start_anew(self) -> None:
        self._polls = (0, 0)
        if len(self.crashes) > 3:
            self.due_s = 1 << 30  # a pump that does not start is inert
            return
        self.body.reset_by_watchdog = True
        self.boot()
        self.body.reset_by_watchdog = False

    def boot(self) -> None:
        try:
            super().boot()
        except Exception as error:  # noqa: BLE001 - as above
            self.crashes.append(_where(error))
            self._start_anew()


def _hang(_signal: int, _frame: object) -> None:
    raise Hung


def be_watched() -> None:
    """In a process that lives: a wake that comes to no end raises Hung."""
    signal.signal(signal.SIGVTALRM, _hang)


def _where(error: BaseException) -> str:
    place = next(
        (at for at in reversed(traceback.extract_tb(error.__traceback__)) if "/firmware/" in at.filename), None
    )
    named = f" in {place.filename.rpartition('/')[2]} {place.name}" if place else ""
    return f"{type(error).__name__}{named}"


Act = Callable[[Any], None]


class Life(NamedTuple):
    """How a pump comes to the instant, and what happens (s after it, what) in the hours that follow."""

    begin: Callable[[], Pumped]
    later: tuple[tuple[int, Act], ...] = ()


def _filled(volume_nl: int = 20_000_000) -> Pumped:
    pumped = Pumped()
    pumped.implant()
    pumped.refill(volume_nl=volume_nl)
    return pumped


def _near_low() -> Pumped:
    """Low in 5 h and empty in 20: 2 mL is low, 1.4 mL the residual."""
    pumped = _filled(2_300_000)
    pumped.program(dose_ng_per_day=1_000_000)
    pumped.run(9 * HOUR_S + 1000)
    return pumped


def _flex() -> Pumped:
    pumped = _filled()
    pumped.flex([[(0, 150_000), (420, 100_000), (1290, 50_000)]] * 7)
    pumped.run(25 * HOUR_S + 1000)
    return pumped


def _bolus() -> Pumped:
    pumped = _filled()
    pumped.program()
    pumped.run(25 * HOUR_S)
    pumped.command("BOLUS", dose_ng=60_000, over_s=8 * HOUR_S)
    pumped.run(HOUR_S + 1000)
    return pumped


def _prime() -> Pumped:
    pumped = Pumped()
    pumped.implant_empty()
    pumped.refill()
    pumped.program()
    pumped.run(10)
    pumped.command("PRIME", volume_nl=300_000)
    pumped.run(100)
    return pumped


def _bridge() -> Pumped:
    pumped = _filled()
    pumped.program()
    pumped.run(25 * HOUR_S)
    pumped.refill(mcg_per_ml=1000)
    pumped.program(dose_ng_per_day=520_000, mcg_per_ml=1000)
    pumped.run(5 * HOUR_S + 1000)
    return pumped


def _two_edges() -> Pumped:
    """A week, in a line that holds 2000 mcg/mL, then 1000, before 500."""
    pumped = _flex()
    for mcg_per_ml in (1000, 500):
        pumped.refill(mcg_per_ml=mcg_per_ml)
        pumped.run(3 * HOUR_S)
    return pumped


def _stopped() -> Pumped:
    pumped = _filled()
    pumped.program()
    pumped.run(25 * HOUR_S)
    pumped.command("STOP")
    pumped.run(4 * HOUR_S + 1000)
    return pumped


def _stalled() -> Pumped:
    pumped = _filled()
    pumped.program()
    pumped.run(25 * HOUR_S)
    pumped.body.motor.progress()
    pumped.body.stalled = True
    pumped.run(2 * HOUR_S + 1000)
    return pumped


def _turn_again(pumped: Pumped) -> None:
    pumped.body.motor.progress()
    pumped.body.stalled = False


def _in_session() -> Pumped:
    pumped = _filled()
    pumped.program()
    pumped.run(25 * HOUR_S + 1000)
    pumped.open()
    pumped.signed("READ_PROGRAM")
    return pumped


def _order(name: str) -> Act:
    def order(pumped: Pumped) -> None:
        pumped.signed(name)

    return order


LIVES = {
    "near_low": Life(_near_low),
    "flex": Life(_flex),
    "bolus": Life(_bolus),
    "prime": Life(_prime),
    "bridge": Life(_bridge),
    "two edges": Life(_two_edges),
    "stopped": Life(_stopped),
    "stalled": Life(_stalled, ((3 * HOUR_S, _turn_again),)),
    "session": Life(_in_session, ((20, _order("MINIMUM_RATE")), (60, _order("RESUME")), (70, _order("CLOSE")))),
}


class Lived(NamedTuple):
    """What a life shows: rotor steps by the hour, answers, log and tones, and what it ran into."""

    steps: list[int]
    answers: list[bytes]
    events: list[tuple[int, ...]]
    tones: list[tuple[int, int]]
    crashes: list[str]
    refused: list[str]
    log_told: bool  # whether the pump tells of its log what is in the store


def live(life: Life, pumped: Pumped) -> Lived:
    """Live on from the instant, and through a loss of power at the end."""
    start_ms = pumped.body.now_ms
    steps, answers, refused = [], [], []
    acts = [(second, act) for second, act in life.later]
    acts += [(hour * HOUR_S, None) for hour in range(1, LASTS_H + 1)]
    for second, act in sorted(acts, key=lambda one: one[0]):
        pumped.run(second - (pumped.body.now_ms - start_ms) // 1000)
        if act is not None:
            try:
                act(pumped)
            except (Refused, ValueError) as error:  # ValueError: there came no answer
                refused.append(f"{type(error).__name__} {error}")
            continue
        steps.append(pumped.body.motor.progress()[1])
        if second // HOUR_S in ASKED_H:
            answers.append(_status(pumped))
    log_told = _tells_its_log(pumped)
    pumped.boot()
    answers.append(_status(pumped))
    return Lived(steps, answers, _events(pumped), pumped.body.tones, pumped.crashes, refused, log_told)


def _status(pumped: Pumped) -> bytes:
    pumped.sequence += 1
    pumped.body.line.incoming = frame.encode(frame.Frame(STATUS.code, 0, pumped.sequence, b""))
    pumped.body.line.outgoing = b""
    pumped.poll()
    return pumped.body.line.outgoing


def status_of(answer: bytes) -> dict[str, Any]:
    frames = frame.Decoder().feed(answer)
    if len(frames) != 1:
        return {"answer": len(frames)}
    return dict(registry.decode(frames[0]))


def _stored(store: Any) -> list[tuple[int, ...]]:
    found = []
    for slot in slots.LOG:
        found += [tuple(eventlog.unpack(wire.LOG_ENTRY_FMT, entry)) for _, entry in eventlog._whole(store.read(slot))]
    return sorted(found)


def _tells_its_log(pumped: Pumped) -> bool:
    log = pumped.pump.log
    stored = _stored(pumped.body.store)
    try:
        told = [tuple(entry) for entry in log.read(1, wire.NONE32, 10_000)]
    except Exception as error:  # noqa: BLE001 - whatever the firmware raises
        pumped.crashes.append(_where(error))
        return False
    return bool(stored) and told == stored and log.next_seq == stored[-1][0] + 1


def _events(pumped: Pumped) -> list[tuple[int, ...]]:
    """Without their numbers."""
    return [entry[1:] for entry in _stored(pumped.body.store)]


def name_of(event: int) -> str:
    return next(name for name, one in codes.EVENTS.items() if one.code == event)
