"""Impairment of the serial lines: corrupted, lost or doubled frames, and interference with the head."""

REACH_MM = 25  # to which telemetry works (docs/sources.md, SEED-41)
LOST_PERCENT_PER_MM = 10  # of depth beyond that: a choice
MOST_LOST_PERCENT = 60  # by depth: a choice, with which a session still works by asking again


class LinkImpairment:
    """Percent of all frames, either way. `emi`: interference that the pump takes for a telemetry head.

    A pump that sits at `depth_mm` loses frames by that, and of the rest `drop_percent`.
    """

    __slots__ = ("depth_mm", "drop_percent", "duplicate_percent", "emi", "noise_percent")

    def __init__(self) -> None:
        self.emi = False
        self.depth_mm = 0
        self.noise_percent = self.drop_percent = self.duplicate_percent = 0

    @property
    def lost_percent(self) -> int:
        """The share of frames that do not arrive, by depth and faults together."""
        deep = min(MOST_LOST_PERCENT, LOST_PERCENT_PER_MM * max(0, self.depth_mm - REACH_MM))
        return 100 - (100 - deep) * (100 - self.drop_percent) // 100

    @property
    def quiet(self) -> bool:
        """True if every frame arrives as it was sent."""
        return not (self.noise_percent or self.lost_percent or self.duplicate_percent)
