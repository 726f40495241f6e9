"""What every wake owes the body: a watchdog while awake, few calls, and no wake that nothing asked for."""

import pytest

from .body import Body
from .clinic import DAY_S, Clinic


class CountingBody(Body):
    """Takes down the calls that the pump makes on any of its devices."""

    def __init__(self):
        super().__init__()
        self.calls = []
        for device in (self, self.motor, self.store, self.line):
            for name in ("seconds", "ticks_ms", "rest_mv", "load_mv", "arm", "pause", "present", "order", "progress"):
                self._count(device, name)
            for name in ("halt", "read", "write", "append", "room", "play"):
                self._count(device, name)

    def _count(self, device, name):
        method = getattr(device, name, None)
        if method is None:
            return

        def counted(*args):
            self.calls.append(name)
            return method(*args)

        setattr(device, name, counted)


def running():
    clinic = Clinic(CountingBody())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.run(DAY_S + 100)
    clinic.body.calls.clear()
    return clinic


@pytest.mark.shows("R4.3")
def test_the_watchdog_is_armed_first_and_paused_last():
    clinic = running()
    clinic.poll()
    clinic.run(3600)
    calls = clinic.body.calls
    wakes = calls.count("arm")
    assert wakes == calls.count("pause") == 2
    assert calls[0] == "arm"
    assert calls[-1] == "pause"
    assert calls[calls.index("pause") + 1] == "arm"


def test_an_idle_wake_makes_at_most_ten_calls():
    clinic = running()
    clinic.poll()
    assert len(clinic.body.calls) <= 10


def test_a_day_has_a_wake_an_hour():
    clinic = running()
    clinic.run(DAY_S)
    assert clinic.body.calls.count("arm") == 24


def test_a_stopped_pump_wakes_as_rarely():
    clinic = running()
    clinic.command("STOP")
    clinic.body.calls.clear()
    clinic.run(DAY_S)
    assert clinic.body.calls.count("arm") <= 24 + 1 + 19  # an hour each, the stop alarm, and its tones


@pytest.mark.shows("R6.3", "SEED-40")
def test_an_unfilled_pump_lives_its_life_in_silence_and_then_says_that_it_ends():
    clinic = Clinic(Body())
    clinic.run(2557 * DAY_S - 1)
    assert "eri" in clinic.alarms()
    assert not clinic.body.tones
    clinic.run(1)
    assert clinic.status().therapy == "end_of_service"
    assert clinic.body.tones[0][1] == 0x55


@pytest.mark.shows("R6.2")
def test_end_of_service_comes_ninety_days_after_eri_at_the_latest():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.body.rest_mv = lambda: 2500  # a worn cell
    clinic.run(3600)
    assert "eri" in clinic.alarms()
    clinic.body.rest_mv = lambda: 3000  # a better reading takes nothing back
    clinic.run(89 * DAY_S)
    assert clinic.status().therapy == "running"
    clinic.run(DAY_S)
    assert clinic.status().therapy == "end_of_service"
    assert clinic.status().rate_nl_per_day == 0


@pytest.mark.shows("SEED-21")
def test_a_cell_that_cannot_turn_the_motor_ends_service_at_once():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    clinic.body.rest_mv = lambda: 2400
    clinic.body.load_mv = lambda: 2200
    clinic.run(3600)
    assert clinic.status().therapy == "end_of_service"


@pytest.mark.shows("R3.7", "FI-03")
def test_stalls_are_counted_over_24_hours():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.program()
    for _ in range(6):  # each stall and its end take 7 h: at most four begin in a day
        clinic.body.stalled = True
        clinic.run(4 * 3600)
        clinic.body.stalled = False
        clinic.run(3 * 3600)
    counts = [event.b for event in clinic.events() if event.event == "MOTOR_STALL"]
    assert counts == [1, 2, 3, 4, 4, 4]
