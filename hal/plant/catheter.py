"""The line: the pump's tubing and the catheter behind it, as plug flow. What went in first comes out first, as strong.

Volumes are whole nL; doses are in nL times mcg/mL, in which nothing is rounded.
"""

from collections import deque
from collections.abc import Iterable
from math import exp
from typing import Any

TUBING_NL = 140_000  # inside the pump

Parcel = tuple[int, int]
"""(nL, mcg/mL)"""


class Catheter:
    """Begins filled with nothing that acts. `leak_percent` of what comes to the tip is lost just before it, and
    `hold_percent` of the rest held back there.

    `dead_nl` is the volume of the line, `tubing_nl` that of its part inside the pump. A side port sits between the two.
    With `mixing_percent` what is pushed at the speed of a prime mixes with what stands in so much of the line, at the
    tip: it reaches the tip early, and diluted. How much does is a choice; no source has a number.
    """

    __slots__ = (
        "_awaits_filling",
        "_backward_nl",
        "_parcels",
        "dead_nl",
        "held_hundredths",
        "hold_percent",
        "leak_percent",
        "mixing_percent",
        "tip_hundredths",
        "tubing_nl",
    )

    def __init__(self, catheter_nl: int = 0, tubing_nl: int = TUBING_NL) -> None:
        self.leak_percent = self.mixing_percent = self.hold_percent = 0
        self.tip_hundredths = 0  # of a nL mcg/mL, that reached the CSF
        self.held_hundredths = 0  # that are held back at the tip
        self.fit(catheter_nl, tubing_nl)

    @property
    def catheter_nl(self) -> int:
        """The volume between the side port and the tip."""
        return self.dead_nl - self.tubing_nl

    @property
    def contents(self) -> list[Parcel]:
        """The parcels in the line, from the tip back."""
        return list(self._parcels)

    # Surgery

    def fit(self, catheter_nl: int, tubing_nl: int, tubing_mcg_per_ml: int | None = 0) -> None:
        """Put in a new catheter, without drug. The tubing holds that strength; with None that of the first filling."""
        self._put([(catheter_nl, 0)])
        self._join(tubing_nl, tubing_mcg_per_ml)

    def connect(self, tubing_nl: int, tubing_mcg_per_ml: int | None = 0) -> None:
        """Put the tubing of another pump before the catheter, filled as for `fit`. What is in the catheter stays."""
        self._put(self._take(self.catheter_nl))
        self._join(tubing_nl, tubing_mcg_per_ml)

    def _join(self, tubing_nl: int, mcg_per_ml: int | None) -> None:
        self.tubing_nl = tubing_nl
        self.dead_nl = sum(volume_nl for volume_nl, _ in self._parcels) + tubing_nl
        self._append(tubing_nl, mcg_per_ml or 0)
        self._awaits_filling = mcg_per_ml is None
        self._backward_nl = 0

    def fill(self, mcg_per_ml: int) -> None:
        """The reservoir is filled with a drug of that strength, which tubing that waits for it holds as well."""
        if self._awaits_filling:
            self.connect(self.tubing_nl, mcg_per_ml)

    def resize(self, catheter_nl: int, tubing_nl: int, reservoir_mcg_per_ml: int) -> None:
        """Set the volumes right and move nothing: cut from what stands at the tip, or stretch it."""
        longer_nl = catheter_nl + tubing_nl - self.dead_nl
        tip_mcg_per_ml = self._parcels[0][1] if self._parcels else reservoir_mcg_per_ml
        self._take(-longer_nl)
        self._put([(longer_nl, tip_mcg_per_ml), *self._parcels])
        self.dead_nl, self.tubing_nl = catheter_nl + tubing_nl, tubing_nl

    # Flow

    def push(self, volume_nl: int, mcg_per_ml: int, priming: bool = False) -> list[Parcel]:
        """Let the pump push (or, below zero, suck back) so much; what comes out at the tip, in order.

        `priming`: at the speed of a prime.
        """
        volume_nl -= self._backward_nl
        self._backward_nl = max(0, -volume_nl)
        if volume_nl <= 0:
            return []
        self._append(volume_nl, mcg_per_ml)
        mixing_nl = self.dead_nl * self.mixing_percent // 100 if priming else 0
        return self._leave(self._stir(volume_nl, mixing_nl) if mixing_nl else self._take(volume_nl))

    def _stir(self, volume_nl: int, mixing_nl: int) -> list[Parcel]:
        """Move the line on by `volume_nl`, its last `mixing_nl` before the tip well stirred; what comes out."""
        held = sum(part_nl * mcg_per_ml for part_nl, mcg_per_ml in self._take(mixing_nl))
        out: list[Parcel] = []
        for part_nl, mcg_per_ml in self._take(volume_nl):
            balance = mixing_nl * mcg_per_ml
            left = balance + round((held - balance) * exp(-part_nl / mixing_nl))
            out += _even(part_nl, held + part_nl * mcg_per_ml - left)
            held = left
        self._put([*_even(mixing_nl, held), *self._parcels])
        return out

    def aspirate(self, volume_nl: int) -> list[Parcel]:
        """Draw so much out at the side port, with CSF following at the tip; what came, in order."""
        catheter_nl = self.catheter_nl
        line = self._take(catheter_nl)
        tubing = self.contents
        self._put([(volume_nl, 0), *line])
        left = self._take(catheter_nl)
        drawn = self.contents[::-1]
        self._put([*left, *tubing])
        return drawn

    def inject(self, volume_nl: int, mcg_per_ml: int) -> list[Parcel]:
        """Push so much in at the side port; what comes out at the tip, in order."""
        line = self._take(self.catheter_nl)
        tubing = self.contents
        self._put([*line, (volume_nl, mcg_per_ml)])
        out = self._leave(self._take(volume_nl))
        self._put([*self._parcels, *tubing])
        return out

    def _leave(self, out: list[Parcel]) -> list[Parcel]:
        for part_nl, mcg_per_ml in out:
            reached, held, _ = self.share(part_nl * mcg_per_ml)
            self.tip_hundredths += reached
            self.held_hundredths += held
        return out

    def share(self, drug: int) -> tuple[int, int, int]:
        """Hundredths of so much drug at the tip (in nL times mcg/mL): reaching the CSF, held back, and lost."""
        lost = drug * self.leak_percent
        held = (100 * drug - lost) * self.hold_percent // 100
        return 100 * drug - lost - held, held, lost

    def let_go(self) -> int:
        """All that is held back reaches the CSF; in hundredths of a nL mcg/mL."""
        held, self.held_hundredths = self.held_hundredths, 0
        self.tip_hundredths += held
        return held

    # Parcels

    def _put(self, parcels: Iterable[Parcel]) -> None:
        """Hold these and no others."""
        held = list(parcels)
        self._parcels: deque[Parcel] = deque()
        for volume_nl, mcg_per_ml in held:
            self._append(volume_nl, mcg_per_ml)

    def _append(self, volume_nl: int, mcg_per_ml: int) -> None:
        """Put a parcel behind the others, if there is anything of it."""
        if volume_nl <= 0:
            return
        if self._parcels and self._parcels[-1][1] == mcg_per_ml:
            volume_nl += self._parcels.pop()[0]
        self._parcels.append((volume_nl, mcg_per_ml))

    def _take(self, volume_nl: int) -> list[Parcel]:
        """Take so much away at the tip; what it was, in order."""
        taken = []
        while volume_nl > 0:
            first_nl, mcg_per_ml = self._parcels.popleft()
            part_nl = min(first_nl, volume_nl)
            if first_nl > part_nl:
                self._parcels.appendleft((first_nl - part_nl, mcg_per_ml))
            volume_nl -= part_nl
            taken.append((part_nl, mcg_per_ml))
        return taken

    @property
    def tip_mcg(self) -> int:
        """Drug that has reached the CSF."""
        return self.tip_hundredths // 100_000_000

    def snapshot(self) -> dict[str, object]:
        return {
            "dead_nl": self.dead_nl,
            "tubing_nl": self.tubing_nl,
            "awaits_filling": self._awaits_filling,
            "parcels": [list(parcel) for parcel in self._parcels],
            "backward_nl": self._backward_nl,
            "tip_hundredths": self.tip_hundredths,
            "held_hundredths": self.held_hundredths,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.dead_nl = state["dead_nl"]
        self.tubing_nl = state["tubing_nl"]
        self._awaits_filling = state.get("awaits_filling", False)  # a folder of an earlier version has none
        self._put((volume_nl, mcg_per_ml) for volume_nl, mcg_per_ml in state["parcels"])
        self._backward_nl = state["backward_nl"]
        self.tip_hundredths = state["tip_hundredths"]
        self.held_hundredths = state.get("held_hundredths", 0)


def _even(volume_nl: int, drug: int) -> list[Parcel]:
    """So much drug, in nL times mcg/mL, spread over a volume as evenly as whole mcg/mL allow."""
    mcg_per_ml, more_nl = divmod(drug, volume_nl)
    return [
        (part_nl, strength)
        for part_nl, strength in ((volume_nl - more_nl, mcg_per_ml), (more_nl, mcg_per_ml + 1))
        if part_nl
    ]
