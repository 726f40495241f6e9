"""Refills and corrections of them: their order, their checks, and what comes of them.

The pump checks everything again and has the last word; a check here only says it with both values.
"""

from collections.abc import Sequence
from typing import NamedTuple

from host_tools.programmer import units
from host_tools.programmer.client import Client
from host_tools.programmer.errors import BadValue, Refused
from host_tools.programmer.ranges import check_range
from host_tools.programmer.reading import read_status
from host_tools.programmer.status import Status
from host_tools.programmer.texts import encode_text
from host_tools.programmer.units import NL_PER_ML, Number, none_if
from protocol.messages import DRUG_BYTES, NONE32

DRUG = "baclofen"
ACCURACY_PERCENT = 14.5
"""A pump further off than this is outside its labelling (docs/sources.md, DF-02)."""
LARGEST_SLIP = 4
"""A concentration further off than so many times is asked about, as the pump does."""
NOTICEABLE_NL = 500_000
"""A difference below this says nothing: so much is lost in needle and syringe."""


Contents = Sequence[tuple[Number, int]]
"""What a line holds, from the tip back: (mL, mcg/mL) of each parcel, 0 mcg/mL without drug."""


class Aspiration(NamedTuple):
    """What a needle found: `expected_nl` is the computed residual volume, `aspirated_nl` the volume taken out (None:
    not measured), `last_filled_nl` the volume of the filling before (None: there was none, or it is not known)."""

    expected_nl: int
    aspirated_nl: int | None
    last_filled_nl: int | None

    @property
    def discrepancy_nl(self) -> int | None:
        """Below zero: the pump gave more than it counted; above: less."""
        return None if self.aspirated_nl is None else self.aspirated_nl - self.expected_nl

    @property
    def counted_nl(self) -> int | None:
        """Volume that the pump counted since the filling before."""
        return None if self.last_filled_nl is None else self.last_filled_nl - self.expected_nl

    @property
    def accuracy_percent(self) -> float | None:
        """Volume that left the reservoir, in percent of what the pump counted."""
        if self.aspirated_nl is None or self.last_filled_nl is None or not self.counted_nl:
            return None
        return round(100 * (self.last_filled_nl - self.aspirated_nl) / self.counted_nl, 2)

    @property
    def out_of_tolerance(self) -> bool:
        """True if pump or catheter may be at fault: too much or too little left, in percent and in volume."""
        if self.accuracy_percent is None or self.discrepancy_nl is None:
            return False
        return abs(self.accuracy_percent - 100) > ACCURACY_PERCENT and abs(self.discrepancy_nl) >= NOTICEABLE_NL


class Refill(NamedTuple):
    """A booked refill, its volumes as those of an Aspiration."""

    expected_nl: int
    aspirated_nl: int | None
    filled_nl: int
    last_filled_nl: int | None

    @property
    def found(self) -> Aspiration:
        return Aspiration(self.expected_nl, self.aspirated_nl, self.last_filled_nl)

    @property
    def discrepancy_nl(self) -> int | None:
        return self.found.discrepancy_nl

    @property
    def accuracy_percent(self) -> float | None:
        return self.found.accuracy_percent

    @property
    def out_of_tolerance(self) -> bool:
        return self.found.out_of_tolerance


def newest_aspiration(status: Status) -> Aspiration | None:
    """What the newest refill found, as the pump keeps it; None before the first."""
    expected_nl = status["refill_expected_nl"]
    if expected_nl is None:
        return None
    return Aspiration(expected_nl, status["refill_aspirated_nl"], status["refill_last_filled_nl"])


def refill(
    client: Client,
    volume_ml: Number,
    concentration_mcg_per_ml: int,
    aspirated_ml: Number | None,
    drug: str,
    bridge: bool,
) -> Refill:
    """Book that the reservoir was emptied and filled."""
    volume_nl = units.nl_from_ml("volume_ml", volume_ml)
    aspirated_nl = None if aspirated_ml is None else units.nl_from_ml("aspirated_ml", aspirated_ml)
    if client.checks:
        check_refill(volume_nl, concentration_mcg_per_ml, aspirated_nl, read_status(client))
    answer = client.change(
        "REFILL",
        volume_nl=volume_nl,
        concentration_mcg_per_ml=concentration_mcg_per_ml,
        aspirated_nl=NONE32 if aspirated_nl is None else aspirated_nl,
        bridge="yes" if bridge else "no",
        drug=encode_text("drug", drug, DRUG_BYTES, client.checks),
    )
    return Refill(answer["expected_nl"], aspirated_nl, volume_nl, none_if(answer["last_filled_nl"], NONE32))


def correct(
    client: Client,
    concentration_mcg_per_ml: int | None,
    volume_ml: Number | None,
    line: Contents | None,
    override: bool,
) -> None:
    """Put right what was recorded of the newest filling, or of the line."""
    volume_nl = None if volume_ml is None else units.nl_from_ml("volume_ml", volume_ml)
    if client.checks:
        check_correct(concentration_mcg_per_ml, volume_nl, read_status(client), override)
    client.change(
        "CORRECT",
        concentration_mcg_per_ml=NONE32 if concentration_mcg_per_ml is None else concentration_mcg_per_ml,
        volume_nl=NONE32 if volume_nl is None else volume_nl,
        override="yes" if override else "no",
        parcels=parcels_of(line or ()),
    )


def parcels_of(contents: Contents) -> list[dict[str, int]]:
    """The contents of a line, from the tip back, as the wire has them."""
    return [
        {"volume_nl": units.nl_from_ml("line", volume_ml), "mcg_per_ml": mcg_per_ml}
        for volume_ml, mcg_per_ml in contents
    ]


def check_correct(concentration_mcg_per_ml: int | None, volume_nl: int | None, status: Status, override: bool) -> None:
    """Raise what stands against this correction of a pump with this status."""
    if status["therapy"] == "unfilled":
        raise Refused("CORRECT", "not_filled")
    if volume_nl is not None:
        check_volume("CORRECT", volume_nl, status)
    if concentration_mcg_per_ml is None:
        return
    check_range("CORRECT", "concentration_mcg_per_ml", concentration_mcg_per_ml)
    old = status["concentration_mcg_per_ml"]
    low, high = sorted((old, concentration_mcg_per_ml))
    if high > LARGEST_SLIP * low and not override:
        words = (
            f"--concentration-mcg-per-ml: {concentration_mcg_per_ml} mcg/mL is more than {LARGEST_SLIP} times away "
            f"from the {old} mcg/mL on record; --override accepts it"
        )
        raise Refused("CORRECT", "soft_limit", words)


def check_refill(volume_nl: int, concentration_mcg_per_ml: int, aspirated_nl: int | None, status: Status) -> None:
    """Raise what stands against this refill of a pump with this status."""
    if volume_nl == 0:
        raise BadValue("--volume-ml 0 mL is no refill")
    check_range("REFILL", "concentration_mcg_per_ml", concentration_mcg_per_ml)
    if aspirated_nl is not None:
        check_range("REFILL", "aspirated_nl", aspirated_nl, "aspirated_ml", NL_PER_ML)
    check_volume("REFILL", volume_nl, status)


def check_volume(request: str, volume_nl: int, status: Status) -> None:
    """Raise when the reservoir does not hold so much."""
    capacity_nl = status["limits"]["capacity_nl"]
    if volume_nl > capacity_nl:
        words = f"--volume-ml: {volume_nl / 1e6:g} mL is more than the reservoir's {capacity_nl / 1e6:g} mL"
        raise Refused(request, "overfill", words)
