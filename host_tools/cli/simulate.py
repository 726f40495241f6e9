"""`thecal simulate`: lives drawn from seeds, with faults and people who make mistakes."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from host_tools.cli.common import Failure, json_option, print_json, print_message, print_text
from host_tools.common.durations import format_duration
from host_tools.machines.machine import RuntimeUnavailable
from host_tools.simulate.campaign import Outcome, Settings, Sum, campaign, commit
from host_tools.simulate.coverage import requirement_counts

RUNTIMES = ("cpython", "micropython")
SHORT = 12  # digits of a digest
COLUMNS = 3


class Seeds(click.ParamType):
    """A range such as 0..99, both ends included."""

    name = "A..B"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        if isinstance(value, range):
            return value
        match = re.fullmatch(r"(\d{1,18})\.\.(\d{1,18})", str(value))
        if not match or int(match[2]) < int(match[1]):
            self.fail(f"{value!r} is no range of seeds; write 0..99", param, ctx)
        return range(int(match[1]), int(match[2]) + 1)


@click.command(epilog="Example: thecal simulate --seeds 0..99 --jobs 2 --out build/found")
@click.option("--seed", type=click.IntRange(0), help="The life of one seed.  [default: 0]")
@click.option("--seeds", type=Seeds(), help="The lives of a range of seeds, both ends included.")
@click.option("--jobs", type=click.IntRange(1), help="How many at a time.  [default: one for each core]")
@click.option(
    "--years", type=click.FloatRange(0, 30, min_open=True), default=0.25, show_default=True, help="Of each life."
)
@click.option(
    "--on", type=click.Choice(RUNTIMES), default="cpython", show_default=True, help="What the firmware runs on."
)
@click.option("--outside", is_flag=True, help="Inject faults of which nothing is promised, too (docs/faults.md).")
@click.option("--strict", is_flag=True, help="A slip that the pump took and that harms is a failure, too.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the cut-down scenario of each life that fails there.",
)
@json_option
@click.pass_context
def simulate(
    ctx: click.Context,
    seed: int | None,
    seeds: range | None,
    jobs: int | None,
    years: float,
    on: str,
    outside: bool,
    strict: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Live whole lives of pumps, drawn from seeds, and check every moment of them.

    A patient, a clinic with people who slip, faults, power cuts and bad lines; docs/simulation.md has what is checked.
    Exit codes: 0 nothing found, 1 a life failed, 2 usage. What people's slips did is listed, and fails with --strict.
    """
    if seed is not None and seeds is not None:
        raise click.UsageError("expected one of --seed and --seeds, got both")
    numbers = seeds or range(seed or 0, (seed or 0) + 1)
    settings = Settings(years, on, outside)
    if out:
        _make(out)
    if not as_json:
        print_text(_first_line(numbers, settings))
    total = Sum()
    try:
        with _progress(len(numbers), hidden=as_json) as show:
            for outcome in campaign(numbers, settings, jobs or min(len(numbers), os.cpu_count() or 1), bool(out)):
                total.add(outcome)
                show(total)
                if as_json:
                    print_json(outcome.document(settings))
                elif outcome.lived.finding:
                    print_text(_found(outcome, settings), " " * 6)
                if out and outcome.scenario:
                    _write(out / f"seed-{outcome.lived.seed}.yaml", outcome.scenario)
    except RuntimeUnavailable as error:
        raise Failure(str(error), 2) from error
    except KeyboardInterrupt:
        print_message(f"stopped after {total.seeds} of {len(numbers)} seeds")
    if as_json:
        print_json(total.document(settings))
    else:
        _print_sum(total, strict)
    ctx.exit(1 if total.failed or (strict and total.human) else 0)


def _first_line(numbers: range, settings: Settings) -> str:
    seeds = f"seed {numbers[0]}" if len(numbers) == 1 else f"seeds {numbers[0]}..{numbers[-1]}"
    code = f"commit {commit()}" if commit() else "no commit"
    return f"{seeds}, {code}, configuration {settings.config_sha256[:SHORT]}"


def _found(outcome: Outcome, settings: Settings) -> str:
    lived, finding = outcome.lived, outcome.lived.finding
    assert finding is not None
    small = f"; cut down to {outcome.steps} steps" if outcome.steps else ""
    return (
        f"seed {lived.seed}: {lived.verdict}: {finding.check}, after {format_duration(finding.at_s)}: {finding.text}"
        f"{small}; again: {settings.repeat(lived.seed)}"
    )


def _print_sum(total: Sum, strict: bool) -> None:
    if total.seeds > 1:
        _print_table("checked", total.checks)
        _print_table("requirements", requirement_counts(total.counts, total.checks))
    failed = [*total.failed, *(total.human if strict else [])]
    verdict = f"failed: {', '.join(map(str, failed))}" if failed else "passed"
    human = f", {len(total.human)} harmed by a slip" if total.human else ""
    years = f"{total.sim_years:.2f} years, {total.sim_s_per_core_s / 1e6:.1f} million s per core second"
    print_text(f"trace {total.traces.hexdigest()[:SHORT]}, {years}, {total.events} events, {verdict}{human}")


def _print_table(title: str, counts: dict[str, int]) -> None:
    """Names and how often, in columns that fit 80 characters."""
    cells = [f"{name} {count}" for name, count in sorted(counts.items())]
    print_text(f"{title}: {'; '.join(cells)}", " " * 4)


@contextmanager
def _progress(seeds: int, hidden: bool) -> Iterator:
    """Yield a function that shows how far a campaign is, on a terminal alone."""
    console = Console(stderr=True)
    disable = hidden or not console.is_terminal or console.is_dumb_terminal
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=disable, transient=True) as bar:
        task = bar.add_task("", total=seeds)

        def show(total: Sum) -> None:
            found = f", {len(total.failed)} failed" if total.failed else ""
            bar.update(task, completed=total.seeds, description=f"{total.sim_s_per_core_s / 1e6:.1f} M s/s{found}")

        yield show


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{folder} cannot be made: {error.strerror}", 2) from error


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}", 2) from error
