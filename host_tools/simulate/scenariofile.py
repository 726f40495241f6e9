"""A life as a scenario: run again from its steps alone, and written as a file."""

import io
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from host_tools.common.durations import format_duration
from host_tools.scenario.load import Scenario, ScenarioError, parse
from host_tools.simulate.slips import Act, verb_of

WIDTH = 120


def scenario_of(header: dict[str, Any], steps: list[Act]) -> Scenario | None:
    """The scenario of these steps; None where they make none, as when one is due before the one before it ends."""
    try:
        return parse(text_of(header, steps, ""), "a life")
    except ScenarioError:
        return None


def text_of(header: dict[str, Any], steps: list[Act], story: str) -> str:
    """The scenario as YAML text; `story` is the comment at its top."""
    yaml = YAML()
    yaml.width = WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.add_representer(Decimal, _number)
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
