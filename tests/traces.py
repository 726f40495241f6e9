"""Golden traces: what each scenario comes to, a line each, so that a change of behaviour is a line in a diff.

`python -m tests.traces` writes tests/scenarios/traces.txt anew; tests/scenario/test_run.py compares.
"""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from host_tools.scenario.result import Result
from host_tools.scenario.runner import run_scenario
from tests.rooms import SCENARIO_FILES, SCENARIOS, loaded

TRACES = SCENARIOS / "traces.txt"
HEAD = "# scenario, trace_sha256, effects_sha256, verdict: written by `make traces`, compared by `make test`\n"


def line_of(file: Path) -> str:
    """The scenario's line, of a run."""
    return line(file, run_scenario(loaded(file)))


def line(file: Path, result: Result) -> str:
    """The line of what a run came to: name of the scenario's file, trace, effects, and whether it passed."""
    verdict = "failed" if result.failures else "passed"
    return f"{file.stem} {result.trace_sha256} {result.effects_sha256} {verdict}\n"


def golden() -> dict[str, str]:
    """The lines of the file, by scenario."""
    lines = TRACES.read_text(encoding="utf-8").splitlines(keepends=True)
    return {line.split()[0]: line for line in lines if not line.startswith("#")}


def main() -> None:
    old = golden() if TRACES.exists() else {}
    with ProcessPoolExecutor() as pool:
        lines = list(pool.map(line_of, SCENARIO_FILES))
    TRACES.write_text(HEAD + "".join(lines), encoding="utf-8")
    changed = [line.split()[0] for line in lines if old.get(line.split()[0]) != line]
    print(f"{len(lines)} scenarios, {len(changed)} lines changed: {' '.join(changed) or 'none'}")


if __name__ == "__main__":
    main()
