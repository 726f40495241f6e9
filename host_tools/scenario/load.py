"""From a scenario file to a plan: every step checked, and with its instant."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path as FilePath
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from firmware.config import Config
from hal.plant.patient import Body
from host_tools.common.durations import LONGEST_S, format_duration, parse_instant_s
from host_tools.machines.configuration import PumpConfigError, closest, pump_config, shown
from host_tools.machines.serials import serial_of
from host_tools.scenario.document import Document, Path
from host_tools.scenario.schema import Header, Program, Step, keys_of


@dataclass(frozen=True)
class PlannedStep:
    """Step `number` (from 1) of a file, to be done `at_s` seconds after the start."""

    number: int
    line: int
    at_s: int
    step: Step


@dataclass(frozen=True)
class Scenario:
    name: str
    start: datetime
    seed: int
    short: bool
    watch: bool
    config: Config
    patient: Body
    steps: tuple[PlannedStep, ...]


class ScenarioError(Exception):
    """`problems`: all that is wrong with a file, one line each: file, line and what was expected there."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(file: str) -> Scenario:
    """Read and check a scenario file. ScenarioError lists all that is wrong with it."""
    return parse(_read(file), file)


def _read(file: str) -> str:
    try:
        return FilePath(file).read_text(encoding="utf-8")
    except OSError as error:
        raise ScenarioError([f"{file}: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ScenarioError(
            [f"{file}:{line}: expected UTF-8 text, got byte {error.object[error.start]:#04x}"]
        ) from error


def load_program(file: str) -> Program:
    """Read and check a file that holds a program alone, in the form that scenarios give it. ScenarioError as above."""
    document = Document(_read(file))
    try:
        if not document.problems:
            return Program.model_validate(document.value)
    except ValidationError as error:
        _add_all(document, (), error, Program)
    raise _refusal(file, document)


def parse(text: str, file: str) -> Scenario:
    """Check a scenario's text. ScenarioError as for `load`."""
    document = Document(text)
    if document.value is None and document.problems:
        raise _refusal(file, document)
    header = _header(document)
    config = _config(document, header)
    steps = _steps(document, header.start)
    if document.problems:
        raise _refusal(file, document)
    name, patient = header.name or FilePath(file).stem, header.patient.body
    return Scenario(name, header.start, header.seed, header.short, header.watch, config, patient, steps)


def _header(document: Document) -> Header:
    """The top of the file; keys that are wrong are noted and left out."""
    try:
        return Header.model_validate(document.value)
    except ValidationError as error:
        _add_all(document, (), error, Header)
        bad = {detail["loc"][0] for detail in error.errors() if detail["loc"]}
    given = document.value if isinstance(document.value, dict) else {}
    return Header.model_validate({"steps": [], **{key: given[key] for key in given if key not in bad}})


def _config(document: Document, header: Header) -> Config:
    try:
        return pump_config({"serial": serial_of(header.seed), **header.pump})
    except PumpConfigError as error:
        for key, text in error.problems.items():
            document.add(("pump", key), text)
    return Config()


def _steps(document: Document, start: datetime) -> tuple[PlannedStep, ...]:
    raw = document.value.get("steps") if isinstance(document.value, dict) else None
    if not isinstance(raw, list) or not raw:
        document.add(("steps",), f"expected a list of at least one step, got {shown(raw)}")
        return ()
    planned: list[PlannedStep] = []
    now_s = 0
    for number, value in enumerate(raw, 1):
        path: Path = ("steps", number)
        try:
            step = Step.model_validate({value: None} if isinstance(value, str) else value)
        except ValidationError as error:
            _add_all(document, path, error, Step)
            continue
        for _ in range(step.times):
            known = len(document.problems)
            at_s = _instant_s(document, path, step, now_s, start)
            planned.append(PlannedStep(number, document.line(path), at_s, step))
            now_s = at_s + step.lasts_s
            if len(document.problems) > known:
                break  # once is enough
    return tuple(planned)


def _instant_s(document: Document, path: Path, step: Step, now_s: int, start: datetime) -> int:
    """The instant at which a step is due; the one before it ends at `now_s`."""
    at_s = now_s + (step.after or 0)
    if step.at is not None:
        try:
            at_s = parse_instant_s(step.at, start)
        except ValueError as error:
            document.add((*path, "at"), str(error))
        if at_s < now_s:
            before = format_duration(now_s)
            document.add((*path, "at"), f"{step.at} is before {before}, where the step before it ends")
    if at_s + step.lasts_s > LONGEST_S:
        document.add(path, "ends later than the 34 years that a pump's clock counts")
    return max(at_s, now_s)


def _add_all(document: Document, root: Path, error: ValidationError, model: type[BaseModel]) -> None:
    for detail in error.errors(include_url=False):
        where = tuple(part + 1 if isinstance(part, int) else part for part in detail["loc"] if part != "[key]")
        document.add((*root, *where), _words(detail["type"], where, detail["msg"], detail["input"], model))


def _words(kind: str, where: Path, message: str, found: object, model: type[BaseModel]) -> str:
    key = where[-1] if where else ""
    if kind == "extra_forbidden":
        if len(where) > 1:
            known = keys_of(_model_at(model, where))
            return f"{key!r} is no field of {where[0]} in this version; {closest(str(key), known)}"
        what = "no verb or key of a step in this version" if model is Step else "no key of a scenario in this version"
        return f"{key!r} is {what}; {closest(str(key), keys_of(model))}"
    if kind == "missing":
        return f"missing: {where[0] if len(where) > 1 else 'a scenario'} needs {key}"
    if kind in ("list_type", "dict_type"):
        return f"expected a {'list' if kind == 'list_type' else 'mapping'}, got {shown(found)}"
    return message.removeprefix("Value error, ")


def _model_at(model: type[BaseModel], where: Path) -> type[BaseModel]:
    """The model of the mapping that holds the last part of a path."""
    kind: Any = model
    for part in where[:-1]:
        if get_args(kind):  # a list, or a mapping of any keys
            kind = get_args(kind)[-1]
        else:
            kind = next(field.annotation for name, field in kind.model_fields.items() if part in (name, field.alias))
    return kind


def _refusal(file: str, document: Document) -> ScenarioError:
    lines = []
    for line, path, text in sorted(document.problems, key=lambda problem: problem[0]):
        lines.append(f"{file}:{line}: {_path_text(path)}{text}")
    return ScenarioError(lines)


def _path_text(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return f"{text}: " if text else ""
