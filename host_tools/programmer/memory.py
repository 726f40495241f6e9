"""What the pump remembers for people: records of patient and implant, the titration history, the program."""

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches
from typing import Any

from host_tools.programmer import readout
from host_tools.programmer.client import Client
from host_tools.programmer.errors import BadValue
from host_tools.programmer.flex import DAYS, FlexProgram, FlexStep
from host_tools.programmer.handover import Handover
from host_tools.programmer.orders import Program
from host_tools.programmer.texts import check_text
from protocol import codes, messages, registry

LAST_COMMIT = registry.field_of("DOSES", "first").most


class Memory(Client):
    """Reads and writes it. Personal data stays in the pump: nothing here keeps any."""

    def records(self) -> dict[str, str]:
        """The patient's record, all fields, those never written empty. Refused when the pump's copies are spoilt."""
        with self.session():
            texts = {field: self.ask("READ_RECORD", field=field)["text"] for field in codes.RECORDS}
        return {field: text.rstrip(b"\0").decode("utf-8", "replace") for field, text in texts.items()}

    def write_record(self, field: str, text: str) -> None:
        """Write one text of the patient's record; an empty one deletes it."""
        self.write_records({field: text})

    def write_records(self, texts: Mapping[str, str]) -> None:
        """Write several texts in one session; BadValue, before any is written, for one that no pump takes."""
        wanted = self._encoded(texts)
        with self.session():
            for field, text in wanted.items():
                self.ask("WRITE_RECORD", field=field, text=text)

    def _encoded(self, texts: Mapping[str, str]) -> dict[str, bytes]:
        return {field: _on_the_wire(field, text, self._checks) for field, text in texts.items()}

    def implant_record(self) -> dict[str, Any]:
        """What `implant` recorded last: lengths, volumes and place in its units, and when (None: not implanted)."""
        with self.session():
            return readout.implant_dict(self.ask("READ_IMPLANT"))

    def handover(self) -> Handover:
        """All that the next pump is to know of this one's implantation and patient."""
        with self.session():
            return Handover(self.hello()["serial"], self.implant_record(), self.records())

    def titration(self) -> list[dict[str, Any]]:
        """The committed daily doses that the pump still has (64), oldest first."""
        doses: list[dict[str, Any]] = []
        first, newest = 1, 1
        while first <= newest:
            answer = self.read("DOSES", first=first)
            newest = answer["newest"]
            doses += [readout.dose_dict(dose) for dose in answer["doses"]]
            first = answer["doses"][-1]["number"] + 1 if answer["doses"] else newest + 1
        return doses

    def commits(self) -> int:
        """The number of the newest commit, 0 before the first: which program is in force."""
        return self.read("DOSES", first=LAST_COMMIT)["newest"]

    def running_program(self) -> Program | FlexProgram | None:
        """The committed program, which runs or which `resume` would run; None before the first."""
        if str(self.read("STATUS")["mode"]) == "none":
            return None
        with self.session():
            fields = self.ask("READ_PROGRAM")
            head = Program(str(fields["mode"]), *(fields[name] for name in Program._fields[1:]))
            if head.mode != "flex":
                return head
            days = [self.ask("READ_PROGRAM_DAY", day=day)["steps"] for day in range(len(DAYS))]
        steps = (tuple(FlexStep(*(step[name] for name in FlexStep._fields)) for step in day) for day in days)
        return FlexProgram(head.concentration_mcg_per_ml, tuple(steps))


def _on_the_wire(field: str, text: str, checks: bool) -> bytes:
    if field not in codes.RECORDS:
        near = get_close_matches(field, codes.RECORDS, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"fields are {', '.join(codes.RECORDS)}"
        raise BadValue(f"the patient's record has no field {field!r}; {advice}")
    data = text.encode()
    most = codes.RECORDS[field].most_bytes if checks else messages.TEXT_BYTES
    if len(data) > most:
        raise BadValue(f"{field} is {len(data)} bytes of UTF-8 long; the pump keeps {most}: shorten it")
    if checks:
        check_text(field, text, lines=True)
        _check_born(field, text)
    return data.ljust(messages.TEXT_BYTES, b"\0")


def _check_born(field: str, text: str) -> None:
    """BadValue for what is no day in `born`."""
    if field == "born" and text:
        try:
            if len(text) == 10:
                date.fromisoformat(text)
                return
        except ValueError:
            pass
        raise BadValue(f"born {text!r} is no day; write 1980-05-17")
