"""The verb `lasts`: is there drug until a date?"""

import sys
from datetime import date

import rich_click as click

from host_tools.cli.common import DATE, Failure, print_json, pump_verb
from host_tools.cli.layout import wrapped
from host_tools.documents.supply import ClockNotSet, forecast_supply
from host_tools.documents.texts import UNSIGNED
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
        found = forecast_supply(status, until)
    except ClockNotSet as error:
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
