"""Verbs that change the pump. Each is one session: open, verb, status, close."""

from decimal import Decimal
from typing import Any

import rich_click as click

from host_tools.cli import sheet
from host_tools.cli.acts import ask, check_terminal, done, is_asked, show, yes_option
from host_tools.cli.common import DECIMAL, LOCAL_TIME, Failure, int_range, print_json, pump_verb, say, tell
from host_tools.cli.patient import read_document
from host_tools.cli.screens import check_lines, refill_lines, refill_numbers
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
        status = done(pump, lambda: pump.implant(catheter_cm, **given))
    else:
        old = handover_of(read_document(keep_catheter), keep_catheter)
        _ask_about_line(old.implant["catheter_cm"], fields["pump_tubing_ml"], yes)
        status = done(pump, lambda: pump.take_over(old, **given))
    show(status, as_json, f"implanted {sheet.shown_time(status['implanted'])}; the clock is set")


def _ask_about_line(catheter_cm: Number, pump_tubing_ml: Number, yes: bool) -> None:
    """Ask about more than lines usually hold: a slip there becomes a prime that goes into the patient."""
    volume_nl = line_nl(catheter_cm, pump_tubing_ml)
    if yes or volume_nl <= LARGEST_USUAL_LINE_NL:
        return
    check_terminal(yes)
    held, usual = sheet.fine_ml(volume_nl), sheet.fine_ml(LARGEST_USUAL_LINE_NL)
    say(f"a catheter of {catheter_cm} cm and tubing of {pump_tubing_ml} mL hold {held} mL; {usual} mL are a long line")
    say(
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
    """Book a refill: what was expected to be left, what was, the program and battery to check, and the next dates.

    With --json the status, and the volumes under `refill`.
    """
    booked: list[Refill] = []
    old = pump.status()
    with pump.session():
        status = done(pump, lambda: booked.append(pump.refill(**fields, bridge=bridge == "auto")))
        running = pump.running_program()
    _warn_of_old_drug(old, status)
    if as_json:
        print_json(status | {"refill": refill_numbers(booked[0])})
    else:
        for line in [*refill_lines(booked[0], status), *check_lines(status, running)]:
            tell(line, " " * 15)


@click.command(epilog="Example: thecal stop")
@pump_verb
def stop(pump: Programmer, as_json: bool) -> None:
    """Stop delivery, at once."""
    status = done(pump, pump.stop)
    show(status, as_json, "delivery is stopped; `thecal resume` goes on with the committed program")


@click.command(epilog="Example: thecal minimum-rate")
@pump_verb
def minimum_rate(pump: Programmer, as_json: bool) -> None:
    """Deliver at the minimum rate, at once: hardly any drug, but the pump is not stopped."""
    status = done(pump, pump.minimum_rate)
    text = f"delivering {sheet.ml(status['rate_nl_per_day'])} mL/day, {sheet.dose(status)}"
    show(status, as_json, f"{text}; `thecal resume` goes on with the committed program")


@click.command(epilog="Example: thecal resume")
@yes_option
@pump_verb
def resume(pump: Programmer, as_json: bool, yes: bool) -> None:
    """Deliver by the committed program again, at once."""
    if is_asked(yes):
        say(f"committed: {sheet.program(pump.running_program())}")
        ask("Deliver it again?", yes, "not resumed")
    status = done(pump, pump.resume)
    show(status, as_json, f"delivering {sheet.dose(status)} again; `thecal stop` stops it")


def _warn_of_old_drug(old: Status, new: Status) -> None:
    """What a new concentration asks for, as long as there is old drug in tubing and catheter."""
    mcg_per_ml, was = new["concentration_mcg_per_ml"], old["concentration_mcg_per_ml"]
    if new["bolus"] == "bridge":
        say(f"before the bridge is out a program for {mcg_per_ml} mcg/mL must be committed: without one")
        say("the pump goes on at the minimum rate, which is no therapy, and sounds the critical alarm")
    elif was not in (0, mcg_per_ml) and old["delivered_nl"]:
        held = sheet.fine_ml(new["line_nl"])
        say(f"warning: there is no bridge. Tubing and catheter hold {held} mL of {was} mcg/mL, which come first,")
        say(f"at the rate of a program for {mcg_per_ml} mcg/mL: {was / mcg_per_ml:g} times the dose that it says")
