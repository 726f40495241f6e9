"""How people err with an order: each takes what was meant and returns what is done instead."""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from host_tools.machines.draw import Draw
from host_tools.scenario.schema import Step

Act = dict[str, Any]
"""A step of a scenario, without its time: one verb with its fields, and circumstances."""

Slip = Callable[[Draw, Act], list[Act] | None]
"""What is done instead of an act; None where nobody errs like that."""

NUMBERS = {
    "refill": ("volume_ml", "concentration_mcg_per_ml"),
    "program": ("dose_mcg_per_day",),
    "bolus": ("dose_mcg",),
    "prime": ("volume_ml",),
    "implant": ("catheter_cm",),
    "correct": ("concentration_mcg_per_ml", "volume_ml"),
    "limits": ("max_dose_mcg_per_day",),
}
"""The numbers that people type."""

CONFUSED = {
    "silence": "stop",
    "resume": "minimum_rate",
    "stop": "minimum_rate",
    "minimum_rate": "stop",
    "prime": "silence",
    "bolus": "prime",
    "cancel_bolus": "stop",
}
"""Verbs that stand beside each other."""


def verb_of(act: Act) -> str:
    """The verb of an act."""
    return next(key for key in act if key not in ("at", "refused", "cut_in_write", "lose_answer", "meant"))


def _with_number(draw: Draw, act: Act, change: Callable[[Decimal], Decimal | None]) -> list[Act] | None:
    """The act with one of its numbers changed, and what was meant instead."""
    verb = verb_of(act)
    fields = act[verb]
    known = [name for name in NUMBERS.get(verb, ()) if isinstance(fields, dict) and name in fields]
    if not known:
        return None
    name = draw.one_of(known)
    meant = fields[name]
    typed = change(Decimal(meant))
    if typed is None or typed == meant or typed < 0:
        return None
    done = deepcopy(act)
    done[verb][name] = int(typed) if typed == int(typed) else typed
    done["meant"] = f"{name} {meant}"
    return [done] if _can_be_said(done) else None


def _can_be_said(act: Act) -> bool:
    """False for a number that no programmer takes, such as one with too many decimals."""
    try:
        Step.model_validate(act)
    except ValidationError:
        return False
    return True


def digit(draw: Draw, act: Act) -> list[Act] | None:
    """Another digit, one too many, one too few, or two in the wrong order."""

    def change(value: Decimal) -> Decimal | None:
        digits = list(format(value, "f"))
        places = [place for place, sign in enumerate(digits) if sign.isdigit()]
        place = draw.one_of(places)
        how = draw.whole(0, 3)
        if how == 0:
            digits[place] = str(draw.whole(0, 9))
        elif how == 1:
            digits.insert(place, digits[place])
        elif how == 2 and len(places) > 1:
            del digits[place]
        elif place + 1 < len(digits):
            digits[place], digits[place + 1] = digits[place + 1], digits[place]
        text = "".join(digits)
        return Decimal(text) if text.strip(".") and text.count(".") < 2 else None

    return _with_number(draw, act, change)


def decimal(draw: Draw, act: Act) -> list[Act] | None:
    """Ten times as much, or a tenth."""
    tenfold = draw.chance(50)
    return _with_number(draw, act, lambda value: value * 10 if tenfold else (value / 10).normalize())


def unit(draw: Draw, act: Act) -> list[Act] | None:
    """In another unit: mg for mcg, or mL for uL."""
    less = draw.chance(70)
    return _with_number(draw, act, lambda value: (value / 1000).normalize() if less else value * 1000)


def wrong_verb(_draw: Draw, act: Act) -> list[Act] | None:
    """The verb beside it."""
    verb = verb_of(act)
    if verb not in CONFUSED or "meant" in act:
        return None
    other = CONFUSED[verb]
    return [{other: "all" if other == "silence" else {}, "meant": verb}]


def twice(_draw: Draw, act: Act) -> list[Act]:
    """Done, and done again."""
    return [act, deepcopy(act)]


def lost_answer(draw: Draw, act: Act) -> list[Act] | None:
    """Nobody hears what came of it, so it is said again."""
    if verb_of(act) in ("expect", "demo_alarm"):
        return None
    return [act | {"lose_answer": draw.whole(1, 8)}, deepcopy(act)]


def wrong_vial(draw: Draw, act: Act) -> list[Act] | None:
    """Another strength is filled in than the one that is said."""
    if verb_of(act) != "refill":
        return None
    told = act["refill"]["concentration_mcg_per_ml"]
    filled = draw.one_of([strength for strength in (50, 500, 1000, 2000) if strength != told])
    fault = {"name": "wrong_concentration", "mcg_per_ml": filled}
    return [{"fault": fault}, act | {"meant": f"a vial of {told} mcg/mL"}, {"heal": "wrong_concentration"}]


def wrong_pump(draw: Draw, act: Act) -> list[Act] | None:
    """What was meant for somebody else."""
    if verb_of(act) != "program" or act["program"]["mode"] != "simple":
        return None
    other = draw.spread(50, 900)
    meant = f"dose_mcg_per_day {act['program']['dose_mcg_per_day']}, {other} for another patient"
    return [{"program": act["program"] | {"dose_mcg_per_day": other}, "meant": meant}]


def left_out(_draw: Draw, act: Act) -> list[Act] | None:
    """Forgotten."""
    return [] if verb_of(act) in ("prime", "program", "resume", "set_clock", "silence") else None


SLIPS: dict[str, Slip] = {
    "digit": digit,
    "decimal": decimal,
    "unit": unit,
    "wrong_verb": wrong_verb,
    "twice": twice,
    "lost_answer": lost_answer,
    "wrong_vial": wrong_vial,
    "wrong_pump": wrong_pump,
    "left_out": left_out,
}
"""Slips with a single act, by name."""
