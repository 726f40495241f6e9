"""Durations (`3d 4h 30m`) and instants (a duration since start or an ISO local time) in people's words."""

import re
from datetime import date, datetime

UNIT_S = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
LONGEST_S = (1 << 30) - 1  # 34 years: the pump's own clock ends there

_PART = re.compile(r"([0-9]{1,30})\s*([wdhms])")
_DURATION = re.compile(rf"\s*{_PART.pattern}(?:\s*{_PART.pattern})*\s*")


def parse_duration_s(text: str) -> int:
    """Seconds of `90s`, `15m`, `2h`, `3d 4h 30m`, `2w`. ValueError for anything else."""
    parts = _PART.findall(text) if _DURATION.fullmatch(text) else []
    units = [unit for _, unit in parts]
    if not parts or units != sorted(set(units), key=list(UNIT_S).index):
        raise ValueError(f"{text!r} is no duration; write 90s, 15m, 2h, 3d 4h 30m or 2w")
    total_s = sum(int(count) * UNIT_S[unit] for count, unit in parts)
    if total_s > LONGEST_S:
        raise ValueError(f"{text!r} is longer than the 34 years that a pump's clock counts")
    return total_s


def parse_signed_duration_s(text: str) -> int:
    """Seconds of a duration, or of one with a minus before it. ValueError for anything else."""
    return -parse_duration_s(text[1:]) if text.startswith("-") else parse_duration_s(text)


def parse_local_time(text: str) -> datetime:
    """A naive local time of `2026-01-05T08:00:00` or `2026-01-05`, in whole seconds. ValueError otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no local time; write 2026-01-05T08:00:00") from None
    if moment.tzinfo is not None or moment.microsecond:
        raise ValueError(f"{text!r} is not local or not in whole seconds; write 2026-01-05T08:00:00")
    return moment


def parse_date(text: str) -> date:
    """The day of `2026-01-05`. ValueError otherwise."""
    try:
        if len(text) == len("2026-01-05"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"{text!r} is no date; write 2026-01-05")


def parse_instant_s(text: str, start: datetime) -> int:
    """Seconds from `start` to a duration since then or an ISO local time. ValueError otherwise."""
    try:
        return parse_duration_s(text)
    except ValueError as not_a_duration:
        try:
            moment = parse_local_time(text)
        except ValueError as not_a_time:
            looks_like_a_time = re.match(r"\s*[0-9]{4}-", text)
            raise not_a_time if looks_like_a_time else not_a_duration from None
    if moment < start:
        raise ValueError(f"{text!r} is before the start, {start.isoformat()}")
    return round((moment - start).total_seconds())


def format_duration(total_s: int) -> str:
    """`3d 4h 30m`; `0s` for nothing."""
    words = []
    for unit, unit_s in UNIT_S.items():
        if unit == "w":
            continue
        count, total_s = divmod(total_s, unit_s)
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words) or "0s"
