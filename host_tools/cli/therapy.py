"""Verbs that change the pump. Each is one session: open, verb, status, close."""

from decimal import Decimal
from typing import Any

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import (
    DECIMAL,
    LOCAL_TIME,
    Failure,
    int_range,
    print_json,
    print_message,
    print_text,
    pump_verb,
)
from host_tools.cli.interaction import check_terminal, confirm, is_interactive, print_result, run_in_session, yes_option
from host_tools.cli.patient import read_document
from host_tools.cli.review import check_lines, refill_lines, refill_numbers
from host_tools.documents.dose import ml
from host_tools.programmer import Programmer, Refill
from host_tools.programmer.handover import handover_of
from host_tools.programmer.implantation import DEPTH_MM, LARGEST_USUAL_LINE_NL, PUMP_TUBING_ML, line_nl
from host_tools.programmer.refill import DRUG
from host_tools.programmer.status import Status
from host_tools.programmer.units import Number

WALL_HELP = "The pump's new local time; default: this computer's."


@click.command(epilog="Example: thecal implant --catheter-cm 89")
@click.option("--catheter-cm", type=DECIMAL, help="Length of the catheter left in place.")
@click.option(
    "--keep-catheter",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="The catheter is an earlier pump's: FILE is what `thecal patient --json` printed there. "
    "The patient's record goes into this pump as well.",
)
@click.option(
    "--pump-tubing-ml",
    type=DECIMAL,
    default=str(PUMP_TUBING_ML),
    show_default=True,
    help="Dead volume of the pump's own tubing.",
)
@click.option("--site", help="Where the pump sits, in a few words; default: where the earlier pump sat.")
@click.option(
    "--depth-mm",
    type=int_range("IMPLANT", "depth_mm"),
    help=f"Under the skin; default: {DEPTH_MM}, or the earlier pump's.",
)
@click.option("--date", type=LOCAL_TIME, help="When it was implanted; default: now.")
@click.option("--wall", type=LOCAL_TIME, help=WALL_HELP)
@click.option("--override", is_flag=True, help="Accept a depth of more than 25 mm.")
@click.option("--yes", is_flag=True, help="Do not ask about a line that holds unusually much.")
@pump_verb
def implant(
    pump: Programmer, as_json: bool, catheter_cm: Decimal | None, keep_catheter: str | None, yes: bool, **fields: Any
) -> None:
    """Record the implantation and set the pump's clock. A pump that takes another's place may keep its catheter."""
    if (catheter_cm is None) == (keep_catheter is None):
        raise click.UsageError("give either --catheter-cm or --keep-catheter FILE")
    given = {name: value for name, value in fields.items() if value is not None}
    if keep_catheter is None:
        assert catheter_cm is not None
        _ask_about_line(catheter_cm, fields["pump_tubing_ml"], yes)
        status = run_in_session(pump, lambda: pump.implant(catheter_cm, **given))
    else:
        old = handover_of(read_document(keep_catheter), keep_catheter)
        _ask_about_line(old.implant["catheter_cm"], fields["pump_tubing_ml"], yes)
        status = run_in_session(pump, lambda: pump.take_over(old, **given))
    print_result(status, as_json, f"implanted {statustext.shown_time(status['implanted'])}; the clock is set")


def _ask_about_line(catheter_cm: Number, pump_tubing_ml: Number, yes: bool) -> None:
    """Ask about more than lines usually hold: a slip there becomes a prime that goes into the patient."""
    volume_nl = line_nl(catheter_cm, pump_tubing_ml)
    if yes or volume_nl <= LARGEST_USUAL_LINE_NL:
        return
    check_terminal(yes)
    held, usual = statustext.fine_ml(volume_nl), statustext.fine_ml(LARGEST_USUAL_LINE_NL)
    line = f"a catheter of {catheter_cm} cm and tubing of {pump_tubing_ml} mL"
    print_message(f"{line} hold {held} mL; {usual} mL are a long line")
    print_message(
        "a prime fills what is empty of that, at the highest rate: what the line does not really hold, the patient gets"
    )
    if not click.confirm("Record this line?", err=True):
        raise Failure("not recorded; the pump is as before", 1)


@click.command(epilog="Example: thecal refill --volume-ml 20 --concentration-mcg-per-ml 2000")
@click.option("--volume-ml", type=DECIMAL, required=True, help="Volume filled in after all was taken out.")
@click.option("--concentration-mcg-per-ml", type=int, required=True, help="Of the new drug.")
@click.option("--aspirated-ml", type=DECIMAL, help="Volume that was taken out, as measured.")
@click.option("--drug", default=DRUG, show_default=True, help="Its name, in at most 12 bytes.")
@click.option(
    "--bridge",
    type=click.Choice(["auto", "none"]),
    default="auto",
    show_default=True,
    help="When the concentration changes: deliver the old drug in tubing and catheter at the old dose first.",
)
@pump_verb
def refill(pump: Programmer, as_json: bool, bridge: str, **fields: Any) -> None:
    """Book a refill: show expected and aspirated volume, the program and battery to check, and the next dates.

    With --json the status, and the volumes under `refill`.
    """
    booked: list[Refill] = []
    old = pump.status()
    with pump.session():
        status = run_in_session(pump, lambda: booked.append(pump.refill(**fields, bridge=bridge == "auto")))
        running = pump.running_program()
    _warn_of_old_drug(old, status)
    if as_json:
        print_json(status | {"refill": refill_numbers(booked[0])})
    else:
        for line in [*refill_lines(booked[0], status), *check_lines(status, running)]:
            print_text(line, " " * 15)


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
@yes_option
@pump_verb
def resume(pump: Programmer, as_json: bool, yes: bool) -> None:
    """Deliver by the committed program again, at once."""
    if is_interactive(yes):
        print_message(f"committed: {statustext.program(pump.running_program())}")
        confirm("Deliver it again?", yes, "not resumed")
    status = run_in_session(pump, pump.resume)
    print_result(status, as_json, f"delivering {statustext.dose(status)} again; `thecal stop` stops it")


def _warn_of_old_drug(old: Status, new: Status) -> None:
    """Warn of the old drug that is in tubing and catheter after a change of concentration."""
    mcg_per_ml, was = new["concentration_mcg_per_ml"], old["concentration_mcg_per_ml"]
    if new["bolus"] == "bridge":
        print_message(f"before the bridge is out a program for {mcg_per_ml} mcg/mL must be committed: without one")
        print_message("the pump goes on at the minimum rate, which is no therapy, and sounds the critical alarm")
    elif was not in (0, mcg_per_ml) and old["delivered_nl"]:
        held = statustext.fine_ml(new["line_nl"])
        line = f"Tubing and catheter hold {held} mL of {was} mcg/mL"
        print_message(f"warning: there is no bridge. {line}, which come first,")
        times = f"{was / mcg_per_ml:g} times"
        print_message(f"at the rate of a program for {mcg_per_ml} mcg/mL: {times} the dose that it says")
