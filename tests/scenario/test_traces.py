"""Each scenario still comes to its golden trace: a change of behaviour is seen, and `make traces` writes it down."""

import pytest

from tests.rooms import SCENARIO_FILES
from tests.traces import golden, line_of

GOLDEN = golden()


def test_every_scenario_has_a_golden_trace_and_no_other_has() -> None:
    assert list(GOLDEN) == [file.stem for file in SCENARIO_FILES]


@pytest.mark.parametrize("file", SCENARIO_FILES, ids=lambda file: file.stem)
def test_it_comes_to_its_golden_trace(file) -> None:
    assert line_of(file) == GOLDEN[file.stem], "if this change of behaviour is meant, `make traces` writes it down"
