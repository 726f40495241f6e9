"""A pump's beliefs: what only an order changes, and what it counts and lists beside."""

from typing import Any, NamedTuple

from firmware import wire
from firmware.records import patientrecord, statefields
from firmware.therapy import dosewindow

MOVING = frozenset(  # fields that change with time, with the drug or with a boot, and not with an order alone
    [
        "uptime_s",
        "sessions",
        "clock",
        "wall_offset_s",
        "stopped_since_s",
        "unbooked",
        "line_unknown_steps",
        "prime_from_steps",
        "prime_until_steps",
        "bolus",
        "bolus_nl",
        "bolus_from_s",
        "bolus_until_s",
        "bolus_missed",
        "last_bolus_delivered_ng",
    ]
)
ORDERS = tuple(name for name, _ in statefields.FIELDS if name not in MOVING)


class Belief(NamedTuple):
    """`orders` are by name, `alarms` the codes of those listed, `muted` of those that are on and silenced;
    `spans` are the dose windows'."""

    orders: dict[str, Any]
    alarms: frozenset[int]
    muted: frozenset[int]
    clock_set: bool
    oldest_seq: int
    next_seq: int
    booked_steps: int
    unknown_steps: int
    given_steps: int
    day: int
    today_units: int
    spans: list[list[int]]
    strengths: frozenset[int]


def belief_of(pump: Any) -> Belief:
    """Read it without changing anything."""
    state, ledger = pump.state, pump.ledger
    orders = {name: getattr(state, name) for name in ORDERS}
    orders["patient's boluses"] = tuple(state.patient_boluses_s)
    orders["past doses"] = tuple(state.past_doses)
    orders["week"] = pump.program.week and pump.program.week.days
    orders["texts"] = tuple(pump.patient_record.read(field) for field in patientrecord.FIELDS)
    orders["titration"] = tuple(pump.titration.read(1, 99))
    orders["key"] = pump.keys._load()
    return Belief(
        orders,
        frozenset(alarm for alarm, _, _, _ in pump.alarms.entries()),
        frozenset(alarm for alarm, _, silenced, _ in pump.alarms.entries() if silenced == wire.FLAG_YES),
        state.clock == wire.FLAG_YES,
        pump.log.oldest_seq,
        pump.log.next_seq,
        ledger.booked_steps,
        ledger.unknown_steps,
        pump.delivery._motor.counts[1],
        ledger.day,
        ledger.today_step_mcg_per_ml,
        [span[:] for span in pump.dose_window.spans],
        frozenset(mcg_per_ml for _, mcg_per_ml in pump.catheter.contents()),
    )


def day_units(spans: list[list[int]], now_s: int) -> int:
    """What dose windows count of the 24 hours up to now."""
    since_s = now_s - dosewindow.DAY_S
    extras = sum(extra for at_s, _, extra in spans if at_s > since_s)
    past = [span for span in spans if span[0] < now_s] + [[now_s, 0, 0]]
    return dosewindow._dose(past, since_s) + extras * dosewindow.DAY_S


def differences(one: Belief, other: Belief) -> list[str]:
    """Names of the orders that differ."""
    return [name for name in one.orders if one.orders[name] != other.orders[name]]


def most_pg(pump: Any) -> int:
    """What may leave the tip in the day to come at most, where no bolus is being given."""
    state = pump.state
    strongest = max([state.drug_mcg_per_ml, *pump.catheter.line_strengths])
    step_nl = pump.reservoir._config.step_nl
    extra_pg = (pump.catheter.prime_steps + 2) * step_nl * strongest
    if state.therapy == wire.THERAPY_RUNNING:
        return extra_pg + state.dose_ng_per_day * 1000
    standby = state.therapy in (wire.THERAPY_MINIMUM, wire.THERAPY_SAFE_STATE)
    return extra_pg + (pump.reservoir._config.standby_rate_nl_per_day * strongest if standby else 0)
