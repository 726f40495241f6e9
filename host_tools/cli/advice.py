"""Verbs for those who live and travel with a pump, and who meet one for the first time: lasts, emergency."""

import sys
from datetime import date

import rich_click as click

from host_tools.cli.common import DATE, Failure, print_json, pump_verb
from host_tools.cli.layout import wrapped
from host_tools.documents import emergency as readout
from host_tools.documents.dose import read_orders
from host_tools.documents.lasts import NoClock, answer
from host_tools.documents.wording import NOT_A_DEVICE, UNSIGNED, loss_of_therapy
from host_tools.programmer import Programmer


@click.command(epilog="Example: thecal lasts 2030-03-01")
@click.argument("until", metavar="DATE", type=DATE)
@pump_verb
def lasts(pump: Programmer, as_json: bool, until: date) -> None:
    """Say whether the drug lasts until DATE, that day included; exit with 1 when it does not.

    Counted from what the pump was filled with and delivers, its low-reservoir alarm, the drug's shelf life and the
    pump's own end of service. What the pump cannot know (a leak, an error of rate) is not in it.
    """
    try:
        status = pump.status()
        found = answer(status, until)
    except NoClock as error:
        raise Failure(str(error), 1) from error
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="DATE") from error
    if as_json:
        print_json(
            {key: _plain(value) for key, value in found._asdict().items()}
            | {"lasts": found.lasts, "signed": status["signed"]}
        )
    else:
        click.echo(wrapped(found.sentence()))
        if not status["signed"]:
            click.echo(wrapped(UNSIGNED))
    if not found.lasts:
        sys.exit(1)


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


@click.command(epilog="Example: thecal emergency")
@pump_verb
def emergency(pump: Programmer, as_json: bool) -> None:
    """What a stranger must know of this pump: drug, dose, alarms, signs, what to do. Needs no key; names nobody."""
    status = pump.status()
    orders = read_orders(pump, status)
    signed = status["signed"] and pump.unsigned_reason is None
    if as_json:
        print_json(readout.emergency_dict(status, orders) | {"signed": signed})
        return
    click.echo(click.style(wrapped(f"Intrathecal drug pump {status['serial']}, {status['model']}"), bold=True))
    click.echo(f"{wrapped(NOT_A_DEVICE)}\n")
    if not signed:
        click.echo(click.style(wrapped(UNSIGNED), fg="yellow"))
    if lost := loss_of_therapy(status):
        click.echo(click.style(wrapped(f"LOSS OF THERAPY: {lost}"), fg="red", bold=True))
    for label, text in readout.emergency_rows(status, orders):
        click.echo(wrapped(f"{label:<13}{text}", " " * 13))
    for heading, lines in readout.emergency_sections():
        click.echo(click.style(f"\n{heading}", bold=True))
        for line in lines:
            click.echo(wrapped(f"- {line}", "  "))
