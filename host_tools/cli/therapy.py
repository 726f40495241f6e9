"""Verbs that change the pump. Each is one session: open, verb, status, close."""

import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import rich_click as click

from host_tools.cli import sheet
from host_tools.cli.common import DECIMAL, LOCAL_TIME, Failure, int_range, print_json, pump_verb, say
from host_tools.cli.patient import read_document
from host_tools.cli.screens import check_lines, refill_lines, refill_numbers
from host_tools.documents.wording import loss_of_therapy
from host_tools.programmer import Programmer, Refill
from host_tools.programmer.handover import handover_of
from host_tools.programmer.implantation import LARGEST_USUAL_LINE_NL, line_nl
from host_tools.programmer.programmer import DEPTH_MM, DRUG, PUMP_TUBING_ML
from host_tools.programmer.units import Number
from protocol.codes import ALARM, CLASS

WALL_HELP = "The pump's new local time; default: this computer's."
LEFT = {"stopped": "stopped", "minimum": "at the minimum rate"}
"""What to warn of at the end of a session, by therapy."""


@click.command()
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


@click.command()
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
        click.echo("\n".join([*refill_lines(booked[0], status), *check_lines(status, running)]))


def check_terminal(yes: bool) -> None:
    """A UsageError where somebody is to be asked and nobody can be."""
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; --yes does it without asking")


@click.command()
@pump_verb
def stop(pump: Programmer, as_json: bool) -> None:
    """Stop delivery, at once."""
    status = done(pump, pump.stop)
    show(status, as_json, "delivery is stopped; `thecal resume` goes on with the committed program")


@click.command()
@pump_verb
def minimum_rate(pump: Programmer, as_json: bool) -> None:
    """Deliver at the minimum rate, at once: hardly any drug, but the pump is not stopped."""
    status = done(pump, pump.minimum_rate)
    text = f"delivering {sheet.ml(status['rate_nl_per_day'])} mL/day, {sheet.dose(status)}"
    show(status, as_json, f"{text}; `thecal resume` goes on with the committed program")


@click.command()
@pump_verb
def resume(pump: Programmer, as_json: bool) -> None:
    """Deliver by the committed program again, at once."""
    status = done(pump, pump.resume)
    show(status, as_json, f"delivering {sheet.dose(status)} again; `thecal stop` stops it")


@click.command()
@click.option("--max-dose-mcg-per-day", type=int, help="No program may order more.")
@click.option("--max-bolus-mcg", type=int, help="No bolus may be larger.")
@click.option("--max-change-percent", type=int, help="A larger rise of the dose within 24 h needs --override.")
@pump_verb
def limits(pump: Programmer, as_json: bool, **fields: int | None) -> None:
    """Set the pump's limits for programs to come. The running program goes on, whatever they are."""
    status = done(pump, lambda: pump.limits(**fields))
    set_now = status["limits"]
    text = f"{set_now['max_dose_mcg_per_day']} mcg/day, {set_now['max_bolus_mcg']} mcg a bolus"
    show(status, as_json, f"limits: {text}, {set_now['max_change_percent']} % more within 24 h")


@click.command()
@click.argument("alarm", default="all", type=click.Choice(["all", *ALARM]), metavar="[NAME|all]")
@pump_verb
def silence(pump: Programmer, as_json: bool, alarm: str) -> None:
    """Silence an alarm by its name, or all. It stays listed until its condition is over."""
    status = done(pump, lambda: pump.silence(alarm))
    left = ", ".join(status["alarms"]) or "none"
    show(status, as_json, f"silenced {alarm}; alarms listed: {left}")


@click.command()
@click.argument("alarm_class", type=click.Choice(list(CLASS)), metavar="critical|non_critical")
@pump_verb
def demo_alarm(pump: Programmer, as_json: bool, alarm_class: str) -> None:
    """Sound the tone of a class of alarms once, so that the patient knows it. No alarm is raised or hidden."""
    status = done(pump, lambda: pump.demo_alarm(alarm_class))
    tone = "two tones in turn" if alarm_class == "critical" else "a single tone"
    show(status, as_json, f"sounded the {alarm_class} alarm once: {tone}")


@click.command()
@click.option("--wall", type=LOCAL_TIME, help=WALL_HELP)
@pump_verb
def clock(pump: Programmer, as_json: bool, wall: datetime | None) -> None:
    """Set the pump's wall clock."""
    status = done(pump, lambda: pump.set_clock(wall))
    show(status, as_json, f"the pump's clock says {sheet.shown_time(status['wall'])}")


def done(pump: Programmer, verb: Callable[[], object]) -> dict[str, Any]:
    """Do it and read the status, in one session; warns of a pump that is left without its dose."""
    with pump.session():
        verb()
        status = pump.status()
    warn(status)
    return status


def warn(status: dict[str, Any]) -> None:
    """Never end in silence on a pump that gives no therapy."""
    left = LEFT.get(status["therapy"])
    words = [f"the pump is left {left}" if left else "", loss_of_therapy(status)]
    if not any(words):
        return
    if status["therapy"] == "end_of_service":
        words.append("the pump has reached its end of service: only a new one gives therapy")
    elif status["therapy"] != "running":
        words.append("`thecal program` or `thecal resume` starts therapy")
    say(f"warning: {'; '.join(filter(None, words))}")


def show(values: dict[str, Any], as_json: bool, text: str) -> None:
    """The result of a verb: its text, or with --json its values."""
    if as_json:
        print_json(values)
    else:
        click.echo(text)


def _warn_of_old_drug(old: dict[str, Any], new: dict[str, Any]) -> None:
    """What a new concentration asks for, as long as there is old drug in tubing and catheter."""
    mcg_per_ml, was = new["concentration_mcg_per_ml"], old["concentration_mcg_per_ml"]
    if new["bolus"] == "bridge":
        say(f"before the bridge is out a program for {mcg_per_ml} mcg/mL must be committed: without one")
        say("the pump goes on at the minimum rate, which is no therapy, and sounds the critical alarm")
    elif was not in (0, mcg_per_ml) and old["delivered_nl"]:
        held = sheet.fine_ml(new["line_nl"])
        say(f"warning: there is no bridge. Tubing and catheter hold {held} mL of {was} mcg/mL, which come first,")
        say(f"at the rate of a program for {mcg_per_ml} mcg/mL: {was / mcg_per_ml:g} times the dose that it says")
