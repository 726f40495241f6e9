"""Impairment of the serial lines: corrupted, lost or doubled frames, and interference with the head."""


class LinkImpairment:
    """Percent of all frames, either way. `emi`: interference that the pump takes for a telemetry head."""

    __slots__ = ("drop_percent", "duplicate_percent", "emi", "noise_percent")

    def __init__(self) -> None:
        self.emi = False
        self.noise_percent = self.drop_percent = self.duplicate_percent = 0

    @property
    def quiet(self) -> bool:
        """True if every frame arrives as it was sent."""
        return not (self.noise_percent or self.drop_percent or self.duplicate_percent)
