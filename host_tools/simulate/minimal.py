"""From a life that failed to a scenario that fails alone."""

from typing import Any

from host_tools.common.durations import format_duration
from host_tools.scenario.checkers.findings import Finding
from host_tools.scenario.checkers.watch import Watch
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.load import Scenario
from host_tools.scenario.runner import do_step
from host_tools.scenario.runtimes import RUNTIMES, Runtime
from host_tools.simulate.life import Lived
from host_tools.simulate.scenariofile import scenario_of, text_of
from host_tools.simulate.shrink import shrink
from host_tools.simulate.slips import Act


def first_finding(scenario: Scenario, runtime: Runtime) -> Finding | None:
    """Run a scenario until something is wrong; None where nothing is."""
    clinic = Clinic(scenario, runtime)
    watch = clinic.watch = Watch.of(clinic.machine, scenario.config, scenario.start)
    for planned in scenario.steps:
        clinic.advance_to_s(planned.at_s)
        if watch.findings:
            break
        do_step(clinic, planned.step)
        clinic.machine.wake()
        if watch.findings:
            break
    return next(iter(watch.findings), None)


def minimal(lived: Lived, on: str = "cpython") -> tuple[list[Act], str]:
    """The fewest steps that fail as the life did, and the text of their scenario."""
    assert lived.finding is not None
    known: dict[str, bool] = {}
    check, header = lived.finding.check, dict(lived.header)
    with RUNTIMES[on](None) as runtime:

        def fails(header: dict[str, Any], steps: list[Act]) -> bool:
            key = repr((header, steps))
            if key not in known:
                found = _finding(header, steps, runtime)
                known[key] = found is not None and found.check == check
            return known[key]

        end: Act = {"at": format_duration(lived.finding.at_s), "expect": {"status.boots": {"min": 1}}}
        steps = shrink([*lived.steps, end], lambda steps: fails(header, steps))
        for key in ("pump", "patient"):
            for name in list(header[key]):
                simpler = header | {key: {other: value for other, value in header[key].items() if other != name}}
                header = simpler if fails(simpler, steps) else header
        found = _finding(header, steps, runtime)
    assert found is not None
    story = f"{found.check}: {found.text}\nFound by seed {lived.seed}."
    return steps, text_of(header | {"name": f"{check.replace('_', ' ')}, of seed {lived.seed}"}, steps, story)


def _finding(header: dict[str, Any], steps: list[Act], runtime: Runtime) -> Finding | None:
    scenario = scenario_of(header, steps)
    return first_finding(scenario, runtime) if scenario else None
