"""`thecal refill`: what the needle found, a question where that is out of tolerance, and what comes of the refill."""

from decimal import Decimal
from typing import Any

import rich_click as click

from host_tools.cli.common import DECIMAL, print_json, print_message, print_text, pump_verb
from host_tools.cli.interaction import confirm, is_interactive, run_in_session, yes_option
from host_tools.cli.refilltext import filled_lines, found_lines, no_bridge_warning, refill_numbers
from host_tools.cli.review import check_lines
from host_tools.documents.dose import ml
from host_tools.documents.history import last_filled_nl
from host_tools.programmer import Programmer, Refill
from host_tools.programmer.refill import DRUG, Aspiration
from host_tools.programmer.status import Status
from host_tools.programmer.units import nl_from_ml


@click.command(epilog="Example: thecal refill --volume-ml 20 --concentration-mcg-per-ml 2000")
@click.option("--volume-ml", type=DECIMAL, required=True, help="Volume filled in after all was taken out.")
@click.option(
    "--concentration-mcg-per-ml",
    type=int,
    required=True,
    help="Of the new drug; 0 is a filling without drug (saline).",
)
@click.option("--aspirated-ml", type=DECIMAL, help="Volume that was taken out, as measured.")
@click.option("--drug", default=DRUG, show_default=True, help="Its name, in at most 12 bytes.")
@click.option(
    "--bridge",
    type=click.Choice(["auto", "none"]),
    default="auto",
    show_default=True,
    help="When the concentration changes: `none` says that tubing and catheter hold the new drug already.",
)
@yes_option
@pump_verb
def refill(
    pump: Programmer, as_json: bool, aspirated_ml: Decimal | None, bridge: str, yes: bool, **fields: Any
) -> None:
    """Book a refill: show expected and aspirated volume, the program and battery to check, and the next dates.

    The dose goes on, at whatever concentration stands at the tip. Where the aspirated volume is out of tolerance it is
    asked about before it is booked. With --json the status, and the volumes under `refill`.
    """
    old = pump.status()
    asked = _ask_about_discrepancy(_found(pump, old, aspirated_ml), yes)
    booked: list[Refill] = []
    fields |= {"aspirated_ml": aspirated_ml, "bridge": bridge == "auto"}
    with pump.session():
        status = run_in_session(pump, lambda: booked.append(pump.refill(**fields)))
        running = pump.running_program()
    if bridge == "none" and (warning := no_bridge_warning(old, status)):
        print_message(warning)
    if as_json:
        print_json(status | {"refill": refill_numbers(booked[0], status)})
        return
    lines = found_lines(booked[0].found, not asked), filled_lines(booked[0], old, status), check_lines(status, running)
    for line in [line for part in lines for line in part]:
        print_text(line, " " * 15)


def _found(pump: Programmer, status: Status, aspirated_ml: Decimal | None) -> Aspiration:
    """The volumes as they will be booked."""
    aspirated_nl = None if aspirated_ml is None else nl_from_ml("aspirated_ml", aspirated_ml)
    filled_nl = last_filled_nl(pump) if aspirated_nl is not None and status["last_refill"] else None
    return Aspiration(status["reservoir_nl"], aspirated_nl, filled_nl)


def _ask_about_discrepancy(found: Aspiration, yes: bool) -> bool:
    """Have a person, where there is one, look again at a measurement that is out of tolerance. True if one did."""
    if not found.out_of_tolerance or found.aspirated_nl is None or not is_interactive(yes):
        return False
    for line in found_lines(found):
        print_message(line)
    confirm(f"Were {ml(found.aspirated_nl)} mL aspirated?", yes, "not booked: measure again")
    return True
