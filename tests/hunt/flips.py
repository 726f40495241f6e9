"""Flips every bit of every number that the firmware holds in RAM, one at a time, and sees whether anybody is told.

`python -m tests.hunt.flips` tries all of them in all lives; `--sample N --seed S` as many as it says. Each flip is
lived out in a process of its own, forked at the instant (so on POSIX alone), beside the same life without it. Exits 1
when delivery or belief went wrong and nothing said so.
"""

import argparse
import json
import os
import pickle
import random
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware import guard, wire
from tests.hunt.fields import Place, bits_of, flipped, places
from tests.hunt.lives import LIVES, Life, Lived, Pumped, be_watched, live, name_of, status_of
from tests.hunt.verdicts import BELIEF, CORRECTED, CRASHED, DELIVERY, LOUD, SAME, Verdict

STEP_NL = 100
MOST_CPU_S = 60  # of a life, which takes a few ms
MOST_NL = 2_500  # of delivery may be amiss: a hundredth of a usual day

VERDICTS = (SAME, CORRECTED, LOUD, CRASHED, BELIEF, DELIVERY)

COPIES = ("._state._copy", "._state._kept", "windows._copy", "._first", "._second")
COPY_BITS = (0, 13, -1)  # of a number that is only compared, not worked with


def judge(twin: Lived, lived: Lived) -> Verdict:
    wrong_nl = max(abs(a - b) for a, b in zip(twin.steps, lived.steps, strict=True)) * STEP_NL
    if lived.crashes:
        return Verdict(CRASHED, f"{lived.crashes[0]}, {wrong_nl} nL amiss")
    more = Counter(event[2:4] for event in lived.events)
    more.subtract(event[2:4] for event in twin.events)
    new = [(name_of(event), severity) for (event, severity), count in more.items() if count > 0]
    said = ", ".join(sorted(name for name, _ in new))
    if any(severity != wire.SEVERITY_INFO for _, severity in new):
        return Verdict(LOUD, said)
    if lived.refused != twin.refused:
        return Verdict(LOUD, f"refused: {lived.refused}")
    if wrong_nl > MOST_NL:
        return Verdict(DELIVERY, f"{wrong_nl} nL, said: {said or 'nothing'}")
    belief = _beliefs(twin, lived)
    if belief:
        return Verdict(BELIEF, f"{belief}, said: {said or 'nothing'}")
    return Verdict(CORRECTED if said else SAME, said)


def _beliefs(twin: Lived, lived: Lived) -> str:
    """Which of them differ."""
    found = []
    for at, (before, after) in enumerate(zip(twin.answers, lived.answers, strict=True)):
        if before != after:
            told, tells = status_of(before), status_of(after)
            found += [f"{key} at {at}: {tells.get(key)}" for key in told if told[key] != tells.get(key)]
    if lived.tones != twin.tones:
        found.append(f"{len(lived.tones)} tones, {len(twin.tones)} were due")
    kept = [event for event in lived.events if name_of(event[2]) != "MEM_CORRECTED"]
    if kept != twin.events:
        found.append("the log differs")
    if not lived.log_told:
        found.append("the log is told wrong")
    return "; ".join(found[:4])


def flips_of(pumped: Pumped) -> list[tuple[Place, int]]:
    """Every flip: for numbers that are only copies some bits stand for all."""
    found = []
    for place in places(pumped.pump):
        bits = bits_of(place)
        if any(part in place.path for part in COPIES):
            bits = [bit for bit in bits if bit in COPY_BITS]
        found += [(place, bit) for bit in bits]
    return found


def forked(work: Callable[[], Any]) -> Any:
    """What `work` gives in a process that is a copy of this one; None where that came to no end."""
    import resource  # POSIX alone

    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))  # a flip may make a loop endless
        try:
            os.write(writer, pickle.dumps(work()))
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:
        data = answer.read()
    os.waitpid(child, 0)
    return pickle.loads(data) if data else None


class Hunt:
    """`counts` are the verdicts by life, of `possible` flips; `found` tells (life, path, bit, verdict, why) of all that
    were not well."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {}
        self.found: list[tuple[str, str, int, str, str]] = []
        self.possible = 0

    def run(self, name: str, life: Life, sample: int | None, random_flips: random.Random) -> None:
        pumped = life.begin()
        flips = flips_of(pumped)
        self.possible += len(flips)
        if sample is not None and sample < len(flips):
            flips = random_flips.sample(flips, sample)
        twin = forked(lambda: live(life, pumped))
        counts = self.counts[name] = Counter()
        for place, bit in flips:

            def lived_with_it(place: Place = place, bit: int = bit) -> Verdict:
                place.put(flipped(place.value, bit))
                return judge(twin, live(life, pumped))

            verdict, why = forked(lived_with_it) or (CRASHED, "came to no end")
            counts[verdict] += 1
            if verdict not in (SAME, CORRECTED):
                self.found.append((name, place.path, bit, verdict, why))

    def total(self, verdict: str) -> int:
        return sum(counts[verdict] for counts in self.counts.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", nargs="+", choices=LIVES, default=list(LIVES))
    parser.add_argument("--sample", type=int, help="flips in each life, instead of all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--as-on-board", action="store_true", help="guard the numbers without taking memory")
    parser.add_argument("--out", type=Path, help="write all that was not well there, as JSON")
    options = parser.parse_args()
    if not hasattr(os, "fork"):
        parser.exit(0, "not tried: each flip is lived out in a forked process, which needs POSIX\n")
    be_watched()
    if options.as_on_board:
        guard.LIVE_DICT = False
    hunt = Hunt()
    if options.sample is not None:
        print(f"sample of {options.sample} a life, seed {options.seed}")
    drawn = random.Random(options.seed)
    for name in options.lives:
        hunt.run(name, LIVES[name], options.sample, drawn)
        counts = hunt.counts[name]
        print(f"{name}: {counts.total()} flips: " + ", ".join(f"{counts[v]} {v}" for v in VERDICTS), flush=True)
    for name, path, bit, verdict, why in hunt.found:
        if verdict in (BELIEF, DELIVERY):
            print(f"{verdict}: {name}, {path}, bit {bit}: {why}")
    for verdict in (CRASHED, LOUD):
        alike = Counter((path, why) for _, path, _, found, why in hunt.found if found == verdict)
        for (path, why), count in alike.most_common():
            print(f"{verdict}, {count} times: {path}: {why}")
    if options.out:
        options.out.write_text(json.dumps(hunt.found))
    return 1 if hunt.total(DELIVERY) + hunt.total(BELIEF) else 0


if __name__ == "__main__":
    sys.exit(main())
