"""The command table: for each request its handler, and the therapy's states in which it is run.

Roles are the wire's (`wire.ROLE_OF`) and were checked before. Refusals come before any change.
"""

from firmware import wire
from firmware.comms.commands.change import Order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.checks.selftest import SelfTest
    from firmware.comms.commands.bolus import BolusCommands
    from firmware.comms.commands.change import Answer, Handlers, Keeper
    from firmware.comms.framing import Frame
    from firmware.comms.session import Session
    from firmware.records.eventlog import EventLog
    from firmware.records.state import State

_DELIVERING = (
    wire.REQ_COMMIT,
    wire.REQ_RESUME,
    wire.REQ_MINIMUM_RATE,
    wire.REQ_PRIME,
    wire.REQ_BOLUS,
    wire.REQ_PATIENT_BOLUS,
)


class Commands:
    """Runs privileged requests; `groups` bring their handlers."""

    def __init__(
        self,
        groups: "list[Handlers]",
        *,
        bolus: "BolusCommands",
        state: "State",
        log: "EventLog",
        selftest: "SelfTest",
        keeper: "Keeper",
    ) -> None:
        self._table: Handlers = {}
        for group in groups:
            self._table.update(group)
        self._table.update(bolus.handlers())
        self._bolus = bolus
        self._state = state
        self._log = log
        self._selftest = selftest
        self._keeper = keeper

    def run(self, session: "Session", frame: "Frame", fields: tuple) -> "Answer":
        """Run a request and build its answer: REFUSED when nothing was changed."""
        reason, answer = self._run(Order(session, frame), fields)
        if reason is None:
            return answer or (wire.ANS_DONE, wire.pack_done(frame.code))
        if frame.code == wire.REQ_PATIENT_BOLUS and reason == wire.REASON_STORE:  # other refusals it logs itself
            self._log.add(wire.EVENT_BOLUS_DENIED, wire.BOLUS_PATIENT, reason)
        return wire.ANS_REFUSED, wire.pack_refused(frame.code, reason)

    def _run(self, order: Order, fields: tuple) -> "tuple[int | None, Answer | None]":
        code = order.frame.code
        handler, allowed = self._table[code]
        if code == wire.REQ_PRIME:  # how much there is to prime says more than what stands against it now
            reason = self._bolus.prime_refusal(*fields)
            if reason is not None:
                return reason, None
        if self._state.therapy not in allowed or (self._selftest.failed and code in _DELIVERING):
            return wire.REASON_STATE, None
        prepared = handler(order, *fields)
        if isinstance(prepared, int):
            return prepared, None
        if isinstance(prepared, tuple):
            return None, prepared
        return self._keeper.carry_out(prepared)
