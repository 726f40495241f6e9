"""The line: the pump's tubing and the catheter, and the drug in them that the patient gets before the reservoir's.

A prime fills it. A bridge lets an older drug in it run out at the dose it was made for, before the new one's program
begins (docs/sources.md, DD-09). Both are ordered as volumes and counted in booked steps: a stall, a stop or a reset
makes them longer and takes nothing from them.
"""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.config import Config
    from firmware.records.ledger import Ledger
    from firmware.records.state import State


class Catheter:
    """Works on `state` and `ledger`, and keeps nothing itself. Volumes in nL."""

    def __init__(self, config: "Config", state: "State", ledger: "Ledger") -> None:
        self._config = config
        self._state = state
        self._ledger = ledger

    @property
    def dead_nl(self) -> int:
        """The volume that it holds."""
        state = self._state
        return state.tubing_nl + state.catheter_mm * self._config.catheter_nl_per_cm // 10

    @property
    def unprimed_nl(self) -> int:
        """The volume still to be delivered before the drug reaches the tip of a new catheter or pump."""
        passed_nl = (self._ledger.booked_steps - self._state.line_from_steps) * self._config.step_nl
        return max(0, self._state.line_nl - passed_nl)

    @property
    def prime_steps(self) -> int:
        """Steps left of the prime."""
        return max(0, self._state.prime_until_steps - self._ledger.booked_steps)

    @property
    def bridge_steps(self) -> int:
        """Steps left of the bridge."""
        return max(0, self._state.bridge_until_steps - self._ledger.booked_steps)

    @property
    def bridging(self) -> bool:
        """True while there is older drug in the line."""
        return bool(self._state.bridge_mcg_per_ml)

    @property
    def mcg_per_ml(self) -> int:
        """The concentration now at the tip; 0 when no drug was ever filled in."""
        return self._state.bridge_mcg_per_ml or self._state.drug_mcg_per_ml

    def replace(self) -> None:
        """Put a new line into the state. A catheter that was kept is full of drug already."""
        state = self._state
        kept = state.kept_catheter == wire.FLAG_YES
        state.line_nl = state.tubing_nl if kept else self.dead_nl
        state.line_from_steps = self._ledger.booked_steps

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

    def begin_bridge(self, mcg_per_ml: int, now_mcg_per_ml: int) -> None:
        """Put the bridge from an old to a new concentration into the state.

        Where a bridge was not out yet its drug and the old one share the line, and the stronger is taken for both;
        where nothing of that old one had gone in yet, the line has none of it.
        """
        state = self._state
        booked_steps = self._ledger.booked_steps
        if state.bridge_mcg_per_ml:
            if booked_steps == state.bridge_from_steps:
                mcg_per_ml = state.bridge_mcg_per_ml
            mcg_per_ml = max(mcg_per_ml, state.bridge_mcg_per_ml)
        self.end_bridge()
        if mcg_per_ml != now_mcg_per_ml:
            state.bridge_mcg_per_ml = mcg_per_ml
            state.bridge_from_steps = booked_steps
            state.bridge_until_steps = booked_steps + -(-self.dead_nl // self._config.step_nl)

    def extend_bridge(self, steps: int) -> None:
        """Allow for so many booked steps that may have moved nothing: where the older drug is the stronger one, it may
        be there for so much longer."""
        state = self._state
        if state.bridge_mcg_per_ml > state.drug_mcg_per_ml:
            state.bridge_until_steps += steps
            state.changed = True

    def end_bridge(self) -> int:
        """Take the bridge out of the state; its volume in nL."""
        state = self._state
        volume_nl = (state.bridge_until_steps - state.bridge_from_steps) * self._config.step_nl
        state.bridge_mcg_per_ml = state.bridge_from_steps = state.bridge_until_steps = 0
        state.changed = True
        return volume_nl
