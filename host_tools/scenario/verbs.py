"""Does each verb of a step in the clinic. A programmer's refusal is raised on; the runner judges it."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from host_tools.programmer.refill import DRUG
from host_tools.scenario.clinic import Clinic
from host_tools.scenario.expect import Expected, find, in_json
from host_tools.scenario.schema import (
    AlarmSettings,
    AspirateLine,
    Bolus,
    Correct,
    ExpectDocument,
    ExpectEvent,
    Fault,
    Implant,
    InjectLine,
    Limits,
    Nothing,
    PatientBolus,
    PowerCut,
    Prime,
    Program,
    Refill,
    ReplacePump,
    Resume,
    ScreeningDose,
)

NL_PER_ML = 1_000_000


class StepError(Exception):
    """`texts` say what did not hold, with what was found."""

    def __init__(self, *texts: str) -> None:
        super().__init__("; ".join(texts))
        self.texts = texts


def do_implant(clinic: Clinic, fields: Implant) -> None:
    given = fields.model_dump(exclude_unset=True, exclude={"keep_catheter", "catheter"})
    with clinic.session() as programmer:
        if fields.keeps and clinic.handed_on is not None:
            told_cm, known_cm = given.pop("catheter_cm", None), clinic.handed_on.implant["catheter_cm"]
            if told_cm is not None and float(told_cm) != known_cm:
                raise StepError(f"implant keeps a catheter of {known_cm:g} cm, and not of {told_cm} cm")
            programmer.take_over(clinic.handed_on, **given, wall=clinic.local_time)
        elif fields.keeps and (fields.catheter_mcg_per_ml is None or fields.catheter_cm is None):
            raise StepError(
                "implant could not keep a catheter: no pump was replaced; say catheter_cm and catheter_mcg_per_ml"
            )
        else:
            catheter = "kept" if fields.keeps else fields.told or clinic.likely_catheter(programmer, fields)
            programmer.implant(**given, catheter=catheter, wall=clinic.local_time)


def do_refill(clinic: Clinic, fields: Refill) -> None:
    aspirated_ml = fields.aspirated_ml
    if aspirated_ml is None:
        aspirated_ml = Decimal(clinic.machine.plant.aspirable_nl) / NL_PER_ML
    with clinic.session() as programmer:
        programmer.refill(
            fields.volume_ml,
            fields.concentration_mcg_per_ml,
            aspirated_ml,
            drug=fields.drug or DRUG,
            bridge=fields.bridge != "none",
        )


def do_correct(clinic: Clinic, fields: Correct) -> None:
    with clinic.session() as programmer:
        programmer.correct(
            fields.concentration_mcg_per_ml,
            fields.volume_ml,
            [(parcel.volume_ml, parcel.concentration_mcg_per_ml) for parcel in fields.line or ()],
            override=bool(fields.override),
        )


def do_prime(clinic: Clinic, fields: Prime) -> None:
    with clinic.session() as programmer:
        programmer.prime(fields.volume_ml)


def do_bolus(clinic: Clinic, fields: Bolus) -> None:
    with clinic.session() as programmer:
        programmer.bolus(fields.dose_mcg, fields.over)


def do_cancel_bolus(clinic: Clinic, _: Nothing) -> None:
    with clinic.session() as programmer:
        programmer.cancel_bolus()


def do_patient_bolus(clinic: Clinic, _: Nothing) -> None:
    with clinic.head():
        clinic.programmer.patient_bolus()


def do_set_patient_bolus(clinic: Clinic, fields: PatientBolus) -> None:
    with clinic.session() as programmer:
        programmer.set_patient_bolus(fields.dose_mcg, fields.over, fields.lockout, fields.per_day)


def do_program(clinic: Clinic, fields: Program) -> None:
    with clinic.session() as programmer:
        override = fields.override or False
        if fields.mode == "flex":
            programmer.program_flex(fields.steps, override)
        else:
            programmer.program_simple(fields.dose_mcg_per_day, override=override)


def do_stop(clinic: Clinic, _: Nothing) -> None:
    with clinic.session() as programmer:
        programmer.stop()


def do_minimum_rate(clinic: Clinic, _: Nothing) -> None:
    with clinic.session() as programmer:
        programmer.minimum_rate()


def do_resume(clinic: Clinic, fields: Resume) -> None:
    with clinic.session() as programmer:
        programmer.resume(bool(fields.override))


def do_silence(clinic: Clinic, alarm: str) -> None:
    with clinic.session() as programmer:
        programmer.silence(alarm)


def do_limits(clinic: Clinic, limits: Limits) -> None:
    with clinic.session() as programmer:
        programmer.limits(**limits.model_dump(exclude_unset=True))


def do_alarm_settings(clinic: Clinic, settings: AlarmSettings) -> None:
    with clinic.session() as programmer:
        programmer.alarm_settings(
            settings.critical_interval,
            settings.non_critical_interval,
            settings.stopped_after,
            settings.low_reservoir_ml,
        )


def do_patient(clinic: Clinic, texts: dict[str, str]) -> None:
    with clinic.session() as programmer:
        programmer.write_records(texts)


def do_demo_alarm(clinic: Clinic, alarm_class: str) -> None:
    with clinic.session() as programmer:
        programmer.demo_alarm(alarm_class)


def do_set_clock(clinic: Clinic, wall: datetime) -> None:
    with clinic.session() as programmer:
        programmer.set_clock(wall)


def do_pair(clinic: Clinic, _: Nothing) -> None:
    clinic.pair()


def do_reset_key(clinic: Clinic, _: Nothing) -> None:
    with clinic.head():
        clinic.programmer.reset_key()


def do_fault(clinic: Clinic, fault: Fault) -> None:
    machine = clinic.machine
    until_ms = None if fault.for_s is None else machine.now_ms + fault.for_s * 1000
    try:
        machine.plant.apply_fault(fault.name, until_ms, **fault.plant_fields)
    except ValueError as error:
        raise StepError(f"fault could not be done: {error}") from error


def do_heal(clinic: Clinic, name: str) -> None:
    try:
        clinic.machine.plant.heal(name)
    except ValueError as error:
        raise StepError(f"heal could not be done: {error}") from error


def do_power_cut(clinic: Clinic, cut: PowerCut) -> None:
    clinic.cut_power(cut.for_s)


def do_replace_pump(clinic: Clinic, new: ReplacePump) -> None:
    clinic.replace_pump(new.serial)


def do_aspirate_line(clinic: Clinic, fields: AspirateLine) -> None:
    clinic.machine.plant.aspirate_line(int(fields.volume_ml * NL_PER_ML))


def do_inject_line(clinic: Clinic, fields: InjectLine) -> None:
    clinic.machine.plant.inject_line(int(fields.volume_ml * NL_PER_ML), fields.concentration_mcg_per_ml)


def do_test_dose(clinic: Clinic, fields: ScreeningDose) -> None:
    clinic.machine.plant.test_dose(float(fields.dose_mcg))


def do_wait(clinic: Clinic, duration_s: int) -> None:
    clinic.advance_to_s(clinic.now_s + duration_s)


def do_expect(clinic: Clinic, expectations: dict[str, Expected]) -> None:
    roots = {path.partition(".")[0] for path in expectations}
    document = {root: clinic.document(root) for root in sorted(roots)}
    failures = []
    for path, expected in expectations.items():
        try:
            actual = find(document, path)
        except KeyError as error:
            failures.append(f"{path} has no part {error.args[0]!r}, expected {expected}")
            continue
        if not expected.met_by(actual):
            failures.append(f"{path} was {in_json(actual)}, expected {expected}")
    if failures:
        raise StepError(*failures)


def do_expect_event(clinic: Clinic, expected: ExpectEvent) -> None:
    count = clinic.count_events(expected.name, expected.since_s)
    if expected.count is None:
        if not count:
            raise StepError(f"{expected.name} was never logged, expected at least once")
    elif count != expected.count:
        raise StepError(f"{expected.name} was logged {count} times, expected {expected.count}")


def do_expect_tone(clinic: Clinic, expected: str) -> None:
    heard = clinic.heard()
    if (heard != set()) if expected == "none" else (expected not in heard):
        raise StepError(f"tones heard were {', '.join(sorted(heard)) or 'none'}, expected {expected}")


def do_expect_document(clinic: Clinic, expected: ExpectDocument) -> None:
    text = clinic.written(expected.name)
    missing = [part for part in expected.holds if part not in text]
    if missing:
        raise StepError(*[f"the {expected.name} does not hold {part!r}" for part in missing])


DO: dict[str, Callable[[Clinic, Any], None]] = {
    "implant": do_implant,
    "refill": do_refill,
    "correct": do_correct,
    "program": do_program,
    "prime": do_prime,
    "bolus": do_bolus,
    "cancel_bolus": do_cancel_bolus,
    "patient_bolus": do_patient_bolus,
    "set_patient_bolus": do_set_patient_bolus,
    "stop": do_stop,
    "minimum_rate": do_minimum_rate,
    "resume": do_resume,
    "silence": do_silence,
    "limits": do_limits,
    "alarm_settings": do_alarm_settings,
    "patient": do_patient,
    "demo_alarm": do_demo_alarm,
    "set_clock": do_set_clock,
    "pair": do_pair,
    "reset_key": do_reset_key,
    "fault": do_fault,
    "heal": do_heal,
    "power_cut": do_power_cut,
    "replace_pump": do_replace_pump,
    "aspirate_line": do_aspirate_line,
    "inject_line": do_inject_line,
    "test_dose": do_test_dose,
    "wait": do_wait,
    "expect": do_expect,
    "expect_event": do_expect_event,
    "expect_tone": do_expect_tone,
    "expect_document": do_expect_document,
}
