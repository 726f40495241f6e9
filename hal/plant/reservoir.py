"""The drug reservoir, in whole nL. Fractions that a step moves or a leak loses are carried on."""

from typing import NamedTuple

_DAY_MS = 86_400_000


class Drawn(NamedTuple):
    """Volumes in nL that left in a stretch of time: moved by the rotor and leaked within its first `moving_ms`, leaked
    within `standing_ms` after the rotor stood. Both end early when the reservoir runs dry."""

    moved_nl: int
    moving_ms: float
    leaked_moving_nl: int
    leaked_standing_nl: int
    standing_ms: float


class Reservoir:
    """`volume_nl` is in it, `delivered_nl` left the pump. Each step moves `step_nl`, or `over_percent` more, and
    `through_percent` of that gets through.

    `missing_nl` was to be moved and was not there. `filled` stays true from the first filling on.
    """

    __slots__ = (
        "_leak_rest",
        "_ten_thousandths",
        "capacity_nl",
        "delivered_nl",
        "filled",
        "leak_nl_per_day",
        "mcg_per_ml",
        "missing_nl",
        "over_percent",
        "step_nl",
        "through_percent",
        "volume_nl",
    )

    def __init__(self, step_nl: int, capacity_nl: int) -> None:
        self.step_nl = step_nl
        self.capacity_nl = capacity_nl
        self.volume_nl = self.delivered_nl = self.missing_nl = 0
        self.mcg_per_ml = 0
        self.over_percent = 0  # below zero for less
        self.through_percent = 100
        self.filled = False
        self.leak_nl_per_day = 0
        self._ten_thousandths = 0  # of a nL, moved but not yet counted; 0..9999
        self._leak_rest = 0  # nL/day times ms, lost but not yet counted

    def draw(self, steps: int, moving_ms: int, standing_ms: int) -> Drawn:
        """Move `steps` forward (backward when negative) within `moving_ms`, then stand for `standing_ms`."""
        wanted = steps * self.step_nl * (100 + self.over_percent) * self.through_percent
        wanted_nl, self._ten_thousandths = divmod(wanted + self._ten_thousandths, 10_000)
        moved_nl, lasted_ms = wanted_nl, float(moving_ms)
        gone_nl = wanted_nl + self._leaked_nl(moving_ms)
        if gone_nl >= self.volume_nl:
            self._ten_thousandths = 0
            if gone_nl:
                moved_nl = self.volume_nl * wanted_nl // gone_nl
                lasted_ms = moving_ms * self.volume_nl / gone_nl
            gone_nl = self.volume_nl
        self.volume_nl -= gone_nl
        wanted_leak_nl = self._leaked_nl(standing_ms)
        leaked_nl = min(self.volume_nl, wanted_leak_nl)
        self.volume_nl -= leaked_nl
        self.delivered_nl += moved_nl
        self.missing_nl += wanted_nl - moved_nl
        leaking_ms = standing_ms * leaked_nl / wanted_leak_nl if wanted_leak_nl else 0.0
        return Drawn(moved_nl, lasted_ms, gone_nl - moved_nl, leaked_nl, leaking_ms)

    def _leaked_nl(self, ms: int) -> int:
        leaked_nl, self._leak_rest = divmod(ms * self.leak_nl_per_day + self._leak_rest, _DAY_MS)
        return leaked_nl

    def refill(self, volume_nl: int, mcg_per_ml: int, over_nl: int = 0) -> int:
        """Take everything out, put `volume_nl` in; what came out. ValueError when it does not fit.

        `over_nl` goes in on top, with force where it must.
        """
        if not 0 <= volume_nl <= self.capacity_nl:
            raise ValueError(f"{volume_nl} nL do not go into a reservoir of {self.capacity_nl} nL")
        aspirated_nl = self.volume_nl
        self.volume_nl = volume_nl + over_nl
        self.mcg_per_ml = mcg_per_ml
        self.filled = True
        return aspirated_nl

    def snapshot(self) -> dict[str, int]:
        return {
            "volume_nl": self.volume_nl,
            "mcg_per_ml": self.mcg_per_ml,
            "delivered_nl": self.delivered_nl,
            "missing_nl": self.missing_nl,
            "filled": self.filled,
            "ten_thousandths": self._ten_thousandths,
            "leak_rest": self._leak_rest,
        }

    def restore(self, state: dict[str, int]) -> None:
        self.volume_nl = state["volume_nl"]
        self.mcg_per_ml = state["mcg_per_ml"]
        self.delivered_nl = state["delivered_nl"]
        self.missing_nl = state["missing_nl"]
        self.filled = state.get("filled", True)  # a folder of an earlier version has none, and hundredths
        self._ten_thousandths = state.get("ten_thousandths", 0)
        self._leak_rest = state["leak_rest"]
