"""The verb `refills`: the dates of the refills to come, as a list or for a calendar."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import rich_click as click

from host_tools.cli.common import DATE, DECIMAL, Failure, print_json, print_text, pump_verb
from host_tools.cli.files import force_option, write_new
from host_tools.documents.dose import ml
from host_tools.documents.history import last_filled_nl
from host_tools.documents.schedule import MOST, NoSchedule, RefillDate, Schedule, schedule
from host_tools.documents.supply import ClockNotSet
from host_tools.documents.texts import NOT_A_DEVICE, UNSIGNED
from host_tools.programmer import Programmer
from host_tools.programmer.flex import head_of
from host_tools.programmer.refill import check_volume
from host_tools.programmer.status import Status
from host_tools.programmer.units import nl_from_ml

COUNT = 6
LATER = (
    "Each date after the first is that of a whole filling at the mean rate of the program, with all boluses that the "
    "patient may ask for. After each refill the pump has the date that counts."
)


@click.command(epilog="Example: thecal refills --until 2030-03-01")
@click.option("--until", type=DATE, help="Only refills up to this day.")
@click.option(
    "--count", type=click.IntRange(1, MOST), help=f"So many refills at most; default: {COUNT}, or all --until a day."
)
@click.option("--volume-ml", type=DECIMAL, help="Volume of each filling; default: that of the last one.")
@click.option(
    "--early",
    "early_days",
    type=click.IntRange(7, 60),
    default=7,
    show_default=True,
    help="Days before the reservoir is low; more for bad weather or a journey.",
)
@click.option(
    "--ics",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a calendar (iCalendar), too. A later one moves its events and doubles none.",
)
@force_option
@pump_verb
def refills(
    pump: Programmer,
    as_json: bool,
    until: date | None,
    count: int | None,
    volume_ml: Decimal | None,
    early_days: int,
    ics: Path | None,
    force: bool,
) -> None:
    """Show the dates of the refills to come, each a week before the reservoir is low or when the drug is too old.

    They are those of the running program, up to the pump's own end of service. Personal data is not in the calendar.
    """
    status = pump.status()
    try:
        found = _schedule(pump, status, volume_ml, early_days, until or date.max, count or (MOST if until else COUNT))
    except (NoSchedule, ClockNotSet) as error:
        raise Failure(str(error), 1) from error
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if ics:
        from host_tools.documents.refillcalendar import calendar  # in an extra: the list needs none

        write_new(ics, calendar(found.dates, status), force)
    signed = status["signed"] and pump.unsigned_reason is None
    if as_json:
        print_json(_json(found, status) | {"file": ics and str(ics), "signed": signed})
        return
    for line in _lines(found, status, early_days):
        print_text(line, "   ")
    for text in (f"wrote {ics}" if ics else "", "" if signed else UNSIGNED):
        if text:
            print_text(text)


def _schedule(
    pump: Programmer, status: Status, volume_ml: Decimal | None, early_days: int, until: date, count: int
) -> Schedule:
    if volume_ml is None:
        filling_nl = last_filled_nl(pump)
    else:
        filling_nl = nl_from_ml("volume_ml", volume_ml)
        check_volume("REFILL", filling_nl, status)
    dose_ng_per_day = status["dose_ng_per_day"]
    if status["mode"] == "flex" and (head := head_of(pump.running_program())):
        dose_ng_per_day = head.dose_ng_per_day
    if filling_nl is None and status["therapy"] != "unfilled":
        raise NoSchedule("the pump's log no longer has the volume of the last filling; --volume-ml names it")
    boluses = pump.patient_bolus_settings()
    return schedule(status, dose_ng_per_day, boluses, filling_nl or 0, timedelta(days=early_days), until, count)


def _lines(found: Schedule, status: Status, early_days: int) -> Iterator[str]:
    drug = f"{ml(found.volume_nl)} mL of {status['concentration_mcg_per_ml']} mcg/mL"
    yield f"Refills of pump {status['serial']}, each of {drug}, at {ml(found.rate_nl_per_day)} mL/day:"
    for refill in found.dates:
        yield f"{refill.number:>2}  by {refill.refill_by}{_note(refill)}; low on {refill.low_reservoir_date}"
    if not found.dates:
        yield " none"
    if found.ended:
        yield f"None later: the pump reaches its end of service by {found.end_of_service_by} and stops."
    yield f"By: {early_days} days before the reservoir is low{_age_note(found, early_days)}. {LATER}"
    yield f"{NOT_A_DEVICE.capitalize()}."


def _note(refill: RefillDate) -> str:
    overdue = ", OVERDUE: go now" if refill.overdue else ""
    return f"{overdue}{', the drug is too old then' if refill.too_old else ''}"


def _age_note(found: Schedule, early_days: int) -> str:
    if not any(refill.too_old for refill in found.dates):
        return ""
    return ", or when the drug is too old" if early_days == 7 else f", or {early_days - 7} before the drug is too old"


def _json(found: Schedule, status: Status) -> dict[str, object]:
    return {
        "serial": status["serial"],
        "refills": [
            refill._asdict() | {name: getattr(refill, name).isoformat() for name in ("refill_by", "low_reservoir_date")}
            for refill in found.dates
        ],
        "ended": found.ended,
        "end_of_service_by": found.end_of_service_by.isoformat(),
        "rate_nl_per_day": found.rate_nl_per_day,
        "volume_nl": found.volume_nl,
    }
