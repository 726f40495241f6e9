"""Feeds pumps with bytes that nobody meant: from strangers on a line, and signed by a programmer gone mad.

`python -m tests.hunt.fuzz [--inputs N] [--seed S]` draws and mutates; tests/hunt/cover.py lets coverage lead. Whatever
comes in: no exception, an answer to the next question, and nothing of therapy changed but by an order that the pump
says it did.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from firmware.comms import framing
from firmware.config import Config
from firmware.records import slots, statefields
from protocol import auth, codes, frame, messages, registry
from protocol.fields import Field, fields_of
from protocol.frame import Frame
from tests.firmware.body import Body
from tests.firmware.clinic import Clinic

REQUESTS = {message.code: message for message in messages.REQUESTS}
PLACES = [(message.name, message.code) for message in messages.REQUESTS]
THERAPY_OF = {code: name for name, code in codes.THERAPY.items()}
STATE = [name for name, _ in statefields.FIELDS]
KEPT = frozenset(range(28)) - set(slots.LOG + slots.FAULT_LOG)


def unfilled(config: Config | None = None) -> Clinic:
    clinic = Clinic(Body(), config)
    clinic.implant()
    return clinic


def stopped() -> Clinic:
    clinic = unfilled()
    clinic.refill()
    return clinic


def running() -> Clinic:
    clinic = stopped()
    clinic.program(dose_ng_per_day=300_000)
    clinic.run(5000)
    return clinic


def minimum() -> Clinic:
    clinic = running()
    clinic.command("MINIMUM_RATE")
    return clinic


def with_bolus() -> Clinic:
    clinic = running()
    clinic.command("BOLUS", dose_ng=20_000, over_s=7200)
    return clinic


def priming() -> Clinic:
    clinic = Clinic(Body())
    clinic.implant_empty()
    clinic.refill()
    clinic.program(dose_ng_per_day=300_000)
    clinic.command("PRIME", volume_nl=300_000)
    return clinic


def bridging() -> Clinic:
    clinic = running()
    clinic.refill(mcg_per_ml=500)
    return clinic


def flexing() -> Clinic:
    clinic = stopped()
    clinic.flex([[(0, 150_000), (420, 100_000), (1290, 50_000)]] * 7)
    return clinic


def safe_state() -> Clinic:
    clinic = running()
    for slot in (2, 3):
        clinic.body.store.slots[slot] = b"corrupt" * 9
    clinic.boot()
    return clinic


def end_of_service() -> Clinic:
    clinic = unfilled(Config(life_days=2, eri_days=1))
    clinic.refill()
    clinic.program(dose_ng_per_day=300_000)
    clinic.run(2 * 86_400)
    return clinic


LIVES: dict[str, Callable[[], Clinic]] = {
    life.__name__: life
    for life in (
        unfilled, stopped, running, minimum, with_bolus, priming, bridging, flexing, safe_state, end_of_service
    )
}  # fmt: skip


class Found(AssertionError):
    """An input did what none may do."""


PASSING = ("uptime_s", "sessions")  # of the state, whatever comes in


def therapy(clinic: Clinic) -> list[Any]:
    """What a stranger must not change: what is ordered, recorded, sounding and delivered."""
    pump = clinic.pump
    state = pump.state
    found = [getattr(state, name) for name in STATE if name not in PASSING]
    found += [list(entry) for entry in state.alarms]
    return [*found, pump.delivery.rate_nl_per_day, len(clinic.body.orders)]


class Strangers:
    """Bytes on a line of a pump in each therapy state; nobody has a session. Time stands still."""

    def __init__(self) -> None:
        self.pumps = [(name, life()) for name, life in LIVES.items()]
        self.before = [(therapy(clinic), self._kept(clinic)) for _, clinic in self.pumps]
        self.seen: Counter[str] = Counter()

    def take(self, data: bytes) -> None:
        """Feed one pump, which the first byte chooses, and look at it."""
        at = (data[0] if data else 0) % len(self.pumps)
        name, clinic = self.pumps[at]
        self.seen[name] += 1
        line = clinic.body.line
        line.incoming += data[1:] + b"\x00"
        line.outgoing = b""
        clinic.poll()
        for answer in frame.Decoder().feed(line.outgoing):
            registry.decode(answer)

    def judge(self) -> None:
        """Every pump is as it was."""
        for (name, clinic), (before, kept) in zip(self.pumps, self.before, strict=True):
            now = therapy(clinic)
            if now != before:
                raise Found(f"{name}: {now} was {before}")
            if self._kept(clinic) != kept:
                raise Found(f"{name}: records were written")

    @staticmethod
    def _kept(clinic: Clinic) -> dict[int, bytes]:
        """The records, but for the state: opening sessions takes numbers from it."""
        return {slot: data for slot, data in clinic.body.store.slots.items() if slot in KEPT - {2, 3}}


class Programmer:
    """Signed requests with any contents, in a life that goes on from each: what is refused changes nothing."""

    def __init__(self) -> None:
        self.seen: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self._judged = 0
        self._begin()

    def _begin(self) -> None:
        """New pumps: few orders lead back to where some of them begin."""
        self.pumps = [(name, life()) for name, life in LIVES.items()]
        self._opened: set[int] = set()

    def take(self, data: bytes) -> None:
        """One request: the first byte chooses the pump, the second the request, the third how long to wait after it."""
        data = data.ljust(3, b"\x00")
        at = data[0] % len(self.pumps)
        name, clinic = self.pumps[at]
        if at not in self._opened:
            clinic.open("manufacturing" if data[2] & 1 else "clinician")
            self._opened.add(at)
        before = therapy(clinic)
        code = PLACES[data[1] % len(PLACES)][1] if data[1] < 240 else data[1]
        answer = self._ask(clinic, code, data[3:])
        self.seen[THERAPY_OF[clinic.pump.state.therapy]] += 1
        if answer is None or code in (registry.REQUEST["OPEN"].code, registry.REQUEST["CLOSE"].code):
            self._opened.discard(at)  # it ended, or another one waits
            return
        content = registry.decode(answer)
        refused = registry.name_of(answer.type) == "REFUSED"
        self.answers[str(content.reason) if refused else registry.name_of(answer.type)] += 1
        if refused:
            if therapy(clinic) != before:
                raise Found(f"request {code:#x} with {data[3:].hex()} was refused and changed {before}")
            if str(content.reason) in ("auth", "replay"):
                self._opened.discard(at)
        if code == registry.REQUEST["PROVISION"].code and not refused:  # it has a key that nobody knows
            self.pumps[at] = name, LIVES[name]()
            self._opened.discard(at)
        elif data[2] > 250:
            clinic.run(data[2] * 40)
            self._opened.discard(at)  # it was idle for too long

    def judge(self) -> None:
        """Every pump still answers, and stands by its own limits."""
        for name, clinic in self.pumps:
            status = clinic.status()
            if status.rate_nl_per_day > 24_000_000:
                raise Found(f"{name}: {status}")
        self._judged += 1
        if self._judged % 3 == 0:
            self._begin()

    @staticmethod
    def _ask(clinic: Clinic, code: int, payload: bytes) -> Frame | None:
        payload = payload[: framing.MAX_PAYLOAD_BYTES]
        clinic.counter += 1
        unsigned = Frame(code, clinic.session, clinic.counter, payload, 1, bytes(16))
        signed = unsigned._replace(mac=auth.mac(clinic.key, unsigned.signed_bytes()))
        answers = [one for one in clinic.exchange(frame.encode(signed)) if registry.name_of(one.type) != "TELEMETRY"]
        if len(answers) > 1:
            raise Found(f"request {code:#x} was answered {len(answers)} times")
        return answers[0] if answers else None


TARGETS: dict[str, Callable[[], Strangers | Programmer]] = {"strangers": Strangers, "programmer": Programmer}


def seeds(target: str, draw: Random) -> list[bytes]:
    """Inputs to begin with: every request, to every pump, with values that its fields may have."""
    return [sensible(target, pump, at, draw) for at in range(len(PLACES)) for pump in range(len(LIVES))]


def sensible(target: str, pump: int, at: int, draw: Random) -> bytes:
    """A request as it is meant, signed or not."""
    name, code = PLACES[at]
    layout = registry.REQUEST[name].layout
    payload = layout.build(meant(layout, draw))
    if target == "programmer":
        return bytes([pump, at, draw.randrange(256)]) + payload
    plain = Frame(code, 0, 1, payload)
    return bytes([pump]) + frame.encode(draw.choice((plain, plain._replace(flags=1, mac=bytes(16)))))[:-1]


def meant(layout: Any, draw: Random) -> dict[str, Any]:
    """Values of a request's fields, in their ranges."""
    return {field.name: _value(field, draw) for field in fields_of(layout)}


def _value(field: Field, draw: Random) -> Any:
    if field.codes:
        return draw.choice(sorted(field.codes))
    if field.is_list:
        rows = range(draw.randint(1, 4))
        return [{inner.name: _value(inner, draw) for inner in field.inside} for _ in rows]
    if field.inside:
        return {inner.name: _value(inner, draw) for inner in field.inside}
    if field.is_bytes:
        return draw.choice((bytes(field.bytes), b"A" * field.bytes))
    sizes = (
        field.least,
        field.most,
        draw.randint(field.least, field.most),
        draw.randint(field.least, field.least + 99),
    )
    return min(field.most, draw.choice(sizes if field.sentinel is None else (*sizes, field.sentinel)))


def mutated(data: bytes, draw: Random) -> bytes:
    """The input with a few bits, bytes or pieces of it changed; of a frame, often with a CRC that is right again."""
    changed = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        kind = draw.randrange(6)
        at = draw.randrange(len(changed)) if changed else 0
        if kind == 0 and changed:
            changed[at] ^= 1 << draw.randrange(8)
        elif kind == 1 and changed:
            changed[at] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
        elif kind == 2:
            changed[at:at] = draw.randbytes(draw.randint(1, 8))
        elif kind == 3:
            del changed[at : at + draw.randint(1, 8)]
        elif kind == 4:
            size = draw.choice((1, 2, 4, 8))
            changed[at : at + size] = draw.choice((bytes(size), b"\xff" * size, draw.randbytes(size)))
        else:
            changed += draw.randbytes(draw.randint(0, 40))
    return bytes(changed[:700])


def resealed(data: bytes, draw: Random) -> bytes:
    """A stranger's frame whose CRC is right, around a header and payload that may be anything."""
    inner = framing.uncobs(data[1:])
    if inner is None or len(inner) < 5 or draw.random() < 0.3:
        return data
    return data[:1] + framing.seal(inner[:-4])[:-1]


def drawn(target_name: str, inputs: int, seed: int, every: int) -> Strangers | Programmer:
    """Run so many inputs, and judge after each `every` of them."""
    target = TARGETS[target_name]()
    draw = Random(seed)
    pool = seeds(target_name, draw)
    for number in range(inputs):
        if draw.random() < 0.3:
            data = sensible(target_name, draw.randrange(len(LIVES)), draw.randrange(len(PLACES)), draw)
        else:
            data = mutated(draw.choice(pool), draw)
            if target_name == "strangers":
                data = resealed(data, draw)
        try:
            target.take(data)
            if number % every == every - 1:
                target.judge()
        except Exception as error:
            raise Found(f"input {number} of seed {seed}: {data.hex()}: {error!r}") from error
        if draw.random() < 0.01:
            pool[draw.randrange(len(pool))] = data
    target.judge()
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", choices=TARGETS, help="default: both")
    parser.add_argument("--inputs", type=int, default=100_000, help="of each target")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for name in [options.target] if options.target else list(TARGETS):
        target = drawn(name, options.inputs, options.seed, every=1000)
        states = ", ".join(f"{count} {state}" for state, count in sorted(target.seen.items()))
        print(f"{name}: {options.inputs} inputs, seed {options.seed}: {states}")
        if isinstance(target, Programmer):
            print("  " + ", ".join(f"{count} {answer}" for answer, count in target.answers.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
