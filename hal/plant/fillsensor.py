"""The reservoir's fill sensor, with all that can be wrong with it."""


class FillSensor:
    """Reads the true volume plus `offset_nl`, or `stuck_nl` where that is not None, or nothing while `dead`.

    `noise_nl` is the most by which a single reading is off. Whoever takes the reading draws it.
    """

    def __init__(self) -> None:
        self.dead = False
        self.stuck_nl: int | None = None
        self.offset_nl = 0
        self.noise_nl = 0

    def read_nl(self, volume_nl: int) -> int | None:
        """The reading without its noise; None while the sensor is dead."""
        if self.dead:
            return None
        if self.stuck_nl is not None:
            return self.stuck_nl
        return max(0, volume_nl + self.offset_nl)
