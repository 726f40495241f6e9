"""A life as a scenario: run again from its steps alone, and written as a file."""

import io
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from host_tools.common.durations import format_duration, parse_duration_s
from host_tools.machines.configuration import PumpConfigError, pump_config
from host_tools.machines.serials import serial_of
from host_tools.scenario.load import PlannedStep, Scenario
from host_tools.scenario.schema import PatientAtStart, Step
from host_tools.simulate.slips import Act, verb_of

START = datetime(2026, 1, 5)
WIDTH = 4096


def scenario_of(header: dict[str, Any], steps: list[Act]) -> Scenario | None:
    """The watched scenario of these steps; None where they make none, as when one is due before the one before it
    ends. `header` has its name, seed, pump and patient."""
    planned, now_s = [], 0
    try:
        for number, act in enumerate(steps, 1):
            step = Step.model_validate({key: value for key, value in act.items() if key != "at"})
            at_s = parse_duration_s(act["at"])
            if at_s < now_s:
                return None
            planned.append(PlannedStep(number, number, at_s, step))
            now_s = at_s + step.lasts_s
        config = pump_config({"serial": serial_of(header["seed"]), **header["pump"]})
        patient = PatientAtStart.model_validate(header["patient"]).body
    except (ValidationError, PumpConfigError):
        return None
    return Scenario(header["name"], START, header["seed"], False, True, config, patient, tuple(planned))


def text_of(header: dict[str, Any], steps: list[Act], story: str) -> str:
    """The scenario as YAML text; `story` is the comment at its top."""
    yaml = YAML()
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(Decimal, _number)
    yaml.representer.ignore_aliases = lambda _data: True
    document = CommentedMap({**{key: value for key, value in header.items() if value}, "watch": True})
    for key in ("pump", "patient"):
        if key in document:
            document[key] = _flow(document[key])
    before = [format_duration(0), *(act["at"] for act in steps)]
    document["steps"] = [_step(act, at) for act, at in zip(steps, before, strict=False)]
    out = io.StringIO()
    out.write("".join(f"# {line}\n" for line in story.splitlines()))
    yaml.dump(document, out)
    return out.getvalue()


def _step(act: Act, at: str) -> CommentedMap:
    """A step; it says no time where it is done at that of the one before."""
    verb = verb_of(act)
    step = CommentedMap({key: value for key, value in act.items() if key != verb and not (key == "at" and value == at)})
    step[verb] = _flow(act[verb]) if act[verb] != {} else None
    return step


def _flow(value: Any) -> Any:
    """A mapping or list in one line, with all that is in it."""
    if isinstance(value, dict):
        mapping = CommentedMap({key: _flow(inner) for key, inner in value.items()})
        mapping.fa.set_flow_style()
        return mapping
    return [_flow(inner) for inner in value] if isinstance(value, list) else value


def _number(representer: Any, value: Decimal) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:float", format(value, "f"))
