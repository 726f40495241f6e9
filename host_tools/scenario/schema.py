"""A scenario file's grammar, as pydantic models: what a step may say, in a user's units and words."""

from decimal import Decimal
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hal.plant.faults import INSTANT
from hal.plant.patient import Body
from host_tools.common.durations import parse_local_time
from host_tools.machines.configuration import shown
from host_tools.machines.faultfields import FAULT_FIELDS, plant_fields
from host_tools.programmer.flex import DAYS, Schedule
from host_tools.programmer.implantation import Catheter
from host_tools.scenario.readers import (
    DurationS,
    Expectations,
    Flag,
    LocalTime,
    Ml,
    PatientTexts,
    SerialNumber,
    SignedDurationS,
    Text,
    Whole,
    carried,
    number,
    one_of,
    time_of_day,
)
from protocol import codes


def absent(alias: str | None = None) -> Any:
    """Default of a key that may be left out but not be empty: None, which no file can give."""
    return Field(default=None, alias=alias)


class Fields(BaseModel):
    """A mapping with the model's keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @model_validator(mode="before")
    @classmethod
    def _must_be_mapping(cls, value: object) -> object:
        if not isinstance(value, dict):
            raise ValueError(f"expected {expected_keys(cls)}, got {shown(value)}")
        return value


class Nothing(Fields):
    """A verb without fields may stand alone."""

    @model_validator(mode="before")
    @classmethod
    def _may_be_empty(cls, value: object) -> object:
        return {} if value is None else value


PortMl = Annotated[Decimal, number("a number of mL above 0, at most 20", 0, 20, decimals=6, above=True)]
DoseMcg = Annotated[Decimal, carried("BOLUS", "dose_ng", "a number of mcg with at most three decimals", decimals=3)]


class Implant(Fields):
    catheter: Annotated[str, one_of("catheter", [*codes.CATHETER])] = absent()
    catheter_cm: Annotated[Decimal, carried("IMPLANT", "catheter_mm", "a number of cm", decimals=1)] = absent()
    catheter_mcg_per_ml: Whole = absent()
    keep_catheter: Flag = absent()
    tubing: Annotated[str, one_of("tubing", [*codes.TUBING])] = absent()
    pump_tubing_ml: Annotated[Decimal, carried("IMPLANT", "tubing_nl", "a number of mL", decimals=6)] = absent()
    site: Text = absent()
    depth_mm: Annotated[int, carried("IMPLANT", "depth_mm", "a whole number of mm")] = absent()
    date: LocalTime = absent()
    override: Flag = absent()

    @model_validator(mode="after")
    def _must_have_a_catheter(self) -> "Implant":
        if self.keep_catheter and self.catheter not in (None, "kept"):
            raise ValueError(f"keep_catheter: true is catheter: kept, and no {self.catheter} one")
        if self.catheter_cm is None and not self.keeps:
            raise ValueError("implant needs catheter_cm, or catheter: kept for the one that is there")
        return self

    @property
    def told(self) -> Catheter | None:
        """The catheter that the step says, None where it leaves that open."""
        return cast(Catheter | None, self.catheter)

    @property
    def keeps(self) -> bool:
        """True if the catheter of the pump before is kept."""
        return bool(self.keep_catheter) or self.catheter == "kept"


class Refill(Fields):
    volume_ml: Ml
    concentration_mcg_per_ml: Whole
    aspirated_ml: Ml = absent()
    drug: Text = absent()
    bridge: Annotated[str, one_of("bridge", ["auto", "none"])] = absent()


class Parcel(Fields):
    volume_ml: Ml
    concentration_mcg_per_ml: Whole


class Correct(Fields):
    concentration_mcg_per_ml: Whole = absent()
    volume_ml: Ml = absent()
    line: list[Parcel] = absent()
    override: Flag = absent()

    @model_validator(mode="after")
    def _must_correct_something(self) -> "Correct":
        if not self.model_fields_set - {"override"}:
            raise ValueError("correct needs concentration_mcg_per_ml, volume_ml or line")
        return self


class Resume(Nothing):
    override: Flag = absent()


class Prime(Nothing):
    volume_ml: Ml = absent()


class Bolus(Fields):
    dose_mcg: DoseMcg
    over: DurationS


class PatientBolus(Fields):
    dose_mcg: DoseMcg
    over: DurationS
    lockout: DurationS
    per_day: Annotated[int, carried("SET_PATIENT_BOLUS", "per_day", "a whole number")]


class FlexStep(Fields):
    from_: Annotated[str, time_of_day] = Field(alias="from")
    dose_mcg: Annotated[Decimal, number("mcg from 0 with at most three decimals", 0, 10**12, decimals=3)]


class Program(Fields):
    mode: Annotated[str, one_of("mode", ["simple", "flex"])]
    dose_mcg_per_day: Annotated[
        Decimal, number("mcg/day from 0 with at most three decimals", 0, 10**12, decimals=3)
    ] = absent()
    schedule: dict[Annotated[str, one_of("day", ["default", *DAYS])], list[FlexStep]] = absent()
    override: Flag = absent()

    @model_validator(mode="after")
    def _must_suit_the_mode(self) -> "Program":
        own = {"simple": "dose_mcg_per_day", "flex": "schedule"}[self.mode]
        given = self.model_fields_set - {"mode", "override"}
        if own not in given:
            raise ValueError(f"mode {self.mode} needs {own}")
        if given != {own}:
            raise ValueError(f"mode {self.mode} takes no {', '.join(sorted(given - {own}))}")
        missing = [] if self.mode == "simple" or "default" in self.schedule else sorted({*DAYS} - {*self.schedule})
        if missing:
            raise ValueError(f"the schedule says nothing of {', '.join(missing)}, and has no default")
        return self

    @property
    def steps(self) -> Schedule:
        """The schedule as the programmer takes it."""
        return {day: [(step.from_, step.dose_mcg) for step in steps] for day, steps in self.schedule.items()}


class Limits(Fields):
    max_dose_mcg_per_day: Whole = absent()
    max_bolus_mcg: Whole = absent()
    max_change_percent: Whole = absent()

    @model_validator(mode="after")
    def _must_set_one(self) -> "Limits":
        if not self.model_fields_set:
            raise ValueError(f"expected {expected_keys(Limits)}, got none of them")
        return self


class AlarmSettings(Fields):
    critical_interval: DurationS = absent()
    non_critical_interval: DurationS = absent()
    stopped_after: DurationS = absent()
    low_reservoir_ml: Ml = absent()

    @model_validator(mode="after")
    def _must_set_one(self) -> "AlarmSettings":
        if not self.model_fields_set:
            raise ValueError(f"expected {expected_keys(AlarmSettings)}, got none of them")
        return self


class ReplacePump(Nothing):
    serial: SerialNumber = absent()


class AspirateLine(Fields):
    volume_ml: PortMl


class InjectLine(Fields):
    volume_ml: PortMl
    concentration_mcg_per_ml: Annotated[int, number("a whole number of mcg/mL from 0 to 50000", 0, 50_000)]


class ScreeningDose(Fields):
    dose_mcg: Annotated[Decimal, number("a number of mcg above 0, at most 1000", 0, 1000, decimals=3, above=True)]


class Fault(Fields):
    name: Annotated[str, one_of("fault", FAULT_FIELDS)]
    for_s: DurationS = absent("for")
    recovery: DurationS = absent()
    every: DurationS = absent()
    lasting: DurationS = absent()
    by: SignedDurationS = absent()
    after: DurationS = absent()
    percent: Annotated[int, number("a whole number of percent above 0", 0, 10_000, above=True)] = absent()
    ppm: Annotated[int, number("a whole number of ppm", -(10**6), 10**6)] = absent()
    ml: Annotated[Decimal, number("a number of mL", -100, 100, decimals=6)] = absent()
    ml_per_day: Annotated[Decimal, number("a number of mL/day", 0, 100, decimals=6)] = absent()
    ml_per_h: Annotated[int, number("a whole number of mL/h above 0", 0, 10_000, above=True)] = absent()
    mg_per_day: Annotated[int, number("a whole number of mg/day", 0, 10_000)] = absent()
    mcg_per_ml: Annotated[int, number("a whole number of mcg/mL", 0, 50_000)] = absent()
    celsius: Annotated[Decimal, number("a number of degrees Celsius", -300, 300, decimals=2)] = absent()
    tip_celsius: Annotated[Decimal, number("a number of degrees Celsius", -300, 300, decimals=2)] = absent()
    device: Text = absent()
    region: Text = absent()
    copies: Annotated[int, number("a whole number of copies", 0, 100)] = absent()

    @property
    def plant_fields(self) -> dict[str, int | str]:
        """The fault's own fields, as the plant takes them."""
        return plant_fields(self.name, self._own_fields)

    @property
    def _own_fields(self) -> dict[str, Any]:
        return {key: getattr(self, key) for key in self.model_fields_set - {"name", "for_s"}}

    @model_validator(mode="after")
    def _must_suit_the_fault(self) -> "Fault":
        plant_fields(self.name, self._own_fields)
        if self.name == "mri" and self.for_s is None:
            raise ValueError("mri needs for: how long the field lasts")
        if self.name in INSTANT and self.for_s is not None:
            raise ValueError(f"{self.name} takes no for: it is over at once")
        if self.for_s == 0:
            raise ValueError("expected for to be more than 0s")
        return self


class PowerCut(Nothing):
    for_s: DurationS = Field(10, alias="for")


class ExpectEvent(Fields):
    name: Annotated[str, one_of("event", codes.EVENTS)]
    since_s: DurationS = absent("since")
    count: Whole = absent()


class ExpectDocument(Fields):
    name: Annotated[str, one_of("document", ["report", "card", "registry"])]
    holds: Annotated[list[Text], Field(min_length=1)]


class Step(Fields):
    """At most one of at/after, and exactly one verb: one of the fields from `implant` on. Done `times`, each `after`
    the one before."""

    at: Text = absent()
    after: DurationS = absent()
    times: Annotated[int, number("a whole number of times from 1 to 10000", 1, 10_000)] = Field(1)
    refused: Annotated[str, one_of("reason", codes.REASON)] = absent()
    cut_in_write: Annotated[int, number("a whole number from 1 to 1000", 1, 1000)] = absent()
    lose_answer: Annotated[int, number("a whole number from 1 to 1000", 1, 1000)] = absent()
    meant: Text = absent()

    implant: Implant = absent()
    refill: Refill = absent()
    correct: Correct = absent()
    program: Program = absent()
    prime: Prime = absent()
    bolus: Bolus = absent()
    cancel_bolus: Nothing = absent()
    patient_bolus: Nothing = absent()
    set_patient_bolus: PatientBolus = absent()
    stop: Nothing = absent()
    minimum_rate: Nothing = absent()
    resume: Resume = absent()
    silence: Annotated[str, one_of("alarm", [*codes.ALARM, "all"])] = absent()
    limits: Limits = absent()
    alarm_settings: AlarmSettings = absent()
    patient: PatientTexts = absent()
    demo_alarm: Annotated[str, one_of("alarm class", codes.CLASS)] = absent()
    set_clock: LocalTime = absent()
    pair: Nothing = absent()
    reset_key: Nothing = absent()
    fault: Fault = absent()
    heal: Annotated[str, one_of("fault", FAULT_FIELDS)] = absent()
    power_cut: PowerCut = absent()
    replace_pump: ReplacePump = absent()
    aspirate_line: AspirateLine = absent()
    inject_line: InjectLine = absent()
    test_dose: ScreeningDose = absent()
    wait: DurationS = absent()
    expect: Expectations = absent()
    expect_event: ExpectEvent = absent()
    expect_tone: Annotated[str, one_of("tone", ["none", "single", "dual"])] = absent()
    expect_document: ExpectDocument = absent()

    @property
    def verb(self) -> str:
        return next(verb for verb in VERBS if verb in self.model_fields_set)

    @property
    def lasts_s(self) -> int:
        """Pump time that the step takes."""
        return {"wait": self.wait, "power_cut": self.power_cut and self.power_cut.for_s}.get(self.verb) or 0

    @model_validator(mode="before")
    @classmethod
    def _must_have_one_verb(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        verbs = [key for key in value if key in VERBS]
        if len(verbs) > 1 or not value.keys() - {*CIRCUMSTANCES}:
            raise ValueError(f"expected exactly one verb, got {', '.join(verbs) or 'none'}")
        if "at" in value and "after" in value:
            raise ValueError("expected at most one of at and after, got both")
        if "at" in value and "times" in value:
            raise ValueError("expected after with times, got at: it says how far apart they are")
        if "refused" in value and verbs and verbs[0] not in PROGRAMMER_VERBS:
            raise ValueError(f"{verbs[0]} cannot be refused: only what a programmer asks can be")
        if "cut_in_write" in value and verbs and verbs[0] not in PROGRAMMER_VERBS:
            raise ValueError(f"{verbs[0]} takes no cut_in_write: only what a programmer asks does")
        for key in ("meant", "lose_answer"):
            if key in value and verbs and verbs[0] not in PROGRAMMER_VERBS:
                raise ValueError(f"{verbs[0]} takes no {key}: only what a programmer asks does")
        if len(outcomes := [key for key in OUTCOMES if key in value]) > 1:
            raise ValueError(f"expected at most one of {', '.join(OUTCOMES)}, got {' and '.join(outcomes)}")
        return value


OUTCOMES = ("refused", "cut_in_write", "lose_answer")
CIRCUMSTANCES = ("at", "after", "times", *OUTCOMES, "meant")
VERBS = [name for name in Step.model_fields if name not in CIRCUMSTANCES]
PROGRAMMER_VERBS = VERBS[: VERBS.index("fault")]
ACTING_VERBS = VERBS[: VERBS.index("wait")]


class PatientAtStart(Fields):
    used_to_mcg_per_day: Annotated[Decimal, number("mcg/day from 0 to 100000", 0, 100_000, decimals=3)] = absent()
    dependent: Flag = Field(False)
    prone: Flag = Field(False)
    tolerance_percent: Annotated[int, number("a whole number of percent from 0 to 100", 0, 100)] = Field(0)

    @property
    def body(self) -> Body:
        """The patient as the plant takes one."""
        used_to = self.used_to_mcg_per_day
        return Body(None if used_to is None else float(used_to), self.dependent, self.prone, self.tolerance_percent)


class Header(Fields):
    """Everything at the top but the steps; `pump` is checked by `host_tools.machines.configuration`."""

    name: Text = absent()
    start: LocalTime = Field(parse_local_time("2026-01-05T00:00:00"))
    seed: Whole = Field(0)
    short: Flag = Field(False)
    watch: Flag = Field(False)
    shows: list[Text] = Field([])
    pump: dict[str, object] = Field({})
    patient: PatientAtStart = Field(default_factory=lambda: PatientAtStart.model_validate({}))
    steps: list[object]


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys of a model as a file writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def expected_keys(model: type[BaseModel]) -> str:
    return f"a mapping with {', '.join(keys_of(model))}" if model.model_fields else "nothing"
