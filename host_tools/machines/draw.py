"""Everything that a simulated life leaves to chance, from the seed: one stream of numbers for each that draws."""

from collections.abc import Sequence
from typing import TypeVar

from hal.mock.entropy import Prng

T = TypeVar("T")


class Draw:
    """The numbers of `name` in the life of `seed`; those of another name do not depend on how many it takes."""

    def __init__(self, seed: int, name: str) -> None:
        self._prng = Prng(seed, f"simulate/{name}")

    def whole(self, least: int, most: int) -> int:
        """A whole number from `least` to `most`, each as likely as the other."""
        return least + self._prng.next() * (most - least + 1) // (1 << 32)

    def spread(self, least: int, most: int) -> int:
        """A whole number from `least` (1 or more) to `most`, where each doubling is as likely as the next one."""
        doublings = (most // least).bit_length() - 1
        low = least << self.whole(0, doublings)
        return self.whole(low, min(most, 2 * low))

    def chance(self, percent: float) -> bool:
        """True in so many of a hundred cases."""
        return self._prng.next() < percent / 100 * (1 << 32)

    def one_of(self, choices: Sequence[T]) -> T:
        """One of these, each as likely."""
        return choices[self.whole(0, len(choices) - 1)]

    def wait_s(self, mean_s: float) -> int:
        """Seconds until something that happens once in `mean_s`: from a twentieth to four times as long."""
        return max(1, round(mean_s * self.spread(50, 4000) / 1000))
