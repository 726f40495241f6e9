"""What `thecal simulate` shows for people: its lines, its tables, and how far it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.columns import Columns
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from host_tools.cli.common import print_text
from host_tools.cli.layout import width
from host_tools.common.durations import format_duration
from host_tools.simulate.campaign import Outcome, Settings, Sum, commit
from host_tools.simulate.coverage import requirement_counts

SHORT = 12  # digits of a digest
INDENT = 2
MILLION = 1_000_000


def print_beginning(seeds: Sequence[int], settings: Settings) -> None:
    """Print what is lived, of which code."""
    lives = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]}..{seeds[-1]}"
    code = f"commit {commit()}" if commit() else "no commit"
    print_text(f"{lives}, {code}, configuration {settings.config_sha256[:SHORT]}")


def print_found(outcome: Outcome, settings: Settings, path: Path | None) -> None:
    """Print what was found in a life, and how to see it again; `path` is that of its scenario."""
    lived, finding = outcome.lived, outcome.lived.finding
    if finding is None:
        return
    after = format_duration(finding.at_s)
    print_text(f"seed {lived.seed}: {lived.verdict}: {finding.check}, after {after}: {finding.text}", " " * INDENT)
    if path:
        print_text(f"{' ' * INDENT}in {outcome.steps} steps: thecal run {path}", " " * INDENT * 2)
    print_text(f"{' ' * INDENT}again: {settings.repeat(lived.seed)}", " " * INDENT * 2)


def print_sum(total: Sum, strict: bool) -> None:
    """Print what a campaign came to; its tables only where there was more than one life."""
    if total.seeds > 1:
        requirements = requirement_counts(total.counts, total.checks)
        _print_table("Checked", total.checks)
        _print_table("Requirements exercised", {name: count for name, count in requirements.items() if count})
        if idle := [name for name, count in requirements.items() if not count]:
            print_text(f"Not exercised: {', '.join(idle)}", " " * INDENT)
        print_text(f"{total.sim_s_per_core_s / MILLION:.1f} million seconds of life per core second")
    failed = [*total.failed, *(total.human if strict else [])]
    verdict = f"failed: {', '.join(map(str, failed))}" if failed else "passed"
    human = f", harmed by a slip: {', '.join(map(str, total.human))}" if total.human and not strict else ""
    trace = total.traces.hexdigest()[:SHORT]
    print_text(f"trace {trace}, {total.sim_years:.2f} years, {total.events:,} events, {verdict}{human}", " " * INDENT)


def _print_table(title: str, counts: Mapping[str, int]) -> None:
    """Print names and how often, in as many columns as there is room for."""
    print_text(f"{title}:")
    names = max(map(len, counts), default=0)
    digits = max((len(f"{count:,}") for count in counts.values()), default=0)
    cells = [f"{name:{names}} {counts[name]:{digits},}" for name in sorted(counts, key=_number_or_name)]
    table = Columns(cells, padding=(0, 3), column_first=True)
    Console(width=width(), highlight=False).print(Padding(table, (0, 0, 0, INDENT)), markup=False)


def _number_or_name(name: str) -> tuple[int | str, ...]:
    """A key that sorts R1.2 before R1.10."""
    chapter, point, number = name.removeprefix("R").partition(".")
    return (int(chapter), int(number)) if point else (name,)


@contextmanager
def campaign_progress(seeds: int, hidden: bool) -> Iterator[Callable[[Sum], None]]:
    """Yield a function that shows how far a campaign is and how fast, on a terminal alone."""
    console = Console(stderr=True)
    disable = hidden or not console.is_terminal or console.is_dumb_terminal
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("seeds{task.description}"), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=disable, transient=True) as bar:
        task = bar.add_task("", total=seeds)

        def show(total: Sum) -> None:
            found = f", {len(total.failed)} failed" if total.failed else ""
            rate = f", {total.sim_s_per_core_s / MILLION:.1f} million s/core s"
            bar.update(task, completed=total.seeds, description=rate + found)

        yield show
