"""The verb `emergency`: the read-out for people who meet this pump for the first time."""

import rich_click as click

from host_tools.cli.common import print_json, pump_verb
from host_tools.cli.layout import wrapped
from host_tools.documents import emergency as readout
from host_tools.documents.dose import last_ordered
from host_tools.documents.texts import NOT_A_DEVICE, UNSIGNED, loss_of_therapy
from host_tools.programmer import Programmer


@click.command(epilog="Example: thecal emergency")
@pump_verb
def emergency(pump: Programmer, as_json: bool) -> None:
    """Print drug, dose, alarms, signs and first steps for people new to this pump. Needs no key; names nobody."""
    status = pump.status()
    ordered = last_ordered(pump)
    signed = status["signed"] and pump.unsigned_reason is None
    if as_json:
        print_json(readout.emergency_dict(status, ordered) | {"signed": signed})
        return
    click.echo(click.style(wrapped(f"Intrathecal drug pump {status['serial']}, {status['model']}"), bold=True))
    click.echo(f"{wrapped(NOT_A_DEVICE)}\n")
    if not signed:
        click.echo(click.style(wrapped(UNSIGNED), fg="yellow"))
    if lost := loss_of_therapy(status):
        click.echo(click.style(wrapped(f"LOSS OF THERAPY: {lost}"), fg="red", bold=True))
    for label, text in readout.emergency_rows(status, ordered):
        click.echo(wrapped(f"{label:<13}{text}", " " * 13))
    for heading, lines in readout.emergency_sections():
        click.echo(click.style(f"\n{heading}", bold=True))
        for line in lines:
            click.echo(wrapped(f"- {line}", "  "))
