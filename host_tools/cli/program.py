"""`thecal program`: old and new dosing side by side, a question, and a commit of exactly what was reviewed."""

from decimal import Decimal
from typing import NamedTuple

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import DECIMAL, Failure, print_message, pump_verb
from host_tools.cli.interaction import MEANWHILE, check_terminal, print_result, warn_of_no_therapy
from host_tools.cli.review import date_lines, side_by_side
from host_tools.programmer import FlexProgram, Program, Programmer, ReadBackDiffers, Refused
from host_tools.programmer.flex import Schedule
from host_tools.programmer.status import Status


class ProgramRequest(NamedTuple):
    """A wanted program: a dose for all day, or a week's schedule."""

    dose_mcg_per_day: Decimal | None
    schedule: Schedule | None
    override: bool


class Review(NamedTuple):
    """A new program to be reviewed beside the old one, which is commit number `after_commit`."""

    new: Program | FlexProgram
    after_commit: int
    lines: list[str]


def _check_terminal(_ctx: click.Context, _param: click.Parameter, yes: bool) -> bool:
    check_terminal(yes)
    return yes


@click.command(epilog="Example: thecal program --dose-mcg-per-day 300")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False))
@click.option("--dose-mcg-per-day", type=DECIMAL, help="The same dose all day; up to three decimals.")
@click.option("--yes", is_flag=True, callback=_check_terminal, help="Commit without asking.")
@click.option(
    "--override",
    is_flag=True,
    help="Accept a dose far from those of the last two days, or after 48 h without any; it is logged.",
)
@pump_verb
def program(
    pump: Programmer, as_json: bool, file: str | None, dose_mcg_per_day: Decimal | None, yes: bool, override: bool
) -> None:
    """Show old and new dosing side by side, ask, and commit what the pump read back.

    FILE holds a program in YAML as a scenario has it, simple or flex; without one, --dose-mcg-per-day says it. When the
    pump changes before the commit, both are shown and asked about again.
    """
    wanted = _read_request(file, dose_mcg_per_day, override)
    looked_at = _review(pump, wanted)
    while True:
        print_message("\n".join(looked_at.lines))
        if not yes and not click.confirm("Commit the new program?", err=True):
            warn_of_no_therapy(pump.status())
            raise Failure("not committed; the pump goes on as before", 1)
        with pump.session():  # nobody else commits anything from here on
            now = _review(pump, wanted)
            if now == looked_at:
                status = _commit(pump, now, override)
                break
        if yes:
            raise Failure(f"not committed: {MEANWHILE}; look at it again", 1)
        print_message(f"{MEANWHILE}, and is now:")
        looked_at = now
    warn_of_no_therapy(status)
    print_result(status, as_json, "\n".join([f"committed: {statustext.program(now.new)}", *date_lines(status)]))


def _commit(pump: Programmer, review: Review, override: bool) -> Status:
    """Commit it; the status then."""
    try:
        pump.order(review.new, review.after_commit, override)
    except (Refused, ReadBackDiffers):
        print_message("warning: the new program was staged or refused, and not committed; the pump goes on as before")
        warn_of_no_therapy(pump.status())
        raise
    return pump.status()


def _review(pump: Programmer, wanted: ProgramRequest) -> Review:
    after_commit = pump.commits()
    if wanted.schedule is not None:
        new = pump.plan_flex(wanted.schedule, wanted.override)
    else:
        assert wanted.dose_mcg_per_day is not None
        new = pump.plan(wanted.dose_mcg_per_day, override=wanted.override)
    return Review(new, after_commit, side_by_side(pump.status(), pump.running_program(), new))


def _read_request(file: str | None, dose_mcg_per_day: Decimal | None, override: bool) -> ProgramRequest:
    if (file is None) == (dose_mcg_per_day is None):
        raise click.UsageError("give either a FILE or --dose-mcg-per-day")
    if file is None:
        return ProgramRequest(dose_mcg_per_day, None, override)
    from host_tools.scenario.load import ScenarioError, load_program  # needs more than the core

    try:
        read = load_program(file)
    except ScenarioError as error:
        raise Failure(str(error), 2) from error
    if read.mode == "flex":
        return ProgramRequest(None, read.steps, override)
    return ProgramRequest(read.dose_mcg_per_day, None, override)
