"""What an implantation does to the line, in words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from host_tools.documents.dose import ml
from host_tools.documents.line import holds_drug, line_text, strength_text
from host_tools.programmer.refill import Contents
from host_tools.programmer.status import Parcel, Status
from host_tools.programmer.units import NL_PER_ML


class LineChange(NamedTuple):
    """The words, and whether drug is in the line afterwards."""

    text: str
    holds_drug: bool


def new(before: Status, line_nl: int, given: Mapping[str, Any]) -> LineChange:
    """A new catheter, without drug; what the record has of the old one is gone."""
    empty_nl = line_nl - (int(given["pump_tubing_ml"] * NL_PER_ML) if given["tubing"] == "primed" else 0)
    text = f"the line is empty: {ml(empty_nl)} mL to prime"
    if given["tubing"] == "primed":
        text = f"the tubing is primed and the catheter is empty: {ml(empty_nl)} mL to prime"
    if holds_drug(before["line"]):
        text += f"; {line_text(before['line'])} on record are no longer counted on"
    return LineChange(text, False)


def same(before: Status, line_nl: int) -> LineChange:
    """The catheter on record, of another length or not: what differs is cut or added at the tip."""
    longer_nl = line_nl - before["line_nl"]
    held = _resized(before["line"], longer_nl)
    text = f"nothing moves: {line_text(held) or 'nothing'} stay"
    if longer_nl:
        text += f", {ml(abs(longer_nl))} mL {'more' if longer_nl > 0 else 'less'} at the tip than on record"
    return LineChange(text, holds_drug(held))


def _resized(line: Sequence[Parcel], longer_nl: int) -> list[Parcel]:
    """The parcels with so much more at the tip, or less (below 0)."""
    held: list[Parcel] = []
    for parcel in line:
        left_nl = parcel["nl"] + longer_nl
        if left_nl > 0:
            held.append({"nl": left_nl, "mcg_per_ml": parcel["mcg_per_ml"]})
        longer_nl = min(0, left_nl)
    return held


def kept(held: Contents, line_nl: int, given: Mapping[str, Any]) -> LineChange:
    """An earlier pump's catheter, with what it holds, and behind it the pump's own tubing."""
    parts = [f"{volume_ml:.3f} mL {strength_text(mcg_per_ml)}" for volume_ml, mcg_per_ml in held]
    primed = given["tubing"] == "primed"
    rest_nl = line_nl - int(sum(Decimal(str(volume_ml)) for volume_ml, _ in held) * NL_PER_ML)
    rest = [f"{ml(rest_nl)} mL of {'the reservoir' if primed else 'nothing'}"] if rest_nl else []
    drug = any(mcg_per_ml for _, mcg_per_ml in held)
    if not drug:
        return LineChange(f"the line is empty: {ml(line_nl)} mL to prime", False)
    return LineChange(
        f"{', then '.join(parts)} come first, at the dose{'; then ' if rest else ''}{''.join(rest)}", True
    )
