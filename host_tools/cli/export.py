"""Verbs that take data out: export, record."""

import csv
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path

import rich_click as click

from host_tools.cli.common import DURATION_S, UPDATES, Failure, print_json, print_message, pump_verb
from host_tools.cli.recording import CtrlC, recording_progress
from host_tools.cli.status import period_option, silence_notice
from host_tools.common.durations import format_duration
from host_tools.exports.pumpregistry import EVENT_COLUMNS, PUMP_COLUMNS, event_row, pump_row
from host_tools.exports.telemetryfile import FileError, TelemetryFile
from host_tools.programmer import Programmer, ProgrammerError


@click.command(epilog="Example: thecal export > events.csv")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    help="csv (default), or jsonl: first the status, then an event a line. --json is jsonl.",
)
@click.option("--registry", is_flag=True, help="One row for the whole pump instead of its events (CSV).")
@click.option("--no-header", is_flag=True, help="No line of column names, to append to a file that has one.")
@pump_verb
def export(pump: Programmer, as_json: bool, form: str | None, registry: bool, no_header: bool) -> None:
    """Print the pump's event log for other programs, or with --registry one row about the pump. No personal data.

    `thecal export --registry --no-header >> pumps.csv` adds a pump to a registry.
    """
    form = form or ("jsonl" if as_json else "csv")
    if as_json and form == "csv":
        raise click.UsageError("--json and --format csv exclude each other")
    if registry and form == "jsonl":
        raise click.UsageError("--registry is CSV; `thecal status --json` has a pump as JSON")
    if no_header and form == "jsonl":
        raise click.UsageError("--no-header is for CSV")
    status = pump.status()
    if form == "jsonl":
        print_json({"status": status})
        for event in pump.log():
            print_json(event)
        return
    table = csv.writer(sys.stdout)
    if not no_header:
        table.writerow(PUMP_COLUMNS if registry else EVENT_COLUMNS)
    if registry:
        table.writerow(pump_row(status, pump.log()))
    else:
        table.writerows(event_row(status["serial"], event) for event in pump.log())


@click.command(epilog="Example: thecal record telemetry.sqlite --every 1m")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@period_option
@click.option("--count", type=UPDATES, help="End after so many rows; default: until Ctrl-C.")
@click.option("--for", "for_s", type=DURATION_S, help="End after so much pump time; default: until Ctrl-C.")
@pump_verb
def record(pump: Programmer, as_json: bool, file: Path, every: int, count: int | None, for_s: int | None) -> None:
    """Write live telemetry into an SQLite FILE, a row an update, until Ctrl-C. An older recording is gone on with.

    A row a minute of pump time, for a day: `thecal record telemetry.sqlite --every 1m --for 1d`.

    On a terminal the rows, their rate and how far they lag behind the pump are shown meanwhile.
    """
    try:
        with TelemetryFile(file, pump.status()) as telemetry:
            try:
                _record(pump, telemetry, every, count, for_s)
            except (FileError, ProgrammerError):
                print_message(_summary(file, telemetry))
                raise
            if as_json:
                print_json({"file": str(file), **_figures(telemetry)})
            else:
                click.echo(_summary(file, telemetry))
    except FileError as error:
        raise Failure(str(error), 2) from error


def _record(pump: Programmer, telemetry: TelemetryFile, every: int, count: int | None, for_s: int | None) -> None:
    """Record until `count` rows, or `for_s` of pump time, or Ctrl-C. Each update that came is in the file then."""
    with (
        CtrlC() as ctrl_c,
        recording_progress(pump, telemetry) as show,
        closing(pump.watch(every, silence_notice(every))) as updates,
    ):
        for update in islice(updates, count):
            with ctrl_c.held():
                telemetry.add(update)
            show(update)
            if for_s is not None and telemetry.covered_s >= for_s:
                return


def _figures(telemetry: TelemetryFile) -> dict[str, int]:
    return {name: getattr(telemetry, name) for name in ("rows", "covered_s", "dropped", "size_bytes")}


def _summary(file: Path, telemetry: TelemetryFile) -> str:
    rows = f"{telemetry.rows:,} row{'' if telemetry.rows == 1 else 's'}"
    return (
        f"{rows} in {file}, {telemetry.size_bytes:,} bytes\n"
        f"{format_duration(telemetry.covered_s)} of pump time; the pump dropped {telemetry.dropped:,} messages"
    )
