"""Keeps what a programmer orders: prepare the change in the state, keep it here, and only then apply and log it."""

from firmware import wire


class Keeper:
    """The one place that makes an order permanent."""

    def __init__(self, pump):
        self._uptime = pump.uptime
        self._state = pump.state
        self._ledger = pump.ledger
        self._alarms = pump.alarms

    def keep(self):
        """Make the change permanent and end a loss of memory. None, or REASON_STORE and all is as before."""
        if self._write():
            return None
        self._state.revert()
        return wire.REASON_STORE

    def obey(self):
        """The same for an order to deliver less or to be silent, which holds even if it cannot be kept: until a reset
        undoes it, and is kept as soon as the store takes something again. None, or REASON_STORE."""
        if self._write():
            return None
        self._alarms.occur(wire.ALARM_MEMORY_CRITICAL, self._uptime.now_s, wire.REGION_PROGRAM)
        self._state.accept()
        return wire.REASON_STORE

    def _write(self):
        state = self._state
        was_lost = state.lost
        state.lost = False
        if state.keep(self._uptime.now_s):
            self._ledger.lost = False
            return True
        state.lost = was_lost
        return False
