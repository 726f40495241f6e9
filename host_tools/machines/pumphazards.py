"""The hazards of the pump's devices: battery, clock, memory, sensors and sound, and its supply."""

from decimal import Decimal

from hal.plant.faults import FLIP_REGIONS, STORE_REGIONS
from host_tools.machines.draw import Draw
from host_tools.machines.hazard import DAY_S, HOUR_S, MINUTE_S, SOON_S, Fields, Hazard

_BATCH_S = HOUR_S + MINUTE_S  # the longest batch: battery and store are looked at when one begins
_TESTED_S = HOUR_S + MINUTE_S  # the self-test comes each hour, no later than the batch that is due then
_SENSED_S = 2 * HOUR_S + MINUTE_S  # sensors are read an hour after the last time, when the running batch is over
_LONGEST_CUT_S = 2 * HOUR_S

_MAY_BE_EMPTY = ("week", "fault_log")


def _fever(draw: Draw) -> Fields:
    centi_celsius = draw.whole(4001, 4250) if draw.chance(80) else draw.whole(2500, 3499)
    return {"celsius": Decimal(centi_celsius) / 100}


def _leap(draw: Draw) -> Fields:
    by_s = draw.spread(12, 30 * DAY_S)
    return {"by": by_s if draw.chance(50) else -by_s}


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
        _LONGEST_CUT_S + SOON_S,
        lasts_s=(1, _LONGEST_CUT_S),
    ),
    Hazard(
        "cut_in_write",
        "alarm",
        "The order was done or was not, never half of it, and all else goes on as after any power cut.",
        ("clock_lost",),
        SOON_S,
        draw=lambda draw: {"write": draw.whole(1, 8)},
    ),
    Hazard(
        "hang",
        "alarm",
        "The motor ends its order by itself, the watchdog resets the pump after 8 s and therapy goes on, without the"
        " hour. Three such resets within an hour are the safe state.",
        ("clock_lost", "safe_state"),
        _BATCH_S,  # it hangs when it is awake next
        frozenset({"rotor_below", "firmware", "tones", "link"}),
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
        " dose goes on, and the hour is not known until somebody sets the clock.",
        ("clock_lost",),
        _BATCH_S,  # the timer wakes it for the next batch, whatever the counter says
        frozenset({"clock"}),
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
