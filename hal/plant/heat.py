"""Heat at the catheter's tip, and what it does to the tissue there. A simulation, not clinical.

The dose of heat is counted in minutes at 43 degrees that do as much: CEM43 (docs/sources.md, TH-1). While the
temperature is constant it grows evenly, so any span of time is one exact step. It never goes down: what was heated once
stays damaged, whichever pump the catheter then hangs on.
"""

from typing import Any

from hal.plant.faults import BODY_CENTI_CELSIUS

DAMAGE_CEM43_MIN = 10.0
LEAST_CENTI_CELSIUS = 3900  # below which heat does nothing

_REFERENCE_CENTI_CELSIUS = 4300
_MINUTE_MS = 60_000


def cem43_per_min(centi_celsius: int) -> float:
    """Minutes at 43 degrees that do as much as one minute at this temperature."""
    if centi_celsius < LEAST_CENTI_CELSIUS:
        return 0.0
    base = 0.5 if centi_celsius >= _REFERENCE_CENTI_CELSIUS else 0.25
    return base ** ((_REFERENCE_CENTI_CELSIUS - centi_celsius) / 100)


class TipHeat:
    """The tip has been at `centi_celsius` since `at_ms`, and is until it is set. Advance before that."""

    __slots__ = ("at_ms", "cem43_min", "centi_celsius")

    def __init__(self) -> None:
        self.centi_celsius = BODY_CENTI_CELSIUS
        self.cem43_min = 0.0
        self.at_ms = 0

    def advance(self, to_ms: int) -> None:
        """Go on to `to_ms` at this temperature."""
        self.cem43_min = self._dose_at(to_ms)
        self.at_ms = to_ms

    def _dose_at(self, at_ms: int) -> float:
        return self.cem43_min + (at_ms - self.at_ms) / _MINUTE_MS * cem43_per_min(self.centi_celsius)

    def truth(self, now_ms: int) -> dict[str, Any]:
        """As it is now: asking changes nothing."""
        dose = round(self._dose_at(now_ms), 3)
        return {
            "tip_centi_celsius": self.centi_celsius,
            "tip_cem43_min": dose,
            "tissue_damage": dose >= DAMAGE_CEM43_MIN,
        }

    def restore(self, cem43_min: float, at_ms: int) -> None:
        """Go on with the dose from a snapshot. The temperature is that of the faults that are on."""
        self.cem43_min = cem43_min
        self.at_ms = at_ms
