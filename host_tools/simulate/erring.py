"""From what is meant to what is done: whoever carries out a visit may slip, with an act or with the visit."""

from collections.abc import Callable
from typing import Any

from host_tools.machines.draw import Draw
from host_tools.scenario.checkers.outcome import DONE, Outcome
from host_tools.scenario.schema import PROGRAMMER_VERBS
from host_tools.simulate.person import LOOK, Visit
from host_tools.simulate.slips import SLIPS, Act, verb_of

Do = Callable[[Act], Any]
"""Does an act: returns its Outcome, or for LOOK the status."""

NOTICED_PERCENT = 70  # of slips that the pump refuses, or asks about


class Erring:
    """Each seed leaves out about half of the kinds of slips, and draws how often the others happen."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._percent = draw.one_of([0, 1, 3, 10])
        self._kinds = [name for name in SLIPS if draw.chance(50)]
        self._orders = draw.chance(50)
        self._abandons = draw.chance(50)

    def carry_out(self, visit: Visit, do: Do) -> None:
        """Do a visit's acts, as people do them."""
        held: Act | None = None
        answer: Any = None
        while True:
            try:
                act = visit.send(answer)
            except StopIteration:
                break
            if act is LOOK:
                answer = do(act)
                continue
            if self._orders and held is None and self._errs():
                held, answer = act, DONE  # it is done after the next one
                continue
            answer = self._do_somehow(act, do)
            if held is not None:
                do(held)
                held = None
            if self._abandons and self._errs():
                visit.close()
                break
        if held is not None:
            do(held)

    def _errs(self) -> bool:
        return self._draw.chance(self._percent)

    def _do_somehow(self, act: Act, do: Do) -> Outcome:
        """Do an act, or something else instead. What the pump refuses they look at again."""
        if verb_of(act) not in PROGRAMMER_VERBS:
            return do(act)
        slip = SLIPS[self._draw.one_of(self._kinds)] if self._kinds and self._errs() else None
        acts = slip(self._draw, act) if slip else None
        if acts is None:
            return do(act)
        outcome = DONE
        for done in acts:
            outcome = do(done)
        slipped = any("meant" in done for done in acts)
        if slipped and outcome.reason and self._draw.chance(NOTICED_PERCENT):
            return do(act)
        if slipped and outcome.reason == "soft_limit" and verb_of(act) == verb_of(acts[-1]):
            verb = verb_of(act)
            return do(acts[-1] | {verb: acts[-1][verb] | {"override": True}})
        return outcome
