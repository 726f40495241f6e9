"""The firmware driven beside the reference model, by any sequence of orders, stalls and waiting."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from .body import Body
from .clinic import Clinic, Refused
from .model import CAPACITY_NL, LOW_NL, RESIDUAL_NL, Model

SLACK_STEPS = 3  # for each start and change of delivery


class PumpBesideModel(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.body = Body()
        self.clinic = Clinic(self.body)
        self.clinic.implant_empty()
        self.model = Model()
        self.changes = 1

    def both(self, command, expected, *args):
        """The same order to both: the same refusal, or none."""
        self.changes += 1
        reason = None
        try:
            command(*args)
        except Refused as refused:
            reason = str(refused)
        assert reason == expected

    @rule(volume_ml=st.integers(1, 22), mcg_per_ml=st.sampled_from([500, 2000]))
    def refill(self, volume_ml, mcg_per_ml):
        if self.model.stalled:  # at the minimum rate a stall is noticed after hours, which the model does not follow
            mcg_per_ml = self.model.line.drug or mcg_per_ml
        expected = self.model.refill(volume_ml * 1_000_000, mcg_per_ml)
        self.both(self.clinic.refill, expected, volume_ml * 1_000_000, mcg_per_ml)

    @rule(
        dose_mcg=st.sampled_from([20, 100, 130, 169, 333, 800, 1000, 1001]),
        mcg_per_ml=st.sampled_from([500, 2000]),
        override=st.booleans(),
    )
    def program(self, dose_mcg, mcg_per_ml, override):
        expected = self.model.order(dose_mcg * 1000, mcg_per_ml, override)
        flag = "yes" if override else "no"
        self.both(self.clinic.program, expected, dose_mcg * 1000, mcg_per_ml, None, flag)

    @rule()
    def stop(self):
        self.both(self.clinic.command, self.model.stop(), "STOP")

    @rule(override=st.booleans())
    def resume(self, override):
        flag = "yes" if override else "no"
        self.both(lambda: self.clinic.command("RESUME", override=flag), self.model.resume(override))

    @precondition(lambda self: not self.model.stalled)  # for the same reason
    @rule()
    def minimum_rate(self):
        self.both(self.clinic.command, self.model.minimum_rate(), "MINIMUM_RATE")

    @rule()
    def silence(self):
        self.model.silence()
        self.clinic.command("SILENCE", alarm="all")

    @rule(hours=st.integers(1, 400))
    def wait(self, hours):
        since_s = (self.model.idle_s, self.model.idle_s - self.model.accepted_s)
        # When a stall began, the two see an hour apart
        while any(46 <= idle_s / 3600 + hours <= 50 for idle_s in since_s):
            hours += 5
        self.model.wait(hours * 3600)
        self.clinic.run(hours * 3600)

    @precondition(lambda self: self.model.therapy != "minimum")
    @rule()
    def stall(self):
        if self.model.lapsed:  # that it turns again is seen when the batch is over, and a full dose given till then
            self.changes += self.model.rate // 24 // 100
        self.body.stalled = self.model.stalled = not self.model.stalled
        self.wait(2)

    @invariant()
    def agree(self):
        status = self.clinic.status()
        model = self.model
        slack_nl = (self.changes + model.edges) * SLACK_STEPS * 100
        assert status.therapy == model.therapy
        assert abs(status.delivered_nl - model.delivered_nl) <= slack_nl
        if min(abs(model.volume_nl - LOW_NL), abs(model.volume_nl - RESIDUAL_NL)) <= slack_nl and model.rate:
            return  # within its slack the pump may see a threshold a moment before or after the model
        if not slack_nl < (model.line.edge_nl or CAPACITY_NL) < model.line.dead_nl - slack_nl and model.edges:
            return  # and the edge of a drug
        assert status.rate_nl_per_day == (0 if model.stalled_now else model.rate)
        assert status.ordered_rate_nl_per_day == model.ordered
        alarms = {str(entry.alarm): [entry.condition == "active", entry.silenced == "yes"] for entry in status.alarms}
        assert alarms == model.alarms


PumpBesideModel.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestPumpBesideModel = PumpBesideModel.TestCase
