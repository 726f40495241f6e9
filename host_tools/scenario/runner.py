"""Runs a scenario in virtual time."""

import time
from collections.abc import Callable
from contextlib import nullcontext, suppress

from host_tools.machines.mock.journal import Journal
from host_tools.programmer import ProgrammerError, Refused
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.load import PlannedStep, Scenario
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
        for failure in _do(clinic, planned):
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


def _do(clinic: Clinic, planned: PlannedStep) -> tuple[str, ...]:
    """Do a step; return what failed, in words."""
    step = planned.step
    if step.verb in ACTING_VERBS:
        clinic.listen_from_now()
    if step.cut_in_write:
        return _do_cut(clinic, planned)
    try:
        DO[step.verb](clinic, getattr(step, step.verb))
    except StepError as error:
        return error.texts
    except Refused as refusal:
        return _judge(step, refusal.reason)
    except ProgrammerError as error:
        return (f"{step.verb} could not be done: {error}",)
    return _judge(step, None)


def _judge(step: Step, reason: str | None) -> tuple[str, ...]:
    """Return what is wrong with a refusal for `reason`, or with none."""
    if reason == step.refused:
        return ()
    found = f"refused for {reason}" if reason else "accepted"
    expected = f"a refusal for {step.refused}" if step.refused else "it to be accepted"
    return (f"{step.verb} was {found}, expected {expected}",)


def _do_cut(clinic: Clinic, planned: PlannedStep) -> tuple[str, ...]:
    """As `_do`, with the power going in one of the verb's writes: the programmer is left without an answer."""
    step = planned.step
    boots = len(clinic.machine.boots)
    clinic.machine.plan_power_cut(step.cut_in_write, TORN_BYTES)
    with suppress(ProgrammerError):
        DO[step.verb](clinic, getattr(step, step.verb))
    if len(clinic.machine.boots) == boots:
        clinic.machine.cancel_power_cut()
        return (f"{step.verb} made fewer than {step.cut_in_write} writes to the store",)
    return ()


def _conclude(clinic: Clinic, result: Result) -> None:
    machine = clinic.machine
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
