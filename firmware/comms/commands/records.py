"""Commands of what is kept in records of their own: the patient's texts and the device key."""

from firmware import crypto, wire
from firmware.comms.commands.change import ANY, Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from firmware.checks.keys import Keys
    from firmware.comms.commands.change import Handlers, Order, Prepared
    from firmware.comms.sessions import Sessions
    from firmware.records.eventlog import EventLog
    from firmware.records.patientrecord import PatientRecord
    from firmware.records.titration import TitrationHistory
    from firmware.safety.alarms import Alarms


class RecordCommands:
    """Handlers for the command table."""

    def __init__(
        self,
        *,
        alarms: "Alarms",
        log: "EventLog",
        patient_record: "PatientRecord",
        titration: "TitrationHistory",
        keys: "Keys",
        sessions: "Sessions",
    ) -> None:
        self._alarms = alarms
        self._log = log
        self._patient_record = patient_record
        self._titration = titration
        self._keys = keys
        self._sessions = sessions

    def handlers(self) -> "Handlers":
        """Request: its handler; all are run whatever the therapy is."""
        return {
            wire.REQ_READ_RECORD: (self._read_record, ANY),
            wire.REQ_WRITE_RECORD: (self._write_record, ANY),
            wire.REQ_PROVISION: (self._provision, ANY),
        }

    def _read_record(self, _order: "Order", field: int) -> "Prepared":
        text = self._patient_record.read(field)
        if text is None:  # not the same as one that says nothing
            return wire.REASON_STATE
        return wire.ANS_RECORD, wire.pack_record(field, text)

    def _write_record(self, _order: "Order", field: int, text: bytes) -> "Prepared":
        def apply() -> None:
            self._log.add(wire.EVENT_RECORD_CHANGED, field)
            self.end_memory_alarm()

        return Change(apply, keep=lambda: self._patient_record.write(field, text), in_state=False)

    def _provision(self, order: "Order", masked_key: bytes) -> "Prepared":
        device_key = order.session.unmask(masked_key, order.frame.sequence)
        if device_key == crypto.TEST_KEY:
            return wire.REASON_INCONSISTENT

        def apply() -> None:
            self._keys.changed(wire.KEY_DEVICE)
            self._sessions.end()
            self.end_memory_alarm()

        return Change(apply, keep=lambda: self._keys.keep(device_key), in_state=False)

    def end_memory_alarm(self) -> None:
        """End the alarm of a damaged record where all of them are valid again."""
        if not (self._patient_record.corrupt or self._titration.corrupt or self._keys.corrupt):
            self._alarms.clear_condition(wire.ALARM_MEMORY, by_programmer=True)
