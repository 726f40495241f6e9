"""Short adversarial sequences beside the long lives: any orders, faults, cuts and lost answers, in any order."""

import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from host_tools.common.durations import format_duration
from host_tools.machines.atlas import HAZARDS
from host_tools.machines.draw import Draw
from host_tools.scenario.checkers.watch import Watch
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.runner import do_step
from host_tools.scenario.runtimes import RUNTIMES
from host_tools.scenario.schema import Step
from host_tools.simulate.nature import act_of
from host_tools.simulate.novice import try_something
from host_tools.simulate.scenariofile import scenario_of, text_of
from host_tools.simulate.treatment import draw_treatment

EXAMPLES = 1500 if os.environ.get("THECAL_HYPOTHESIS") == "thorough" else 40
PROMISED = sorted(name for name, hazard in HAZARDS.items() if hazard.promise != "outside" and name != "cut_in_write")
DRAWN = st.integers(0, 2**32 - 1)
WAITS_S = st.one_of(st.integers(1, 7200), st.integers(1, 90).map(lambda hours: hours * 3600), st.just(30 * 86_400))


class WatchedSequence(RuleBasedStateMachine):
    """Every act goes to one watched pump; what was done is a scenario that somebody can keep."""

    @initialize(seed=DRAWN, told=st.booleans())
    def begin(self, seed, told):
        treatment = draw_treatment(Draw(seed, "treatment"))
        self.header = {"name": "a sequence", "seed": seed, "pump": treatment.pump, "patient": treatment.patient}
        scenario = scenario_of(self.header, [])
        assert scenario is not None
        self.runtime = RUNTIMES["cpython"](None)
        self.clinic = Clinic(scenario, self.runtime.__enter__())
        self.watch = self.clinic.watch = Watch.of(self.clinic.machine, scenario.config, scenario.start)
        self.steps = []
        if told:
            self.do({"implant": {"catheter_cm": treatment.catheter_cm}})
            self.do({"refill": {"volume_ml": 20, "concentration_mcg_per_ml": treatment.mcg_per_ml}})
            self.do({"program": {"mode": "simple", "dose_mcg_per_day": treatment.dose_mcg}})

    def do(self, act):
        self.steps.append({"at": format_duration(self.clinic.now_s), **act})
        _, failures = do_step(self.clinic, Step.model_validate(act))
        if failures and act.keys() & {"fault", "heal"}:  # such as of a record that was never written
            self.steps.pop()
        self.clinic.machine.wake()

    @rule(seed=DRAWN)
    def order(self, seed):
        self.do(try_something(Draw(seed, "order")))

    @rule(seed=DRAWN, twice=st.booleans(), answer=st.integers(1, 8))
    def order_unheard(self, seed, twice, answer):
        act = try_something(Draw(seed, "order"))
        self.do(act | {"lose_answer": answer})
        if twice:
            self.do(act)

    @rule(seed=DRAWN, write=st.integers(1, 12))
    def order_cut(self, seed, write):
        self.do(try_something(Draw(seed, "order")) | {"cut_in_write": write})

    @rule(name=st.sampled_from(PROMISED), seed=DRAWN)
    def strike(self, name, seed):
        if name not in self.clinic.machine.plant.faults:
            self.do(act_of(HAZARDS[name], Draw(seed, "hazard")))

    @rule()
    def heal(self):
        for name in list(self.clinic.machine.plant.faults)[:1]:
            self.do({"heal": name})

    @rule(lasts_s=WAITS_S)
    def wait(self, lasts_s):
        self.clinic.advance_to_s(self.clinic.now_s + lasts_s)

    @rule()
    def look(self):
        self.do({"expect": {"status.boots": {"min": 1}}})

    @invariant()
    def nothing_is_wrong(self):
        assert not self.watch.findings, text_of(self.header, self.steps, str(self.watch.findings[0]))

    def teardown(self):
        if hasattr(self, "runtime"):
            self.runtime.__exit__(None, None, None)


WatchedSequence.TestCase.settings = settings(max_examples=EXAMPLES, stateful_step_count=25, deadline=None)
TestWatchedSequence = WatchedSequence.TestCase
