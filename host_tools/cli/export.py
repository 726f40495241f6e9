"""Verbs that take data out: export, record."""

import csv
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path

import rich_click as click

from host_tools.cli.common import DURATION_S, UPDATES, Failure, print_json, pump_verb, say
from host_tools.cli.look import period_option, silence_teller
from host_tools.programmer import Programmer
from host_tools.registry import EVENT_COLUMNS, PUMP_COLUMNS, event_row, pump_row
from host_tools.telemetryfile import FileError, TelemetryFile


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
    """Write live telemetry into an SQLite FILE, a row an update, until Ctrl-C. An older recording is gone on with."""
    rows = 0
    try:
        with (
            TelemetryFile(file, pump.status()) as telemetry,
            closing(pump.watch(every, silence_teller(every))) as updates,
        ):
            began_s: int | None = None
            for update in islice(updates, count):
                began_s = update["uptime_s"] if began_s is None else began_s
                telemetry.add(update)
                rows += 1
                if for_s is not None and update["uptime_s"] - began_s >= for_s:
                    break
    except FileError as error:
        raise Failure(str(error), 2) from error
    except KeyboardInterrupt:
        say("")
    if as_json:
        print_json({"file": str(file), "rows": rows})
    else:
        click.echo(f"{rows} rows in {file}")
