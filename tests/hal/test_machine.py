"""The machine: who is woken when, what a cut does, and what the trace sees."""

import os
import subprocess
import sys

import pytest

from firmware.config import Config
from hal.mock.errors import Misuse
from host_tools.machines.mock.firmwarerun import MOST_POLLS
from host_tools.machines.mock.machine import MockMachine
from tests.hal import toy
from tests.hal.toy import ToyPump

HOUR_MS = 3_600_000


def machine(pump_class=ToyPump, **options):
    return MockMachine(Config(), pump_class=pump_class, **options)


def variant(**attributes):
    return type("Variant", (ToyPump,), attributes)


def test_the_pump_is_woken_at_its_deadlines_and_time_lands_where_told():
    one = machine()
    assert one.next_wake_ms == HOUR_MS
    one.advance_to(3 * HOUR_MS - 1)
    assert one.pump.polls_s == [0, 3600, 7200]
    assert one.now_ms == 3 * HOUR_MS - 1
    one.advance_to(3 * HOUR_MS)
    assert one.pump.polls_s[-1] == 10800
    with pytest.raises(ValueError, match="is before the pump's present"):
        one.advance_to(3 * HOUR_MS - 1)


def test_advancing_in_pieces_gives_the_same_trace():
    at_once, in_pieces = machine(), machine()
    at_once.advance_to(30 * HOUR_MS)
    for at_ms in range(0, 30 * HOUR_MS + 1, 777_000):
        in_pieces.advance_to(at_ms)
    in_pieces.advance_to(30 * HOUR_MS)
    assert at_once.effects.trace_sha256() == in_pieces.effects.trace_sha256()


def test_the_motor_stops_by_itself_when_nobody_polls():
    one = machine()
    one.plant.advance(100 * HOUR_MS)
    assert one.plant.truth()["rotor_steps"] == toy.STEPS


def test_a_run_of_misses_wakes_the_pump():
    one = machine()
    one.plant.apply_fault("motor_stall")
    due_ms = 30_000 + (toy.MISS_LIMIT - 1) * toy.PERIOD_MS
    assert one.next_wake_ms == due_ms
    one.advance_to(HOUR_MS - 1)
    assert one.pump.polls_s == [0, due_ms // 1000]


def test_a_run_of_misses_wakes_the_pump_once_even_if_it_looks_away():
    class Absent(ToyPump):
        def poll(self):
            if not self.polls_s:
                return super().poll()
            self.polls_s.append(self.hal.clock.seconds())
            return 2 * toy.WAKE_S

    one = machine(Absent)
    one.plant.apply_fault("motor_stall")
    one.advance_to(HOUR_MS)
    assert len(one.pump.polls_s) == 2


def test_a_stall_that_ends_in_time_wakes_nobody():
    one = machine()
    one.plant.apply_fault("motor_stall", 20 * toy.PERIOD_MS)
    assert one.next_wake_ms == 20 * toy.PERIOD_MS
    one.advance_to(HOUR_MS - 1)
    assert one.pump.polls_s == [0]


def test_a_fault_ends_before_the_wake_of_its_instant():
    one = machine()
    one.plant.apply_fault("buzzer_dead", HOUR_MS)
    one.advance_to(2 * HOUR_MS)
    assert [tone.at_ms for tone in one.plant.tones] == [0, HOUR_MS, 2 * HOUR_MS]


def test_waking_delivers_what_came_in():
    one = machine(link_count=2)
    one.advance_to(1500)
    one.hal.links[0].host_send(b"hello")
    one.wake()
    assert one.pump.heard == b"hello"
    assert one.next_wake_ms == 1000 + HOUR_MS


def test_an_overdue_deadline_is_served_at_once():
    class Busy(ToyPump):
        def poll(self):
            due_s = super().poll()
            return due_s if len(self.polls_s) % 3 == 0 else 0

    one = machine(Busy)
    one.advance_to(HOUR_MS)
    assert one.pump.polls_s == [0, 0, 0, 3600, 3600, 3600]


def test_a_deadline_that_stays_past_is_a_bug():
    class Stuck(ToyPump):
        def poll(self):
            super().poll()
            return 0

    with pytest.raises(RuntimeError, match=f"asked {MOST_POLLS} times for 0 s, which is past"):
        machine(Stuck)


def test_sleeping_with_the_watchdog_armed_ends_the_run():
    class Careless(ToyPump):
        def poll(self):
            due_s = super().poll()
            self.hal.watchdog.arm()
            return due_s

    with pytest.raises(Misuse, match="asleep with the watchdog armed"):
        machine(Careless)


def test_time_spent_awake_delays_what_is_due():
    class Slow(ToyPump):
        def poll(self):
            self.hal.watchdog.arm()
            self.hal.spend_awake_ms(2500)
            return super().poll()

    one = machine(Slow)
    one.advance_to(one.next_wake_ms)
    assert one.pump.polls_s == [2, 3604]
    assert one.now_ms == 3602_000 + 2500


def test_a_power_cut_stops_the_motor_and_boots_anew():
    one = machine()
    one.advance_to(HOUR_MS // 2)
    steps = one.plant.truth()["rotor_steps"]
    first = one.pump
    one.power_cut(2 * HOUR_MS)
    assert one.now_ms == 2 * HOUR_MS + HOUR_MS // 2
    assert one.plant.truth()["rotor_steps"] == steps
    assert one.pump is not first
    assert one.pump.polls_s == [0]
    assert one.next_wake_ms == one.now_ms + HOUR_MS
    assert one.hal.store.read(1) == ToyPump.record


def test_power_lost_in_a_write_means_a_boot():
    one = machine()  # which wrote to slot 1 in its first wake
    first = one.pump
    one.hal.store.plan_cut(1, 5)
    one.advance_to(HOUR_MS)
    assert one.pump is not first
    assert one.pump.polls_s == [0]
    assert one.hal.store.dump() == {0: ToyPump.record[:5], 1: ToyPump.record}
    assert one.hal.motor.progress() == (0, 0, 0, 0, 0)
    one.advance_to(2 * HOUR_MS)
    assert one.pump.polls_s == [0, 3600]
    assert one.hal.store.read(0) == ToyPump.record


def test_power_lost_while_booting_means_another_boot():
    class Booting(ToyPump):
        def __init__(self, hal, config):
            super().__init__(hal, config)
            hal.store.append(5, b"boot")

    one = machine(Booting)
    one.hal.store.plan_cut(1, 2)
    one.power_cut(1000)
    assert one.hal.store.read(5) == b"boot" + b"bo" + b"boot"


class Refilled(ToyPump):
    """Books a refill whenever it hears something."""

    def poll(self):
        due_s = super().poll()
        if self.heard:
            self.heard = b""
            self.state = toy.NoOrders()
            self.state.refills = 1
            self.state.filled_nl = 15_000_000
        return due_s


def test_a_booked_refill_fills_the_reservoir():
    one = machine(Refilled)
    for delivered_nl in (0, toy.STEPS * 100):
        one.hal.links[0].host_send(b"filled")
        one.wake()
        assert one.plant.truth()["reservoir_nl"] == 15_000_000
        assert one.plant.truth()["delivered_nl"] == delivered_nl
        one.advance_to(one.now_ms + HOUR_MS - 1)
        assert one.plant.truth()["reservoir_nl"] == 15_000_000 - toy.STEPS * 100
        one.power_cut(1000)  # which begins the count of refills anew
        assert one.plant.truth()["reservoir_nl"] == 15_000_000 - toy.STEPS * 100


def test_a_stored_pump_goes_on():
    one = machine()
    one.advance_to(5 * HOUR_MS)
    one.plant.apply_fault("buzzer_dead")
    two = machine(store=one.hal.store.dump(), plant_state=one.plant.snapshot())
    assert two.now_ms == one.now_ms
    assert two.plant.truth()["rotor_steps"] == one.plant.truth()["rotor_steps"]
    assert two.plant.tones == []
    assert two.hal.store.dump() == one.hal.store.dump()


def trace(pump_class=ToyPump, hours=3):
    one = machine(pump_class)
    one.advance_to(hours * HOUR_MS)
    return one.effects.trace_sha256()


def once(name, other):
    """ToyPump's `poll` with one attribute changed, in its third wake only."""

    def poll(self):
        usual = getattr(type(self).__base__, name)
        setattr(self, name, other if len(self.polls_s) == 2 else usual)
        return ToyPump.poll(self)

    return variant(poll=poll)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("steps", toy.STEPS + 1),
        ("pattern", 0x55),
        ("frame", b"\x01\x03\x00"),
        ("record", b"Sixteen bytes..."),
    ],
)
def test_the_trace_sees_one_step_tone_frame_or_write(name, other):
    assert trace(once(name, getattr(ToyPump, name))) == trace()
    assert trace(once(name, other)) != trace()


@pytest.mark.parametrize("effect", ["inhibit", "release", "halt"])
def test_the_trace_sees_what_stops_the_motor(effect):
    def poll(self):
        due_s = ToyPump.poll(self)
        if len(self.polls_s) == 3:
            getattr(self.hal.motor, effect)()
        return due_s

    assert trace(variant(poll=poll)) != trace()


def test_the_trace_sees_when():
    def poll(self):
        return ToyPump.poll(self) + (len(self.polls_s) == 3)

    assert trace(variant(poll=poll), hours=4) != trace(hours=4)
    assert trace(variant(poll=poll), hours=2) == trace(hours=2)


def test_asking_for_the_trace_does_not_change_it():
    one = machine()
    one.effects.trace_sha256()
    one.advance_to(3 * HOUR_MS)
    assert one.effects.trace_sha256() == trace()


def test_periods_and_tones_are_collapsed():
    one = machine(variant(pattern=0x55))
    one.advance_to(3 * HOUR_MS)
    assert one.effects.periods_ms == [toy.PERIOD_MS]
    assert one.effects.tone_kinds == ["dual"]


PROGRAM = """
from firmware.config import Config
from host_tools.machines.mock.machine import MockMachine
from tests.hal.toy import ToyPump
machine = MockMachine(Config(), seed=3, pump_class=ToyPump)
machine.plant.apply_fault("over_delivery", percent=3)
machine.plant.apply_fault("mri", 9_000_000, recovery_ms=5_000_000)
machine.advance_to(50 * 3_600_000)
print(machine.effects.trace_sha256(), machine.plant.snapshot(), machine.hal.entropy.random_bytes(8).hex())
"""


def test_processes_with_different_hash_seeds_agree():
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
