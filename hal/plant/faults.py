"""The faults that the plant can have: the numbers that each takes, and where in the plant it acts."""

from collections.abc import Callable
from difflib import get_close_matches
from operator import attrgetter
from typing import Any, NamedTuple

from hal.plant.drivetrain import NEVER_MS


class Field(NamedTuple):
    """A whole number that a fault takes; without a default it must be given."""

    least: int
    most: int
    default: int | None = None


class Choice(NamedTuple):
    """A word that a fault takes, which must be given."""

    words: tuple[str, ...]


class Quantity(NamedTuple):
    """Something in the plant that faults act on: the path of an attribute, or of a method that takes the value.

    `neutral` without a fault; `combine` makes one value of those of several faults.
    """

    path: str
    neutral: Any = 0
    combine: Callable[[list[Any]], Any] = max

    def put(self, plant: object, value: Any) -> None:
        """Give it a value."""
        owner, _, name = self.path.rpartition(".")
        part = attrgetter(owner)(plant) if owner else plant
        target = getattr(part, name)
        if callable(target):
            target(value)
        else:
            setattr(part, name, value)


class Kind(NamedTuple):
    """A kind of fault. While it is on, `quantity` has the `value`: a constant, or that of the field so named.

    `also` are further quantities, each with its value.
    """

    summary: str
    fields: dict[str, Field | Choice]
    quantity: Quantity | None = None
    value: str | int = True
    also: tuple[tuple[Quantity, str | int], ...] = ()

    @property
    def effects(self) -> tuple[tuple[Quantity, str | int], ...]:
        """All that it acts on, each with its value."""
        return ((self.quantity, self.value), *self.also) if self.quantity else ()


_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_MONTH_MS = 30 * _DAY_MS
BODY_CENTI_CELSIUS = 3700

DEVICES = ("code", "ram", "battery", "watchdog", "clock")
STORE_REGIONS = ("program", "ledger", "week", "windows", "patient", "doses", "key", "log", "fault_log")
FLIP_REGIONS = ("rate", "working", "program", "ledger", "week", "log", "fault_log", "code")

_WARMTH = Quantity("centi_celsius", BODY_CENTI_CELSIUS)
_HELD = Quantity("drivetrain.hold", False)
_TIP_LOSS = Quantity("flow.catheter.leak_percent")
_PORT_MISSED = Quantity("port_missed", False)
_FRAMES_LOST = Quantity("impairment.drop_percent")
_FAILING = Quantity("failing", frozenset(), frozenset)

KINDS: dict[str, Kind] = {
    "motor_stall": Kind("the rotor is held", {}, _HELD),
    "motor_stall_intermittent": Kind(
        "the rotor is held at once and `every` so often, `lasting` so long",
        {"every_ms": Field(1000, _MONTH_MS), "lasting_ms": Field(1000, _MONTH_MS)},
        _HELD,
    ),
    "mri": Kind(
        "the rotor is held in the field and for `recovery` after it", {"recovery_ms": Field(0, _MONTH_MS, 0)}, _HELD
    ),
    "runaway": Kind("the motor makes a step each second that nobody ordered", {}, Quantity("set_runaway", False)),
    "reverse_step": Kind("one step backward", {}),
    "step_loss": Kind(
        "so many pulses, evenly spread, do not move the rotor",
        {"percent": Field(1, 100)},
        Quantity("drivetrain.lose_steps"),
        "percent",
    ),
    "over_delivery": Kind(
        "a step moves so much more than it should",
        {"percent": Field(1, 10_000)},
        Quantity("flow.over_percent"),
        "percent",
    ),
    "under_delivery": Kind(
        "a step moves so much less than it should",
        {"percent": Field(1, 100)},
        Quantity("flow.under_percent"),
        "percent",
    ),
    "dry_damage": Kind(
        "a pump that was ordered to deliver for `after`, in all, with an empty reservoir stands for good",
        {"after_ms": Field(_HOUR_MS, 365 * _DAY_MS, _MONTH_MS)},
        Quantity("dry_limit_ms", NEVER_MS, min),
        "after_ms",
    ),
    "reservoir_leak": Kind(
        "drug leaks into the tissue around the pump",
        {"nl_per_day": Field(1, 40_000_000)},
        Quantity("flow.reservoir.leak_nl_per_day"),
        "nl_per_day",
    ),
    "pocket_fill": Kind("a refill misses the port and goes into the tissue, which takes it up", {}, _PORT_MISSED),
    "pump_flip": Kind("the port cannot be reached", {}, _PORT_MISSED),
    "overfill": Kind(
        "a refill puts in so much more than is said", {"nl": Field(1, 10_000_000)}, Quantity("overfill_nl"), "nl"
    ),
    "wrong_concentration": Kind(
        "a refill is of this strength, whatever is said",
        {"mcg_per_ml": Field(0, 50_000)},
        Quantity("filled_mcg_per_ml", None),
        "mcg_per_ml",
    ),
    "wrong_tubing": Kind(
        "the pump's tubing holds so much, whatever is recorded",
        {"nl": Field(0, 1_000_000)},
        Quantity("fitted_tubing_nl", None),
        "nl",
    ),
    "off_label_drug": Kind(
        "the drug is one that the pump's tubing was not made for", {}, Quantity("flow.use_off_label_drug", False)
    ),
    "catheter_kink": Kind(
        "so much of what each step should move does not get through, and stays in the reservoir",
        {"percent": Field(1, 100, 100)},
        Quantity("flow.kink_percent"),
        "percent",
    ),
    "catheter_leak": Kind("so much is lost just before the tip", {"percent": Field(1, 100)}, _TIP_LOSS, "percent"),
    "prime_mixing": Kind(
        "at the speed of a prime drug mixes with what stands in so much of the line, at the tip",
        {"percent": Field(1, 100)},
        Quantity("flow.catheter.mixing_percent"),
        "percent",
    ),
    "catheter_holdup": Kind(
        "so much is held back at the tip, and comes at once when this ends",
        {"percent": Field(1, 100, 100)},
        Quantity("flow.hold_back"),
        "percent",
    ),
    "csf_leak": Kind(
        "CSF leaks out beside the catheter, and drug with it",
        {"ml_per_h": Field(1, 100)},
        Quantity("flow.patient.site.leak_ml_per_h"),
        "ml_per_h",
    ),
    "catheter_migration": Kind("the tip is not in the CSF", {}, _TIP_LOSS, 100),
    "oral_baclofen": Kind(
        "tablets are taken beside the pump",
        {"mg_per_day": Field(1, 1000)},
        Quantity("flow.patient.oral_mg_per_day"),
        "mg_per_day",
    ),
    "sensor_stuck": Kind(
        "the fill sensor stays at its present reading", {}, Quantity("fill_sensor.stuck_nl", None), "at_nl"
    ),
    "sensor_offset": Kind(
        "the fill sensor reads so much more",
        {"nl": Field(-40_000_000, 40_000_000)},
        Quantity("fill_sensor.offset_nl"),
        "nl",
    ),
    "sensor_noise": Kind(
        "each fill sensor reading is off by up to so much",
        {"nl": Field(1, 40_000_000)},
        Quantity("fill_sensor.noise_nl"),
        "nl",
    ),
    "sensor_dead": Kind("the fill sensor gives no reading", {}, Quantity("fill_sensor.dead", False)),
    "buzzer_dead": Kind("no tone sounds", {}, Quantity("sound.dead", False)),
    "battery_drain": Kind(
        "everything costs so much more charge", {"percent": Field(1, 10_000)}, Quantity("battery.drain"), "percent"
    ),
    "battery_film": Kind("the cell's voltage dips under load", {}, Quantity("battery.film", False)),
    "temperature": Kind(
        "the pump is so warm",
        {"centi_celsius": Field(-4000, 12_500)},
        _WARMTH,
        "centi_celsius",
    ),
    "diathermy": Kind(
        "a procedure heats the pump, and the tissue at the catheter's tip",
        {"centi_celsius": Field(3800, 12_500), "tip_centi_celsius": Field(3800, 10_000)},
        _WARMTH,
        "centi_celsius",
        ((Quantity("tip_heat.centi_celsius", BODY_CENTI_CELSIUS), "tip_centi_celsius"),),
    ),
    "clock_drift": Kind(
        "the pump's clock runs so much faster", {"ppm": Field(-100_000, 100_000)}, Quantity("set_clock_drift"), "ppm"
    ),
    "device_failure": Kind("this device fails its own test", {"device": Choice(DEVICES)}, _FAILING, "device"),
    "store_write_fail": Kind("the store takes nothing more", {}, Quantity("store_fails", False)),
    "hang": Kind("the firmware stops as soon as it is awake", {}, Quantity("hangs", False)),
    "bit_flip": Kind(
        "one bit changes; in the code it stays so until healed", {"region": Choice(FLIP_REGIONS)}, _FAILING, "region"
    ),
    "store_corrupt": Kind("stored copies are corrupt", {"region": Choice(STORE_REGIONS), "copies": Field(1, 2, 2)}),
    "clock_jump": Kind("the pump's clock jumps ahead or falls behind", {"by_ms": Field(-365 * _DAY_MS, 365 * _DAY_MS)}),
    "emi": Kind("interference that the pump takes for a telemetry head", {}, Quantity("impairment.emi", False)),
    "link_noise": Kind(
        "so many of the frames, either way, are corrupted",
        {"percent": Field(1, 100)},
        Quantity("impairment.noise_percent"),
        "percent",
    ),
    "link_drop": Kind(
        "so many of the frames, either way, are lost", {"percent": Field(1, 100)}, _FRAMES_LOST, "percent"
    ),
    "link_duplicate": Kind(
        "so many of the frames, either way, come twice",
        {"percent": Field(1, 100)},
        Quantity("impairment.duplicate_percent"),
        "percent",
    ),
    "link_lost": Kind("no frame gets through", {}, _FRAMES_LOST, 100),
}
"""Fault -> its effect in a line, its fields, and where it acts. Those without a quantity act at once."""

QUANTITIES = tuple(dict.fromkeys(quantity for kind in KINDS.values() for quantity, _ in kind.effects))
"""All that lasting faults act on."""

FAULTS = {name: kind.fields for name, kind in KINDS.items()}
"""Fault -> the fields that it takes."""

SUMMARIES = {name: kind.summary for name, kind in KINDS.items()}
"""Fault -> its effect, in a line."""

INSTANT = ("reverse_step", "clock_jump", "bit_flip", "store_corrupt")
"""The faults that are over at once."""

OUTSIDE_THE_PUMP = (
    "catheter_kink", "catheter_leak", "prime_mixing", "catheter_holdup", "csf_leak", "catheter_migration",
    "oral_baclofen",
    "diathermy", "emi", "link_noise", "link_drop", "link_duplicate", "link_lost",
)  # fmt: skip
"""The faults that another pump has as well."""


def check_name(name: str) -> None:
    """ValueError for a fault that does not exist."""
    if name not in FAULTS:
        near = get_close_matches(name, FAULTS, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(FAULTS)}"
        raise ValueError(f"unknown fault {name!r}; {advice}")


def check_fields(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """All fields of a fault, defaults filled in. ValueError for what it does not take."""
    check_name(name)
    known = FAULTS[name]
    for field in given:
        if field not in known:
            takes = ", ".join(known) or "no fields"
            raise ValueError(f"{name} has no field {field!r}; it takes {takes}")
    values: dict[str, Any] = {field: _value(name, field, limits, given) for field, limits in known.items()}
    if name == "motor_stall_intermittent" and values["lasting_ms"] >= values["every_ms"]:
        raise ValueError("motor_stall_intermittent: a stall lasts as long as from one to the next; use motor_stall")
    return values


def _value(name: str, field: str, limits: Field | Choice, given: dict[str, Any]) -> int | str:
    if isinstance(limits, Choice):
        word = given.get(field)
        if word not in limits.words:
            raise ValueError(f"{name}: {field} is {word!r}; it is one of {', '.join(limits.words)}")
        return word
    value = given.get(field, limits.default)
    if value is None:
        raise ValueError(f"{name} needs {field}, a whole number from {limits.least} to {limits.most}")
    if type(value) is not int or not limits.least <= value <= limits.most:
        raise ValueError(f"{name}: {field} is {value!r}; it is a whole number from {limits.least} to {limits.most}")
    return value
