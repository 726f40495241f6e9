"""Runs a scenario in virtual time."""

import time
from collections.abc import Callable
from contextlib import nullcontext

from host_tools.common.durations import format_duration
from host_tools.machines.mock.journal import Journal
from host_tools.programmer import ProgrammerError, Refused
from host_tools.programmer.errors import BadValue
from host_tools.scenario.checkers.outcome import DONE, UNSENT, Outcome
from host_tools.scenario.checkers.watch import Watch
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.load import Scenario
from host_tools.scenario.result import Result, effects_sha256
from host_tools.scenario.runtimes import RUNTIMES
from host_tools.scenario.schema import ACTING_VERBS, Step
from host_tools.scenario.verbs import DO, StepError

Progress = Callable[[int, int], None]
"""Told how many seconds were lived, and of how many."""

TORN_BYTES = 8
"""The part of a write that is done when the power goes in it."""

CHUNK_S = 30 * 86_400  # of pump time, between two signs of progress


def run_scenario(
    scenario: Scenario, progress: Progress | None = None, on: str = "cpython", journal: Journal | None = None
) -> Result:
    """Do every step; one that fails is noted and the run goes on. `on` is one of `RUNTIMES`; under CPython all that
    crosses to the firmware up to the trace can go into a `journal`."""
    began_s = time.perf_counter()
    with RUNTIMES[on](journal) as runtime, journal or nullcontext():
        result = Result(scenario.name, runtime.name)
        clinic = Clinic(scenario, runtime)
        if scenario.watch:
            clinic.watch = Watch.of(clinic.machine, scenario.config, scenario.start)
        _run(scenario, clinic, result, progress)
        result.trace_sha256 = clinic.machine.effects.trace_sha256()
        if journal:
            journal.close(result.trace_sha256)
        _conclude(clinic, result)
    result.wall_seconds = round(time.perf_counter() - began_s, 3)
    return result


def _run(scenario: Scenario, clinic: Clinic, result: Result, progress: Progress | None) -> None:
    end_s = scenario.steps[-1].at_s
    for planned in scenario.steps:
        _advance(clinic, planned.at_s, end_s, progress)
        for failure in do_step(clinic, planned.step)[1]:
            result.failures.append(f"step {planned.number} (line {planned.line}): {failure}")
        clinic.machine.wake()


def _advance(clinic: Clinic, at_s: int, end_s: int, progress: Progress | None) -> None:
    """The plant's and the pump's own doings up to and at `at_s`, before any step there."""
    while progress and clinic.now_s + CHUNK_S < at_s:
        clinic.advance_to_s(clinic.now_s + CHUNK_S)
        progress(clinic.now_s, end_s)
    clinic.advance_to_s(at_s)
    if progress:
        progress(at_s, end_s)


def do_step(clinic: Clinic, step: Step) -> tuple[Outcome, tuple[str, ...]]:
    """Do a step; return what came of it, and in words what failed: where it is watched, no refusal alone."""
    watch = clinic.watch
    if step.verb in ACTING_VERBS:
        clinic.listen_from_now()
    if watch is None:
        return _do(clinic, step)
    watch.before(step)
    outcome, failures = _do(clinic, step)
    watch.after(step, outcome)
    return outcome, failures


def _do(clinic: Clinic, step: Step) -> tuple[Outcome, tuple[str, ...]]:
    boots = len(clinic.machine.boots)
    if step.cut_in_write:
        clinic.machine.plan_power_cut(step.cut_in_write, TORN_BYTES)
    clinic.line.lose_answer(step.lose_answer)
    try:
        DO[step.verb](clinic, getattr(step, step.verb))
        outcome, failures = DONE, _judge(clinic, step, None)
    except StepError as error:
        outcome, failures = DONE, error.texts
    except Refused as refusal:
        outcome, failures = Outcome(refusal.reason), _judge(clinic, step, refusal.reason)
    except BadValue as error:
        outcome, failures = UNSENT, (f"{step.verb} could not be done: {error}",)
    except ProgrammerError as error:
        meant = step.cut_in_write or step.lose_answer
        outcome = Outcome(None, unheard=str(error), by_plan=bool(meant))
        failures = () if meant else (f"{step.verb} could not be done: {error}",)
    finally:
        clinic.line.lose_answer(None)
    if step.cut_in_write and len(clinic.machine.boots) == boots:
        clinic.machine.cancel_power_cut()
        failures = (f"{step.verb} made fewer than {step.cut_in_write} writes to the store",)
    return outcome, failures


def _judge(clinic: Clinic, step: Step, reason: str | None) -> tuple[str, ...]:
    """Return what is wrong with a refusal for `reason`, or with none."""
    if reason == step.refused or step.cut_in_write or step.lose_answer or (clinic.watch and not step.refused):
        return ()
    found = f"refused for {reason}" if reason else "accepted"
    expected = f"a refusal for {step.refused}" if step.refused else "it to be accepted"
    return (f"{step.verb} was {found}, expected {expected}",)


def _conclude(clinic: Clinic, result: Result) -> None:
    machine = clinic.machine
    if clinic.watch:
        for check, at_s, text in clinic.watch.findings:
            result.failures.append(f"{check}, after {format_duration(at_s)}: {text}")
    result.sim_seconds = clinic.now_s
    result.events = list(machine.events)
    result.tones = clinic.tone_runs()
    result.truth = clinic.truth()
    names = [event["name"] for event in result.events]
    result.effects_sha256 = effects_sha256(names, machine.effects.tone_kinds, machine.effects.periods_ms)
    try:
        with clinic.head():
            result.status = clinic.programmer.status()
    except ProgrammerError as error:
        result.failures.append(f"after the last step: no status: {error}")
