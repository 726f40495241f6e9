"""`thecal correct`: what was booked of the newest filling is put right. No needle, and no drug moves."""

from decimal import Decimal
from typing import NamedTuple

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import DECIMAL, Failure, Value, pump_verb
from host_tools.cli.interaction import MEANWHILE, check_terminal, print_changes, print_result, run_in_session
from host_tools.documents.dose import ml
from host_tools.documents.history import last_filled_nl
from host_tools.documents.line import line_text
from host_tools.programmer import Programmer
from host_tools.programmer.refill import Contents, check_correct, parcels_of
from host_tools.programmer.status import Parcel, Status
from host_tools.programmer.units import NL_PER_ML, mcg_from_ng, nl_from_ml


def _parse_line(text: str) -> Contents:
    """0.196:500,0.140:2000 as (mL, mcg/mL) of each parcel, from the tip back."""
    parcels = []
    for part in text.split(","):
        volume_ml, colon, mcg_per_ml = part.strip().partition(":")
        if not (colon and mcg_per_ml.isdecimal() and volume_ml.replace(".", "", 1).isdecimal()):
            raise ValueError(f"{part.strip()!r} is no parcel; write 0.196:500 for 0.196 mL of 500 mcg/mL")
        parcels.append((Decimal(volume_ml), int(mcg_per_ml)))
    return parcels


ROUNDING_ML = Decimal("0.0005")
"""By which a volume as it is shown may be too large."""

LINE = Value("line", _parse_line)


class Correction(NamedTuple):
    """A correction as it was asked for."""

    concentration_mcg_per_ml: int | None
    volume_ml: Decimal | None
    line: Contents | None


class Review(NamedTuple):
    """Rows of old and new, and the state of the pump that they were made from."""

    rows: dict[str, tuple[str, str]]
    basis: tuple[object, ...]


@click.command(epilog="Example: thecal correct --concentration-mcg-per-ml 2000")
@click.option(
    "--concentration-mcg-per-ml",
    type=int,
    help="What was really filled in.",
)
@click.option("--volume-ml", type=DECIMAL, help="How much of it was really filled in.")
@click.option(
    "--line",
    type=LINE,
    metavar="ML:MCG,...",
    help="What tubing and catheter really hold, volume and mcg/mL from the tip back: 0.196:500,0.140:2000.",
)
@click.option("--override", is_flag=True, help="Accept a concentration more than four times away from the booked one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pump_verb
def correct(
    pump: Programmer,
    as_json: bool,
    concentration_mcg_per_ml: int | None,
    volume_ml: Decimal | None,
    line: Contents | None,
    override: bool,
    yes: bool,
) -> None:
    """Put right what was booked of the newest filling: show the rate and dose of now and then, ask, and do it.

    The record was wrong, not the drug: the dose stays, and the rate follows at once. What the pump counted since the
    filling, today's dose too, is counted anew.
    """
    wanted = Correction(concentration_mcg_per_ml, volume_ml, line)
    if wanted == (None, None, None):
        raise click.UsageError("give --concentration-mcg-per-ml, --volume-ml or --line")
    check_terminal(yes)
    wanted = wanted._replace(line=_without_rounding(line, pump.status()["line_nl"]))
    looked_at = _review(pump, wanted, override)
    print_changes(looked_at.rows)
    if not yes and not click.confirm("Correct the record?", err=True):
        raise Failure("not corrected; the pump goes on as before", 1)
    with pump.session():  # nobody else orders anything from here on
        if _review(pump, wanted, override).basis != looked_at.basis:
            raise Failure(f"not corrected: {MEANWHILE}; look at it again", 1)
        status = run_in_session(pump, lambda: pump.correct(*wanted, override=override))
    flow = f"{ml(status['rate_nl_per_day'])} mL/day, {statustext.dose(status)}"
    print_result(status, as_json, f"corrected; what flows now: {flow}")


def _review(pump: Programmer, wanted: Correction, override: bool) -> Review:
    status = pump.status()
    volume_nl = None if wanted.volume_ml is None else nl_from_ml("volume_ml", wanted.volume_ml)
    check_correct(wanted.concentration_mcg_per_ml, volume_nl, status, override)
    filled_nl = last_filled_nl(pump)
    old = status["concentration_mcg_per_ml"]
    new = old if wanted.concentration_mcg_per_ml is None else wanted.concentration_mcg_per_ml
    rows: dict[str, tuple[str, str]] = {}
    if new != old:
        rows["concentration"] = f"{old} mcg/mL", f"{new} mcg/mL"
    if volume_nl is not None:
        rows["filled"] = "not known" if filled_nl is None else f"{ml(filled_nl)} mL", f"{ml(volume_nl)} mL"
    if wanted.line:
        rows["line"] = line_text(status["line"]), line_text(_parcels(wanted.line))
    at_tip = _at_tip(status, wanted, new, filled_nl)
    rows |= _flow_rows(status, at_tip)
    return Review(rows, (old, filled_nl, status["dose_ng_per_day"], status["therapy"], at_tip))


def _without_rounding(line: Contents | None, line_nl: int) -> Contents | None:
    """The parcels, less at the reservoir what they hold too much only since each was rounded to a microlitre."""
    if not line:
        return line
    *others, (last_ml, mcg_per_ml) = line
    excess_ml = sum(Decimal(volume_ml) for volume_ml, _ in line) - Decimal(line_nl) / NL_PER_ML
    if not 0 < excess_ml <= len(line) * ROUNDING_ML or excess_ml > last_ml:
        return line
    return [*others, (Decimal(last_ml) - excess_ml, mcg_per_ml)]


def _parcels(line: Contents) -> list[Parcel]:
    return [{"nl": parcel["volume_nl"], "mcg_per_ml": parcel["mcg_per_ml"]} for parcel in parcels_of(line)]


def _at_tip(status: Status, wanted: Correction, new: int, filled_nl: int | None) -> int:
    """The strength that really leaves the tip, if the correction is right: the newest filling's where nothing else
    stands before it."""
    if wanted.line:
        return wanted.line[0][1] or new
    newest = status["unprimed_nl"] or (len(status["line"]) < 2 and status["reservoir_nl"] != filled_nl)
    return new if newest else status["tip_mcg_per_ml"]


def _flow_rows(status: Status, at_tip: int) -> dict[str, tuple[str, str]]:
    """Rate and dose: of what flows now, if the correction is right, and of what will."""
    rate = status["rate_nl_per_day"]
    if not rate:
        return {"rate": ("nothing flows", "nothing flows")}
    follows = status["therapy"] == "running" and at_tip
    then = rate * status["tip_mcg_per_ml"] // at_tip if follows else rate
    return {
        "rate": (f"{ml(rate)} mL/day", f"{ml(then)} mL/day"),
        "dose": (f"{_dose(rate, at_tip)}, really", _dose(then, at_tip)),
    }


def _dose(nl_per_day: int, mcg_per_ml: int) -> str:
    return f"{mcg_from_ng(round(nl_per_day * mcg_per_ml // 1000, -2))} mcg/day"
