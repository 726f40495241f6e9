"""The hazards of the motor and of what it turns."""

from host_tools.machines.draw import Draw
from host_tools.machines.hazard import DAY_S, HOUR_S, MINUTE_S, SOON_S, Fields, Hazard

# A program gives 48,000 nL/day or more, a step of 100 nL each 180 s or sooner.
_STALL_S = 8 * 180 + MINUTE_S  # 8 missed steps, or 900 s of them where 8 take less
_LOSSES_S = 6 * HOUR_S + MINUTE_S  # the last 100 steps, 20 an hour, counted at each hour's end


def _stalls(draw: Draw) -> Fields:
    lasting_s = draw.whole(30 * MINUTE_S, 4 * HOUR_S)
    return {"every": lasting_s + draw.spread(2 * HOUR_S, 3 * DAY_S), "lasting": lasting_s}


def _scan(draw: Draw) -> Fields:
    return {"recovery": draw.whole(2 * HOUR_S, DAY_S)} if draw.chance(20) else {}


MOTOR = (
    Hazard(
        "motor_stall",
        "alarm",
        "The same orders go on, and nothing is booked that was not confirmed. The alarm comes after 15 minutes without"
        " a confirmed step and at least 8 of them: 24 minutes at the lowest rate of a program, over 3 hours at the"
        " minimum rate. When the rotor turns again therapy goes on, and what was missed is not made up.",
        ("motor_stall",),
        _STALL_S,
        frozenset({"rotor_below", "risk"}),
        lasts_s=(30 * MINUTE_S, 2 * DAY_S),
    ),
    Hazard(
        "motor_stall_intermittent",
        "alarm",
        "Each stall that lasts long enough is an alarm of its own, and the log counts those of a day. A shorter one may"
        " be taken for lost steps.",
        ("motor_stall",),
        _STALL_S,
        frozenset({"rotor_below", "risk"}),
        lasts_s=(DAY_S, 14 * DAY_S),
        draw=_stalls,
    ),
    Hazard(
        "mri",
        "alarm",
        "A scan is a stall like any other: told if it lasts long enough, over when the rotor turns again.",
        ("motor_stall", "step_mismatch"),
        _STALL_S,
        frozenset({"rotor_below", "risk"}),
        lasts_s=(20 * MINUTE_S, 90 * MINUTE_S),
        draw=_scan,
    ),
    Hazard(
        "runaway",
        "alarm",
        "A monitor apart from delivery cuts the motor's supply after the second step that nobody ordered, also in a"
        " stopped pump. Nothing moves until a programmer's order.",
        ("overspeed",),
        SOON_S,
        frozenset({"rotor_above", "rotor_below", "firmware", "risk"}),
        lasts_s=(MINUTE_S, DAY_S),
    ),
    Hazard(
        "reverse_step",
        "alarm",
        "One step backward is enough: the motor's supply is cut until a programmer's order.",
        ("step_mismatch",),
        SOON_S,
        frozenset({"rotor_below", "firmware", "risk"}),
    ),
    Hazard(
        "step_loss",
        "alarm",
        "Lost steps are not booked as delivered. More than a tenth of the last 100 is an alarm, and delivery goes on:"
        " stopping would lose all the others too. At 11 % it can take days, since an even tenth falls unevenly into"
        " what is counted together.",
        ("step_mismatch", "motor_stall"),
        _LOSSES_S,
        frozenset({"rotor_below", "risk"}),
        lasts_s=(8 * HOUR_S, 7 * DAY_S),
        draw=lambda draw: {"percent": draw.whole(12, 100)},
    ),
    Hazard(
        "over_delivery",
        "outside",
        "Steps are all that the pump counts. The next refill finds less than was computed; a fill sensor, where one is"
        " fitted, tells sooner.",
        ("reservoir_mismatch", "low_reservoir"),
        None,
        frozenset({"tip", "reservoir", "risk"}),
        "flush",
        (DAY_S, 60 * DAY_S),
        lambda draw: {"percent": draw.spread(5, 100)},
    ),
    Hazard(
        "under_delivery",
        "outside",
        "Steps are all that the pump counts. The next refill finds more than was computed; a fill sensor, where one is"
        " fitted, tells sooner.",
        ("reservoir_mismatch", "sensor_fault"),
        None,
        frozenset({"tip", "reservoir", "risk"}),
        "flush",
        (DAY_S, 60 * DAY_S),
        lambda draw: {"percent": draw.spread(5, 50)},
    ),
    Hazard(
        "dry_damage",
        "outside",
        "The pump stops at the residual that it computed. Where the reservoir is dry before that, it turns on until it"
        " is damaged, and only then a stall tells of it.",
        ("motor_stall",),
        None,
        frozenset({"rotor_below", "risk"}),
        "never",
        (30 * DAY_S, 120 * DAY_S),
        lambda draw: {"after": draw.spread(DAY_S, 30 * DAY_S)},
        rare=True,
    ),
)
