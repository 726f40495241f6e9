"""A life made up for the tests: the demo's story in short, without a pump."""

from datetime import datetime
from typing import Any

from host_tools.demo.record import DAY_S, HiddenFault, Life, Note, Sample, Tone

RATE_NL_PER_DAY = 250_000
FULL_NL, LOW_NL, RESIDUAL_NL = 20_000_000, 2_000_000, 1_400_000
HOUR_S = 3600
STALL_S, ERI_S, EOS_S = 1200 * DAY_S, 2467 * DAY_S, 2557 * DAY_S
LATE_REFILL, FOUND_REFILL = 10, 30
PERCENT_LESS, LESS_AFTER_S = 40, 10 * DAY_S
MCG_PER_ML, EFFECT_NG_PER_ML = 2000, 694


def event(t_s: int, name: str, **data: Any) -> dict[str, Any]:
    return {"seq": 0, "t_s": t_s, "wall": None, "name": name, "severity": "info", "data": data}


def synthetic_life() -> Life:
    """Seven years: a refill every 65 days, the tenth a week late, a stall, ERI and end of service; and 55 days of
    under-delivery that the thirtieth refill finds."""
    life = Life(datetime(2026, 1, 5, 8), "socket://127.0.0.1:4321", LOW_NL, RESIDUAL_NL)
    life.status = {"therapy": "end_of_service"}
    life.hello = {"serial": "THECAL-00001", "firmware": "0.1.0"}
    life.events += [
        event(0, "IMPLANT", catheter_mm=890, tubing_nl=0, catheter="new"),
        event(0, "REFILL", expected_nl=0, aspirated_nl=0, filled_nl=FULL_NL),
        event(60, "PROGRAM_COMMITTED", digest="", old_dose_ng_per_day=0, new_dose_ng_per_day=500_000),
    ]
    _refill_and_sample(life)
    _stall(life)
    _end(life)
    life.events.sort(key=lambda logged: logged["t_s"])
    for seq, logged in enumerate(life.events, start=1):
        logged["seq"] = seq
    return life


def sample(at_s: int, left_nl: int, back_nl: int, missing_nl: int) -> Sample:
    """`back_nl` of what the pump counted since the last refill is still there, `missing_nl` in all never left it."""
    rest_mv = 3000 - max(0, at_s - ERI_S + 400 * DAY_S) // DAY_S
    delivered_nl = at_s * RATE_NL_PER_DAY // DAY_S
    return Sample(
        at_s=at_s,
        rate_nl_per_day=RATE_NL_PER_DAY if at_s < EOS_S else 0,
        tip_mcg_per_ml=MCG_PER_ML,
        reservoir_nl=left_nl,
        delivered_nl=delivered_nl,
        battery_mv=rest_mv,
        battery_load_mv=rest_mv - 150,
        truth_reservoir_nl=left_nl - 20_000 + back_nl,
        truth_delivered_nl=delivered_nl + 900 - missing_nl,
        effect_ng_per_ml=EFFECT_NG_PER_ML * (100 - PERCENT_LESS) // 100 if back_nl else EFFECT_NG_PER_ML,
    )


def _refill_and_sample(life: Life) -> None:
    filled_s, number, at_s, missing_nl = 0, 1, 0, 0
    while at_s < EOS_S:
        due_s = filled_s + (73 if number == LATE_REFILL else 65) * DAY_S
        at_s = min(at_s + DAY_S * 7 // 2, due_s, EOS_S)
        left_nl = FULL_NL - (at_s - filled_s) * RATE_NL_PER_DAY // DAY_S
        back_nl = 0
        if number == FOUND_REFILL:
            back_nl = missing_nl = (
                max(0, at_s - filled_s - LESS_AFTER_S) * RATE_NL_PER_DAY // DAY_S * PERCENT_LESS // 100
            )
        life.samples.append(sample(at_s, left_nl, back_nl, missing_nl))
        if at_s == due_s:
            if number == LATE_REFILL:
                _run_low(life, filled_s, at_s)
            elif number == FOUND_REFILL:
                life.hidden = HiddenFault("under_delivery", PERCENT_LESS, filled_s + LESS_AFTER_S, at_s)
            taken_nl = left_nl + back_nl
            life.events.append(event(at_s, "REFILL", expected_nl=left_nl, aspirated_nl=taken_nl, filled_nl=FULL_NL))
            life.samples.append(sample(at_s, FULL_NL, 0, missing_nl))
            filled_s, number = at_s, number + 1


def _run_low(life: Life, filled_s: int, refilled_s: int) -> None:
    low_s = filled_s + 72 * DAY_S
    life.notes.append(Note(filled_s + 65 * DAY_S, f"Nobody comes for refill {LATE_REFILL}."))
    life.tones += [Tone("single", low_s + hour * HOUR_S) for hour in range(18)]
    life.events += [
        event(low_s, "LOW_RESERVOIR", reservoir_nl=LOW_NL - 100),
        event(low_s + 18 * HOUR_S - 60, "ALARM_SILENCED", alarm="low_reservoir"),
        event(refilled_s, "ALARM_CLEARED", alarm="low_reservoir"),
    ]


def _stall(life: Life) -> None:
    life.notes.append(Note(STALL_S - 900, "A scan: the magnetic field holds the rotor."))
    life.tones += [Tone("dual", STALL_S + 600 * n) for n in range(24)]
    life.events += [
        event(STALL_S, "MOTOR_STALL", missed_steps=27),
        event(STALL_S + 3 * HOUR_S, "MOTOR_STALL_RECOVERY", missed_steps=312, duration_s=3 * HOUR_S),
        event(STALL_S + 4 * HOUR_S - 60, "ALARM_SILENCED", alarm="motor_stall"),
        event(STALL_S + 4 * HOUR_S, "ALARM_CLEARED", alarm="motor_stall"),
    ]


def _end(life: Life) -> None:
    life.tones += [Tone("single", ERI_S + HOUR_S * n) for n in range(26)]
    life.tones += [Tone("dual", EOS_S)]
    life.events += [
        event(ERI_S, "ERI", rest_mv=2600, load_mv=2450),
        event(ERI_S + 26 * HOUR_S - 60, "ALARM_SILENCED", alarm="eri"),
        event(EOS_S, "EOS", rest_mv=2510, load_mv=2360),
    ]
