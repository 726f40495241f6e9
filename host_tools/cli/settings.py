"""Verbs that show and change settings: limits, alarm-settings, clock."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import DECIMAL, DURATION_S, LOCAL_TIME, print_json, print_text, pump_verb
from host_tools.cli.interaction import confirm, print_changes, print_result, run_in_session, yes_option
from host_tools.common.durations import format_duration
from host_tools.documents.dose import ml
from host_tools.programmer import Programmer
from host_tools.programmer.settings import check_alarm_settings, check_limits
from host_tools.programmer.status import Status
from host_tools.programmer.units import nl_from_ml, wall_s
from protocol.codes import ALARM_SETTING
from protocol.registry import field_of

LIMITS: dict[str, tuple[str, str]] = {
    "max_dose_mcg_per_day": ("daily dose", "at most {} mcg/day"),
    "max_bolus_mcg": ("bolus", "at most {} mcg"),
    "max_change_percent": ("rise within 24 h", "at most {} % without --override"),
}
SETTINGS: dict[str, tuple[str, Callable[[int], str]]] = {
    "critical_interval_s": ("critical tone", lambda s: f"every {format_duration(s)}"),
    "non_critical_interval_s": ("non-critical tone", lambda s: f"every {format_duration(s)}"),
    "stopped_after_s": ("stopped pump", lambda s: f"warns after {format_duration(s)}, and alarms after 48h"),
    "low_reservoir_nl": ("low reservoir", lambda nl: f"below {ml(nl)} mL"),
}
"""A label for each setting, and its value in words."""


@click.command(epilog="Example: thecal limits --max-dose-mcg-per-day 800")
@click.option("--max-dose-mcg-per-day", type=int, help="No program may order more.")
@click.option("--max-bolus-mcg", type=int, help="No bolus may be larger.")
@click.option("--max-change-percent", type=int, help="A larger rise of the dose within 24 h needs --override.")
@yes_option
@pump_verb
def limits(pump: Programmer, as_json: bool, yes: bool, **fields: int | None) -> None:
    """Show or set the pump's limits for programs to come. The running program goes on, whatever they are."""
    status = pump.status()
    wanted = {name: limit for name, limit in fields.items() if limit is not None}
    if wanted:
        check_limits(wanted)
        _ask_about(_limit_lines(status["limits"] | wanted), _limit_lines(status["limits"]), "Set the limits so?", yes)
        status = run_in_session(pump, lambda: pump.limits(**fields))
    _print(status, as_json, _limit_lines(status["limits"]))


def _limit_lines(limits: Mapping[str, Any]) -> dict[str, str]:
    return {label: text.format(limits[name]) for name, (label, text) in LIMITS.items()}


def _range(setting: str) -> str:
    declared = field_of("ALARM_SETTINGS", setting)
    return f"{format_duration(declared.least)} to {format_duration(declared.most)}"


@click.command(epilog="Example: thecal alarm-settings --critical-interval 5m --low-reservoir-ml 3")
@click.option(
    "--critical-interval", type=DURATION_S, help=f"Between two critical tones: {_range('critical_interval_s')}."
)
@click.option(
    "--non-critical-interval",
    type=DURATION_S,
    help=f"Between two non-critical tones: {_range('non_critical_interval_s')}.",
)
@click.option(
    "--stopped-after", type=DURATION_S, help=f"A stopped pump warns after so long: {_range('stopped_after_s')}."
)
@click.option("--low-reservoir-ml", type=DECIMAL, help="Volume of the low-reservoir alarm.")
@yes_option
@pump_verb
def alarm_settings(
    pump: Programmer,
    as_json: bool,
    critical_interval: int | None,
    non_critical_interval: int | None,
    stopped_after: int | None,
    low_reservoir_ml: Decimal | None,
    yes: bool,
) -> None:
    """Show or set how soon and how often the pump warns. No alarm can be switched off, and 48 h stay 48 h."""
    given = critical_interval, non_critical_interval, stopped_after, low_reservoir_ml
    low_nl = None if low_reservoir_ml is None else nl_from_ml("low_reservoir_ml", low_reservoir_ml)
    wanted = dict(zip(ALARM_SETTING, (*given[:-1], low_nl), strict=True))
    wanted = {name: value for name, value in wanted.items() if value is not None}
    status = pump.status()
    if wanted:
        check_alarm_settings(wanted, status["limits"]["capacity_nl"])
        old = status["alarm_settings"]
        _ask_about(_setting_lines(old | wanted), _setting_lines(old), "Set the alarms so?", yes)
        status = run_in_session(pump, lambda: pump.alarm_settings(*given))
    _print(status, as_json, _setting_lines(status["alarm_settings"]))


def _setting_lines(settings: Mapping[str, Any]) -> dict[str, str]:
    return {label: words(settings[name]) for name, (label, words) in SETTINGS.items()}


def _ask_about(new: Mapping[str, str], old: Mapping[str, str], question: str, yes: bool) -> None:
    """Show what changes, and ask."""
    if changes := {label: (old[label], text) for label, text in new.items() if text != old[label]}:
        print_changes(changes)
        confirm(question, yes, "not set")


def _print(status: Status, as_json: bool, lines: Mapping[str, str]) -> None:
    if as_json:
        print_json(status)
        return
    for label, text in lines.items():
        print_text(f"{label:<18} {text}", " " * 19)


@click.command(epilog="Example: thecal clock --wall 2026-01-05T08:00:00")
@click.option("--wall", type=LOCAL_TIME, help="The pump's new local time; default: this computer's.")
@yes_option
@pump_verb
def clock(pump: Programmer, as_json: bool, wall: datetime | None, yes: bool) -> None:
    """Set the pump's wall clock."""
    old = pump.status()["wall"]
    wall = wall or datetime.now().replace(microsecond=0)
    wall_s("wall", wall)
    if old is not None:
        print_changes({"clock": (statustext.shown_time(old), statustext.shown_time(wall.isoformat()))})
        confirm("Set the clock so?", yes, "not set")
    status = run_in_session(pump, lambda: pump.set_clock(wall))
    print_result(status, as_json, f"the pump's clock says {statustext.shown_time(status['wall'])}")
