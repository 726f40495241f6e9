"""One life, from its seed: people and faults act on a pump, and every checker watches."""

from collections import Counter
from copy import deepcopy
from typing import Any, NamedTuple

from host_tools.common.durations import format_duration
from host_tools.machines.draw import Draw
from host_tools.scenario.checkers.findings import Finding
from host_tools.scenario.checkers.watch import Watch
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.runner import do_step
from host_tools.scenario.runtimes import Runtime
from host_tools.scenario.schema import PROGRAMMER_VERBS, Step
from host_tools.simulate.erring import Erring
from host_tools.simulate.nature import Nature
from host_tools.simulate.person import LOOK, People
from host_tools.simulate.scenariofile import scenario_of
from host_tools.simulate.slips import Act, verb_of
from host_tools.simulate.treatment import draw_treatment

DAY_S = 86_400
HUMAN = ("slip_harms_nobody",)
LISTEN_S = DAY_S // 3


class Lived(NamedTuple):
    """What came of a life: `steps` are those of a scenario, with `header`; `finding` is the first one.

    `checks` and `counts` are how often each check was made, and what happened in it.
    """

    seed: int
    header: dict[str, Any]
    steps: list[Act]
    finding: Finding | None
    verdict: str
    trace_sha256: str
    sim_s: int
    events: int
    checks: Counter[str]
    counts: Counter[str]


class Life:
    """`live` lives for `years`, and then without faults."""

    def __init__(self, seed: int, runtime: Runtime, years: float, outside: bool) -> None:
        self._seed = seed
        self._end_s = round(years * 365 * DAY_S)
        treatment = draw_treatment(Draw(seed, "treatment"))
        self._header = {"name": f"seed {seed}", "seed": seed, "pump": treatment.pump, "patient": treatment.patient}
        scenario = scenario_of(self._header, [])
        assert scenario is not None
        self._clinic = Clinic(scenario, runtime)
        self._watch = self._clinic.watch = Watch.of(self._clinic.machine, scenario.config, scenario.start)
        self._people = People(Draw(seed, "people"), treatment, scenario.start)
        self._erring = Erring(Draw(seed, "slips"))
        self._nature = Nature(Draw(seed, "nature"), outside)
        self._steps: list[Act] = []
        self._pending: Act = {}  # circumstances of the next order
        self._heard = 0
        self._next_listen_s = LISTEN_S
        self.counts: Counter[str] = Counter()

    def live(self) -> Lived:
        """Live it, up to the first thing that is wrong."""
        phase = "safety"
        try:
            self._live_until(self._end_s)
            phase = "liveness"
            self._recover()
        except _Found:
            pass
        machine, finding = self._clinic.machine, next(iter(self._watch.findings), None)
        verdict = "passed" if finding is None else "human" if finding.check in HUMAN else phase
        for event in machine.events:
            self._count(f"event {event['name']}")
        return Lived(
            self._seed,
            self._header,
            self._steps,
            finding,
            verdict,
            machine.effects.trace_sha256(),
            self._clinic.now_s,
            len(machine.events),
            self._watch.tally.counts,
            self.counts,
        )

    # Time

    def _live_until(self, end_s: int) -> None:
        people, nature = self._people, self._nature
        while True:
            due_s = min(people.due_s if people.has_plans else end_s, nature.due_s if nature.has_plans else end_s)
            at_s = max(self._clinic.now_s, min(due_s, self._next_listen_s, end_s))
            self._advance(at_s)
            if at_s >= end_s:
                return
            if at_s >= self._next_listen_s:
                self._listen(at_s)
            elif nature.has_plans and nature.due_s <= at_s:
                self._strike()
            elif people.has_plans and people.due_s <= at_s:
                purpose, visit = people.visit(at_s)
                self._count(f"visit: {purpose}")
                self._erring.carry_out(visit, self._do)

    def _advance(self, at_s: int) -> None:
        if at_s > self._clinic.now_s:
            self._clinic.advance_to_s(at_s)
        if self._watch.findings:
            raise _Found

    def _listen(self, now_s: int) -> None:
        """Three times a day somebody notices whether the pump was heard."""
        tones = len(self._clinic.machine.plant.tones)
        if tones > self._heard:
            self._people.hear(now_s)
        self._heard = tones
        self._next_listen_s = now_s + LISTEN_S

    def _strike(self) -> None:
        act = self._nature.strike(self._clinic.machine.plant.faults)
        if act is None:
            return
        if "cut_in_write" in act:
            self._pending = act
        else:
            self._do(act)

    def _recover(self) -> None:
        """All faults end. In bounded time the pump delivers or says why not, answers, and takes a program."""
        for name in list(self._clinic.machine.plant.faults):
            self._do({"heal": name})
        self._pending = {}
        self._advance(self._clinic.now_s + DAY_S)
        status = self._do(LOOK)
        if status is None:
            raise _Found
        if status["therapy"] == "end_of_service":
            return
        if status["implanted"] is None:
            return
        visit = self._people.repair(self._clinic.now_s)
        outcome: Any = None
        refused = ""
        while True:
            try:
                act = visit.send(outcome)
            except StopIteration:
                break
            outcome = self._do(act)
            if "program" in act:
                refused = f"program was refused for {outcome.reason}" if outcome.reason else ""
        self._advance(self._clinic.now_s + 2 * DAY_S)
        status = self._do({"expect": {"status.therapy": "running"}})
        fine = refused.endswith("rate_limit")  # the line holds what the dose cannot be made of
        fine |= status is not None and (status["therapy"] in ("running", "end_of_service") or bool(status["alarms"]))
        self._watch.tally.check("accepts_program", fine, lambda: refused or "no therapy runs, and no alarm says why")
        self._advance(self._clinic.now_s + DAY_S)

    # Acts

    def _do(self, act: Act) -> Any:
        """Do an act, and write it down; the status for a look, else what came of it."""
        if verb_of(act) in PROGRAMMER_VERBS and "lose_answer" not in act:
            act, self._pending = act | self._pending, {}
        self._count(verb_of(act) if "fault" not in act else act["fault"]["name"])
        if "meant" in act:
            self._count("slip")
        self._steps.append({"at": format_duration(self._clinic.now_s), **deepcopy(act)})
        step = Step.model_validate(act)
        if step.verb == "expect":
            return self._look(step)
        outcome, failures = do_step(self._clinic, step)
        if outcome.reason:
            self._count(f"refused {outcome.reason}")
        if failures and step.verb in ("fault", "heal"):  # such as of a record that was never written
            self._steps.pop()
        self._clinic.machine.wake()
        if self._watch.findings:
            raise _Found
        return outcome

    def _look(self, step: Step) -> Any:
        """Read the status; None where there came none."""
        self._clinic.last_status = None
        do_step(self._clinic, step)
        self._clinic.machine.wake()
        status = self._clinic.last_status
        if self._watch.findings:
            raise _Found
        return status

    def _count(self, what: str) -> None:
        self.counts[what] += 1


class _Found(Exception):
    """A life ends where something is wrong."""
