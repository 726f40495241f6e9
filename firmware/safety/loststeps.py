"""Steps that get lost one by one: pulses that did not move the rotor, and were no stall's (docs/sources.md, R1.10)."""

WINDOW_STEPS = 100


class LostSteps:
    """The last WINDOW_STEPS steps, or as many more as were counted together.

    A run of missed steps waits until it ends: one that grows to its limit is a stall, and is none of these. `watching`
    is False while nothing was missed lately; then nothing need be added.
    """

    def __init__(self) -> None:
        self._pieces: list[int] = []  # steps of a piece, how many of them were missed, and so on, oldest first
        self.begin(True)

    def begin(self, clean: bool) -> None:
        """Forget all; `clean` if no step is to be thought missed before now."""
        self._pieces[:] = [WINDOW_STEPS, 0] if clean else []
        self.steps = WINDOW_STEPS if clean else 0
        self.missed_steps = 0
        self._waiting = 0
        self.watching = not clean

    def add(self, confirmed: int, missed: int, missed_run: int) -> None:
        """Count steps in; `missed_run` of those missed up to now are in a row that goes on."""
        lost = max(0, self._waiting + missed - missed_run)
        self._waiting = missed_run
        self._pieces += [confirmed + lost, lost]
        self.steps += confirmed + lost
        self.missed_steps += lost
        while self.steps - self._pieces[0] >= WINDOW_STEPS:
            self.steps -= self._pieces.pop(0)
            self.missed_steps -= self._pieces.pop(0)
        self.watching = bool(self._waiting or self.missed_steps or self.steps < WINDOW_STEPS)

    @property
    def many(self) -> bool:
        """True if more than a tenth is missing. Rounded up: an even tenth falls unevenly into a window."""
        return self.missed_steps > (max(self.steps, WINDOW_STEPS) + 9) // 10

    @property
    def few(self) -> bool:
        """True if at most a tenth of a whole window is missing."""
        return self.steps >= WINDOW_STEPS and self.missed_steps * 10 <= self.steps
