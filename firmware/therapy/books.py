"""The books: what was delivered, written down batch by batch, and the alarms of a reservoir that it empties."""

from firmware import wire
from firmware.records.state import NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.clock import PumpClock
    from firmware.records.ledger import Ledger
    from firmware.records.state import State
    from firmware.safety.alarms import Alarms
    from firmware.therapy.catheter import Catheter
    from firmware.therapy.orders import Orders
    from firmware.therapy.reservoir import Reservoir


class Books:
    """Keeps the ledger in the store."""

    def __init__(
        self,
        *,
        clock: "PumpClock",
        state: "State",
        ledger: "Ledger",
        reservoir: "Reservoir",
        catheter: "Catheter",
        alarms: "Alarms",
        orders: "Orders",
    ) -> None:
        self._clock = clock
        self._state = state
        self._ledger = ledger
        self._reservoir = reservoir
        self._catheter = catheter
        self._alarms = alarms
        self._orders = orders

    def assume(self) -> None:
        """More was delivered than the ledger knows, and nobody knows how much: of the reservoir that it is low, of the
        line that it moved by that or by less."""
        state, ledger = self._state, self._ledger
        if state.last_refill_s == NEVER:
            return
        known_steps = state.filled_at_steps if ledger.lost else ledger.booked_steps - ledger.recovered_steps
        self._reservoir.assume_low()
        self._catheter.lose_place(ledger.booked_steps - known_steps)

    def open(self) -> None:
        """After a boot: book what it found, which the line was told of. Where the store does not take that, or did not
        before, more was delivered than the ledger knows. What is assumed then goes into the ledger after the line."""
        now_s = self._clock.now_s
        kept = not self._state.unsaved and self._ledger.keep(now_s, 0)
        if kept and self._state.unbooked != wire.FLAG_YES:
            return
        self._alarms.raise_alarm(wire.ALARM_MEMORY_CRITICAL, now_s, wire.REGION_LEDGER)
        if not kept:
            self.assume()
        if self._state.last_refill_s != NEVER:
            self.watch_reservoir()

    def keep(self, steps: int) -> None:
        """Write down what was delivered, and the next batch's size. A store that does not take it stops no therapy, but
        is an alarm, and what it missed is marked wherever it can be."""
        now_s = self._clock.now_s
        state = self._state
        if state.unsaved and not state.commit(now_s):  # before the ledger: a cut must not find the line untold of it
            state.continue_unsaved()
        kept = self._ledger.keep(now_s, steps)
        if not kept:
            self._alarms.raise_alarm(wire.ALARM_MEMORY_CRITICAL, now_s, wire.REGION_LEDGER)
        elif not self._orders.memory_fault and self._alarms.active(wire.ALARM_MEMORY_CRITICAL):
            self._alarms.clear_condition(wire.ALARM_MEMORY_CRITICAL)
        unbooked = wire.FLAG_NO if kept else wire.FLAG_YES
        if unbooked != state.unbooked:
            state.unbooked = unbooked
            state.changed = True
        elif kept and state.unsaved:
            state.changed = True

    def watch_reservoir(self) -> None:
        """Raise the alarms of a reservoir that is low, and of one that is empty, and end those of one that is not any
        more: what is recorded of it, its gauge and the rate move the thresholds."""
        self._follow(wire.ALARM_LOW_RESERVOIR, self._reservoir.low)
        self._follow(wire.ALARM_RESERVOIR_EMPTY, not self._reservoir.deliverable_steps)

    def _follow(self, alarm: int, holds: bool) -> None:
        if holds:
            self._alarms.raise_alarm(alarm, self._clock.now_s, self._reservoir.volume_nl)
        elif self._alarms.active(alarm):
            self._alarms.clear_condition(alarm)
