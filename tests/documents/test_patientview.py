"""The patient's view: made with the patient's key alone, of requests that a patient may send, in plain words."""

from typing import Any

import pytest

from firmware.comms.session import _RANK
from host_tools.documents import texts
from host_tools.documents.patientview import (
    CONTACTS,
    patient_view_dict,
    patient_view_sections,
    read_patient_view,
)
from host_tools.machines.mock.link import MemoryTransport
from host_tools.programmer import Programmer
from protocol import auth, codes, registry
from protocol.frame import Decoder, Frame
from tests.documents.bench import RECORDS, Bench

PATIENT = codes.ROLE["patient"]


class Listener(MemoryTransport):
    """Keeps each request that is sent."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench.machine)
        self.sent: list[Frame] = []
        self._decoder = Decoder()

    def write(self, data: bytes) -> None:
        self.sent += self._decoder.feed(data)
        super().write(data)


def view_text(pump: Programmer) -> str:
    sections = patient_view_sections(read_patient_view(pump))
    return "\n".join(f"{heading}: {' '.join(lines)}" for heading, lines in sections)


def lived(bench: Bench) -> None:
    bench.treat()
    bench.pump.write_records(RECORDS)


def alarmed(bench: Bench) -> None:
    lived(bench)
    bench.pump.stop()
    bench.pass_time(hours=60)


LIVES = {"new": lambda bench: None, "treated": lived, "alarmed": alarmed}


@pytest.mark.shows("SEED-65", "SEED-36")
@pytest.mark.parametrize("life", LIVES)
def test_the_patients_key_is_enough_and_nothing_else_is_asked(life: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    LIVES[life](bench)
    line = Listener(bench)
    whole = auth.role_key
    monkeypatch.setattr(
        "host_tools.programmer.client.auth.role_key",
        lambda key, role: whole(key, role) if role == PATIENT else bytes(32),
    )
    view = read_patient_view(Programmer(line))
    assert view.status["signed"]
    assert view.contacts == {field: RECORDS[field] if life != "new" else "" for field in CONTACTS}
    asked = [registry.name_of(frame.type) for frame in line.sent]
    assert {"STATUS", "READ_RECORD", "CLOSE"} <= set(asked)
    for frame, name in zip(line.sent, asked, strict=True):
        least = registry.REQUEST[name].role
        assert least is None or _RANK[codes.ROLE[least]] <= _RANK[PATIENT], name
        if name == "OPEN":
            assert str(registry.decode(frame)["role"]) == "patient"
    monkeypatch.undo()
    logged = {event["name"] for event in bench.pump.log()}
    assert not logged & {"CMD_REJECTED", "AUTH_FAIL", "AUTH_REPLAY"}


@pytest.mark.shows("SEED-65")
def test_it_says_how_much_when_and_whom() -> None:
    bench = Bench()
    lived(bench)
    bench.pass_time(days=20)
    text = view_text(bench.pump)
    for words in (
        "15.000 mL of 20.000 mL, which is 75 %",
        "in 52 days (about 7 weeks), on 2026-03-18",
        "Refill: by 2026-03-11.",
        "New pump: about 2032-10-07.",
        "Alarms: None.",
        RECORDS["clinic"],
        RECORDS["contacts"],
        RECORDS["physician"],
    ):
        assert words in text, words
    for private in ("diagnosis", "medicines", "patient_name"):
        assert RECORDS[private] not in text
    bench.pass_time(days=46)
    assert "it was due by 2026-03-11. Call the clinic today." in view_text(bench.pump)


@pytest.mark.shows("SEED-65")
@pytest.mark.parametrize("name", codes.ALARM)
@pytest.mark.parametrize("silenced", [False, True])
def test_each_alarm_has_a_meaning_and_something_to_do(name: str, silenced: bool) -> None:
    bench = Bench()
    lived(bench)
    view = read_patient_view(bench.pump)
    critical = codes.ALARM[name] >> 8 == codes.CLASS["critical"]
    alarm: Any = {
        "name": name,
        "class": "critical" if critical else "non_critical",
        "since_s": 1,
        "silenced": silenced,
        "condition": "active",
    }
    view = view._replace(status={**view.status, "alarm_list": [alarm], "alarms": [name]})
    told = patient_view_dict(view)["alarms"][0]
    said = dict(patient_view_sections(view))["Alarms"]
    assert texts.ALARM[name] in told["meaning"]
    assert told["do"] in said[0]
    assert ("at once" in told["do"]) == critical
    assert ("silence" in told["do"]) != silenced
    assert (len(said) > 1) == critical


def test_after_its_end_it_tells_to_call_at_once() -> None:
    bench = Bench()
    lived(bench)
    bench.wear_out()
    text = view_text(bench.pump)
    assert f"this one stopped for good on {bench.pump.status()['eos']}" in text
    assert text.startswith("No treatment now")


def test_without_a_session_it_shows_what_anybody_may_read_and_says_so() -> None:
    bench = Bench()
    lived(bench)
    bench.machine.hal.head.set(False)
    view = read_patient_view(Programmer(MemoryTransport(bench.machine)))
    assert (view.contacts, view.status["signed"]) == (None, False)
    whom = dict(patient_view_sections(view))["Whom to call"]
    assert "cannot be read now" in whom[0]
    assert "telemetry head" in whom[0]


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "in less than a day"), (1, "in 1 day,"), (13, "in 13 days,"), (14, "in 14 days (about 2 weeks)")],
)
def test_days_are_in_words(days: int, words: str) -> None:
    bench = Bench()
    lived(bench)
    bench.pass_time(days=72 - days, hours=-8)
    status = bench.pump.status()
    assert "low_reservoir" not in status["alarms"]
    assert words in view_text(bench.pump)
