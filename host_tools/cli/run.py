"""`thecal run`: scenario files in virtual time, and a verdict on each."""

import sys
from pathlib import Path

import rich_click as click

from host_tools.cli.common import Failure, json_option, print_json, print_message, print_text
from host_tools.cli.layout import is_plain
from host_tools.machines.machine import RuntimeUnavailable
from host_tools.machines.mock.journal import Journal
from host_tools.scenario.load import Scenario, ScenarioError, load
from host_tools.scenario.runner import Result, run_scenario
from host_tools.scenario.runtimes import RUNTIMES


@click.command(epilog="Example: thecal run tests/scenarios/low_reservoir.yaml")
@click.argument("files", nargs=-1, required=True, type=click.Path(), metavar="FILE...")
@click.option(
    "--on",
    type=click.Choice(list(RUNTIMES)),
    default="cpython",
    show_default=True,
    help="What the firmware runs on: the first two give the same trace, the emulated board the same effects.",
)
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keep all that crosses to the firmware in this file, for `thecal replay`. Of one FILE, under cpython.",
)
@json_option
@click.pass_context
def run(ctx: click.Context, files: tuple[str, ...], on: str, journal: Path | None, as_json: bool) -> None:
    """Run scenario FILEs against emulated pumps, in virtual time.

    Prints a verdict on each, or with --json one object a line. Exit codes: 0 all passed, 1 an expectation failed,
    2 a scenario is invalid (nothing is run then). docs/scenarios.md has the grammar.
    """
    if journal and (len(files) > 1 or on != "cpython"):
        raise click.BadParameter("a journal is kept of one scenario, under cpython", param_hint="--journal")
    scenarios = _load_all(files)
    if on == "rp2040":
        _check_short(files, scenarios)
    passed = True
    for file, scenario in zip(files, scenarios, strict=True):
        try:
            kept = journal and _open_journal(journal, scenario.name)
            result = run_scenario(scenario, _progress(file), on, kept)
        except RuntimeUnavailable as error:
            raise Failure(f"{file}: {error}", 2) from error
        passed &= not result.failures
        if as_json:
            print_json(result.document())
        else:
            _print_verdict(file, result)
    ctx.exit(0 if passed else 1)


def _load_all(files: tuple[str, ...]) -> list[Scenario]:
    scenarios, problems = [], []
    for file in files:
        try:
            scenarios.append(load(file))
        except ScenarioError as error:
            problems += error.problems
            print_message(str(error))
    if problems:
        raise Failure("\n".join(problems), 2, printed=True)
    return scenarios


def _open_journal(path: Path, name: str) -> Journal:
    try:
        return Journal(path, name)
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}", 2) from error


def _check_short(files: tuple[str, ...], scenarios: list[Scenario]) -> None:
    """The emulated board computes at a tenth of a board's speed or less: a day of therapy takes it minutes."""
    for file, scenario in zip(files, scenarios, strict=True):
        if not scenario.short:
            raise Failure(f"{file}: the emulated board runs what is marked short: true; this is not", 2)
        for planned in scenario.steps:
            if planned.step.cut_in_write:
                raise Failure(f"{file}:{planned.line}: the emulated board cannot do cut_in_write; leave it out", 2)


def _print_verdict(file: str, result: Result) -> None:
    days = f"{result.sim_seconds / 86_400:.1f}".removesuffix(".0")
    print_text(
        f"{'FAIL' if result.failures else 'pass'}  {file}  {result.name}: {days} days, {len(result.events)} events, "
        f"{sum(run['count'] for run in result.tones)} tones, trace {result.trace_sha256[:12]}",
        " " * 6,
    )
    for failure in result.failures:
        print_text(f"      {failure}", " " * 8)


def _progress(file: str):
    """Yield a function that shows the progress of a run, on a terminal only."""
    if not sys.stderr.isatty() or is_plain():
        return None

    def show(now_s: int, end_s: int) -> None:
        sys.stderr.write(f"\r{file}: day {now_s // 86_400} of {end_s // 86_400}\x1b[K")
        if now_s == end_s:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    return show
