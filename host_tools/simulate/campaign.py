"""Many lives: each seed in turn, on several processes, with what was found and what was exercised."""

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from multiprocessing import Pool
from pathlib import Path
from time import process_time
from typing import Any, NamedTuple

from host_tools.machines.atlas import HAZARDS
from host_tools.scenario.runtimes import RUNTIMES
from host_tools.simulate.life import Life, Lived
from host_tools.simulate.minimal import minimal

YEAR_S = 365 * 86_400
FAILS = ("safety", "liveness")
GIT_S = 10


class Settings(NamedTuple):
    """How lives are lived: for so many years, on that runtime; `outside`: with faults of which nothing is promised."""

    years: float = 0.25
    on: str = "cpython"
    outside: bool = False

    @property
    def config_sha256(self) -> str:
        """Digest of all but the seed and the code that decides a life."""
        atlas = [[name, hazard.promise, sorted(hazard.spoils), hazard.lasts_s] for name, hazard in HAZARDS.items()]
        return sha256(json.dumps([self._asdict(), atlas]).encode()).hexdigest()

    def repeat(self, seed: int) -> str:
        """The command that lives it again."""
        options = f" --years {self.years}" if self.years != Settings().years else ""
        options += f" --on {self.on}" if self.on != "cpython" else ""
        options += " --outside" if self.outside else ""
        return f"thecal simulate --seed {seed}{options}"


class Outcome(NamedTuple):
    """A life, the processor's time that it took, and the text of its cut-down scenario where it failed."""

    lived: Lived
    cpu_s: float
    scenario: str | None
    steps: int

    def document(self, settings: Settings) -> dict[str, Any]:
        """The object that --json prints."""
        lived, finding = self.lived, self.lived.finding
        document: dict[str, Any] = {
            "seed": lived.seed,
            "trace_sha256": lived.trace_sha256,
            "verdict": lived.verdict,
            "sim_years": round(lived.sim_s / YEAR_S, 4),
            "repeat": settings.repeat(lived.seed),
            "cpu_s": round(self.cpu_s, 3),
        }
        if finding:
            document |= {"found": finding.check, "at_s": finding.at_s, "why": finding.text}
        return document


@dataclass
class Sum:
    """What a campaign came to. `traces` is the digest of all traces in the order of the seeds."""

    seeds: int = 0
    failed: list[int] = field(default_factory=list)
    human: list[int] = field(default_factory=list)
    sim_s: int = 0
    cpu_s: float = 0.0
    events: int = 0
    checks: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    traces: Any = field(default_factory=sha256)

    def add(self, outcome: Outcome) -> None:
        lived = outcome.lived
        self.seeds += 1
        if lived.verdict in FAILS:
            self.failed.append(lived.seed)
        elif lived.verdict == "human":
            self.human.append(lived.seed)
        self.sim_s += lived.sim_s
        self.cpu_s += outcome.cpu_s
        self.events += lived.events
        self.checks += lived.checks
        self.counts += lived.counts
        self.traces.update(lived.trace_sha256.encode())

    @property
    def sim_years(self) -> float:
        return self.sim_s / YEAR_S

    @property
    def sim_s_per_core_s(self) -> int:
        return round(self.sim_s / self.cpu_s) if self.cpu_s else 0

    def document(self, settings: Settings) -> dict[str, Any]:
        """The object that --json prints last."""
        return {
            "seeds": self.seeds,
            "failed": self.failed,
            "human": self.human,
            "sim_years": round(self.sim_years, 3),
            "sim_s_per_core_s": self.sim_s_per_core_s,
            "events": self.events,
            "checks": dict(sorted(self.checks.items())),
            "counts": dict(sorted(self.counts.items())),
            "commit": commit(),
            "config_sha256": settings.config_sha256,
        }


def live(seed: int, settings: Settings, cut_down: bool) -> Outcome:
    """Live one seed; `cut_down`: and make what fails small."""
    began_s = process_time()
    with RUNTIMES[settings.on](None) as runtime:
        lived = Life(seed, runtime, settings.years, settings.outside).live()
    cpu_s = process_time() - began_s
    if lived.finding is None or not cut_down:
        return Outcome(lived, cpu_s, None, 0)
    steps, text = minimal(lived, settings.on)
    return Outcome(lived, cpu_s, text, len(steps))


def campaign(seeds: Iterable[int], settings: Settings, jobs: int, cut_down: bool) -> Generator[Outcome, None, None]:
    """Live the seeds, `jobs` at a time, and yield them in their order. Closing it ends the processes."""
    live_one = partial(live, settings=settings, cut_down=cut_down)
    if jobs == 1:
        yield from map(live_one, seeds)
        return
    with _ctrl_c_held():
        pool = Pool(jobs, _leave_ctrl_c)
    with pool:
        yield from pool.imap(live_one, seeds)


@contextmanager
def _ctrl_c_held() -> Iterator[None]:
    """Within, Ctrl-C waits, where the system can do that: a process that is being made would print a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _leave_ctrl_c() -> None:
    """Ctrl-C reaches every process of a terminal; the first of them ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def commit() -> str | None:
    """The commit of this tree; None outside git."""
    here = Path(__file__).parent
    with suppress(OSError, subprocess.SubprocessError):
        words = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=GIT_S).stdout.strip()
    return None
