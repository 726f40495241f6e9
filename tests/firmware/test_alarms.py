"""A demonstration of an alarm is heard and leaves the alarms as they are; nor does a store that fails take one back."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from .body import Body, Line
from .clinic import Clinic, Refused

SINGLE, DUAL = 0x33, 0x55
PATTERN = {"non_critical": SINGLE, "critical": DUAL}
DUAL_MS = 3000
HOUR_S = 3600
MISSED = 1000  # steps in a row, enough for a stall


def demonstrated(demos):
    """A pump stopped for two days and a half, with a demonstration after each of these waits; and its other tones."""
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.command("STOP")
    real = []
    left_s = 60 * HOUR_S + 300  # no tone is due at the end, so that none can be late for it
    for wait_s, alarm_class in demos:
        clinic.run(wait_s)
        left_s -= wait_s
        real += clinic.body.tones
        clinic.body.tones = []
        clinic.command("DEMO_ALARM", alarm_class=alarm_class)
        assert clinic.body.tones.pop(0) == (clinic.body.now_ms, PATTERN[alarm_class])
    clinic.run(left_s)
    return clinic, real + clinic.body.tones


waits = st.one_of(st.integers(0, 5), st.sampled_from([6, 12]).map(lambda hours: hours * HOUR_S), st.integers(0, 20_000))


@pytest.mark.shows("SEED-10", "R3.4", "FI-39")
@given(demos=st.lists(st.tuples(waits, st.sampled_from(sorted(PATTERN))), max_size=4))
def test_demonstrations_change_no_alarm_and_hide_no_tone(demos):
    clinic, tones = demonstrated(demos)
    twin, expected = demonstrated([])
    assert clinic.status().alarms == twin.status().alarms
    for at_ms, pattern in expected:
        assert any(pattern == heard and at_ms <= heard_ms <= at_ms + len(demos) * DUAL_MS for heard_ms, heard in tones)
    names = [str(entry.event) for entry in clinic.events()]
    assert names.count("ALARM_DEMO") == names.count("DEMO_END") == len(demos)


def test_a_tone_that_was_cut_off_is_sounded_whole_afterwards():
    clinic, _ = demonstrated([(6 * HOUR_S, "critical")])
    assert clinic.body.tones[0] == (6 * HOUR_S * 1000 + DUAL_MS, SINGLE)


class BusyLine(Line):
    """While a frame comes in, `meanwhile` happens to the pump."""

    meanwhile: Callable[[], None] | None = None

    def read(self):
        data = super().read()
        if data and self.meanwhile:
            self.meanwhile()
        return data


def test_what_sounds_goes_on_when_the_command_that_found_it_cannot_be_kept():
    """A stall, seen by the handler of a refill, while the store fails."""
    body = Body()
    line = body.line = BusyLine()
    body.links = (line, body.neighbour)
    clinic = Clinic(body)
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(HOUR_S)
    clinic.open()

    def stall():
        line.meanwhile = None
        body.stalled = True
        body.motor.counts[0] += MISSED
        body.motor.counts[3] += MISSED
        body.motor.counts[4] = 0
        body.store.write = lambda slot, data: 2

    line.meanwhile = stall
    filled = {"volume_nl": 15_000_000, "concentration_mcg_per_ml": 2000, "aspirated_nl": 0, "bridge": "no"}
    with pytest.raises(Refused):
        clinic.signed("REFILL", drug=bytes(12), **filled)
    heard = len(body.tones)
    assert clinic.alarms()["motor_stall"].condition == "active"
    clinic.run(HOUR_S)
    assert len([tone for _, tone in body.tones[heard:] if tone == DUAL]) >= 6
