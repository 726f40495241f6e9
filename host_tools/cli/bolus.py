"""Verbs for delivery beside the program: primes, boluses, and the patient's bolus."""

from decimal import Decimal

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import DECIMAL, DURATION_S, Failure, print_json, print_message, print_text, pump_verb
from host_tools.cli.interaction import (
    MEANWHILE,
    check_terminal,
    confirm,
    print_changes,
    print_result,
    run_in_session,
    yes_option,
)
from host_tools.common.durations import format_duration
from host_tools.programmer import PatientBolus, Programmer
from host_tools.programmer.bolus import check_patient_bolus
from host_tools.programmer.implantation import LARGEST_USUAL_LINE_NL
from host_tools.programmer.status import Status
from host_tools.programmer.units import NL_PER_ML, ng_from_mcg


@click.command(epilog="Example: thecal prime")
@click.option("--volume-ml", type=DECIMAL, help="Default: what is not primed yet.")
@click.option("--yes", is_flag=True, help="Do not ask about unusually much.")
@pump_verb
def prime(pump: Programmer, as_json: bool, volume_ml: Decimal | None, yes: bool) -> None:
    """Fill tubing and catheter with drug at the highest rate. Its effect then need not wait for the basal rate.

    A program may be committed meanwhile; its basal rate starts when the prime ends.
    """
    volume_nl = pump.plan_prime(volume_ml)
    if volume_nl > LARGEST_USUAL_LINE_NL and not yes:
        check_terminal(yes)
        most = statustext.fine_ml(LARGEST_USUAL_LINE_NL)
        print_message(f"a prime of {statustext.fine_ml(volume_nl)} mL is more than a long line holds ({most} mL)")
        print_message("what the line does not really hold, the patient gets, at the highest rate")
        if not click.confirm("Prime so much?", err=True):
            raise Failure("not primed; the pump goes on as before", 1)
    planned_ml = Decimal(volume_nl) / NL_PER_ML  # what was asked about, whatever another ordered meanwhile
    status = run_in_session(pump, lambda: pump.prime(planned_ml))
    text = f"priming {statustext.bolus_left(status)}, of {status['concentration_mcg_per_ml']} mcg/mL"
    print_result(status, as_json, text)


@click.command(epilog="Example: thecal bolus --dose-mcg 20 --over 30m")
@click.option("--dose-mcg", type=DECIMAL, help="Dose on top of the basal rate; up to three decimals.")
@click.option("--over", type=DURATION_S, help="How long it takes: 30m, 2h.")
@click.option("--cancel", is_flag=True, help="End the bolus that is being given; the basal rate goes on.")
@click.option("--yes", is_flag=True, help="Order it without asking.")
@pump_verb
def bolus(pump: Programmer, as_json: bool, dose_mcg: Decimal | None, over: int | None, cancel: bool, yes: bool) -> None:
    """Give a single bolus on top of the basal rate: say what it is, ask, and order it."""
    if cancel:
        if dose_mcg is not None or over is not None:
            raise click.UsageError("--cancel takes neither --dose-mcg nor --over")
        status = run_in_session(pump, pump.cancel_bolus)
        print_result(status, as_json, "the bolus is cancelled; `thecal log` says what was delivered of it")
        return
    if dose_mcg is None or over is None:
        raise click.UsageError("give --dose-mcg and --over, or --cancel")
    check_terminal(yes)
    planned = pump.plan_bolus(dose_mcg, over)
    text = f"{planned.dose_mcg} mcg over {format_duration(over)}"
    volume_ml = statustext.fine_ml(planned.volume_nl)
    print_message(f"bolus {text}: {volume_ml} mL of {planned.concentration_mcg_per_ml} mcg/mL")
    if not yes and not click.confirm("Give this bolus?", err=True):
        raise Failure("not given; the pump goes on as before", 1)
    with pump.session():  # nobody else orders anything from here on
        if pump.plan_bolus(dose_mcg, over) != planned:
            raise Failure(f"not given: {MEANWHILE}; look at it again", 1)
        status = run_in_session(pump, lambda: pump.bolus(dose_mcg, over))
    print_result(status, as_json, f"giving {text}, of {planned.concentration_mcg_per_ml} mcg/mL; --cancel ends it")


@click.command(epilog="Example: thecal patient-bolus")
@pump_verb
def patient_bolus(pump: Programmer, as_json: bool) -> None:
    """Ask, as the patient, for the bolus that a clinician allowed."""
    pump.patient_bolus()
    status = pump.status()
    left = status["patient_boluses_left"]
    given = _dose_text(pump.patient_bolus_settings(), status)
    print_result(status, as_json, f"giving {given}; {left} more within 24 h")


@click.command(epilog="Example: thecal bolus-settings --dose-mcg 5 --over 5m --lockout 4h --per-day 3")
@click.option("--dose-mcg", type=DECIMAL, help="Of each bolus; up to three decimals.")
@click.option("--over", type=DURATION_S, help="How long each takes: 5m.")
@click.option("--lockout", type=DURATION_S, help="From one to the next: 4h.")
@click.option("--per-day", type=int, help="How many in any 24 hours; 0 allows none.")
@yes_option
@pump_verb
def bolus_settings(
    pump: Programmer,
    as_json: bool,
    dose_mcg: Decimal | None,
    over: int | None,
    lockout: int | None,
    per_day: int | None,
    yes: bool,
) -> None:
    """Show the bolus that the patient may ask for, or set it: all four options, or --per-day 0 alone."""
    given = dose_mcg, over, lockout, per_day
    if per_day != 0 and None in given and given != (None,) * 4:
        raise click.UsageError("give --dose-mcg, --over, --lockout and --per-day to set them, or none to see them")
    settings, status = pump.patient_bolus_settings(), pump.status()
    if per_day is not None:
        order = dose_mcg or 0, over or 0, lockout or 0, per_day
        wanted = PatientBolus(ng_from_mcg("dose_mcg", order[0]), *order[1:])
        check_patient_bolus(wanted)
        print_changes({"patient's bolus": (_settings_text(settings, status), _settings_text(wanted, status))})
        if per_day:  # to allow less is never delayed
            confirm("Allow it so?", yes, "not set")
        run_in_session(pump, lambda: pump.set_patient_bolus(*order))
        settings = pump.patient_bolus_settings()
    if as_json:
        print_json({**settings._asdict(), "dose_mcg": settings.dose_mcg})
    else:
        print_text(f"the patient may ask for {_settings_text(settings, status)}")


def _settings_text(settings: PatientBolus, status: Status) -> str:
    if not settings.per_day:
        return "no bolus"
    apart = format_duration(settings.lockout_s)
    return f"{_dose_text(settings, status)}: {apart} apart, {settings.per_day} in any 24 h"


def _dose_text(settings: PatientBolus, status: Status) -> str:
    """A dose with its concentration, as everywhere."""
    over = format_duration(settings.over_s)
    return f"{settings.dose_mcg} mcg over {over}, of {status['concentration_mcg_per_ml'] or 'no'} mcg/mL"
