"""What was found of a patient, by day: the dated lines of the record, from several fields together."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from host_tools.programmer.datedtext import entries

RESULTS = {"scores": "Score", "screening": "Screening test"}
EXAMINED = {
    "skin": "Skin",
    "incisions": "Incision",
    "pump_palpable": "Pump under the skin",
    "complications": "Complication",
}
"""Fields of the record, and what a line of each is called."""


class Finding(NamedTuple):
    """A line of the record; `day` is empty where it says none."""

    day: str
    kind: str
    text: str


def findings(records: Mapping[str, str], kinds: Mapping[str, str]) -> Sequence[Finding]:
    """The lines of these fields, newest first, those without a day last. Lines of one day keep their order."""
    found = [Finding(entry.day, kind, entry.text) for field, kind in kinds.items() for entry in entries(records[field])]
    return sorted(found, key=lambda finding: finding.day, reverse=True)
