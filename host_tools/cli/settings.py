"""`thecal alarm-settings`."""

from decimal import Decimal

import rich_click as click

from host_tools.cli import sheet
from host_tools.cli.common import DECIMAL, DURATION_S, print_json, pump_verb
from host_tools.durations import format_duration
from host_tools.programmer import Programmer
from protocol.registry import field_of


def _range(setting: str) -> str:
    declared = field_of("ALARM_SETTINGS", setting)
    return f"{format_duration(declared.least)} to {format_duration(declared.most)}"


@click.command()
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
@pump_verb
def alarm_settings(
    pump: Programmer,
    as_json: bool,
    critical_interval: int | None,
    non_critical_interval: int | None,
    stopped_after: int | None,
    low_reservoir_ml: Decimal | None,
) -> None:
    """Show or set how soon and how often the pump warns. No alarm can be switched off, and 48 h stay 48 h."""
    with pump.session():
        if (critical_interval, non_critical_interval, stopped_after, low_reservoir_ml) != (None,) * 4:
            pump.alarm_settings(critical_interval, non_critical_interval, stopped_after, low_reservoir_ml)
        status = pump.status()
    if as_json:
        print_json(status)
        return
    settings = status["alarm_settings"]
    click.echo(f"critical tone      every {format_duration(settings['critical_interval_s'])}")
    click.echo(f"non-critical tone  every {format_duration(settings['non_critical_interval_s'])}")
    click.echo(f"stopped pump       warns after {format_duration(settings['stopped_after_s'])}, and alarms after 48h")
    click.echo(f"low reservoir      below {sheet.ml(settings['low_reservoir_nl'])} mL")
