"""Verbs that change what is delivered, without another dose. Each is one session: open, verb, status, close."""

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import print_message, pump_verb
from host_tools.cli.interaction import confirm, is_interactive, print_result, run_in_session, yes_option
from host_tools.documents.dose import ml
from host_tools.programmer import Programmer


@click.command(epilog="Example: thecal stop")
@pump_verb
def stop(pump: Programmer, as_json: bool) -> None:
    """Stop delivery, at once."""
    status = run_in_session(pump, pump.stop)
    print_result(status, as_json, "delivery is stopped; `thecal resume` goes on with the committed program")


@click.command(epilog="Example: thecal minimum-rate")
@pump_verb
def minimum_rate(pump: Programmer, as_json: bool) -> None:
    """Deliver at the minimum rate, at once: hardly any drug, but the pump is not stopped."""
    status = run_in_session(pump, pump.minimum_rate)
    text = f"delivering {ml(status['rate_nl_per_day'])} mL/day, {statustext.dose(status)}"
    print_result(status, as_json, f"{text}; `thecal resume` goes on with the committed program")


@click.command(epilog="Example: thecal resume")
@click.option("--override", is_flag=True, help="Accept the full dose after 48 h without any; it is logged.")
@yes_option
@pump_verb
def resume(pump: Programmer, as_json: bool, override: bool, yes: bool) -> None:
    """Deliver by the committed program again, at once."""
    if is_interactive(yes):
        print_message(f"committed: {statustext.program(pump.running_program())}")
        confirm("Deliver it again?", yes, "not resumed")
    status = run_in_session(pump, lambda: pump.resume(override))
    flows = f"delivering {statustext.dose(status)} again" if status["rate_nl_per_day"] else "resumed; nothing flows yet"
    print_result(status, as_json, f"{flows}; `thecal stop` stops it")
