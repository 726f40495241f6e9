"""The line, the pump's tubing and the catheter, as parcels: the dose is what leaves the tip.

A parcel is (mcg/mL, the booked step at which its end passes the tip); 0 mcg/mL is one without drug. They stand from the
tip back, and what comes after the last is the drug of the newest filling. Refill, implantation and correction write
them; that they move follows from the ledger. Edges fall on steps so that none is stronger than it is taken to be: to a
stronger drug rounded down, to a weaker one up.

A prime pushes parcels without drug. It is ordered as a volume and counted in booked steps: a stall, a stop or a reset
makes it longer and takes nothing from it.
"""

from firmware.records.state import NEVER
from firmware.records.statefields import PARCELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.ledger import Ledger
    from firmware.records.state import Parcel, State


class Catheter:
    """Works on `state` and `ledger`, and keeps nothing itself. Volumes in nL, strengths in mcg/mL."""

    def __init__(self, config: "Config", state: "State", ledger: "Ledger") -> None:
        self._config = config
        self._state = state
        self._ledger = ledger

    @property
    def dead_nl(self) -> int:
        """The volume that it holds."""
        return self._state.tubing_nl + self.catheter_nl(self._state.catheter_mm)

    def catheter_nl(self, catheter_mm: int) -> int:
        """The volume of a catheter, the pump's own tubing left out."""
        return catheter_mm * self._config.catheter_nl_per_cm // 10

    @property
    def _parcels(self) -> "list[Parcel]":
        """Those that have not passed the tip."""
        booked_steps = self._ledger.booked_steps
        return [parcel for parcel in self._state.line if parcel[1] > booked_steps]

    # What is at the tip

    @property
    def given_mcg_per_ml(self) -> int:
        """The strength at the tip, which what leaves it is counted at: 0 where there is no drug."""
        parcels = self._parcels
        return parcels[0][0] if parcels else self._state.drug_mcg_per_ml

    @property
    def last_mcg_per_ml(self) -> int:
        """The strength of the last step that was booked."""
        booked_steps = self._ledger.booked_steps
        line = [mcg_per_ml for mcg_per_ml, end in self._state.line if end >= booked_steps]
        return line[0] if line else self._state.drug_mcg_per_ml

    @property
    def mcg_per_ml(self) -> int:
        """The strength that the rate is made from: a parcel without drug passes as the reservoir's would, or, where
        there is none in that, as the next drug in the line."""
        return self.given_mcg_per_ml or self._state.drug_mcg_per_ml or (self.line_strengths + [0])[0]

    @property
    def bridging(self) -> bool:
        """True while the drug at the tip is of another strength than the reservoir's."""
        return self.mcg_per_ml != self._state.drug_mcg_per_ml

    @property
    def edge_steps(self) -> int:
        """Steps until another strength comes to the tip; 0 where nothing but the reservoir's will come."""
        parcels = self._parcels
        now = self.given_mcg_per_ml
        following = [mcg_per_ml for mcg_per_ml, _ in parcels[1:]] + [self._state.drug_mcg_per_ml]
        for i in range(len(parcels)):
            if following[i] != now:
                return parcels[i][1] - self._ledger.booked_steps
        return 0

    @property
    def before_reservoir_steps(self) -> int:
        """Steps until the drug of the reservoir's strength comes to the tip, and stays."""
        parcels = [end for mcg_per_ml, end in self._parcels if mcg_per_ml != self._state.drug_mcg_per_ml]
        return parcels[-1] - self._ledger.booked_steps if parcels else 0

    @property
    def unprimed_nl(self) -> int:
        """The volume without drug at the tip, in whole steps: to be delivered before any drug is."""
        steps = 0
        for mcg_per_ml, end in self._parcels:
            if mcg_per_ml:
                break
            steps = end - self._ledger.booked_steps
        return steps * self._config.step_nl

    @property
    def line_strengths(self) -> "list[int]":
        """Of the drug in the line that is not of the newest filling."""
        return [mcg_per_ml for mcg_per_ml, _ in self._parcels if mcg_per_ml]

    def contents(self) -> "list[tuple[int, int]]":
        """(nL, mcg/mL) of each parcel from the tip back, the reservoir's drug in the line included."""
        found = []
        at = self._ledger.booked_steps
        for mcg_per_ml, end in self._parcels:
            found.append(((end - at) * self._config.step_nl, mcg_per_ml))
            at = end
        left_nl = self.dead_nl - sum([volume_nl for volume_nl, _ in found])
        if left_nl > 0 and (found or self._state.last_refill_s != NEVER):
            found.append((left_nl, self._state.drug_mcg_per_ml))
        return found

    def passing(self, volume_nl: int) -> "list[tuple[int, int]]":
        """(nL, mcg/mL that the rate is made from) of so much, as it will pass the tip."""
        found = []
        drug_mcg_per_ml = self._state.drug_mcg_per_ml
        at = self._ledger.booked_steps
        for mcg_per_ml, end in self._parcels:
            part_nl = min(volume_nl, (end - at) * self._config.step_nl)
            found.append((part_nl, mcg_per_ml or drug_mcg_per_ml))
            volume_nl -= part_nl
            at = end
        found.append((volume_nl, drug_mcg_per_ml))
        return [part for part in found if part[0]]

    # What changes it: all put it into the state, for the caller to keep

    @property
    def newest_steps(self) -> int:
        """Steps of the newest filling that left the tip."""
        ends = [end for _, end in self._state.line] + [self._state.filled_at_steps]
        return max(0, self._ledger.booked_steps - max(ends))

    def fill(self, old_mcg_per_ml: int, known_new: bool) -> None:
        """Another filling stands behind the line, the newest being of `old_mcg_per_ml` until now. With `known_new` the
        line is said to hold the new drug already, but for what is not primed."""
        parcels = self._parcels
        if known_new:
            empty = [i for i in range(len(parcels)) if parcels[i][0]]
            self._put(parcels[: empty[0]] if empty else parcels)
            return
        self._state.line_unknown_steps = self._ledger.unknown_steps
        end = self._edge(self.dead_nl, old_mcg_per_ml, self._state.drug_mcg_per_ml)
        if not parcels or end > parcels[-1][1]:
            parcels.append((old_mcg_per_ml, end))
        self._put(parcels)

    def replace(self, contents: "list[tuple[int, int]]") -> None:
        """The line holds this, (nL, mcg/mL) of each parcel from the tip back, and the reservoir's drug behind it."""
        following = [mcg_per_ml for _, mcg_per_ml in contents[1:]] + [self._state.drug_mcg_per_ml]
        parcels = []
        end_nl = 0
        for i in range(len(contents)):
            end_nl += contents[i][0]
            parcels.append((contents[i][1], self._edge(end_nl, contents[i][1], following[i])))
        self._state.line_unknown_steps = self._ledger.unknown_steps
        self._put(parcels)

    def relabel(self, mcg_per_ml: int) -> None:
        """The newest filling is of that strength, and was all along. Where the drug before it is the stronger one now,
        and was not, what cuts left unknown makes it last longer; where it is not any more, no longer."""
        state = self._state
        if state.line:
            before, end = state.line[-1]
            unknown_steps = max(0, self._ledger.unknown_steps - state.line_unknown_steps)
            later = (before > mcg_per_ml) - (before > state.drug_mcg_per_ml)
            self._put(state.line[:-1] + [(before, min(end + later * unknown_steps, max(end, self._full_steps)))])
        state.drug_mcg_per_ml = mcg_per_ml
        state.changed = True

    def fit(self, contents: "list[tuple[int, int]]", tubing_primed: bool) -> None:
        """Another catheter, or another pump's with what it holds, (nL, mcg/mL) from the tip back; where nothing is said
        of it there is no drug. The tubing is empty, or filled from the reservoir, now or with the first refill."""
        catheter_nl = self.catheter_nl(self._state.catheter_mm)
        held_nl = sum([volume_nl for volume_nl, _ in contents])
        empty_nl = catheter_nl - held_nl + (0 if tubing_primed else self._state.tubing_nl)
        self.replace(contents + [(empty_nl, 0)])

    def resize(self, longer_nl: int) -> None:
        """The catheter is so much longer than was said, or shorter (below 0): the parcel at the tip is."""
        steps = longer_nl // self._config.step_nl
        booked_steps = self._ledger.booked_steps
        self._put([(mcg_per_ml, max(booked_steps, end + steps)) for mcg_per_ml, end in self._parcels])

    def blur(self, steps: int) -> None:
        """So many steps are booked of which nobody knows whether they moved the line: every point of it takes the
        strongest strength within so many steps.

        Say 2000 mcg/mL end at step 500, 500 mcg/mL at step 900, and 1000 mcg/mL follow. With 200 steps unknown the
        2000 end at step 700, and the 500 still at step 900. However much is unknown, none is farther than the line is
        long.
        """
        line = [(mcg_per_ml, end, max(end, min(end + steps, self._full_steps))) for mcg_per_ml, end in self._state.line]
        spans = []
        start = 0
        for mcg_per_ml, end, latest in line:
            spans.append((start, latest, mcg_per_ml))
            start = end
        parcels = []
        at = 0
        for end in sorted([end for _, end, _ in line] + [latest for _, _, latest in line]):
            if end == at:
                continue
            strongest = max([mcg_per_ml for begin, until, mcg_per_ml in spans if begin <= at and end <= until])
            if at >= start and strongest <= self._state.drug_mcg_per_ml:
                break
            parcels.append((strongest, end))
            at = end
        self._put(parcels)

    def lose_place(self, steps: int) -> None:
        """The newest so many steps are booked in place of a number that nobody knows: all of the line may still be
        there, or have passed, and so takes the strongest strength of what was in it before them."""
        state = self._state
        booked_steps = self._ledger.booked_steps
        held = [parcel for parcel in state.line if parcel[1] + steps > booked_steps]
        if held:
            strongest = max([mcg_per_ml for mcg_per_ml, _ in held])
            passed = min(held[-1][1], booked_steps)
            self._put([(strongest, self._full_steps if strongest > state.drug_mcg_per_ml else passed)])

    @property
    def _full_steps(self) -> int:
        """The booked step at which all that the line holds now will have passed the tip."""
        return self._ledger.booked_steps - -self.dead_nl // self._config.step_nl

    def _edge(self, end_nl: int, mcg_per_ml: int, following_mcg_per_ml: int) -> int:
        step_nl = self._config.step_nl
        rises = not mcg_per_ml or following_mcg_per_ml > mcg_per_ml
        steps = end_nl // step_nl if rises else -(-end_nl // step_nl)
        return self._ledger.booked_steps + steps

    def _put(self, parcels: "list[Parcel]") -> None:
        """Put the parcels into the state: equal neighbours as one, and where they are too many the two whose merging
        as the stronger one adds the least drug."""
        merged: "list[Parcel]" = []
        at = self._ledger.booked_steps
        for mcg_per_ml, end in parcels:
            if end <= at:
                continue
            if merged and merged[-1][0] == mcg_per_ml:
                merged.pop()
            merged.append((mcg_per_ml, end))
            at = end
        while len(merged) > PARCELS:
            _merge_closest(merged, self._ledger.booked_steps)
        passed = [parcel for parcel in parcels if parcel[1] <= self._ledger.booked_steps]
        self._state.line = merged or passed[-1:]  # the last one tells since when the newest drug leaves the tip
        self._state.changed = True

    # The prime

    @property
    def prime_steps(self) -> int:
        """Steps left of the prime."""
        return max(0, self._state.prime_until_steps - self._ledger.booked_steps)

    def begin_prime(self, volume_nl: int) -> None:
        """Put a prime into the state."""
        state = self._state
        state.prime_from_steps = self._ledger.booked_steps
        state.prime_until_steps = state.prime_from_steps + -(-volume_nl // self._config.step_nl)

    def end_prime(self) -> tuple[int, int]:
        """Take the prime out of the state; (ordered, delivered) nL."""
        state = self._state
        step_nl = self._config.step_nl
        ordered_nl = (state.prime_until_steps - state.prime_from_steps) * step_nl
        delivered_nl = ordered_nl - self.prime_steps * step_nl
        state.prime_until_steps = state.prime_from_steps = 0
        state.changed = True
        return ordered_nl, delivered_nl


def _merge_closest(parcels: "list[Parcel]", booked_steps: int) -> None:
    """Make one of two neighbours, as strong as the stronger."""
    starts = [booked_steps] + [end for _, end in parcels]
    best = 0
    least = None
    for i in range(len(parcels) - 1):
        first, second = parcels[i][0], parcels[i + 1][0]
        weaker = i if first < second else i + 1
        added = abs(first - second) * (parcels[weaker][1] - starts[weaker])
        if least is None or added < least:
            best, least = i, added
    mcg_per_ml = max(parcels[best][0], parcels[best + 1][0])
    parcels[best : best + 2] = [(mcg_per_ml, parcels[best + 1][1])]
