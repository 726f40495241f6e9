"""Running scenarios: those of tests/scenarios hold, each of their expectations can fail, they come to their golden
traces, and a run repeats exactly.
"""

import json
import os
import subprocess
import sys
from decimal import Decimal
from functools import partial

import pytest

from host_tools.machines.mock.link import MemoryTransport
from host_tools.scenario import runner, runtimes
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.expect import Equal, SameSet, Within
from host_tools.scenario.load import parse
from host_tools.scenario.runner import run_scenario
from host_tools.scenario.schema import PROGRAMMER_VERBS, VERBS
from host_tools.scenario.verbs import DO, StepError
from host_tools.scenario.vocabulary import WORDS
from tests.restless import Restless
from tests.rooms import SCENARIO_FILES, loaded
from tests.traces import golden, line

GOLDEN = golden()
LOW_RESERVOIR = next(file for file in SCENARIO_FILES if file.stem == "low_reservoir")
PREPARED = """\
steps:
  - implant: {catheter_cm: 89}
  - refill: {volume_ml: 20, concentration_mcg_per_ml: 2000}
  - program: {mode: simple, dose_mcg_per_day: 500}
"""


def run(text):
    return run_scenario(parse(text, "test.yaml"))


def opposite(path, expected):
    """An expectation of the same form that cannot hold where `expected` does."""
    if isinstance(expected, SameSet):
        return SameSet(()) if expected.values else SameSet(tuple(WORDS[path][:1]))
    if isinstance(expected, Within):
        beyond = Decimal("0.000001")
        if expected.high is None:
            assert expected.low is not None
            return Within(None, expected.low - beyond, "less")
        return Within(expected.high + beyond, None, "more")
    if isinstance(expected.value, str):
        return Equal(next(word for word in WORDS.get(path, [expected.value + "?"]) if word != expected.value))
    if isinstance(expected.value, bool) or expected.value is None:
        return Equal(not expected.value)
    return Equal(expected.value + 1)


def inverted(verb, fields):
    """An expecting step turned round: each of its expectations fails where the step's hold."""
    if verb == "expect":
        return {path: opposite(path, expected) for path, expected in fields.items()}
    if verb == "expect_event":
        return fields.model_copy(update={"count": 0 if fields.count is None else fields.count + 1})
    if verb == "expect_document":
        return fields.model_copy(update={"holds": [f"{part} not" for part in fields.holds]})
    return "single" if fields == "none" else "none"


JUDGED = (*PROGRAMMER_VERBS, "expect", "expect_event", "expect_tone", "expect_document")


def parts(verb, fields):
    """How many expectations there are in a step."""
    return len(fields.holds) if verb == "expect_document" else len(fields) if verb == "expect" else 1


class BothWays:
    """Stands where a run judges, and judges each step a second time, turned round; `held` are those that did not fail.

    Both times it is what one look showed: the run is to be the one that it is without this. Looking at what was heard
    forgets it, so that is put back.
    """

    def __init__(self, monkeypatch):
        self.held = []
        self.judged = 0
        self.seen = None  # while a step is judged: what was looked at, by its name
        for name in ("document", "written"):
            monkeypatch.setattr(Clinic, name, self.once(getattr(Clinic, name)))
        for verb in JUDGED[-4:]:
            monkeypatch.setitem(DO, verb, partial(self.expect, verb, DO[verb]))
        self.judge = runner._judge
        monkeypatch.setattr(runner, "_judge", self.answer)

    def once(self, look):
        def seen(clinic, name):
            if self.seen is None:
                return look(clinic, name)
            if name not in self.seen:
                self.seen[name] = look(clinic, name)
            return self.seen[name]

        return seen

    def expect(self, verb, do, clinic, fields):
        self.seen = {}
        heard = clinic._heard
        turned = inverted(verb, fields)
        failures = ()
        try:
            do(clinic, turned)
        except StepError as error:
            failures = error.texts
        self.count(turned, failures, parts(verb, turned))
        clinic._heard = heard
        try:
            do(clinic, fields)
        finally:
            self.seen = None

    def answer(self, clinic, step, reason):
        if step.verb in PROGRAMMER_VERBS:
            turned = step.model_copy(update={"refused": None if step.refused else "replay"})
            self.count(turned, self.judge(clinic, turned, reason), 1)
        return self.judge(clinic, step, reason)

    def count(self, turned, failures, due):
        self.judged += due
        if len(failures) != due:
            self.held.append((turned, failures))


@pytest.fixture(scope="module", params=SCENARIO_FILES, ids=lambda file: file.stem)
def lived(request):
    """A scenario's file, its one run for the tests below, and what judged it both ways.

    The pump of that run is restored from a snapshot of itself again and again, which no golden trace knows of.
    """
    with pytest.MonkeyPatch.context() as monkeypatch:
        both = BothWays(monkeypatch)
        monkeypatch.setattr(runtimes, "MockMachine", Restless)
        before = Restless.restores
        result = run_scenario(loaded(request.param))
        print(f"{request.param.stem}: {Restless.restores - before} restores")
        return request.param, result, both


def test_it_holds_and_each_of_its_expectations_can_fail(lived):
    """Judged by the very judges that fail a run (test_what_fails_is_said_with_step_and_line)."""
    file, result, both = lived
    assert result.failures == []
    assert both.held == []
    assert both.judged >= len(
        [step for step in loaded(file).steps if step.step.verb in JUDGED and not step.step.cut_in_write]
    )


def test_it_comes_to_its_golden_trace(lived):
    file, result, _ = lived
    assert line(file, result) == GOLDEN[file.stem], "if this change of behaviour is meant, `make traces` writes it down"


def test_every_scenario_has_a_golden_trace_and_no_other_has():
    assert list(GOLDEN) == [file.stem for file in SCENARIO_FILES]


@pytest.fixture(scope="module")
def results():
    """One file's results from two fresh processes with different hash seeds."""
    command = [sys.executable, "-m", "host_tools.cli.main", "run", "--json", str(LOW_RESERVOIR)]
    runs = [
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        for seed in ("1", "2")
    ]
    return [json.loads(run.stdout) for run in runs]


def test_the_same_scenario_gives_the_same_result_in_every_process(results):
    one, other = ({**result, "wall_seconds": None} for result in results)
    assert one == other


def test_the_result_has_the_keys_of_the_contract(results):
    assert list(results[0]) == [
        "name", "passed", "failures", "runtime", "trace_sha256", "effects_sha256", "sim_seconds", "wall_seconds",
        "status", "truth", "events", "tones",
    ]  # fmt: skip
    assert {tuple(event) for event in results[0]["events"]} == {("seq", "t_s", "wall", "name", "severity", "data")}
    assert {tuple(tone) for tone in results[0]["tones"]} == {("kind", "first_s", "last_s", "count")}


def test_the_seed_changes_the_trace_and_no_effect():
    one, other = (run(f"seed: {seed}\n{PREPARED}  - wait: 80d\n") for seed in (1, 2))
    assert one.trace_sha256 != other.trace_sha256
    assert one.effects_sha256 == other.effects_sha256


def test_a_dose_changes_the_effects():
    one, other = (run(text) for text in (PREPARED, PREPARED.replace("500}", "501}")))
    assert one.effects_sha256 != other.effects_sha256


def test_every_verb_is_done():
    assert list(DO) == VERBS


def test_steps_happen_at_their_instants():
    result = run(
        PREPARED
        + "  - {at: 1d, stop: }\n  - {after: 2h, resume: }\n  - {wait: 3h}\n  - stop\n  - {at: 2026-01-08, resume: }\n"
    )
    changes = [event for event in result.events if event["name"] == "THERAPY_STATE_CHANGED"]
    assert [event["t_s"] for event in changes] == [0, 0, 86_400, 93_600, 104_400, 3 * 86_400]
    assert changes[-1]["wall"] == "2026-01-08T00:00:00"
    assert result.sim_seconds == 3 * 86_400


def test_a_run_ends_after_its_last_step():
    assert run("steps:\n  - wait: 3d\n").sim_seconds == 3 * 86_400


def test_a_power_cut_takes_time():
    assert run("steps:\n  - power_cut: {for: 2h}\n  - power_cut\n").sim_seconds == 7210


@pytest.mark.parametrize(
    ("step", "failure"),
    [
        ("expect: {status.alarms: [eri]}", 'step 4 (line 5): status.alarms was [], expected ["eri"]'),
        ("expect: {status.boots: {min: 2}}", "step 4 (line 5): status.boots was 1, expected min 2"),
        (
            "expect: {status.alarm_list.0.name: eri}",
            "step 4 (line 5): status.alarm_list.0.name has no part '0', expected \"eri\"",
        ),
        ("expect_event: {name: ERI}", "step 4 (line 5): ERI was never logged, expected at least once"),
        ("expect_event: {name: REFILL, count: 2}", "step 4 (line 5): REFILL was logged 1 times, expected 2"),
        ("expect_tone: dual", "step 4 (line 5): tones heard were none, expected dual"),
        (
            "program: {mode: simple, dose_mcg_per_day: 2000}",
            "step 4 (line 5): program was refused for dose_limit, expected it to be accepted",
        ),
        ("{stop: , refused: state}", "step 4 (line 5): stop was accepted, expected a refusal for state"),
        (
            "{silence: eri, refused: dose_limit}",
            "step 4 (line 5): silence was refused for state, expected a refusal for dose_limit",
        ),
        ("heal: mri", "step 4 (line 5): heal could not be done: "),
    ],
)
def test_what_fails_is_said_with_step_and_line(step, failure):
    failures = run(f"{PREPARED}  - {step}\n  - wait: 1h\n").failures
    assert len(failures) == 1
    assert failures[0].startswith(failure)


def test_a_pump_that_does_not_answer_fails_its_steps_in_words(monkeypatch):
    def deaf(self, timeout_s):
        self._waited_s += timeout_s
        return b""

    monkeypatch.setattr(MemoryTransport, "read", deaf)
    result = run("steps:\n  - stop\n  - expect: {status.alarms: []}\n  - wait: 1d\n")
    assert [failure.split(":")[0] for failure in result.failures] == [
        "step 1 (line 2)",
        "step 2 (line 3)",
        "after the last step",
    ]
    assert "nothing answers" in result.failures[0]
    assert result.status is None
    assert result.sim_seconds == 86_400


def test_aspirated_is_what_the_plant_held_unless_told():
    over = PREPARED + "  - fault: {name: over_delivery, percent: 20}\n  - at: 30d\n"
    refill = "    refill: {volume_ml: 20, concentration_mcg_per_ml: 2000%s}\n"
    default, told = (run(over + refill % extra) for extra in ("", ", aspirated_ml: 12.25"))
    assert refilled(default)["expected_nl"] == pytest.approx(12_500_000, abs=100)
    assert refilled(default)["aspirated_nl"] == pytest.approx(11_000_000, abs=120)
    assert refilled(told)["aspirated_nl"] == 12_250_000


def refilled(result):
    return [event["data"] for event in result.events if event["name"] == "REFILL"][-1]


def test_tones_before_an_acting_verb_are_forgotten_and_its_own_are_not():
    low = PREPARED + "  - at: 73d\n    silence: all\n  - expect_tone: none\n  - power_cut\n  - expect_tone: single\n"
    assert run(low).failures == []


def test_the_plant_comes_before_the_steps_of_its_instant():
    stall = "  - {at: 1d, fault: {name: motor_stall, for: 4h}}\n  - {after: 4h, expect: {truth.faults: []}}\n"
    assert run(PREPARED + stall).failures == []


def test_the_pumps_own_doings_come_before_the_steps_of_their_instant():
    stopped = "  - {at: 1d, stop: }\n  - {after: 6h, silence: stopped}\n"
    assert run(PREPARED + stopped).failures == []


def test_events_are_looked_for_back_in_time_over_a_power_cut():
    text = (
        PREPARED
        + "  - {at: 1d, power_cut: {for: 5h}}\n"
        + "  - expect_event: {name: CLOCK_LOST, since: 0s, count: 1}\n"
        + "  - expect_event: {name: REFILL, since: 1d 4h, count: 0}\n"
        + "  - expect_event: {name: REFILL, since: 1d 5h, count: 1}\n"
        + "  - {after: 1h, expect_event: {name: CLOCK_LOST, since: 59m, count: 0}}\n"
    )
    assert run(text).failures == []


def test_tones_come_in_runs_of_one_kind_at_pump_uptimes():
    tones = run(PREPARED + "  - {at: 1d, stop: }\n  - {at: 3d, wait: 10m}\n").tones
    single, dual = tones
    assert single == {"kind": "single", "first_s": 30 * 3600, "last_s": 71 * 3600, "count": 42}
    assert dual == {"kind": "dual", "first_s": 72 * 3600, "last_s": 72 * 3600 + 600, "count": 2}


def test_a_tone_is_at_the_uptime_of_its_alarm_after_a_power_cut_too():
    result = run(PREPARED + "  - {at: 1d, power_cut: {for: 5h}}\n  - silence: all\n  - stop\n  - wait: 6h\n")
    stopped = next(event for event in result.events if event["name"] == "STOPPED")
    assert result.tones[-1]["last_s"] == stopped["t_s"]


def test_a_tone_is_heard_once():
    tones = "  - {at: 1d, stop: }\n  - {after: 6h, expect_tone: single}\n  - expect_tone: none\n"
    assert run(PREPARED + tones).failures == []


def test_the_pump_is_polled_after_each_step():
    fault = "  - {at: 1d, fault: {name: reverse_step}}\n  - expect_tone: dual\n"
    assert run(PREPARED + fault).failures == []


def test_pump_settings_reach_the_pump_and_its_plant():
    text = "pump: {reservoir_ml: 40, max_dose_mcg_per_day: 2000}\n" + PREPARED.replace("20, con", "40, con")
    limits = "  - expect: {status.limits.max_dose_mcg_per_day: 2000, truth.reservoir_nl: 40000000}\n"
    assert run(text + limits).failures == []


def test_a_wider_catheter_holds_the_drug_longer():
    at_the_tip = "  - at: 36h\n    expect: {truth.tip_mcg: %s}\n"
    assert run(PREPARED + at_the_tip % "{min: 1}").failures == []
    assert run("pump: {catheter_nl_per_cm: 4400}\n" + PREPARED + at_the_tip % "0").failures == []


def test_progress_is_told_and_changes_nothing():
    scenario = parse(PREPARED + "  - wait: 1d\n  - {at: 200d, stop: }\n", "test.yaml")
    told = []
    result = run_scenario(scenario, lambda now_s, end_s: told.append((now_s, end_s)))
    assert result.trace_sha256 == run_scenario(scenario).trace_sha256
    assert told[-1] == (200 * 86_400, 200 * 86_400)
    assert len(told) > 6


def test_no_number_is_rounded_on_its_way_to_the_pump():
    program = "  - program: {mode: simple, dose_mcg_per_day: 333.333, override: true}\n"
    expect = "  - expect: {status.dose_ng_per_day: 333333}\n"
    assert run(PREPARED + program + expect).failures == []
