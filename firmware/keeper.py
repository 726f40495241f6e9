"""Keeps what a programmer orders: prepare the change in the state, keep it here, and only then apply and log it."""

from firmware import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.alarms import Alarms
    from firmware.ledger import Ledger
    from firmware.state import State
    from firmware.uptime import Uptime


class Keeper:
    """The one place that makes an order permanent."""

    def __init__(
        self,
        *,
        uptime: "Uptime",
        state: "State",
        ledger: "Ledger",
        alarms: "Alarms",
    ) -> None:
        self._uptime = uptime
        self._state = state
        self._ledger = ledger
        self._alarms = alarms

    def keep(self) -> int | None:
        """Make the change permanent and end a loss of memory. None, or REASON_STORE and all is as before."""
        if self._write():
            return None
        self._state.revert()
        return wire.REASON_STORE

    def obey(self) -> int | None:
        """The same for an order to deliver less or to be silent, which holds even if it cannot be kept: until a reset
        undoes it, and is kept as soon as the store takes something again. None, or REASON_STORE."""
        if self._write():
            return None
        self._alarms.occur(wire.ALARM_MEMORY_CRITICAL, self._uptime.now_s, wire.REGION_PROGRAM)
        self._state.accept()
        return wire.REASON_STORE

    def _write(self) -> bool:
        state = self._state
        was_lost = state.lost
        state.lost = False
        if state.keep(self._uptime.now_s):
            self._ledger.lost = False
            return True
        state.lost = was_lost
        return False
