"""What a clinician sets of the alarms, and what an implantation leaves in the pump."""

from contextlib import nullcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware import wire
from firmware.comms.alarmsettings import NAMES, change, fit
from firmware.config import Config
from firmware.records.state import State
from protocol import codes, registry
from tests.protocol.values import allowed

from .body import Body, Store
from .clinic import DAY_S, MONDAY_S, Clinic, Refused

LOW = {
    "critical_interval_s": 60,
    "non_critical_interval_s": 600,
    "stopped_after_s": 3600,
    "low_reservoir_nl": 1_400_000,
}
NONE = dict.fromkeys(NAMES, wire.NONE32)


def running(dose_ng=500_000):
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program(dose_ng)
    return clinic


def tones_in(clinic, seconds):
    heard = len(clinic.body.tones)
    clinic.run(seconds)
    return len(clinic.body.tones) - heard


@given(wanted=allowed(registry.REQUEST["ALARM_SETTINGS"].layout))
def test_what_is_wanted_is_taken_and_the_rest_is_as_it_was(wanted):
    state = State(Store(), Config(), False)
    before = [getattr(state, name) for name in NAMES]
    changes = change(state, tuple(wanted[name] for name in NAMES))
    now = [getattr(state, name) for name in NAMES]
    assert now == [
        old if wanted[name] == wire.NONE32 else wanted[name] for name, old in zip(NAMES, before, strict=True)
    ]
    assert [(old, new) for _, old, new in changes] == [
        (old, new) for old, new in zip(before, now, strict=True) if old != new
    ]


@pytest.mark.parametrize(
    ("low_nl", "fits"),
    [(1_399_999, False), (1_400_000, True), (10_000_000, True), (10_000_001, False), (wire.NONE32, True)],
)
def test_the_low_reservoir_is_between_the_residual_and_half_of_what_it_holds(low_nl, fits):
    assert fit(Config(), 60, 600, 3600, low_nl) == fits
    clinic = Clinic(Body())
    with nullcontext() if fits else pytest.raises(Refused, match="malformed"):
        clinic.command("ALARM_SETTINGS", **NONE | {"low_reservoir_nl": low_nl})


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_outlives_a_reset_and_is_logged(name):
    clinic = running()
    old = clinic.status()[name]
    clinic.command("ALARM_SETTINGS", **NONE | {name: LOW[name]})
    clinic.boot()
    assert {key: clinic.status()[key] for key in NAMES} == {key: getattr(clinic.pump.state, key) for key in NAMES}
    assert clinic.status()[name] == LOW[name]
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "ALARM_CONFIG_CHANGED"]
    assert (event.a, event.b, event.c) == (codes.ALARM_SETTING[name], old, LOW[name])


def test_off_is_no_setting():
    clinic = running()
    for name in NAMES:
        with pytest.raises(Refused, match="malformed"):
            clinic.command("ALARM_SETTINGS", **NONE | {name: 0})
    assert "ALARM_CONFIG_CHANGED" not in [str(entry.event) for entry in clinic.events()]


def test_the_intervals_are_those_of_the_tones_at_once():
    clinic = running()
    clinic.body.stalled = True
    clinic.run(DAY_S)
    assert "motor_stall" in clinic.alarms()
    assert tones_in(clinic, 3600) == 6
    clinic.command("ALARM_SETTINGS", **NONE | {"critical_interval_s": 120})
    assert tones_in(clinic, 3600) == 30
    clinic.command("SILENCE", alarm="all")
    clinic.body.stalled = False


def stall_the_motor(clinic):
    clinic.body.stalled = True
    clinic.run(4 * 3600)


def stop(clinic):
    clinic.command("STOP")
    clinic.run(6 * 3600)


SOUNDING = {  # what begins an alarm, which, and the interval's range
    "critical_interval_s": (stall_the_motor, "motor_stall", (60, 3600)),
    "non_critical_interval_s": (stop, "stopped", (600, 14_400)),
}


@pytest.mark.parametrize("name", SOUNDING)
@given(fields=st.data())
def test_a_tone_comes_no_later_than_the_new_interval_asks_nor_than_the_old_one_did(name, fields):
    begin, alarm, interval_s = SOUNDING[name]
    clinic = running()
    begin(clinic)
    assert list(clinic.alarms()) == [alarm]
    old_s = clinic.status()[name]
    clinic.run(fields.draw(st.integers(0, old_s)))
    last_s = clinic.body.tones[-1][0] // 1000
    now_s = clinic.body.now_ms // 1000
    new_s = fields.draw(st.integers(*interval_s))
    clinic.command("ALARM_SETTINGS", **NONE | {name: new_s})
    heard = len(clinic.body.tones)
    clinic.run(old_s + 3 * new_s)
    first_s = min(last_s + old_s, now_s + new_s)
    times_s = [at_ms // 1000 for at_ms, _ in clinic.body.tones[heard:]]
    assert times_s == list(range(first_s, now_s + old_s + 3 * new_s + 1, new_s))


def test_the_non_critical_interval_and_the_warning_of_a_stop():
    clinic = running()
    clinic.command("ALARM_SETTINGS", **NONE | {"non_critical_interval_s": 600, "stopped_after_s": 7200})
    clinic.command("STOP")
    clinic.run(7199)
    assert clinic.alarms() == {}
    clinic.run(1)
    assert list(clinic.alarms()) == ["stopped"]
    assert tones_in(clinic, 3600) == 6


def test_a_sooner_warning_counts_for_a_stop_that_is_on():
    clinic = running()
    clinic.command("STOP")
    clinic.run(3 * 3600)
    clinic.command("ALARM_SETTINGS", **NONE | {"stopped_after_s": 3600})
    assert list(clinic.alarms()) == ["stopped"]


def test_the_low_reservoir_volume_is_the_alarms():
    clinic = running()
    clinic.run(60 * DAY_S)  # 5 mL are left
    assert clinic.alarms() == {}
    clinic.command("ALARM_SETTINGS", **NONE | {"low_reservoir_nl": 5_000_100})
    assert list(clinic.alarms()) == ["low_reservoir"]
    assert clinic.status().low_reservoir_nl == 5_000_100
    clinic.command("ALARM_SETTINGS", **NONE | {"low_reservoir_nl": 4_000_000})
    assert clinic.alarms() == {}
    clinic.run(4 * DAY_S - 60)
    assert clinic.alarms() == {}
    clinic.run(600)
    assert list(clinic.alarms()) == ["low_reservoir"]


def test_settings_do_not_touch_delivery():
    twins = [running(777_000) for _ in range(2)]
    for day in range(4):
        for clinic in twins:
            clinic.run(DAY_S // 3 + 17)
        twins[0].command("ALARM_SETTINGS", **NONE | {"critical_interval_s": 100 + day})
    for clinic in twins:
        clinic.run(DAY_S)
    assert abs(twins[0].body.motor.counts[1] - twins[1].body.motor.counts[1]) <= 1


def implant(clinic, **fields):
    common = {"catheter_mm": 890, "tubing_nl": 140_000, "depth_mm": 20, "site": b"left".ljust(24, b"\0")}
    common |= {
        "wall_s": MONDAY_S,
        "implanted_wall_s": MONDAY_S - 60,
        "override": "no",
        "catheter": "new",
        "tubing": "empty",
        "dose_ng_per_day": 0,
        "parcels": [],
    }
    clinic.command("IMPLANT", **common | fields)


def test_the_implantation_is_read_by_an_observer_only_in_a_session():
    clinic = Clinic(Body())
    with pytest.raises(Refused, match="auth"):
        clinic.ask("READ_IMPLANT")
    implant(clinic, catheter="kept")
    clinic.boot()
    clinic.open("observer")
    told = clinic.signed("READ_IMPLANT")
    assert (told.catheter_mm, told.tubing_nl, told.depth_mm, str(told.kept_catheter)) == (890, 140_000, 20, "yes")
    assert (told.site.rstrip(b"\0"), told.implanted_wall_s) == (b"left", MONDAY_S - 60)
    (event,) = [entry for entry in clinic.events() if str(entry.event) == "IMPLANT"]
    assert (event.a, event.b, event.c) == (890, 140_000, codes.CATHETER["kept"])


@pytest.mark.parametrize(("depth_mm", "logged"), [(25, []), (26, [(26, 25)]), (255, [(255, 25)])])
def test_a_depth_beyond_reach_is_accepted_with_override_and_logged(depth_mm, logged):
    clinic = Clinic(Body())
    if logged:
        with pytest.raises(Refused, match="soft_limit"):
            implant(clinic, depth_mm=depth_mm)
        assert clinic.status().implanted_wall_s == wire.NONE32
    implant(clinic, depth_mm=depth_mm, override="yes")
    assert [(e.a, e.b) for e in clinic.events() if str(e.event) == "DEPTH_OVERRIDE"] == logged


@pytest.mark.shows("R2.2")
@pytest.mark.parametrize("low_nl", [1_400_000, 1_500_000, 2_000_000])
def test_an_empty_reservoir_is_told_of_however_late_the_warning_is_set(low_nl):
    """The latest is at the residual, with which it is empty."""
    clinic = running()
    clinic.command("ALARM_SETTINGS", **NONE | {"low_reservoir_nl": low_nl})
    clinic.refill(1_600_000)
    clinic.run(DAY_S)  # 0.2 mL at 0.25 mL/day
    assert set(clinic.alarms()) == {"low_reservoir", "reservoir_empty"}
