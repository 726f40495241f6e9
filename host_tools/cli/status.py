"""Verbs that only read: status, watch, log."""

import csv
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import islice

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import DURATION_S, UPDATES, int_range, message_once, print_json, print_message, pump_verb
from host_tools.cli.onalarm import OnAlarm, on_alarm_option
from host_tools.cli.watchtable import Table
from host_tools.common.durations import format_duration
from host_tools.documents.texts import KEY
from host_tools.exports.pumpregistry import EVENT_COLUMNS, event_row
from host_tools.programmer import Programmer
from host_tools.programmer.reading import TELEMETRY_TIMEOUT_S
from protocol.registry import field_of

MAX_PERIOD_S = field_of("SUBSCRIBE", "period_s").most


def _check_period(_ctx: click.Context, _param: click.Parameter, period_s: int) -> int:
    if not 1 <= period_s <= MAX_PERIOD_S:
        raise click.BadParameter(f"{format_duration(period_s)} is outside 1s to {format_duration(MAX_PERIOD_S)}")
    return period_s


period_option = click.option(
    "--every",
    default="1s",
    show_default=True,
    type=DURATION_S,
    callback=_check_period,
    help="Pump time between two updates.",
)


def silence_notice(every_s: int, before: Callable[[], None] = lambda: None) -> Callable[[], None]:
    """Return a function that prints once, after `before`, that a stream of such a period fell silent."""
    silent_for = format_duration(every_s + TELEMETRY_TIMEOUT_S)
    return message_once(
        f"no telemetry for {silent_for}, though the pump answers: its time may stand still "
        "or run slowly (an emulator's speed, its wait for a first program, its clock's end); waiting, Ctrl-C ends",
        before,
    )


@click.command(epilog="Example: thecal status --check")
@click.option("--check", is_flag=True, help="Exit with 1 while an alarm is not silenced.")
@pump_verb
def status(pump: Programmer, as_json: bool, check: bool) -> None:
    """Show the pump's status: therapy, dose, reservoir, alarms and dates."""
    values = pump.status()
    if as_json:
        print_json(values)
    else:
        click.echo("\n".join(statustext.status_lines(values)))
    if check and not all(alarm["silenced"] for alarm in values["alarm_list"]):
        sys.exit(1)


@click.command(epilog="Example: thecal watch --every 1m")
@period_option
@click.option("--count", type=UPDATES, help="End after so many updates; default: until Ctrl-C.")
@on_alarm_option
@pump_verb
def watch(pump: Programmer, as_json: bool, every: int, count: int | None, on_alarm: list[str] | None) -> None:
    """Live telemetry, one line an update; with --json one object a line: the fields of status, and seq.

    On a terminal an update takes the place of the one before.
    """
    table = None if as_json else Table()
    show = table.add if table else print_json
    end = table.end if table else lambda: None
    commands = OnAlarm(on_alarm, end)
    with closing(pump.watch(every, silence_notice(every, end))) as updates:
        try:
            for values in islice(updates, count):
                show(values)
                commands.update(values)
        finally:
            end()
            commands.report_failures()


@click.command(epilog="Example: thecal log --faults")
@click.option("--since", default=1, show_default=True, type=int_range("LOG", "first_seq"), help="First event wanted.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV on stdout.")
@click.option("--faults", is_flag=True, help="The fault log instead: what went wrong, pushed out by nothing else.")
@pump_verb
def log(pump: Programmer, as_json: bool, since: int, as_csv: bool, faults: bool) -> None:
    """The pump's event log, oldest first; with --json one array of objects."""
    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    events = pump.faults(since) if faults else pump.log(since)
    if as_json:
        print_json(list(events))
    elif as_csv:
        table = csv.writer(sys.stdout)
        table.writerow(EVENT_COLUMNS[1:])
        table.writerows(event_row("", event)[1:] for event in events)
    else:
        key = pump.hello()["key"]
        if key in KEY:
            print_message(KEY[key])
        for event in events:
            click.echo(statustext.event_line(event))
