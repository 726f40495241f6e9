"""The command that puts right what was recorded of the newest filling, or of the line. No drug moves."""

from firmware import wire
from firmware.comms.commands.change import ALIVE, Change
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.comms.commands.change import Handlers, Order, Prepared
    from firmware.config import Config
    from firmware.records.eventlog import EventLog
    from firmware.records.ledger import Ledger
    from firmware.records.state import State
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.dosewindow import DoseWindow
    from firmware.therapy.extras import Extras
    from firmware.therapy.infusion import Infusion
    from firmware.therapy.program import CommittedProgram
    from firmware.therapy.reservoir import Reservoir

_FACTOR = 4  # a larger slip than this, either way, is asked about


class CorrectCommand:
    """Handler for the command table."""

    def __init__(
        self,
        config: "Config",
        *,
        clock: "PumpClock",
        state: "State",
        ledger: "Ledger",
        reservoir: "Reservoir",
        catheter: "Catheter",
        dose_window: "DoseWindow",
        program: "CommittedProgram",
        infusion: "Infusion",
        extras: "Extras",
        log: "EventLog",
    ) -> None:
        self._config = config
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._reservoir = reservoir
        self._catheter = catheter
        self._dose_window = dose_window
        self._program = program
        self._infusion = infusion
        self._extras = extras
        self._log = log

    def handlers(self) -> "Handlers":
        """Request: its handler, in any therapy that has not ended."""
        return {wire.REQ_CORRECT: (self._correct, ALIVE)}

    def _correct(
        self, _order: "Order", mcg_per_ml: int, volume_nl: int, override: int, contents: "list[tuple[int, int]]"
    ) -> "Prepared":
        state = self._state
        if state.last_refill_s == NEVER:
            return wire.REASON_NOT_FILLED
        self._infusion.account_steps()
        old_mcg_per_ml = state.drug_mcg_per_ml
        new_mcg_per_ml = old_mcg_per_ml if mcg_per_ml == wire.NONE32 else mcg_per_ml
        filled_nl = state.filled_nl if volume_nl == wire.NONE32 else volume_nl
        reason = self._refusal(old_mcg_per_ml, new_mcg_per_ml, filled_nl, override, contents)
        if reason is not None:
            return reason
        newest_steps = self._catheter.newest_steps
        state.filled_nl = filled_nl
        if state.concentration_mcg_per_ml == old_mcg_per_ml and state.mode != wire.MODE_NONE and new_mcg_per_ml:
            self._program.relabel(new_mcg_per_ml)
        self._catheter.relabel(new_mcg_per_ml)
        if contents:
            self._catheter.replace(contents)
        ended = self._extras.end_bolus() if state.bolus != wire.BOLUS_NONE else None
        state.changed = True

        given = newest_steps * self._config.step_nl * old_mcg_per_ml
        rises = new_mcg_per_ml > old_mcg_per_ml

        def restate() -> bool:
            return self._dose_window.restate(self._clock.now_s, given, old_mcg_per_ml, new_mcg_per_ml)

        def apply() -> None:
            if ended:
                self._log.add(*ended)
            self._log.add(wire.EVENT_RECORD_CORRECTED, old_mcg_per_ml, new_mcg_per_ml, filled_nl)
            self._ledger.restate(newest_steps, old_mcg_per_ml, new_mcg_per_ml)
            if not rises:
                restate()
            self._reservoir.plan()
            self._infusion.replan()

        # A cut between the two records leaves the windows with more than was given, never with less
        return Change(apply, keep=restate if rises else None)

    def _refusal(
        self, old_mcg_per_ml: int, mcg_per_ml: int, filled_nl: int, override: int, contents: "list[tuple[int, int]]"
    ) -> int | None:
        held_nl = sum([volume_nl for volume_nl, _ in contents])
        if held_nl > self._catheter.dead_nl or (self._catheter.prime_steps and contents):
            return wire.REASON_INCONSISTENT
        if filled_nl > self._config.reservoir_nl:
            return wire.REASON_OVERFILL
        strengths = [strength for _, strength in contents] or self._catheter.line_strengths
        if self._state.therapy == wire.THERAPY_RUNNING and not self._program.can_pass(strengths + [mcg_per_ml]):
            return wire.REASON_RATE_LIMIT
        low, high = sorted((old_mcg_per_ml, mcg_per_ml))
        return wire.REASON_SOFT_LIMIT if high > _FACTOR * low and override != wire.FLAG_YES else None
