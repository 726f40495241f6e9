"""Observer of a life: lets time pass, and samples belief and truth at one instant."""

from collections.abc import Callable

from host_tools.demo.record import DAY_S, Life, Note, Sample
from host_tools.emulator.debugclient import DebugClient
from host_tools.programmer import Programmer

LOOK_EVERY_S = 7 * DAY_S // 2

Progress = Callable[[int], None]
"""Is told the pump's uptime in seconds."""


class Observer:
    """Writes its samples and notes into `life`."""

    def __init__(self, pump: Programmer, debug: DebugClient, life: Life, progress: Progress) -> None:
        self.pump = pump
        self.debug = debug
        self.life = life
        self._progress = progress

    @property
    def now_s(self) -> int:
        """The pump's uptime at the newest sample."""
        return self.life.status["uptime_s"]

    def note(self, text: str) -> None:
        """Record an event outside the pump."""
        self.life.notes.append(Note(self.now_s, text))

    def advance_by(self, by_s: int, look_every_s: int = LOOK_EVERY_S) -> None:
        self.advance_to(self.now_s + by_s, look_every_s)

    def advance_to(self, at_s: int, look_every_s: int = LOOK_EVERY_S) -> None:
        while (left_s := at_s - self.now_s) > 0:
            self.debug.advance(min(left_s, look_every_s))
            self.sample()

    def sample(self) -> None:
        life = self.life
        status = self.pump.status()
        life.status = {**status}
        truth = self.debug.truth()
        life.samples.append(
            Sample(
                at_s=status["uptime_s"],
                rate_nl_per_day=status["rate_nl_per_day"],
                tip_mcg_per_ml=status["tip_mcg_per_ml"],
                reservoir_nl=status["reservoir_nl"],
                delivered_nl=status["delivered_nl"],
                battery_mv=status["battery_mv"],
                battery_load_mv=status["battery_load_mv"],
                truth_reservoir_nl=truth["reservoir_nl"],
                truth_delivered_nl=truth["delivered_nl"],
                effect_ng_per_ml=truth["effect_ng_per_ml"],
            )
        )
        self._progress(status["uptime_s"])
