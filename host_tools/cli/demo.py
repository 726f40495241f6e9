"""`thecal demo`: a pump's seven years in seconds, on a real serial line."""

import json
import traceback
from pathlib import Path
from typing import Any

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from firmware.config import Config
from host_tools.cli.common import Failure, verbose_option
from host_tools.demo.life import run_story
from host_tools.demo.record import DAY_S, Life
from host_tools.demo.report import render
from host_tools.demo.summary import differences, summary
from host_tools.demo.timeline import date_columns, timeline
from host_tools.emulator.debugclient import DebugError, DebugLinkError
from host_tools.emulator.process import EmulatorError
from host_tools.programmer import ProgrammerError

LINE_LOST = 3
STYLE = {"discrepancy": "bold", "non_critical": "yellow", "critical": "red", "note": "dim", "routine": "dim"}


@click.command(epilog="Example: thecal demo --out build/demo")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Folder for report.html and summary.json.",
)
@verbose_option
def demo(out: Path, verbose: bool) -> None:
    """Live an emulated pump's seven years under the programmer, and report on them.

    The emulator runs as a process of its own; the programmer implants, fills, programs, refills and silences
    over its serial line. A simulation: not a medical device.
    """
    try:
        life = _run_with_bar()
    except (ProgrammerError, EmulatorError, DebugError, DebugLinkError) as error:
        if verbose:
            traceback.print_exc()
        raise Failure(f"the demo could not go on: {error}", LINE_LOST) from error
    totals = summary(life)
    report = _write_report(out, life, totals)
    _print_timeline(life)
    _print_summary(totals, report)
    if wrong := differences(totals):
        raise Failure("the life did not come out as told: " + "; ".join(wrong), 1)


def _run_with_bar() -> Life:
    console = Console(stderr=True)
    columns = BarColumn(), TextColumn("day {task.completed:,.0f} of {task.total:,}"), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=Config.life_days)
        return run_story(lambda uptime_s: bar.update(task, completed=uptime_s // DAY_S))


def _write_report(out: Path, life: Life, totals: dict[str, Any]) -> Path:
    report = out / "report.html"
    try:
        out.mkdir(parents=True, exist_ok=True)
        report.write_text(render(life), encoding="utf-8")
        (out / "summary.json").write_text(json.dumps(totals, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"{out}: {error.strerror}; name another folder with --out", 2) from error
    return report


def _print_timeline(life: Life) -> None:
    table = Table.grid(padding=(0, 2))
    for justify in ("left", "left", "right", "left"):
        table.add_column(justify=justify)
    for line in timeline(life):
        date, time, day = date_columns(life, line)
        table.add_row(date, time, f"day {day}", Text(line.text, style=STYLE.get(line.kind, "")))
    Console(highlight=False).print(table)


def _print_summary(totals: dict[str, Any], report: Path) -> None:
    heard = ", ".join(f"{name} ({times})" for name, times in totals["alarms"].items()) or "none"
    unseen_ml = totals["delivered_ml"] - totals["truth_delivered_ml"]
    click.echo(f"""
Served     {totals["days"]:,} days, {totals["refills"]} refills, to {totals["end"].replace("_", " ")}
Delivered  {totals["delivered_ml"]:.3f} mL by the pump's books, {totals["truth_delivered_ml"]:.3f} mL in truth
Unseen     {abs(unseen_ml):.3f} mL {"counted, not delivered" if unseen_ml > 0 else "delivered, not counted"}
Heard      {heard}
Took       {totals["wall_seconds"]:.1f} s, over {totals["port"]}
Report     {report}

A simulation. Not a medical device.""")
