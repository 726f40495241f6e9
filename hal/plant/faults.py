"""The faults that the plant can have, and the numbers that each takes."""

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

FAULTS: dict[str, dict[str, Field | Choice]] = {
    "motor_stall": {},  # the rotor is held
    "motor_stall_intermittent": {"every_ms": Field(1000, _MONTH_MS), "lasting_ms": Field(1000, _MONTH_MS)},
    "mri": {"recovery_ms": Field(0, _MONTH_MS, 0)},  # the rotor is held in the field and so long after it
    "runaway": {},  # a step each second that nobody ordered
    "reverse_step": {},  # one step backward, and over
    "step_loss": {"percent": Field(1, 100)},  # so many pulses, evenly spread, do not move the rotor
    "over_delivery": {"percent": Field(1, 10_000)},  # a step moves so much more
    "under_delivery": {"percent": Field(1, 100)},  # or less
    "reservoir_leak": {"nl_per_day": Field(1, 40_000_000)},  # into the tissue around the pump
    "pocket_fill": {},  # whoever refills misses the port, and fills the tissue
    "pump_flip": {},  # the port cannot be reached
    "overfill": {"nl": Field(1, 10_000_000)},  # a refill puts in so much more than is said
    "wrong_concentration": {"mcg_per_ml": Field(0, 50_000)},  # is what a refill puts in, whatever was said
    "wrong_tubing": {"nl": Field(0, 1_000_000)},  # is what the pump's tubing holds, whatever is recorded
    "off_label_drug": {},  # the reservoir holds a drug that the pump's tubing was not made for
    "catheter_kink": {},  # nothing gets through, so nothing leaves the pump
    "catheter_leak": {"percent": Field(1, 100)},  # is lost just before the tip
    "catheter_migration": {},  # the tip is not in the CSF
    "oral_baclofen": {"mg_per_day": Field(1, 1000)},  # taken beside the pump
    "sensor_stuck": {},  # at what it reads when the fault comes
    "sensor_offset": {"nl": Field(-40_000_000, 40_000_000)},
    "sensor_noise": {"nl": Field(1, 40_000_000)},  # each reading is off by up to so much, either way
    "sensor_dead": {},  # it gives no reading
    "buzzer_dead": {},
    "battery_drain": {"percent": Field(1, 10_000)},  # everything costs so much more charge
    "battery_film": {},  # on the cell's electrode: the voltage dips under load
    "temperature": {"centi_celsius": Field(-4000, 12_500)},  # of the pump
    "clock_drift": {"ppm": Field(-100_000, 100_000)},  # the pump's clock runs so much faster
    "device_failure": {"device": Choice(DEVICES)},  # it fails its own test
    "store_write_fail": {},  # the store takes nothing more
    "hang": {},  # the firmware stops as soon as it is awake
    "bit_flip": {"region": Choice(FLIP_REGIONS)},  # one bit changes, and over; in the code it stays so until healed
    "store_corrupt": {"region": Choice(STORE_REGIONS), "copies": Field(1, 2, 2)},  # copies are spoilt, and over
    "clock_jump": {"by_ms": Field(-365 * _DAY_MS, 365 * _DAY_MS)},  # and over
    "emi": {},  # interference that the pump takes for a telemetry head
    "link_noise": {"percent": Field(1, 100)},  # so many of the frames on the lines, either way, are spoilt
    "link_drop": {"percent": Field(1, 100)},  # are lost
    "link_duplicate": {"percent": Field(1, 100)},  # come twice
    "link_lost": {},  # nothing gets through
}

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
        raise ValueError(f"{name!r} is no fault; there are {', '.join(FAULTS)}")


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
