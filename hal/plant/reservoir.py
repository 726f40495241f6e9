"""The drug reservoir. Whole nL; what a step moves beyond whole nL is carried on."""


class Reservoir:
    """`volume_nl` is in it, `delivered_nl` left the pump. Each step moves `step_nl`, or `over_percent` more."""

    __slots__ = ("_hundredths", "capacity_nl", "delivered_nl", "over_percent", "step_nl", "volume_nl")

    def __init__(self, step_nl: int, capacity_nl: int) -> None:
        self.step_nl = step_nl
        self.capacity_nl = capacity_nl
        self.volume_nl = 0
        self.delivered_nl = 0
        self.over_percent = 0
        self._hundredths = 0  # of a nL, moved but not yet counted; 0..99

    def draw(self, steps: int) -> None:
        """Move `steps` forward (backward when negative), as far as there is anything to move."""
        moved_nl, self._hundredths = divmod(steps * self.step_nl * (100 + self.over_percent) + self._hundredths, 100)
        if moved_nl >= self.volume_nl:
            moved_nl = self.volume_nl
            self._hundredths = 0
        self.volume_nl -= moved_nl
        self.delivered_nl += moved_nl

    def refill(self, volume_nl: int) -> int:
        """Take everything out, put `volume_nl` in; what came out. ValueError when it does not fit."""
        if not 0 <= volume_nl <= self.capacity_nl:
            raise ValueError(f"{volume_nl} nL do not go into a reservoir of {self.capacity_nl} nL")
        aspirated_nl = self.volume_nl
        self.volume_nl = volume_nl
        return aspirated_nl

    def snapshot(self) -> dict[str, int]:
        return {
            "volume_nl": self.volume_nl,
            "delivered_nl": self.delivered_nl,
            "hundredths": self._hundredths,
        }

    def restore(self, state: dict[str, int]) -> None:
        self.volume_nl = state["volume_nl"]
        self.delivered_nl = state["delivered_nl"]
        self._hundredths = state["hundredths"]
