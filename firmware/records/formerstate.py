"""Reads the state record of the version before, in which the line was one number, and a bridge a mode.

What was left of a bridge becomes a parcel of its strength, and a program that waited for its end is in force at once.
"""

from firmware import wire
from firmware.records import slots
from firmware.records.record import Record
from firmware.records.statefields import ALARMS, FIELDS, PAST_DOSES, PATIENT_BOLUSES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config

VERSION = 4

_LINE = (("line_nl", "I"), ("line_from_steps", "I"))
_BRIDGE = (("bridge_mcg_per_ml", "I"), ("bridge_from_steps", "I"), ("bridge_until_steps", "I"))
_PROGRAM = ("mode", "concentration_mcg_per_ml", "dose_ng_per_day", "rate_nl_per_day", "week", "highest_dose_ng")
_NEXT = tuple([("next_" + name, dict(FIELDS)[name]) for name in _PROGRAM])
_NEWER = (("program_confirmed", "B"), ("lapsed", "B"), ("line_unknown_steps", "I"), ("program_drug", "12s"))


def _fields() -> "tuple[tuple[str, str], ...]":
    names = [name for name, _ in FIELDS]
    prime_at = names.index("prime_from_steps")
    bolus_at = names.index("bolus")
    since = FIELDS[bolus_at : -len(_NEWER)]
    return FIELDS[:prime_at] + _LINE + FIELDS[prime_at:bolus_at] + _BRIDGE + _NEXT + since


_FIELDS = _fields()
_ALARMS = [alarm for alarm in ALARMS if alarm != wire.ALARM_PROGRAM_UNCONFIRMED]
LAYOUT = "".join([code for _, code in _FIELDS]) + "I" * PATIENT_BOLUSES + "IQQ" * PAST_DOSES + "BI" * len(_ALARMS)


def load(record: Record, config: "Config") -> "tuple[dict, list, list[tuple[int, int]], list] | None":
    """Fields by name as they are now, the numbers of the lists before the line, the line, and those of the alarms; None
    when there is no such record. `record` is to take its place."""
    used, kind, _, _ = slots.STATE
    former = Record(record.store, (used, kind, VERSION, 0), LAYOUT)
    values = former.load()
    if values is None:
        return None
    record.follow(former)
    count = len(_FIELDS)
    named = {_FIELDS[i][0]: values[i] for i in range(count)}
    alarms_at = len(values) - 2 * len(_ALARMS)
    alarms: "list[int]" = []
    for alarm in ALARMS:
        at = alarms_at + 2 * _ALARMS.index(alarm) if alarm in _ALARMS else 0
        alarms += values[at : at + 2] if at else [0, 0]
    line = _line(named, config.step_nl)
    if named["next_mode"] != wire.MODE_NONE:
        for name in _PROGRAM:
            named[name] = named["next_" + name]
    known = named["concentration_mcg_per_ml"] == named["drug_mcg_per_ml"] or named["mode"] == wire.MODE_NONE
    named["program_confirmed"] = wire.FLAG_YES if known else wire.FLAG_NO
    named["lapsed"] = wire.FLAG_NO
    named["line_unknown_steps"] = wire.NONE32
    named["program_drug"] = named["drug"]
    return {name: named[name] for name, _ in FIELDS}, values[count:alarms_at], line, alarms


def _line(named: dict, step_nl: int) -> "list[tuple[int, int]]":
    """The parcels: what was not primed yet, then what was left of a bridge."""
    line = []
    empty_until = named["line_from_steps"] + named["line_nl"] // step_nl
    if named["line_nl"]:
        line.append((0, empty_until))
    if named["bridge_until_steps"] > empty_until or (named["bridge_mcg_per_ml"] and not line):
        line.append((named["bridge_mcg_per_ml"], named["bridge_until_steps"]))
    return line
