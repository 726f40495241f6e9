"""A pump's life in dated lines; the refills on which nothing happened are drawn together."""

from dataclasses import dataclass
from statistics import mean
from typing import Any

from host_tools.common.durations import format_duration
from host_tools.demo.record import ALARM_OF_EVENT, DAY_S, Alarm, Life
from host_tools.programmer import Refill

_ALARM_TEXT = {
    "low_reservoir": "Low reservoir: {reservoir_ml} computed.",
    "motor_stall": "Motor stall: {missed_steps} steps in a row went unconfirmed.",
    "eri": "Elective replacement indicator: the pump is due for replacement within 90 days.",
    "end_of_service": "End of service: the pump stops for good.",
}
_TONE_TEXT = {"non_critical": "single beep", "critical": "dual tone"}
_ROUTINE = "each a week before the reservoir would be low"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, of a kind: action, routine, discrepancy, note, info, non_critical or critical."""

    at_s: int
    text: str
    kind: str


def timeline(life: Life) -> list[Line]:
    """Return the lines, in order of time."""
    lines: list[Line] = []
    occurrences = iter(life.alarms())
    refills = _refills(life)
    for event in life.events:
        if event["name"] in ALARM_OF_EVENT:
            lines.append(_alarm_line(event, next(occurrences)))
        elif line := refills.get(event["seq"]) or _action_line(event):
            lines.append(line)
    lines += [Line(note.at_s, note.text, "note") for note in life.notes]
    return sorted(lines, key=lambda line: line.at_s)


def _alarm_line(event: dict[str, Any], alarm: Alarm) -> Line:
    data = event["data"]
    text = _ALARM_TEXT.get(alarm.name, f"{alarm_words(alarm.name).capitalize()}.")
    text = text.format(reservoir_ml=ml(data.get("reservoir_nl", 0), 2), **data)
    return Line(event["t_s"], f"{text} Heard: {tones(alarm)}.", alarm.severity)


def _action_line(event: dict[str, Any]) -> Line | None:
    data = event["data"]
    match event["name"]:
        case "IMPLANT":
            text = f"Implanted, with {data['catheter_mm'] // 10} cm of catheter."
        case "PROGRAM_COMMITTED":
            text = f"Programmed: {data['new_dose_ng_per_day'] / 1000:g} mcg/day."
        case "MOTOR_STALL_RECOVERY":
            missed = f"{data['missed_steps']:,} steps missed in {format_duration(data['duration_s'])}"
            text = f"The motor turns again: {missed}, never made up for."
            return Line(event["t_s"], text, "info")
        case "ALARM_SILENCED":
            text = f"Silenced by the programmer: {alarm_words(data['alarm'])}."
        case _:
            return None
    return Line(event["t_s"], text, "action")


def _refills(life: Life) -> dict[int, Line]:
    """Lines by number of log entry: the first fill, each late refill, each discrepancy, each run in between."""
    low_s = [event["t_s"] for event in life.named("LOW_RESERVOIR")]
    runs: list[list[tuple[int, dict[str, Any]]]] = []
    lines: dict[int, Line] = {}
    before_s = 0
    for number, (event, refill) in enumerate(life.refills()):
        late = any(before_s < at_s <= event["t_s"] for at_s in low_s)
        before_s = event["t_s"]
        if number and not late and not refill.out_of_tolerance:
            runs[-1].append((number, event))
            continue
        runs.append([])
        if refill.out_of_tolerance:
            lines[event["seq"]] = Line(event["t_s"], _discrepancy_line(number, refill), "discrepancy")
        else:
            what = f"Refill {number}, late" if number else "First fill"
            lines[event["seq"]] = Line(event["t_s"], f"{what}: {_filled(refill)}.", "action")
    return lines | {run[0][1]["seq"]: _routine_line(run, life) for run in runs if run}


def _discrepancy_line(number: int, refill: Refill) -> str:
    """A refill that found another volume than the pump had computed."""
    difference_nl = refill.discrepancy_nl or 0
    left = "less" if difference_nl > 0 else "more"
    return (
        f"Refill {number} finds it: {ml(refill.aspirated_nl or 0, 2)} out, and {ml(refill.expected_nl, 2)} computed. "
        f"So {ml(abs(difference_nl), 2)} {left} was delivered than the pump counted. No alarm came."
    )


def _routine_line(run: list[tuple[int, dict[str, Any]]], life: Life) -> Line:
    (first, refill), (last, last_refill) = run[0], run[-1]
    which = f"Refills {first} to {last}" if last > first else f"Refill {first}"
    until = f" The last on {life.date(last_refill['t_s']):%Y-%m-%d}." if last > first else ""
    taken_nl = mean(entry["data"]["aspirated_nl"] for _, entry in run)
    what = f"about {ml(taken_nl, 1)} out, {ml(refill['data']['filled_nl'], 0)} in"
    return Line(refill["t_s"], f"{which}, {_ROUTINE}: {what}.{until}", "routine")


def _filled(refill: Refill) -> str:
    taken = f"{ml(refill.aspirated_nl, 2)} out, " if refill.aspirated_nl else ""
    return f"{taken}{ml(refill.filled_nl, 0)} in"


def ml(volume_nl: float, decimals: int) -> str:
    """A volume in mL, for reading."""
    return f"{volume_nl / 1e6:,.{decimals}f} mL"


def alarm_words(name: str) -> str:
    """An alarm's name for reading: `low reservoir`."""
    return "ERI" if name == "eri" else name.replace("_", " ")


def tones(alarm: Alarm) -> str:
    """Number and kind of an alarm's tones: `18 single beeps`."""
    return f"{alarm.tones} {_TONE_TEXT[alarm.severity]}{'s' * (alarm.tones != 1)}"


def date_columns(life: Life, line: Line) -> tuple[str, str, str]:
    """Date, time of day and day of service of a line."""
    moment = life.date(line.at_s)
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M}", f"{line.at_s // DAY_S:,}"
