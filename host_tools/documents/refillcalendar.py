"""The refills to come as iCalendar (RFC 5545): an all-day event each, and nothing about the patient.

An event's UID is the pump's serial number and the refill's: a calendar that takes the file of a later day moves its
events, and doubles none. SEQUENCE, which says which of two is newer, is the pump's uptime.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event

from host_tools.documents.schedule import RefillDate
from host_tools.documents.texts import NOT_A_DEVICE
from host_tools.programmer.status import Status


def calendar(dates: Iterable[RefillDate], status: Status, written: datetime | None = None) -> bytes:
    """The calendar of a schedule; `written` is the time of this computer, in UTC."""
    stamp = written or datetime.now(UTC)
    found = Calendar()
    found.add("prodid", "-//Thecal//refills//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    for refill in dates:
        found.add_component(_event(refill, status, stamp))
    return found.to_ical()


def _event(refill: RefillDate, status: Status, stamp: datetime) -> Event:
    event = Event()
    event.add("uid", f"refill-{refill.number}@{status['serial']}.thecal")
    event.add("sequence", status["uptime_s"])
    event.add("dtstamp", stamp)
    event.add("dtstart", refill.refill_by)
    event.add("dtend", refill.refill_by + timedelta(days=1))
    event.add("transp", "TRANSPARENT")
    event.add("summary", "Refill of the pump, at the latest")
    reason = "Then the drug is too old. " if refill.too_old else ""
    event.add(
        "description", f"{reason}The reservoir is low on {refill.low_reservoir_date}. {NOT_A_DEVICE.capitalize()}."
    )
    return event
