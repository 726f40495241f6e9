"""The schedule of refills to come. The first date is the pump's own forecast, whatever is going on in it.

Every later one is that of a whole filling, made at the beginning of its day: what is above the low-reservoir volume, at
the mean rate of the program and with all the boluses that the patient may ask for. It is counted in whole days, so that
it is early rather than late; a week that differs from day to day may move it by as much as it differs from its mean.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from typing import NamedTuple

from firmware.config import Config
from host_tools.documents.supply import WEEK, ClockNotSet, age_limits_refill
from host_tools.documents.texts import ERI_TO_EOS_DAYS, loss_of_therapy
from host_tools.programmer.bolus import PatientBolus
from host_tools.programmer.program import volume_nl
from host_tools.programmer.status import Status

MOST = 1000
"""Dates in a schedule: more than any pump lives to see."""


class NoSchedule(ValueError):
    """There is nothing to count from."""


class RefillDate(NamedTuple):
    """A refill to come. `too_old`: the drug's age sets its date; `overdue`: the date is past."""

    number: int
    refill_by: date
    low_reservoir_date: date
    too_old: bool
    overdue: bool


class Schedule(NamedTuple):
    """`dates` to the end that was asked for; `ended` where the pump's end of service came before it.

    `rate_nl_per_day` is the mean with the patient's boluses, `volume_nl` that of each filling.
    """

    dates: tuple[RefillDate, ...]
    ended: bool
    end_of_service_by: date
    rate_nl_per_day: int
    volume_nl: int


def schedule(
    status: Status,
    dose_ng_per_day: int,
    boluses: PatientBolus,
    filling_nl: int,
    early: timedelta = WEEK,
    until: date = date.max,
    count: int = MOST,
) -> Schedule:
    """The refills up to a day or number, each so early before the reservoir is low. NoSchedule says why there is none,
    ValueError why fillings of this volume cannot follow each other."""
    low, refill_by, today, end = _forecast(status)
    if until < today:
        raise ValueError(f"{until} is past: the pump's clock says {today}")
    bolus_ng_per_day = boluses.per_day * boluses.dose_ng
    rate_nl_per_day = volume_nl(dose_ng_per_day + bolus_ng_per_day, status["concentration_mcg_per_ml"])
    lasts = timedelta(days=max(0, filling_nl - status["limits"]["low_reservoir_nl"]) // rate_nl_per_day)
    interval = min(lasts, _stays_good(status) + WEEK)
    if interval <= early:
        raise ValueError(
            f"a filling of {filling_nl / 1e6:g} mL lasts {interval.days} days at this dose, and the next one is to "
            f"come {early.days} days before that; name a larger volume or fewer days"
        )
    first = RefillDate(1, refill_by - (early - WEEK), low, age_limits_refill(status), False)
    dates = []
    for found in islice(_dates(first, today, lasts, interval, early), count):
        if found.refill_by > min(until, end):
            break
        dates.append(found)
    return Schedule(tuple(dates), len(dates) < count and end < until, end, rate_nl_per_day, filling_nl)


def _dates(
    first: RefillDate, today: date, lasts: timedelta, interval: timedelta, early: timedelta
) -> Iterator[RefillDate]:
    """The first refill and those after it; one that is overdue is taken to be made today."""
    refill = first._replace(overdue=first.refill_by < today)
    while True:
        yield refill
        filled = max(refill.refill_by, today)
        refill = RefillDate(
            refill.number + 1, filled + interval - early, filled + lasts, too_old=interval < lasts, overdue=False
        )


def _forecast(status: Status) -> tuple[date, date, date, date]:
    """The pump's own dates: low, refill by, today, end of service."""
    if status["therapy"] == "end_of_service":
        raise NoSchedule("the pump has reached its end of service, and is refilled no more; a new one takes its place")
    if status["therapy"] == "unfilled":
        raise NoSchedule("no drug has been filled in yet; `thecal refill` books a filling")
    if not status["concentration_mcg_per_ml"]:
        raise NoSchedule("the reservoir was filled without drug; `thecal refill` books another filling")
    if status["mode"] == "none":
        raise NoSchedule("no program has been ordered yet; `thecal program` orders one")
    if status["wall"] is None:
        raise ClockNotSet("the pump's clock is not set, so that nothing has a date; `thecal clock` sets it")
    low, refill_by, eri = (status[key] for key in ("low_reservoir_date", "refill_by", "eri_forecast"))
    if (lost := loss_of_therapy(status)) or not (low and refill_by and eri):
        running = status["therapy"] == "running"
        then = "`thecal status` says why" if running else "`thecal resume` or `thecal program` starts therapy"
        raise NoSchedule(f"{lost or 'nothing is being delivered'}; {then}")
    end = date.fromisoformat(status["eri"] or eri) + timedelta(days=ERI_TO_EOS_DAYS)
    return date.fromisoformat(low), date.fromisoformat(refill_by), date.fromisoformat(status["wall"][:10]), end


def _stays_good(status: Status) -> timedelta:
    """How long a filling stays good: the pump's own limit where its date shows it, else that of every pump."""
    if age_limits_refill(status) and status["last_refill"] and status["refill_by"]:
        return date.fromisoformat(status["refill_by"]) - date.fromisoformat(status["last_refill"])
    return timedelta(days=Config.max_fill_days)
