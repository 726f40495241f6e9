"""The hazards within the pump: its motor, battery, clock, memory, sensors and sound, and its supply."""

from decimal import Decimal

from hal.plant.faults import FLIP_REGIONS, STORE_REGIONS
from host_tools.simulate.draw import Draw
from host_tools.simulate.hazard import Fields, Hazard

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 24 * HOUR_S

# A program gives 48,000 nL/day or more, a step of 100 nL each 180 s or sooner.
_SOON_S = MINUTE_S  # for what wakes the firmware by itself
_STALL_S = 8 * 180 + MINUTE_S  # 8 missed steps, or 900 s of them where 8 take less
_LOSSES_S = 6 * HOUR_S + MINUTE_S  # the last 100 steps, 20 an hour, counted at each hour's end
_BATCH_S = HOUR_S + MINUTE_S  # the longest batch: battery and store are looked at when one begins
_TESTED_S = HOUR_S + MINUTE_S  # the self-test comes each hour, no later than the batch that is due then
_SENSED_S = 2 * HOUR_S + MINUTE_S  # sensors are read an hour after the last time, when the running batch is over
_LONGEST_CUT_S = 2 * HOUR_S
_LONGEST_STAND_S = HOUR_S  # of the counter of seconds

_MAY_BE_EMPTY = ("week", "fault_log")


def _stalls(draw: Draw) -> Fields:
    lasting_s = draw.whole(30 * MINUTE_S, 4 * HOUR_S)
    return {"every": lasting_s + draw.spread(2 * HOUR_S, 3 * DAY_S), "lasting": lasting_s}


def _scan(draw: Draw) -> Fields:
    return {"recovery": draw.whole(2 * HOUR_S, DAY_S)} if draw.chance(20) else {}


def _fever(draw: Draw) -> Fields:
    centi_celsius = draw.whole(4001, 4250) if draw.chance(80) else draw.whole(2500, 3499)
    return {"celsius": Decimal(centi_celsius) / 100}


def _leap(draw: Draw) -> Fields:
    return {"by": draw.spread(12, 30 * DAY_S) if draw.chance(50) else -draw.spread(12, _LONGEST_STAND_S)}


def _drift(draw: Draw) -> Fields:
    ppm = draw.spread(20, 10_000)
    return {"ppm": ppm if draw.chance(50) else -ppm}


def _flip(draw: Draw) -> Fields:
    # "code" is `device_failure` over again; a week or an entry of the fault log need not be there
    return {"region": draw.one_of([region for region in FLIP_REGIONS if region not in ("code", *_MAY_BE_EMPTY)])}


def _rot(draw: Draw) -> Fields:
    # without its key a pump is shut to its clinic until somebody resets it
    region = draw.one_of([region for region in STORE_REGIONS if region not in ("key", *_MAY_BE_EMPTY)])
    return {"region": region, "copies": draw.whole(1, 2)}


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
        _SOON_S,
        frozenset({"rotor_above", "rotor_below", "firmware", "risk"}),
        lasts_s=(MINUTE_S, DAY_S),
    ),
    Hazard(
        "reverse_step",
        "alarm",
        "One step backward is enough: the motor's supply is cut until a programmer's order.",
        ("step_mismatch",),
        _SOON_S,
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

DEVICES = (
    Hazard(
        "sensor_stuck",
        "survived",
        "The computed volume counts alone, and an advisory says that the fill sensor stands still. Without one nothing"
        " happens.",
        ("sensor_fault", "reservoir_mismatch"),
        lasts_s=(DAY_S, 30 * DAY_S),
    ),
    Hazard(
        "sensor_offset",
        "survived",
        "A steady difference is an alarm, since nobody knows which of the two is right; the lower one counts for the"
        " low reservoir. One that leaps, or reads beyond its range and stands still, is an advisory. The dose goes on."
        " Without a fill sensor nothing happens.",
        ("reservoir_mismatch", "low_reservoir", "sensor_fault"),
        lasts_s=(DAY_S, 30 * DAY_S),
        draw=lambda draw: {"ml": Decimal(draw.spread(100, 5000) * draw.one_of((-1, 1))) / 1000},
    ),
    Hazard(
        "sensor_noise",
        "survived",
        "A fill sensor that leaps about is not believed: the computed volume counts alone, and an advisory says so.",
        ("sensor_fault", "reservoir_mismatch"),
        lasts_s=(DAY_S, 30 * DAY_S),
        draw=lambda draw: {"ml": Decimal(draw.spread(50, 8000)) / 1000},
    ),
    Hazard(
        "sensor_dead",
        "survived",
        "The computed volume counts alone, and an advisory says that a fitted sensor is silent.",
        ("sensor_fault",),
        lasts_s=(DAY_S, 30 * DAY_S),
    ),
    Hazard(
        "buzzer_dead",
        "survived",
        "The buzzer is tested each hour, and status and log say what was found. Alarms latch as ever.",
        ("buzzer_fault",),
        _TESTED_S,
        frozenset({"tones"}),
        lasts_s=(4 * HOUR_S, 30 * DAY_S),
    ),
    Hazard(
        "temperature",
        "survived",
        "Outside 35 to 40 degrees an advisory and an entry in the log; the dose is never changed for it.",
        ("temperature",),
        _SENSED_S,
        lasts_s=(3 * HOUR_S, 5 * DAY_S),
        draw=_fever,
    ),
    Hazard(
        "battery_drain",
        "alarm",
        "When the resting cell falls below 2.6 V `eri` comes at once, before the forecast; service ends when the motor"
        " cannot be turned. A drain that ends before that is never told, nor is the charge that it took.",
        ("eri", "end_of_service"),
        None,
        frozenset({"risk"}),
        "never",
        (DAY_S, 30 * DAY_S),
        lambda draw: {"percent": draw.spread(50, 1000)},
    ),
    Hazard(
        "battery_film",
        "alarm",
        "A supply that gives way under the motor is seen when a batch begins: the safe state, at the minimum rate,"
        " until a programmer's order. What was stopped stays so.",
        ("low_battery_reset",),
        _BATCH_S,
        frozenset({"firmware", "risk"}),
        lasts_s=(2 * HOUR_S, 3 * DAY_S),
    ),
    Hazard(
        "device_failure",
        "alarm",
        "Code and RAM are tested each hour, and a fault there is the safe state. Battery, watchdog and clock are tested"
        " when the pump starts, which then delivers nothing; until that nothing is told of them.",
        ("memory_critical", "self_test"),
        _TESTED_S,
        frozenset({"firmware", "rotor_below", "risk"}),
        lasts_s=(3 * HOUR_S, 2 * DAY_S),
        draw=lambda draw: {"device": draw.one_of(("code", "ram"))},  # the others are seen at a start alone
    ),
    Hazard(
        "power_cut",
        "alarm",
        "Committed therapy goes on when power is back, and what was missed is not made up. The hours are lost, which an"
        " alarm says until the clock is set; a week is delivered as its mean until then.",
        ("clock_lost",),
        _LONGEST_CUT_S + _SOON_S,
        frozenset({"rotor_below", "firmware", "tones", "link", "clock"}),
        "refill",
        (1, _LONGEST_CUT_S),
    ),
    Hazard(
        "cut_in_write",
        "alarm",
        "The order was done or was not, never half of it, and all else goes on as after any power cut.",
        ("clock_lost",),
        _SOON_S,
        frozenset({"firmware", "tones", "clock"}),
        "refill",
        draw=lambda draw: {"write": draw.whole(1, 8)},
    ),
    Hazard(
        "hang",
        "alarm",
        "The motor ends its order by itself, the watchdog resets the pump after 8 s and therapy goes on, without the"
        " hour. Three such resets within an hour are the safe state.",
        ("clock_lost", "safe_state"),
        _BATCH_S,  # it hangs when it is awake next
        frozenset({"rotor_below", "firmware", "tones", "link", "clock"}),
        "refill",  # the reset itself ends it
    ),
    Hazard(
        "clock_drift",
        "outside",
        "The pump doses by this clock and has no other. Whoever sets it can see how far it is off.",
        (),
        None,
        frozenset({"clock", "rotor_above", "rotor_below"}),
        "refill",
        (DAY_S, 90 * DAY_S),
        _drift,
    ),
    Hazard(
        "clock_jump",
        "alarm",
        "Two counts of the pump's time that part by more than 10 s: the one that times the motor is believed, so the"
        " dose goes on, and the hour is not known until somebody sets the clock. But the pump wakes by the counter of"
        " seconds: while that stands still it sleeps when its batch is over, delivers nothing and says nothing.",
        ("clock_lost",),
        _BATCH_S + _LONGEST_STAND_S,  # it is awake again for its next batch
        frozenset({"clock", "rotor_below"}),
        "refill",
        draw=_leap,
    ),
    Hazard(
        "bit_flip",
        "survived",
        "In RAM it is put right from a copy before it does harm, and logged. Entries of the log that no copy holds are"
        " left out, which is a single beep (`memory`). In the code it is the safe state, as with `device_failure`.",
        ("memory",),
        None,
        frozenset({"records"}),
        "refill",
        draw=_flip,
    ),
    Hazard(
        "store_corrupt",
        "survived",
        "What RAM or another copy holds is written anew within 12 hours. Of patient's record, titration and logs"
        " nothing else may be left: a single beep (`memory`). Both copies of program or ledger, and a start before they"
        " were mended: the safe state.",
        ("memory", "safe_state"),
        None,
        frozenset({"records", "firmware"}),
        "refill",  # later than 12 h
        draw=_rot,
    ),
    Hazard(
        "store_write_fail",
        "alarm",
        "Therapy goes on by what is in RAM, and orders are refused that could not be kept; an order to deliver less is"
        " obeyed all the same.",
        ("memory_critical",),
        _BATCH_S,
        frozenset({"records"}),
        "refill",
        (2 * HOUR_S, 3 * DAY_S),
    ),
)
