"""Supply forecast: does the drug last until a date? Computed from the pump's status, for travellers."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from host_tools.documents.texts import ERI_TO_EOS_DAYS, loss_of_therapy
from host_tools.programmer.status import Status

WEEK = timedelta(days=7)


class SupplyForecast(NamedTuple):
    """`reasons` against it are empty when the drug lasts; `notes` are to be considered all the same."""

    until: date
    low_reservoir_date: date | None
    refill_by: date | None
    end_of_service_by: date | None
    reasons: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def lasts(self) -> bool:
        return not self.reasons

    def sentence(self) -> str:
        """All of it, for people; both dates where there are any."""
        if self.lasts:
            return ". ".join([f"Yes: the drug lasts until {self.until}", self._dates(), *self.notes]) + "."
        dates = [self._dates()] if self.low_reservoir_date else []
        return ". ".join([f"No: {'; '.join(self.reasons)}", *dates, *self.notes]) + "."

    def _dates(self) -> str:
        return f"At this rate the reservoir is low on {self.low_reservoir_date}; refill by {self.refill_by}"


class ClockNotSet(ValueError):
    """A pump whose clock is not set has no dates."""


def forecast_supply(status: Status, until: date) -> SupplyForecast:
    """Forecast if the drug lasts to the end of `until`. ValueError for a past date, ClockNotSet without a clock."""
    if status["wall"] is None:
        raise ClockNotSet("the pump's clock is not set, so that nothing has a date; `thecal clock` sets it")
    today = _day(status["wall"][:10])
    assert today
    if until < today:
        raise ValueError(f"{until} is past: the pump's clock says {today}")
    low, refill_by = _day(status["low_reservoir_date"]), _day(status["refill_by"])
    eri = _day(status["eri"] or status["eri_forecast"])
    end = eri + timedelta(days=ERI_TO_EOS_DAYS) if eri else None
    reasons = tuple(_reasons(status, until, low, refill_by, end))
    notes = () if reasons else tuple(_notes(status, until, refill_by, eri))
    return SupplyForecast(until, low, refill_by, end, reasons, notes)


def _reasons(status: Status, until: date, low: date | None, refill_by: date | None, end: date | None) -> Iterator[str]:
    if status["therapy"] == "unfilled":
        yield "no drug has been filled in yet"
        return
    if lost := loss_of_therapy(status):
        yield lost
    elif status["mode"] == "none":
        yield "no program has been ordered yet, and nothing is delivered"
    if low and until >= low:
        yield _low_reason(low, until, "low_reservoir" in status["alarms"])
    if refill_by and until > refill_by and age_limits_refill(status):
        yield f"the drug is too old after {refill_by}"
    if end and until >= end and status["therapy"] != "end_of_service":
        yield f"the pump itself reaches its end of service by {end} and stops"


def age_limits_refill(status: Status) -> bool:
    """True if the drug's age, and not the low reservoir, sets the date of the refill."""
    low, refill_by = _day(status["low_reservoir_date"]), _day(status["refill_by"])
    return low is not None and refill_by is not None and refill_by < low - WEEK


def _low_reason(low: date, until: date, already: bool) -> str:
    if already:
        return "the reservoir is low already"
    when = "on that very day" if low == until else f"before {until}"
    return f"the low-reservoir alarm begins on {low}, {when}"


def _notes(status: Status, until: date, refill_by: date | None, eri: date | None) -> Iterator[str]:
    if refill_by and until > refill_by:
        yield "That is within a week of the low-reservoir alarm: have it refilled before you go"
    if eri and until >= eri:
        reached = "was reached" if status["eri"] else "comes"
        yield f"The replacement date {reached} on {eri}: the pump stops at the latest {ERI_TO_EOS_DAYS} days later"
    critical = [alarm["name"] for alarm in status["alarm_list"] if alarm["class"] == "critical"]
    if critical:
        yield f"A critical alarm is on ({', '.join(critical)}): ask the clinic before you go"


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
