"""The pump's status and log, laid out for people."""

import re
import sys
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import rich_click as click

from host_tools.cli.layout import wrapped
from host_tools.common.durations import format_duration
from host_tools.documents.dose import ml
from host_tools.documents.events import data_text
from host_tools.documents.line import drug_change, is_mixed, line_text
from host_tools.documents.refills import discrepancy_text
from host_tools.documents.supply import age_limits_refill
from host_tools.documents.texts import KEY, NOT_A_DEVICE, UNSIGNED, loss_of_therapy
from host_tools.programmer import FlexProgram, Program
from host_tools.programmer.flex import head_of
from host_tools.programmer.refill import newest_aspiration
from host_tools.programmer.status import Alarm, LastBolus, Status

BAR_CELLS = 20
LABEL = 13
DAY_S = 86_400
SEVERITY_COLOUR = {"critical": "red", "non_critical": "yellow"}


def status_lines(status: Status) -> Iterator[str]:
    """The status in lines of the terminal's width."""
    yield click.style(wrapped(f"{status['serial']}  {status['model']}  firmware {status['firmware']}"), bold=True)
    yield wrapped(NOT_A_DEVICE)
    if not status["signed"]:
        yield click.style(wrapped(UNSIGNED), fg="yellow")
    if status["key"] in KEY:
        yield click.style(wrapped(KEY[status["key"]]), fg="yellow")
    if lost := loss_of_therapy(status):
        warning = f"LOSS OF THERAPY: {lost}; `thecal emergency` lists its signs"
        yield click.style(wrapped(warning), fg="red", bold=True)
    yield ""
    for label, text in _rows(status):
        line = wrapped(f"{label:<{LABEL}}{text}", " " * LABEL)
        yield colour_alarms(line, status["alarm_list"]) if label == "Alarms" else line


def _rows(status: Status) -> Iterator[tuple[str, str]]:
    yield "Therapy", _therapy(status)
    yield "Dose", dose(status)
    yield "Rate", _rate(status)
    if status["bolus"] != "none":
        yield status["bolus"].capitalize(), f"{bolus_left(status)} left"
    if status["last_bolus"]:
        yield "Last bolus", _last_bolus(status["last_bolus"], status["uptime_s"])
    if is_mixed(status) and status["line"]:
        yield "Line", line_text(status["line"])
    yield "Today", f"{status['delivered_today_mcg']} mcg since midnight"
    yield "Reservoir", _reservoir(status)
    yield "Refill by", f"{refill_by(status)}, {refill_reason(status)}" if status["refill_by"] else "-"
    yield "Low on", shown_time(status["low_reservoir_date"])
    yield "Last refill", shown_time(status["last_refill"])
    found = newest_aspiration(status)
    if found and found.out_of_tolerance:
        yield "", f"out of tolerance: {ml(found.aspirated_nl or 0)} mL aspirated, {discrepancy_text(found)}"
    yield "Delivered", f"{ml(status['delivered_nl'])} mL since the first fill"
    yield "Battery", battery(status)
    yield "Clock", shown_time(status["wall"])
    yield "Up for", f"{format_duration(status['uptime_s'])} since first power-up, time without power left out"
    yield "Implanted", shown_time(status["implanted"])
    yield "Alarms", alarms(status)
    yield "Advisories", ", ".join(status["advisories"]) or "none"


def event_line(event: dict[str, Any]) -> str:
    """One event of `log`: number, time, name, the class of an alarm, and its data in words."""
    before = f"{event['seq']:>7}  {moment(event['wall'], event['t_s']):<19}  "
    words = [event["name"]]
    if event["severity"] != "info":
        words.append(event["severity"].replace("_", "-"))
    line = wrapped("  ".join([before + words[0], *words[1:], data_text(event)]).rstrip(), " " * (len(before) + 2))
    return line.replace(event["name"], click.style(event["name"], fg=SEVERITY_COLOUR.get(event["severity"])), 1)


def moment(wall: str | None, uptime_s: int) -> str:
    """Time of an event: by the pump's clock, or by its age where it had none."""
    return shown_time(wall) if wall else f"up {format_duration(uptime_s)}"


def dose(status: Mapping[str, Any]) -> str:
    """The dose, never without the concentration at which it is delivered now."""
    at_the_tip = status.get("tip_mcg_per_ml", status["concentration_mcg_per_ml"])  # a logged dose has no tip
    if not at_the_tip or status.get("therapy") == "unfilled":
        unfilled = status.get("therapy") == "unfilled"
        return f"none: no drug was filled in{' yet' if unfilled else ''}"
    return f"{status['dose_mcg_per_day']} mcg/day, of {at_the_tip} mcg/mL"


def program(ordered: Program | FlexProgram | None) -> str:
    """A program in a line."""
    head = head_of(ordered)
    if head is None:
        return "none yet"
    mean = " on average" if isinstance(ordered, FlexProgram) else ""
    drug = f"of {head.concentration_mcg_per_ml} mcg/mL"
    return f"{head.mode}, {head.dose_mcg_per_day} mcg/day{mean}, {drug} ({ml(head.rate_nl_per_day)} mL/day)"


def alarms(status: Status) -> str:
    """The alarms that are listed, by name."""
    return ", ".join(map(_alarm, status["alarm_list"])) or "none"


def colour_alarms(line: str, alarm_list: list[Alarm]) -> str:
    """A line, whatever its width, with the alarms in it that are not silenced in their colour."""
    for alarm in alarm_list:
        if not alarm["silenced"]:
            name = click.style(alarm["name"], fg=SEVERITY_COLOUR[alarm["class"]], bold=True)
            line = re.sub(rf"\b{alarm['name']}\b", lambda _, name=name: name, line)
    return line


def refill_by(status: Status) -> str:
    """The date by which to refill, and by the pump's clock how many days ago it was."""
    if not status["refill_by"] or not status["wall"]:
        return shown_time(status["refill_by"])
    overdue = (datetime.fromisoformat(status["wall"]).date() - date.fromisoformat(status["refill_by"])).days
    if overdue <= 0:
        return status["refill_by"]
    return f"was {status['refill_by']}, {overdue} day{'' if overdue == 1 else 's'} overdue"


def refill_reason(status: Status) -> str:
    """Reason for the date of the refill."""
    return "when the drug gets too old" if age_limits_refill(status) else "a week before the reservoir is low"


def fine_ml(nl: int) -> str:
    """A small volume in mL, to a tenth of a microlitre."""
    return f"{nl / 1e6:.4f}"


def bolus_left(status: Status) -> str:
    """Rest of a prime, bridge or bolus: volume, its dose where that reaches the patient, and duration."""
    left_nl, mcg_per_ml, rate_nl_per_day = (
        status["bolus_left_nl"],
        status["tip_mcg_per_ml"],
        status["rate_nl_per_day"],
    )
    if status["bolus"] == "bridge":
        coming = drug_change(status)
        in_s = coming.in_s if coming else None
        return f"{fine_ml(left_nl)} mL before the reservoir's" + (f", {format_duration(in_s)}" if in_s else "")
    text = f"{fine_ml(left_nl)} mL"
    if status["bolus"] != "prime":
        text += f", {left_nl * mcg_per_ml / 1e6:.1f} mcg of {mcg_per_ml} mcg/mL"
    if status["bolus"] == "prime" and rate_nl_per_day:
        text += f", {format_duration(left_nl * DAY_S // rate_nl_per_day)}"
    return text


def shown_time(moment: str | None) -> str:
    """An ISO local time as people read it, a dash for none."""
    return moment.replace("T", " ") if moment else "-"


def _rate(status: Status) -> str:
    """The rate of flow, and the ordered rate where that is another."""
    text = f"{ml(status['rate_nl_per_day'])} mL/day"
    if status["ordered_rate_nl_per_day"] != status["rate_nl_per_day"]:
        text += f", of {ml(status['ordered_rate_nl_per_day'])} mL/day ordered"
    return text


def _last_bolus(last: LastBolus, now_s: int) -> str:
    ago = format_duration(now_s - last["at_s"])
    return f"{last['kind']}, {ago} ago: {mcg(last['delivered_ng'])} of {mcg(last['ordered_ng'])} mcg delivered"


def mcg(ng: int) -> str:
    """A dose in mcg, to a tenth."""
    return f"{ng / 1000:.1f}"


def _therapy(status: Status) -> str:
    text = f"{status['therapy']}, {status['operation']}".replace("_", " ")
    if status["stopped_s"] and status["operation"] in ("idle", "halted", "stalled"):
        text += f" (nothing delivered for {format_duration(status['stopped_s'])})"
    return text


def _reservoir(status: Status) -> str:
    limits = status["limits"]
    cells = round(BAR_CELLS * status["reservoir_nl"] / limits["capacity_nl"])
    full, empty = "█░" if (sys.stdout.encoding or "").lower().startswith("utf") else "#-"
    bar = full * cells + empty * (BAR_CELLS - cells)
    return (
        f"{ml(status['reservoir_nl'])} mL  {bar}  of {ml(limits['capacity_nl'])} mL, "
        f"low below {ml(limits['low_reservoir_nl'])} mL"
    )


def battery(status: Status) -> str:
    """The cell's voltages, and when it is to be replaced."""
    reached = [f"{key.upper()} since {shown_time(status[key])}" for key in ("eos", "eri") if status[key]]
    outlook = reached[0] if reached else f"ERI expected {shown_time(status['eri_forecast'])}"
    return f"{_mv(status['battery_mv'])} at rest, {_mv(status['battery_load_mv'])} under load; {outlook}"


def _mv(reading_mv: int | None) -> str:
    return "no reading" if reading_mv is None else f"{reading_mv} mV"


def _alarm(alarm: Alarm) -> str:
    notes = [word for word, holds in (("silenced", alarm["silenced"]), ("past", alarm["condition"] == "past")) if holds]
    return alarm["name"] + (f" ({', '.join(notes)})" if notes else "")
