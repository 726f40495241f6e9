"""The catheter: plug flow through the dead volume. What went in first comes out first, as strong as it went in.

Volumes are whole nL; doses are in nL times mcg/mL, in which nothing is rounded.
"""

from collections import deque
from typing import Any

TUBING_NL = 140_000  # inside the pump

Parcel = tuple[int, int]
"""(nL, mcg/mL)"""


class Catheter:
    """Begins filled with nothing that acts. `leak_percent` of what reaches the tip is lost just before it.

    `dead_nl` is its volume with that of the pump's tubing before it, `tubing_nl`. `earlier`: a pump that was taken out
    was the last on it, and nobody has said that it was kept.
    """

    __slots__ = ("_backward_nl", "_parcels", "dead_nl", "earlier", "leak_percent", "tip_hundredths", "tubing_nl")

    def __init__(self, dead_nl: int = TUBING_NL, tubing_nl: int = TUBING_NL) -> None:
        self.leak_percent = 0
        self.tip_hundredths = 0  # of a nL mcg/mL, that reached the CSF
        self.fit(dead_nl, tubing_nl)

    def fit(self, dead_nl: int, tubing_nl: int) -> None:
        """Put in a new one."""
        self.dead_nl = dead_nl
        self.tubing_nl = tubing_nl
        self.earlier = False
        self._parcels: deque[Parcel] = deque([(dead_nl, 0)] if dead_nl else [])
        self._backward_nl = 0

    def connect(self, tubing_nl: int) -> None:
        """Put another pump, whose tubing holds nothing that acts, before the catheter. What is in that stays."""
        left_nl = self.dead_nl - self.tubing_nl
        self.dead_nl = left_nl + tubing_nl
        self.tubing_nl = tubing_nl
        self._backward_nl = 0
        kept: deque[Parcel] = deque()
        while left_nl:
            volume_nl, mcg_per_ml = self._parcels.popleft()
            kept.append((min(volume_nl, left_nl), mcg_per_ml))
            left_nl -= kept[-1][0]
        if tubing_nl:
            kept.append((tubing_nl, 0))
        self._parcels = kept

    def push(self, volume_nl: int, mcg_per_ml: int) -> list[Parcel]:
        """Let the pump push (or, below zero, suck back) so much; what comes out at the tip, in order."""
        volume_nl -= self._backward_nl
        self._backward_nl = max(0, -volume_nl)
        if volume_nl <= 0:
            return []
        parcels = self._parcels
        if parcels and parcels[-1][1] == mcg_per_ml:
            parcels[-1] = (parcels[-1][0] + volume_nl, mcg_per_ml)
        else:
            parcels.append((volume_nl, mcg_per_ml))
        return self._pop(volume_nl)

    def _pop(self, volume_nl: int) -> list[Parcel]:
        out = []
        while volume_nl:
            first_nl, mcg_per_ml = self._parcels.popleft()
            part_nl = min(first_nl, volume_nl)
            if first_nl > part_nl:
                self._parcels.appendleft((first_nl - part_nl, mcg_per_ml))
            volume_nl -= part_nl
            out.append((part_nl, mcg_per_ml))
            self.tip_hundredths += part_nl * mcg_per_ml * (100 - self.leak_percent)
        return out

    @property
    def tip_mcg(self) -> int:
        """Drug that has reached the CSF."""
        return self.tip_hundredths // 100_000_000

    def snapshot(self) -> dict[str, object]:
        return {
            "dead_nl": self.dead_nl,
            "tubing_nl": self.tubing_nl,
            "earlier": self.earlier,
            "parcels": [list(parcel) for parcel in self._parcels],
            "backward_nl": self._backward_nl,
            "tip_hundredths": self.tip_hundredths,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.dead_nl = state["dead_nl"]
        self.tubing_nl = state["tubing_nl"]
        self.earlier = state["earlier"]
        self._parcels = deque((volume_nl, mcg_per_ml) for volume_nl, mcg_per_ml in state["parcels"])
        self._backward_nl = state["backward_nl"]
        self.tip_hundredths = state["tip_hundredths"]
