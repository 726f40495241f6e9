"""The pump's log, read as it is written."""

from struct import unpack_from
from typing import Any

from firmware import wire
from firmware.records.eventlog import ENTRY_BYTES, RECORD_BYTES
from hal.mock.recorder import Recorder
from host_tools.machines.plantsync import EVENT_FIELD, PLANT_EVENTS, Implanted, implants_in
from host_tools.programmer.entry_json import event_json
from protocol.messages import LogEntry


class LogReader:
    """Takes the records that went to the log's slots out of `recorder`. They are parsed when somebody asks for them.

    `implants` are the implantations that nobody has taken out yet; `parsed` the entries that were asked for.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.parsed: list[dict[str, Any]] = []
        self._unparsed: list[bytes] = []
        self.implants: list[Implanted] = []

    def read(self) -> bool:
        """Take what was written since the last call; True if any of it concerns the plant."""
        entries = [record[:ENTRY_BYTES] for record in self._recorder.log if len(record) == RECORD_BYTES]  # else torn
        self._recorder.log.clear()
        self._unparsed += entries
        fields = [unpack_from(wire.LOG_ENTRY_FMT, entry) for entry in entries]
        self.implants += implants_in(fields)
        return any(entry[EVENT_FIELD] in PLANT_EVENTS for entry in fields)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All entries so far, as `thecal log` would show them."""
        for data in self._unparsed:
            entry: Any = LogEntry.parse(data)
            self.parsed.append(event_json(entry))
        self._unparsed.clear()
        return self.parsed
