"""A bad file is refused with file, line, what was expected and what was found, all errors at once."""

import contextlib
import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.machines.configuration import PumpConfigError, pump_config
from host_tools.scenario.load import ScenarioError, load, parse
from host_tools.scenario.schema import VERBS

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["1d", "simple", "mri", "x"])
KEYS = st.sampled_from([*VERBS, "at", "after", "refused", "name", "for", "mode", "dose_mcg_per_day", "status.alarms"])
GOOD_STEP = "  - wait: 1d\n"


BAD_STEPS = """\
refill: {volume_ml: twenty, concentration_mcg_per_ml: 1}
    refill.volume_ml: expected a number of mL from 0, got 'twenty'
refill: {volume_ml: '20', concentration_mcg_per_ml: 1}
    refill.volume_ml: expected a number of mL from 0, got '20'
refill: {volume_ml: true, concentration_mcg_per_ml: 1}
    refill.volume_ml: expected a number of mL from 0, got True
refill: {volume_ml: -1.5, concentration_mcg_per_ml: 1}
    refill.volume_ml: expected a number of mL from 0, got -1.5
refill: {volume_ml: .nan, concentration_mcg_per_ml: 1}
    refill.volume_ml: expected a number of mL from 0, got '.nan'
refill: {volume_ml: 1e999999999, concentration_mcg_per_ml: 1}
    refill.volume_ml: expected a number of mL from 0, got '1e999999999'
refill: {volume_ml: 20}
    refill.concentration_mcg_per_ml: missing: refill needs concentration_mcg_per_ml
refill: {volume_ml: 20, concentration_mcg_per_ml: 2.5}
    refill.concentration_mcg_per_ml: expected a whole number from 0, got 2.5
refill: {volume_ml: 20, concentration_mcg_per_ml: 1, volum: 3}
    'volum' is no field of refill in this version; did you mean 'volume_ml'?
refill: {volume_ml: 20, concentration_mcg_per_ml: 1, bridge: some}
    refill.bridge: 'some' is no bridge of this version; known: auto, none
refill: 20
    refill: expected a mapping with volume_ml, concentration_mcg_per_ml, aspirated_ml, drug, bridge, got 20
refill:
    refill: expected a mapping with volume_ml, concentration_mcg_per_ml, aspirated_ml, drug, bridge, got None
implant: {catheter_cm: 89, site: 5}
    implant.site: expected a text, got 5
implant: {catheter_cm: 89, override: maybe}
    implant.override: expected true or false, got 'maybe'
implant: {catheter_cm: 89, date: yesterday}
    implant.date: 'yesterday' is no local time
program: {mode: flex, dose_mcg_per_day: 5}
    program: mode flex needs schedule
program: {mode: simple, dose_mcg_per_day: 5.0001}
    program.dose_mcg_per_day: expected mcg/day from 0 with at most three decimals, got 5.0001
test_dose: {dose_mcg: 0}
    test_dose.dose_mcg: expected a number of mcg above 0, at most 1000, got 0
test_dose: {dose_mcg: 5000}
    test_dose.dose_mcg: expected a number of mcg above 0, at most 1000, got 5000
test_dose:
    test_dose: expected a mapping with dose_mcg, got None
stop: now
    stop: expected nothing, got 'now'
stop: {for: 3h}
    'for' is no field of stop in this version
silence: low_resevoir
    silence: 'low_resevoir' is no alarm of this version; did you mean 'low_reservoir'?
silence: 7
    silence: 7 is no alarm of this version; known: motor_stall,
set_clock: noon
    set_clock: 'noon' is no local time; write 2026-01-05T08:00:00
fault: {name: motor_stal}
    fault.name: 'motor_stal' is no fault of this version; did you mean 'motor_stall'?
fault: {name: bit_flip}
    fault: bit_flip needs region
fault: {name: bit_flip, region: heart}
    fault: region is rate, working, program, ledger, week, log, fault_log, code, not heart
fault: {name: store_corrupt, region: log, copies: 3}
    fault: copies is from 1 to 2, not 3
fault: {name: bit_flip, region: rate, for: 1h}
    fault: bit_flip takes no for: it is over at once
{stop: , refused: state, cut_in_write: 2}
    expected at most one of refused, cut_in_write, lose_answer, got refused and cut_in_write
{wait: 1d, cut_in_write: 2}
    wait takes no cut_in_write: only what a programmer asks does
{stop: , lose_answer: 0}
    lose_answer: expected a whole number from 1 to 1000, got 0
{stop: , lose_answer: 1.5}
    lose_answer: expected a whole number from 1 to 1000, got 1.5
{stop: , lose_answer: true}
    lose_answer: expected a whole number from 1 to 1000, got True
{stop: , lose_answer: 1, refused: state}
    expected at most one of refused, cut_in_write, lose_answer, got refused and lose_answer
{stop: , cut_in_write: 1, lose_answer: 1}
    expected at most one of refused, cut_in_write, lose_answer, got cut_in_write and lose_answer
{power_cut: {for: 1h}, lose_answer: 1}
    power_cut takes no lose_answer: only what a programmer asks does
{stop: , meant: 5}
    meant: expected a text, got 5
{stop: , meant: }
    meant: expected a text, got None
{fault: {name: runaway}, meant: nothing}
    fault takes no meant: only what a programmer asks does
fault: {name: motor_stall, percent: 5}
    fault: motor_stall takes no percent; known: for
fault: {name: over_delivery}
    fault: over_delivery needs percent
fault: {name: over_delivery, percent: 0}
    fault.percent: expected a whole number of percent above 0, got 0
fault: {name: step_loss, percent: 101}
    fault: percent is from 1 to 100, not 101
fault: {name: temperature, celsius: 125.5}
    fault: celsius is from -40 to 125, not 125.5
fault: {name: reservoir_leak, ml_per_day: much}
    fault.ml_per_day: expected a number of mL/day, got 'much'
fault: {name: clock_jump, by: -400d}
    fault: by is from -365d to 365d, not -34560000
fault: {name: clock_jump, by: 2h, for: 1h}
    fault: clock_jump takes no for: it is over at once
fault: {name: motor_stall_intermittent, every: 1h}
    fault: motor_stall_intermittent needs lasting
fault: {name: motor_stall_intermittent, every: 1h, lasting: 1h}
    fault: motor_stall_intermittent: a stall lasts as long as from one to the next
fault: {name: mri}
    fault: mri needs for
fault: {name: motor_stall, for: long}
    fault.for: 'long' is no duration; write 90s, 15m, 2h
heal: stall
    heal: 'stall' is no fault of this version
power_cut: {for: 10}
    power_cut.for: expected a duration such as 90s, 2h or 3d 4h 30m, got 10
implant: {site: left}
    implant: implant needs catheter_cm, or catheter: kept for the one that is there
implant: {catheter_cm: 89, catheter: new, keep_catheter: true}
    implant: keep_catheter: true is catheter: kept, and no new one
alarm_settings: {}
    alarm_settings: expected a mapping with critical_interval, non_critical_interval, stopped_after, low_reservoir_ml
alarm_settings: {critical_interval: 10}
    alarm_settings.critical_interval: expected a duration such as 90s, 2h or 3d 4h 30m, got 10
patient: {}
    patient: expected texts of the patient's record: patient_name,
patient: {name: Ada}
    'name' is no field of the patient's record of this version
patient: {born: 1980}
    patient.born: expected a text, got 1980
replace_pump: {serial: THECAL-000001}
    replace_pump.serial: expected 1 to 12 ASCII characters, got 'THECAL-000001'
wait: 90
    wait: expected a duration such as 90s, 2h or 3d 4h 30m, got 90
wait: 40000d
    wait: '40000d' is longer than the 34 years
expect: {}
    expect: expected at least one path into status, truth, patient or titration
expect: [low_reservoir]
    expect: expected a mapping, got ['low_reservoir']
expect: {alarms: []}
    expect.alarms: 'alarms' is no path into status, truth, patient or titration, such as status.alarms
expect: {status.reservoir: 5}
    'status.reservoir' is no path of this version; did you mean 'status.reservoir_nl'?
expect: {truth.csf_mcg_per_ml: 1}
    'truth.csf_mcg_per_ml' is no path of this version; did you mean 'truth.csf_ng_per_ml'
expect: {status.alarms: [low_resevoir]}
    expect: status.alarms is never 'low_resevoir'; did you mean 'low_reservoir'?
expect: {status.therapy: runing}
    expect: status.therapy is never 'runing'; did you mean 'running'?
expect: {status.boots: {least: 3}}
    expect.status.boots: expected a value, a list, {min:, max:} or {approx:, within:}, got
expect_event: {name: LOW_RESEVOIR}
    expect_event.name: 'LOW_RESEVOIR' is no event of this version; did you mean 'LOW_RESERVOIR'?
expect_event: {name: BOOT, count: -1}
    expect_event.count: expected a whole number from 0, got -1
expect_event: {name: BOOT, since: yesterday}
    expect_event.since: 'yesterday' is no duration
expect_tone: loud
    expect_tone: 'loud' is no tone of this version; known: none, single, dual
bolus: {dose_mcg: 5}
    bolus.over: missing: bolus needs over
bolus: {dose_mcg: 0.0001, over: 30m}
    bolus.dose_mcg: expected a number of mcg with at most three decimals from 0 to 4294967.295, got 0.0001
bolus: {dose_mcg: 5, over: 30}
    bolus.over: expected a duration such as 90s, 2h or 3d 4h 30m, got 30
prime: {volume_ml: -0.1}
    prime.volume_ml: expected a number of mL from 0, got -0.1
implant: {catheter_cm: 6553.6}
    implant.catheter_cm: expected a number of cm from 0 to 6553.5, got 6553.6
implant: {catheter_cm: 89, pump_tubing_ml: 4295}
    implant.pump_tubing_ml: expected a number of mL from 0 to 4294.967295, got 4295
patient_bolus: {dose_mcg: 5}
    'dose_mcg' is no field of patient_bolus in this version
set_patient_bolus: {dose_mcg: 5, over: 5m, lockout: 4h}
    set_patient_bolus.per_day: missing: set_patient_bolus needs per_day
set_patient_bolus: {dose_mcg: 5, over: 5m, lockout: 4h, per_day: 256}
    set_patient_bolus.per_day: expected a whole number from 0 to 255, got 256
deliver: {dose_mcg: 5}
    deliver: 'deliver' is no verb or key of a step in this version; known: at, after, times, refused, cut_in_write,
refil: {volume_ml: 5}
    refil: 'refil' is no verb or key of a step in this version; did you mean 'refill'?
{stop: , resume: }
    expected exactly one verb, got stop, resume
at: 5d
    expected exactly one verb, got none
{}
    expected exactly one verb, got none
{at: 5d, after: 2h, resume: }
    expected at most one of at and after, got both
{at: 5d, times: 2, resume: }
    expected after with times, got at
{times: 0, resume: }
    times: expected a whole number of times from 1 to 10000, got 0
{at: soon, resume: }
    at: 'soon' is no duration
{at: 5, resume: }
    at: expected a text, got 5
{at: , resume: }
    at: expected a text, got None
{at: 2025-01-01, resume: }
    at: '2025-01-01' is before the start, 2026-01-05T00:00:00
{stop: , refused: dose_limt}
    refused: 'dose_limt' is no reason of this version; did you mean 'dose_limit'?
{wait: 2h, refused: state}
    wait cannot be refused: only what a programmer asks can be
17
    expected a mapping with at, after, times, refused, cut_in_write,
heal: &x mri
    heal: expected no anchor, got &x
heal: !!binary bXJp
    heal: expected a plain value, got one tagged
? [a, b] : c
    expected a name before the colon
"""


def pairs(table):
    """(step, part of the complaint about it) of every two lines."""
    lines = [line.strip() for line in table.splitlines()]
    return list(zip(lines[::2], lines[1::2], strict=True))


@pytest.fixture
def problems(tmp_path):
    def check(text):
        file = tmp_path / "low.yaml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        with pytest.raises(ScenarioError) as refused:
            load(str(file))
        return [problem.replace(f"{tmp_path}/", "") for problem in refused.value.problems]

    return check


@pytest.fixture
def scenario(tmp_path):
    def check(text):
        file = tmp_path / "some file.yaml"
        file.write_text(text)
        return load(str(file))

    return check


@pytest.mark.parametrize(("step", "complaint"), pairs(BAD_STEPS))
def test_a_bad_step(problems, step, complaint):
    found = problems(f"steps:\n{GOOD_STEP}  - {step}\n{GOOD_STEP}")
    assert any(problem.startswith("low.yaml:3: steps[2]") and complaint in problem for problem in found), found
    assert all(problem.startswith("low.yaml:3:") for problem in found), found
    assert len(found) == len({*found}), found


@pytest.mark.parametrize(
    ("top", "complaint"),
    [
        ("start: noon", "low.yaml:1: start: 'noon' is no local time"),
        ("start: 2026-01-05T00:00:00Z", "low.yaml:1: start: '2026-01-05T00:00:00Z' is not local"),
        ("seed: one", "low.yaml:1: seed: expected a whole number from 0, got 'one'"),
        ("seed: -1", "low.yaml:1: seed: expected a whole number from 0, got -1"),
        ("short: 3", "low.yaml:1: short: expected true or false, got 3"),
        ("watch: 3", "low.yaml:1: watch: expected true or false, got 3"),
        ("watch: [tip_above]", "low.yaml:1: watch: expected true or false, got ['tip_above']"),
        ("watc: true", "low.yaml:1: watc: 'watc' is no key of a scenario in this version; did you mean 'watch'?"),
        ("shows: FI-01", "low.yaml:1: shows: expected a list, got 'FI-01'"),
        ("name: 5", "low.yaml:1: name: expected a text, got 5"),
        ("nam: x", "low.yaml:1: nam: 'nam' is no key of a scenario in this version; did you mean 'name'?"),
        ("pump: 20", "low.yaml:1: pump: expected a mapping, got 20"),
        ("pump: {reservoir: 20}", "low.yaml:1: pump.reservoir: unknown key; did you mean 'reservoir_ml'?"),
        ("pump: {reservoir_nl: 5}", "low.yaml:1: pump.reservoir_nl: unknown key; did you mean 'reservoir_ml'?"),
        ("pump: {reservoir_ml: big}", "low.yaml:1: pump.reservoir_ml: expected a number of mL above 0, got 'big'"),
        ("pump: {reservoir_ml: 41}", "low.yaml:1: pump.reservoir_ml: expected mL up to 40 with"),
        ("pump: {step_nl: 0.5}", "low.yaml:1: pump.step_nl: expected a whole number from 1 to 1073741823, got 0.5"),
        ("pump: {step_nl: 50}", "low.yaml:1: pump.step_nl: 50 nL a step at max_rate_nl_per_day is one in 180 ms"),
        ("pump: {serial: THECAL-000001}", "low.yaml:1: pump.serial: expected 1 to 12 ASCII characters"),
        ("pump: {step_nl: 20000}", "low.yaml:1: pump.step_nl: expected 1 to 10000, got 20000"),
        (
            "pump: {step_nl: 1000, max_rate_nl_per_day: 48000000}",
            "low.yaml:1: pump.max_rate_nl_per_day: at 48000000 the largest batch, 20000 nL in steps of",
        ),
        (
            "pump: {minimum_rate_nl_per_day: 24000001}",
            "low.yaml:1: pump.minimum_rate_nl_per_day: must not be above max_rate_nl_per_day",
        ),
        (
            "pump: {standby_rate_nl_per_day: 24000001}",
            "low.yaml:1: pump.standby_rate_nl_per_day: must not be above max_rate_nl_per_day",
        ),
        (
            "pump: {stopped_s: 7200, stopped_alarm_after_s: 7200}",
            "low.yaml:1: pump.stopped_alarm_after_s: the same as stopped_s, which is given too",
        ),
        ("pump: {max_change_percent: 101}", "low.yaml:1: pump.max_change_percent: expected 1 to 100, got 101"),
        ("pump: {low_reservoir_ml: 21}", "low.yaml:1: pump.low_reservoir_ml: must be below reservoir_ml"),
        ("pump: {residual_ml: 3}", "low.yaml:1: pump.residual_ml: must not be above low_reservoir_ml"),
        ("patient: {used_to_mcg_per_day: -1}", "low.yaml:1: patient.used_to_mcg_per_day: expected mcg/day from 0 to"),
        ("patient: {dependent: often}", "low.yaml:1: patient.dependent: expected true or false, got 'often'"),
        ("patient: {tolerance_percent: 101}", "low.yaml:1: patient.tolerance_percent: expected a whole number of"),
        ("patient: {used_to: 300}", "low.yaml:1: patient.used_to: 'used_to' is no field of patient in this version"),
        ("patient: 300", "low.yaml:1: patient: expected a mapping with used_to_mcg_per_day, dependent, prone,"),
        ("name: a\nname: b", "low.yaml:2: name: given twice, first on line 1"),
        ("name: [", "low.yaml:3: no valid YAML: "),
        ("name:\n\tx", "low.yaml:2: no valid YAML: found character '\\t' that cannot start any token"),
        ("--- {}\n---\nname: x", "no valid YAML: "),
        ("name: \x07", "low.yaml:1: no valid YAML: "),
        (b"name: a\nstart: \xff", "low.yaml:2: expected UTF-8 text, got byte 0xff"),
    ],
)
def test_a_bad_top(problems, top, complaint):
    text = (top if isinstance(top, bytes) else top.encode()) + b"\nsteps:\n" + GOOD_STEP.encode()
    found = problems(text)
    assert any(complaint in problem for problem in found), found


@pytest.mark.parametrize("text", ["", "17", "[]", "name: x", "steps:", "steps: []", "steps: {wait: 1d}", "steps: stop"])
def test_a_file_without_steps(problems, text):
    assert any("expected" in problem or "missing" in problem for problem in problems(text))


def test_a_missing_file_is_said_in_one_line(tmp_path):
    with pytest.raises(ScenarioError, match=r"none\.yaml: No such file or directory"):
        load(str(tmp_path / "none.yaml"))


def test_bottomless_nesting_is_refused(problems):
    assert problems("[" * 5000) == ["low.yaml:1: no scenario: values are nested too deeply"]


def test_all_errors_at_once_in_order(problems):
    text = """\
name: low reservoir
seed: one
pump: {reservoir: 20}
steps:
  - implant: {catheter_cm: 89}
  - at: 3d
    refill: {volume_ml: twenty}
  - at: 2d
    stop:
  - silence: nothing
"""
    lines = [problem.split(":")[1] for problem in problems(text)]
    assert lines == ["2", "3", "7", "7", "10"]


def test_a_step_cannot_be_before_the_one_before_it(problems):
    text = "steps:\n  - {at: 71d, power_cut: {for: 2h}}\n  - at: 71d 1h\n    stop:\n"
    assert problems(text) == ["low.yaml:3: steps[2].at: 71d 1h is before 71d 2h, where the step before it ends"]


def test_at_counts_from_the_start_and_after_from_the_end_of_the_step_before(scenario):
    plan = scenario(
        """\
start: 2026-01-05T08:00:00
steps:
  - stop
  - {after: 2h, stop: }
  - {at: 1d, wait: 3h}
  - stop
  - {after: 1h, power_cut: {for: 20m}}
  - {after: 10m, stop: }
  - {at: 2026-01-07, stop: }
  - power_cut
  - expect_tone: none
"""
    )
    hours = [step.at_s / 3600 for step in plan.steps]
    assert hours == [0, 2, 24, 27, 28, 28.5, 40, 40, 40 + 10 / 3600]
    assert [step.line for step in plan.steps] == list(range(3, 12))
    assert [step.number for step in plan.steps] == list(range(1, 10))


def test_a_step_done_several_times_is_as_many_steps(scenario):
    plan = scenario("steps:\n  - {after: 2h, times: 3, power_cut: {for: 1h}}\n  - {times: 2, stop: }\n")
    assert [step.at_s / 3600 for step in plan.steps] == [2, 5, 8, 9, 9]
    assert [(step.number, step.line) for step in plan.steps] == [(1, 2)] * 3 + [(2, 3)] * 2


def test_what_is_wrong_with_all_of_them_is_said_once(problems):
    found = problems("steps:\n  - {after: 10000d, times: 3, stop: }\n")
    assert found == ["low.yaml:2: steps[1]: ends later than the 34 years that a pump's clock counts"]


def test_defaults(scenario):
    plan = scenario("steps: [stop]")
    assert (plan.name, plan.start.isoformat(), plan.seed) == ("some file", "2026-01-05T00:00:00", 0)
    assert plan.config.reservoir_nl == 20_000_000


def test_pump_settings_in_user_units(scenario):
    config = scenario(
        "pump: {reservoir_ml: 40, low_reservoir_ml: 4, residual_ml: 1.25, serial: X}\nsteps: [stop]"
    ).config
    volumes = (config.reservoir_nl, config.low_reservoir_nl, config.residual_nl, config.serial)
    assert volumes == (40_000_000, 4_000_000, 1_250_000, "X")


def test_numbers_are_read_as_written(scenario):
    step = scenario("steps: [program: {mode: simple, dose_mcg_per_day: 0.1}]").steps[0].step
    assert step.program.dose_mcg_per_day == Decimal("0.1")


@given(st.text(max_size=60) | st.text("{}[]:,-&*!|>'\"%@` \n\tax0.", max_size=60))
def test_any_text_is_a_scenario_or_refused(text):
    with pytest.raises(ScenarioError) as refused:
        parse(text, "x.yaml")
    assert all(re.match(r"x\.yaml:[1-9][0-9]*: ", problem) for problem in refused.value.problems)


@given(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4)))
def test_any_values_are_a_scenario_or_refused(value):
    with contextlib.suppress(ScenarioError):
        parse(json.dumps({"steps": [value]}), "x.yaml")


@pytest.mark.parametrize(
    ("former", "key"),
    [
        ("min_rate_nl_per_day", "lowest_program_rate_nl_per_day"),
        ("minimum_rate_nl_per_day", "standby_rate_nl_per_day"),
        ("critical_tone_s", "critical_interval_s"),
        ("non_critical_tone_s", "non_critical_interval_s"),
        ("stopped_s", "stopped_alarm_after_s"),
        ("stopped_critical_s", "stopped_critical_alarm_after_s"),
    ],
)
def test_the_former_name_of_a_key_still_sets_it(former: str, key: str) -> None:
    assert getattr(pump_config({former: 6001}), key) == 6001
    with pytest.raises(PumpConfigError, match=rf"{former}: .*1073741823, got 0"):
        pump_config({former: 0})


def test_what_is_off_by_default_can_be_switched_off_by_name() -> None:
    assert pump_config({"low_warning_h": 0}).low_warning_h == 0
    with pytest.raises(PumpConfigError, match="low_warning_h: expected a whole number from 0 to 1073741823, got -1"):
        pump_config({"low_warning_h": -1})
