"""The faults that the plant can have, and the numbers that each takes."""

from difflib import get_close_matches
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


_MONTH_MS = 30 * 86_400_000

_DAY_MS = 86_400_000

DEVICES = ("code", "ram", "battery", "watchdog", "clock")
STORE_REGIONS = ("program", "ledger", "week", "windows", "patient", "doses", "key", "log", "fault_log")
FLIP_REGIONS = ("rate", "working", "program", "ledger", "week", "log", "fault_log", "code")

_KINDS: dict[str, tuple[str, dict[str, Field | Choice]]] = {
    "motor_stall": ("the rotor is held", {}),
    "motor_stall_intermittent": (
        "the rotor is held at once and `every` so often, `lasting` so long",
        {"every_ms": Field(1000, _MONTH_MS), "lasting_ms": Field(1000, _MONTH_MS)},
    ),
    "mri": ("the rotor is held in the field and for `recovery` after it", {"recovery_ms": Field(0, _MONTH_MS, 0)}),
    "runaway": ("the motor makes a step each second that nobody ordered", {}),
    "reverse_step": ("one step backward", {}),
    "step_loss": ("so many pulses, evenly spread, do not move the rotor", {"percent": Field(1, 100)}),
    "over_delivery": ("a step moves so much more than it should", {"percent": Field(1, 10_000)}),
    "under_delivery": ("a step moves so much less than it should", {"percent": Field(1, 100)}),
    "reservoir_leak": ("drug leaks into the tissue around the pump", {"nl_per_day": Field(1, 40_000_000)}),
    "pocket_fill": ("a refill misses the port and goes into the tissue", {}),
    "pump_flip": ("the port cannot be reached", {}),
    "overfill": ("a refill puts in so much more than is said", {"nl": Field(1, 10_000_000)}),
    "wrong_concentration": ("a refill is of this strength, whatever is said", {"mcg_per_ml": Field(0, 50_000)}),
    "wrong_tubing": ("the pump's tubing holds so much, whatever is recorded", {"nl": Field(0, 1_000_000)}),
    "off_label_drug": ("the drug is one that the pump's tubing was not made for", {}),
    "catheter_kink": ("nothing gets through, so nothing leaves the pump", {}),
    "catheter_leak": ("so much is lost just before the tip", {"percent": Field(1, 100)}),
    "catheter_migration": ("the tip is not in the CSF", {}),
    "oral_baclofen": ("tablets are taken beside the pump", {"mg_per_day": Field(1, 1000)}),
    "sensor_stuck": ("the fill sensor stays at its present reading", {}),
    "sensor_offset": ("the fill sensor reads so much more", {"nl": Field(-40_000_000, 40_000_000)}),
    "sensor_noise": ("each fill sensor reading is off by up to so much", {"nl": Field(1, 40_000_000)}),
    "sensor_dead": ("the fill sensor gives no reading", {}),
    "buzzer_dead": ("no tone sounds", {}),
    "battery_drain": ("everything costs so much more charge", {"percent": Field(1, 10_000)}),
    "battery_film": ("the cell's voltage dips under load", {}),
    "temperature": ("the pump is so warm", {"centi_celsius": Field(-4000, 12_500)}),
    "clock_drift": ("the pump's clock runs so much faster", {"ppm": Field(-100_000, 100_000)}),
    "device_failure": ("this device fails its own test", {"device": Choice(DEVICES)}),
    "store_write_fail": ("the store takes nothing more", {}),
    "hang": ("the firmware stops as soon as it is awake", {}),
    "bit_flip": ("one bit changes; in the code it stays so until healed", {"region": Choice(FLIP_REGIONS)}),
    "store_corrupt": ("stored copies are spoilt", {"region": Choice(STORE_REGIONS), "copies": Field(1, 2, 2)}),
    "clock_jump": ("the pump's clock jumps ahead or falls behind", {"by_ms": Field(-365 * _DAY_MS, 365 * _DAY_MS)}),
    "emi": ("interference that the pump takes for a telemetry head", {}),
    "link_noise": ("so many of the frames, either way, are spoilt", {"percent": Field(1, 100)}),
    "link_drop": ("so many of the frames, either way, are lost", {"percent": Field(1, 100)}),
    "link_duplicate": ("so many of the frames, either way, come twice", {"percent": Field(1, 100)}),
    "link_lost": ("no frame gets through", {}),
}

FAULTS = {name: fields for name, (_, fields) in _KINDS.items()}
"""Fault -> the fields that it takes."""

SUMMARIES = {name: summary for name, (summary, _) in _KINDS.items()}
"""Fault -> its effect, in a line."""

INSTANT = ("reverse_step", "clock_jump", "bit_flip", "store_corrupt")
"""The faults that are over at once."""

OUTSIDE_THE_PUMP = (
    "catheter_kink", "catheter_leak", "catheter_migration", "oral_baclofen",
    "emi", "link_noise", "link_drop", "link_duplicate", "link_lost",
)  # fmt: skip
"""The faults that another pump has as well."""


class Fault:
    """One that is on. It ends at `end_ms`; `until_ms` is when its cause goes away."""

    __slots__ = ("fields", "from_ms", "name", "until_ms")

    def __init__(self, name: str, from_ms: int, until_ms: int, fields: dict[str, Any]) -> None:
        self.name = name
        self.from_ms = from_ms
        self.until_ms = until_ms
        self.fields = fields

    @property
    def end_ms(self) -> int:
        return self.until_ms if self.until_ms == NEVER_MS else self.until_ms + self.fields.get("recovery_ms", 0)

    def holds(self, at_ms: int) -> bool:
        """Whether it holds the rotor."""
        if self.name == "motor_stall_intermittent":
            return (at_ms - self.from_ms) % self.fields["every_ms"] < self.fields["lasting_ms"]
        return self.name in ("motor_stall", "mri")

    def next_ms(self, at_ms: int) -> int:
        """When it changes by itself next, later than `at_ms`."""
        if self.name != "motor_stall_intermittent":
            return self.end_ms
        every_ms = self.fields["every_ms"]
        begun_ms = at_ms - (at_ms - self.from_ms) % every_ms
        return min(self.end_ms, begun_ms + (self.fields["lasting_ms"] if self.holds(at_ms) else every_ms))

    def snapshot(self) -> dict[str, Any]:
        """The arguments that make another such."""
        return {"name": self.name, "from_ms": self.from_ms, "until_ms": self.until_ms, "fields": self.fields}


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
