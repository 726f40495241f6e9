"""A machine that goes back to a snapshot of itself now and then, in the midst of what it does."""

import random

from host_tools.machines.mock.machine import MockMachine


class Restless(MockMachine):
    """Restores what it was, so that all that follows is done by a restored one. When, is drawn from its seed."""

    restores = 0

    def __init__(self, config, **options):
        super().__init__(config, **options)
        self._drawn = random.Random(f"{config.serial} {self._seed}")

    def advance_to(self, at_ms):
        if at_ms > self.now_ms and self._drawn.random() < 0.5:
            super().advance_to(self._drawn.randint(self.now_ms, at_ms))
            self._come_back()
        super().advance_to(at_ms)

    def wake(self):
        """In an open session too, with a frame half answered."""
        if self._drawn.random() < 0.05:
            self._come_back()
        super().wake()

    def _come_back(self):
        self.restore(self.snapshot())
        Restless.restores += 1
