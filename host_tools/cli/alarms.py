"""Verbs of alarms: silence, demo-alarm."""

import rich_click as click

from host_tools.cli.common import print_message, pump_verb
from host_tools.cli.interaction import confirm, is_interactive, print_result, run_in_session
from host_tools.documents.texts import alarm_text
from host_tools.programmer import Programmer
from protocol.codes import ALARM, CLASS


def _check_named(ctx: click.Context, _param: click.Parameter, alarm: str | None) -> str | None:
    """An alarm is named, or somebody can be shown which there are."""
    if alarm is None and not ctx.params["yes"] and not is_interactive(False):
        raise click.UsageError(
            "no alarm is named, and there is no terminal to ask on; name one that `thecal status` lists, or `all`"
        )
    return alarm


@click.command(epilog="Example: thecal silence motor_stall")
@click.argument(
    "alarm", required=False, type=click.Choice(["all", *ALARM]), metavar="[NAME|all]", callback=_check_named
)
@click.option("--yes", is_flag=True, is_eager=True, help="Without a name: silence all, and do not ask.")
@pump_verb
def silence(pump: Programmer, as_json: bool, alarm: str | None, yes: bool) -> None:
    """Silence an alarm by its name, or all. It stays listed until its condition is over.

    Without a name the alarms that sound are listed, and a terminal is asked whether to silence them.
    """
    if alarm is None:
        status = pump.status()
        sounding = [entry for entry in status["alarm_list"] if not entry["silenced"]]
        if not sounding:
            print_result(status, as_json, "no alarm sounds: there is none to silence")
            return
        for entry in sounding:
            print_message(alarm_text(entry))
        these = "this alarm" if len(sounding) == 1 else f"these {len(sounding)} alarms"
        confirm(f"Silence {these}?", yes, "not silenced")
    named = alarm or "all"
    status = run_in_session(pump, lambda: pump.silence(named))
    left = ", ".join(status["alarms"]) or "none"
    print_result(status, as_json, f"silenced {named}; alarms listed: {left}")


@click.command(epilog="Example: thecal demo-alarm critical")
@click.argument("alarm_class", type=click.Choice(list(CLASS)), metavar="critical|non_critical")
@pump_verb
def demo_alarm(pump: Programmer, as_json: bool, alarm_class: str) -> None:
    """Sound the tone of a class of alarms once, so that the patient knows it. No alarm is raised or hidden."""
    status = run_in_session(pump, lambda: pump.demo_alarm(alarm_class))
    tone = "two tones in turn" if alarm_class == "critical" else "a single tone"
    print_result(status, as_json, f"sounded the {alarm_class} alarm once: {tone}")
