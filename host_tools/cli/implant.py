"""`thecal implant`: what will happen to the line, a question where drug is in it, and the record."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, get_args

import rich_click as click

from host_tools.cli import linechange, statustext
from host_tools.cli.common import DECIMAL, LOCAL_TIME, Failure, int_range, print_message, pump_verb
from host_tools.cli.interaction import check_terminal, is_interactive, print_result, run_in_session, yes_option
from host_tools.cli.linechange import LineChange
from host_tools.cli.patient import read_document
from host_tools.documents.line import holds_drug
from host_tools.programmer import Programmer
from host_tools.programmer.handover import Handover, handover_of
from host_tools.programmer.implantation import (
    DEPTH_MM,
    LARGEST_USUAL_LINE_NL,
    PUMP_TUBING_ML,
    Catheter,
    Tubing,
    held_in_catheter,
    held_of,
    line_nl,
)
from host_tools.programmer.status import Status
from host_tools.programmer.units import Number, wall_s

WALL_HELP = "The pump's new local time; default: this computer's."


class Plan(NamedTuple):
    """An implantation to be recorded: the length of its catheter, what becomes of the line, and the call that does it.
    `old` is the pump that handed its catheter over."""

    catheter_cm: Number
    change: LineChange
    record: Callable[[], None]
    old: Handover | None = None


@click.command(epilog="Example: thecal implant --catheter-cm 89")
@click.option("--catheter-cm", type=DECIMAL, help="Length of the catheter left in place.")
@click.option(
    "--catheter",
    type=click.Choice(get_args(Catheter)),
    help="`new`: a new one, without drug. `same`: the one on record, a word of which is put right; no drug moves. "
    "`kept`: an earlier pump's, full of --catheter-mcg-per-ml. Default: `new` for the first, `same` for one of the "
    "same length.",
)
@click.option(
    "--catheter-mcg-per-ml",
    type=int_range("REFILL", "concentration_mcg_per_ml"),
    metavar="MCG",
    help="Concentration of the drug in a kept catheter.",
)
@click.option(
    "--keep-catheter",
    type=click.Path(exists=True, dir_okay=False),
    metavar="FILE",
    help="The catheter is an earlier pump's: FILE is what `thecal patient --json` printed there. "
    "Its line and dose, and the patient's record go into this pump as well.",
)
@click.option(
    "--tubing",
    type=click.Choice(get_args(Tubing)),
    default="empty",
    show_default=True,
    help="The pump's own tubing: without drug, or primed on the table with the reservoir's or the first filling's.",
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
@click.option("--date", type=LOCAL_TIME, help="When it was implanted; default: now, or with `same` as on record.")
@click.option("--wall", type=LOCAL_TIME, help=WALL_HELP)
@click.option("--override", is_flag=True, help="Accept a depth of more than 25 mm.")
@yes_option
@pump_verb
def implant(
    pump: Programmer,
    as_json: bool,
    catheter_cm: Decimal | None,
    catheter: Catheter | None,
    catheter_mcg_per_ml: int | None,
    keep_catheter: str | None,
    yes: bool,
    **fields: Any,
) -> None:
    """Record the implantation and set the pump's clock: say what happens to the line, ask where drug is in it.

    A pump that takes another's place may keep its catheter.
    """
    if (catheter_cm is None) == (keep_catheter is None):
        raise click.UsageError("give either --catheter-cm or --keep-catheter FILE")
    kept = "kept" in (catheter, keep_catheter and "kept")
    if catheter_mcg_per_ml is not None and not kept:
        raise click.UsageError("--catheter-mcg-per-ml goes with --catheter kept, or --keep-catheter FILE")
    given = {name: value for name, value in fields.items() if value is not None}
    for name in ("date", "wall"):
        if name in given:
            wall_s(name, given[name])
    before = pump.status()
    if catheter_cm is None:
        assert keep_catheter is not None
        if catheter not in (None, "kept"):
            raise click.UsageError(f"--keep-catheter FILE is --catheter kept, and no {catheter} one")
        plan = _take_over(pump, before, keep_catheter, given, catheter_mcg_per_ml)
    else:
        plan = _implant(pump, before, catheter_cm, catheter, given, catheter_mcg_per_ml, yes)
    _ask(before, plan, fields["pump_tubing_ml"], yes)
    status = run_in_session(pump, plan.record)
    print_result(status, as_json, f"implanted {statustext.shown_time(status['implanted'])}; the clock is set")


def _take_over(pump: Programmer, before: Status, file: str, given: Mapping[str, Any], mcg_per_ml: int | None) -> Plan:
    old = handover_of(read_document(file), file)
    catheter_cm = old.implant["catheter_cm"]
    held = held_in_catheter(old, mcg_per_ml)
    change = linechange.kept(held, line_nl(catheter_cm, given["pump_tubing_ml"]), given)
    return Plan(catheter_cm, change, lambda: pump.take_over(old, **given, catheter_mcg_per_ml=mcg_per_ml), old)


def _implant(
    pump: Programmer,
    before: Status,
    catheter_cm: Decimal,
    said: Catheter | None,
    given: Mapping[str, Any],
    mcg_per_ml: int | None,
    yes: bool,
) -> Plan:
    volume_nl = line_nl(catheter_cm, given["pump_tubing_ml"])
    catheter = said or _default_catheter(pump, before, catheter_cm, given["pump_tubing_ml"], yes)
    if catheter == "kept":
        change = linechange.kept(held_of(catheter, catheter_cm, mcg_per_ml), volume_nl, given)
    elif catheter == "same":
        change = linechange.same(before, volume_nl)
    else:
        change = linechange.new(before, volume_nl, given)
    more = {"catheter": catheter, "catheter_mcg_per_ml": mcg_per_ml}
    return Plan(catheter_cm, change, lambda: pump.implant(catheter_cm, **given, **more))


def _default_catheter(
    pump: Programmer, before: Status, catheter_cm: Decimal, pump_tubing_ml: Decimal, yes: bool
) -> Catheter:
    """The catheter where nobody says which it is. A new one, whose line is empty, is never taken for granted once the
    pump has delivered, or drug is in the line."""
    if before["implanted"]:
        recorded = pump.implant_record()
        if (recorded["catheter_cm"], recorded["pump_tubing_ml"]) == (float(catheter_cm), float(pump_tubing_ml)):
            return "same"
    if not before["delivered_nl"] and not holds_drug(before["line"]):
        return "new"
    if not is_interactive(yes):
        raise click.UsageError(
            "this pump has delivered: say --catheter new (the line is empty then, and a bridge is over), "
            "--catheter same (a word on record is put right, and no drug moves), or --catheter kept"
        )
    choice = click.Choice(("new", "same"))
    return click.prompt("Is the catheter a new one, without drug, or the same?", type=choice, err=True)


def _ask(before: Status, plan: Plan, pump_tubing_ml: Number, yes: bool) -> None:
    """Say what happens to the line; ask where drug is in it, and about more than lines usually hold."""
    if plan.old:
        print_message(_handover_text(plan.old))
    print_message(plan.change.text)
    unusual = line_nl(plan.catheter_cm, pump_tubing_ml) > LARGEST_USUAL_LINE_NL
    if unusual and not yes:
        check_terminal(yes)
        _warn_of_long_line(plan.catheter_cm, pump_tubing_ml)
    drug = plan.change.holds_drug or holds_drug(before["line"])
    if (drug or unusual) and is_interactive(yes) and not click.confirm("Record this line?", err=True):
        raise Failure("not recorded; the pump is as before", 1)


def _warn_of_long_line(catheter_cm: Number, pump_tubing_ml: Number) -> None:
    """A slip there becomes a prime that goes into the patient."""
    held, usual = statustext.fine_ml(line_nl(catheter_cm, pump_tubing_ml)), statustext.fine_ml(LARGEST_USUAL_LINE_NL)
    line = f"a catheter of {catheter_cm} cm and tubing of {pump_tubing_ml} mL"
    print_message(f"{line} hold {held} mL; {usual} mL are a long line")
    print_message(
        "a prime fills what is empty of that, at the highest rate: what the line does not really hold, the patient gets"
    )


def _handover_text(old: Handover) -> str:
    """The therapy of the pump before."""
    if not old.dose_mcg_per_day:
        return f"pump {old.serial} had no program; the first one of this pump is compared with nothing"
    drug = f"{old.drug}, {old.concentration_mcg_per_ml} mcg/mL"
    return (
        f"pump {old.serial} gave {old.dose_mcg_per_day} mcg/day of {drug}: this pump's first program is compared with "
        f"that dose, and goes on with it if the same drug is filled in"
    )
