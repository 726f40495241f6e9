"""docs/scenarios.md: it leaves nothing out."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from host_tools.scenario.result import Result
from host_tools.scenario.schema import CIRCUMSTANCES, VERBS, Header, Step, keys_of
from host_tools.scenario.vocabulary import FAULT_FIELDS, TRUTH_FIELDS
from protocol import codes

TEXT = Path(__file__).parents[2].joinpath("docs", "scenarios.md").read_text()
MODELS = [Header, *(field.annotation for field in Step.model_fields.values())]
FIELDS = [key for model in MODELS if isinstance(model, type) and issubclass(model, BaseModel) for key in keys_of(model)]


@pytest.mark.parametrize(
    "name", [*VERBS, *FIELDS, *FAULT_FIELDS, *TRUTH_FIELDS, *codes.REASON, *Result("", "").document()]
)
def test_it_names(name):
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("name", CIRCUMSTANCES)
def test_it_shows_each_circumstance_of_a_step(name):
    assert f"{name}: " in TEXT
