"""Telemetry on a line: pushed in its rhythm, dropped and counted where there is no room, never in delivery's way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.config import Config
from protocol import frame, registry

from .body import Body, Line
from .clinic import DAY_S, MONDAY_S, Clinic


class NarrowLine(Line):
    """A line whose room the test sets."""

    left = 4096

    def room(self) -> int:
        return self.left


class NarrowBody(Body):
    def __init__(self):
        super().__init__()
        self.line = NarrowLine()
        self.links = (self.line,)


def running(**options):
    clinic = Clinic(NarrowBody(), Config(**options))
    clinic.implant()
    clinic.refill()
    clinic.program()
    return clinic


def pushed(clinic):
    """(sequence, fields) of the messages pushed since the last look."""
    frames = frame.Decoder().feed(clinic.body.line.outgoing)
    clinic.body.line.outgoing = b""
    return [(one.sequence, registry.decode(one)) for one in frames if registry.name_of(one.type) == "TELEMETRY"]


@given(period_s=st.integers(1, 4000), periods=st.integers(1, 20))
def test_it_comes_in_its_rhythm(period_s, periods):
    clinic = running()
    start_s = clinic.pump.clock.now_s
    clinic.ask("SUBSCRIBE", period_s=period_s)
    clinic.run(period_s * periods)
    messages = pushed(clinic)
    assert [sequence for sequence, _ in messages] == list(range(1, periods + 2))
    assert [fields.uptime_s - start_s for _, fields in messages] == [period_s * n for n in range(periods + 1)]
    assert messages[-1][1].dropped == 0


def test_what_there_was_no_room_for_is_counted_and_numbered():
    clinic = running()
    clinic.ask("SUBSCRIBE", period_s=60)
    pushed(clinic)
    clinic.body.line.left = 100
    clinic.run(600)
    assert pushed(clinic) == []
    clinic.body.line.left = 4096
    clinic.poll()
    ((sequence, fields),) = pushed(clinic)
    assert fields.dropped == 9  # of the ten that were due, one is this
    assert sequence == 11
    clinic.run(60)
    assert [sequence for sequence, _ in pushed(clinic)] == [12]


@pytest.mark.shows("R3.6")
def test_a_full_line_costs_no_wakes_and_no_dose():
    clinic = running()
    clinic.ask("SUBSCRIBE", period_s=1)
    clinic.body.line.left = 0
    before = clinic.body.motor.progress()[1]
    clinic.run(1)
    assert clinic.due_s - clinic.pump.clock.now_s > 1000
    clinic.run(DAY_S)
    assert clinic.body.motor.progress()[1] - before == 2500


def test_nothing_comes_after_the_end_of_a_subscription():
    clinic = running()
    clinic.ask("SUBSCRIBE", period_s=10)
    clinic.ask("SUBSCRIBE", period_s=0)
    pushed(clinic)
    clinic.run(DAY_S)
    assert pushed(clinic) == []


def test_todays_dose_begins_at_midnight():
    clinic = Clinic(NarrowBody())
    clinic.implant(MONDAY_S + 22 * 3600)
    clinic.refill()
    clinic.program(dose_ng_per_day=480_000)
    clinic.run(2 * 3600 - 1)
    assert abs(clinic.status().delivered_today_ng - 40_000) <= 200
    clinic.run(1)
    assert clinic.status().delivered_today_ng == 0
    clinic.run(3600)
    assert abs(clinic.status().delivered_today_ng - 20_000) <= 200


def test_silencing_and_clearing_are_logged():
    clinic = running()
    clinic.run(73 * DAY_S)
    clinic.command("SILENCE", alarm="low_reservoir")
    clinic.refill()
    names = [str(entry.event) for entry in clinic.events()]
    assert names.index("LOW_RESERVOIR") < names.index("ALARM_SILENCED") < names.index("ALARM_CLEARED")


@pytest.mark.shows("FI-45", "R8.10")
def test_telemetry_beyond_the_budget_is_dropped_and_all_else_answered():
    clinic = running(telemetry_bytes_per_day=4000)
    clinic.ask("SUBSCRIBE", period_s=60)
    pushed(clinic)
    start_s = clinic.pump.clock.now_s
    clinic.run(3600)
    sent = len(pushed(clinic))
    assert 10 < sent < 59
    assert clinic.due_s >= start_s + 3600 + 900, "it woke for what it may not send"
    status = clinic.status()
    assert [str(advisory) for advisory in status.advisories] == ["telemetry_budget"]
    assert status.telemetry_dropped + sent == 60
    assert clinic.ask("HELLO").serial
    clinic.command("STOP")
    assert pushed(clinic) == []
    clinic.run(DAY_S - 3601)
    assert pushed(clinic) == []
    clinic.run(1)
    ((sequence, fields),) = pushed(clinic)
    assert sequence == DAY_S // 60 + 1
    assert fields.dropped == sequence - sent - 2  # this one and the first came through, too
    assert clinic.status().advisories == []
    assert len([entry for entry in clinic.events() if str(entry.event) == "COMMS_RATE_LIMIT"]) == 1


@pytest.mark.shows("FI-41", "R8.10")
def test_noise_is_logged_once_an_hour_with_its_count():
    clinic = running()
    for _ in range(300):
        clinic.exchange(b"noise\0")
        clinic.run(30)
    counts = [entry.a for entry in clinic.events() if str(entry.event) == "COMMS_ERROR"]
    assert counts == [1, 119, 120]
    clinic.run(3600)
    assert [entry.a for entry in clinic.events() if str(entry.event) == "COMMS_ERROR"] == [1, 119, 120, 60]
    assert clinic.status().comms_errors == 300


@pytest.mark.parametrize(("free", "told"), [(123_456, 123_456), (0, 0), (-1, 2**32 - 1)])
def test_diagnostics_tell_the_bodys_runtime_and_free_memory(free, told):
    clinic = Clinic(Body())
    clinic.body.free = free
    before = clinic.status()
    answer = clinic.ask("DIAGNOSTICS")
    assert (answer.runtime.rstrip(b"\0"), answer.free_bytes) == (b"toy", told)
    assert clinic.status() == before
