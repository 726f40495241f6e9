"""Faults as they come: each seed leaves out about half of their classes, and draws how often the others happen."""

from collections.abc import Collection
from heapq import heappop, heappush

from host_tools.common.durations import format_duration
from host_tools.machines.atlas import HAZARDS, Hazard
from host_tools.machines.draw import Draw
from host_tools.machines.faultfields import DURATIONS
from host_tools.simulate.slips import Act

DAY_S = 86_400
ONCE_IN_DAYS = (3, 300)
RARE_ONCE_IN_DAYS = (200, 3000)
CALM_PERCENT = WILD_PERCENT = 4  # of the seeds: no fault at all, and every class of them


class Nature:
    """`due_s` is when something happens next. `outside`: with faults of which nothing is promised, too."""

    def __init__(self, draw: Draw, outside: bool) -> None:
        self._draw = draw
        possible = [hazard for hazard in HAZARDS.values() if outside or hazard.promise != "outside"]
        calm, wild = draw.chance(CALM_PERCENT), draw.chance(WILD_PERCENT)
        self.classes = [hazard.name for hazard in possible if (draw.chance(50) and not calm) or wild]
        self._mean_s = {name: self._draw_mean_s(HAZARDS[name]) for name in self.classes}
        self._agenda: list[tuple[int, str]] = []
        for name in self.classes:
            self._plan(name, 0)

    def _draw_mean_s(self, hazard: Hazard) -> int:
        return DAY_S * self._draw.spread(*(RARE_ONCE_IN_DAYS if hazard.rare else ONCE_IN_DAYS))

    def _plan(self, name: str, now_s: int) -> None:
        heappush(self._agenda, (now_s + self._draw.wait_s(self._mean_s[name]), name))

    @property
    def due_s(self) -> int:
        return self._agenda[0][0]

    @property
    def has_plans(self) -> bool:
        return bool(self._agenda)

    def strike(self, on: Collection[str]) -> Act | None:
        """What happens now; None where that is on already."""
        now_s, name = heappop(self._agenda)
        hazard = HAZARDS[name]
        self._plan(name, now_s)
        act = act_of(hazard, self._draw)
        return None if name in on else act


def act_of(hazard: Hazard, draw: Draw) -> Act:
    """The step that lets a hazard happen, with numbers that are drawn; of a cut in a write the circumstance alone."""
    fields = {field: _written(field, value) for field, value in hazard.draw(draw).items()}
    lasts_s = draw.spread(*hazard.lasts_s) if hazard.lasts_s else None
    if hazard.name == "cut_in_write":
        return {"cut_in_write": fields["write"]}
    if hazard.name == "power_cut":
        return {"power_cut": {"for": format_duration(lasts_s or 10)}}
    until = {} if lasts_s is None else {"for": format_duration(lasts_s)}
    return {"fault": {"name": hazard.name, **fields, **until}}


def _written(field: str, value: object) -> object:
    """A fault's field as a scenario writes it."""
    if field not in DURATIONS or not isinstance(value, int):
        return value
    return f"{'-' if value < 0 else ''}{format_duration(abs(value))}"
