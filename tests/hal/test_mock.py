"""Misuse of the body fails here, not first on the bench."""

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal import contract
from hal.mock.body import MockBody
from hal.mock.entropy import Prng
from hal.mock.errors import Misuse
from hal.mock.recorder import Recorder
from hal.plant.plant import Plant

GOOD_ORDER = {"steps": 10, "first_ms": 0, "period_ms": 360, "give_up_ms": 3240, "miss_limit": 8}
ARGUMENTS = {
    "order": tuple(GOOD_ORDER.values()),
    "play": (contract.SINGLE_TONE,),
    "random_bytes": (16,),
    "append": (8, b"x"),
    ("store", "read"): (0,),
    ("store", "write"): (0, b"x"),
    ("links", "write"): (b"x",),
}
DEVICES = (
    "clock",
    "motor",
    "fill_sensor",
    "battery",
    "buzzer",
    "store",
    "memory",
    "links",
    "watchdog",
    "entropy",
    "head",
    "thermometer",
)


def methods():
    """(device, method) for all that the contract names."""
    names = {"links": "Link", "fill_sensor": "FillSensor"}
    for device in DEVICES:
        described = getattr(contract, names.get(device, device.capitalize()))
        for name, _ in inspect.getmembers(described, inspect.isfunction):
            yield device, name


def call(body, device, name):
    driver = body.links[0] if device == "links" else getattr(body, device)
    return getattr(driver, name)(*ARGUMENTS.get((device, name), ARGUMENTS.get(name, ())))


@pytest.mark.parametrize(("device", "name"), list(methods()))
def test_nothing_answers_without_power(device, name):
    body = MockBody(Plant(), Recorder(), fill_sensor=True)
    with pytest.raises(Misuse, match="no power"):
        call(body, device, name)
    body.power.up()
    body.watchdog.arm()
    call(body, device, name)
    body.cut_power()
    with pytest.raises(Misuse, match="no power"):
        call(body, device, name)


def test_the_body_has_what_the_contract_names(body):
    for name in vars(contract.Hal):
        if not name.startswith("_"):
            assert hasattr(body, name)


@pytest.mark.parametrize(
    ("field", "value"),
    [("steps", 0), ("steps", 65_536), ("first_ms", -1), ("period_ms", 359), ("give_up_ms", 3239), ("miss_limit", 7)],
)
def test_an_order_out_of_range_is_refused(body, field, value):
    with pytest.raises(ValueError, match="out of range"):
        body.motor.order(**{**GOOD_ORDER, field: value})
    assert body.motor.order(**GOOD_ORDER) == contract.OK


def test_one_order_at_a_time(body):
    body.motor.order(**GOOD_ORDER)
    body.plant.advance(3239)
    with pytest.raises(RuntimeError, match="while an order is running"):
        body.motor.order(**GOOD_ORDER)
    body.plant.advance(3240)
    assert body.motor.order(**GOOD_ORDER) == contract.OK
    assert body.motor.halt() == contract.OK
    assert body.motor.order(**GOOD_ORDER) == contract.OK


def test_an_inhibited_motor_stands_and_takes_no_order(body):
    body.motor.order(**GOOD_ORDER)
    body.motor.inhibit()
    body.plant.advance(10_000)
    assert body.motor.progress() == (1, 1, 0, 0, 1)
    assert body.motor.order(**GOOD_ORDER) == contract.INHIBITED
    body.motor.release()
    assert body.motor.order(**GOOD_ORDER) == contract.OK


def test_counts_are_since_boot(body):
    body.motor.order(**GOOD_ORDER)
    body.plant.advance(5000)
    body.cut_power()
    body.power.up()
    assert body.motor.progress() == (0, 0, 0, 0, 0)
    assert body.plant.truth()["rotor_steps"] == 10


def test_sleeping_with_the_watchdog_armed(body):
    body.watchdog.arm()
    with pytest.raises(Misuse, match="asleep with the watchdog armed"):
        body.power.sleep()
    body.watchdog.pause()
    body.power.sleep()


def test_feeding_a_watchdog_that_is_not_armed(body):
    with pytest.raises(RuntimeError, match="not armed"):
        body.watchdog.feed()


@pytest.mark.parametrize("armed", [True, False])
def test_eight_seconds_awake_unfed(body, armed):
    if armed:
        body.watchdog.arm()
    body.spend_awake_ms(8000)
    assert body.clock.seconds() == 8
    with pytest.raises(Misuse, match="8001 ms without feeding"):
        body.spend_awake_ms(1)


def test_feeding_and_sleeping_count_from_zero_again(body):
    body.watchdog.arm()
    body.spend_awake_ms(8000)
    body.watchdog.feed()
    body.spend_awake_ms(8000)
    body.watchdog.arm()
    body.spend_awake_ms(8000)
    body.watchdog.pause()
    body.power.sleep()
    body.spend_awake_ms(8000)
    assert body.clock.seconds() == 32


def test_clocks_start_with_the_boot_and_ticks_wrap(body):
    body.plant.advance(123_456)
    body.power.up()
    assert (body.clock.seconds(), body.clock.ticks_ms()) == (0, (1 << 30) - 5000)
    body.plant.advance(123_456 + 4999)
    assert (body.clock.seconds(), body.clock.ticks_ms()) == (4, (1 << 30) - 1)
    body.plant.advance(123_456 + 5000)
    assert (body.clock.seconds(), body.clock.ticks_ms()) == (5, 0)


def test_an_unknown_tone(body):
    with pytest.raises(ValueError, match="unknown tone 0x34; known: 0x33, 0x55"):
        body.buzzer.play(0x34)


def test_a_dead_buzzer_is_found_out_and_not_heard(body):
    body.buzzer.play(contract.SINGLE_TONE)
    body.plant.apply_fault("buzzer_dead")
    assert body.buzzer.self_test() == body.buzzer.play(contract.DUAL_TONE) == contract.FAILED
    body.plant.heal("buzzer_dead")
    assert body.buzzer.self_test() == body.buzzer.play(contract.DUAL_TONE) == contract.OK
    assert [tone.kind for tone in body.plant.tones] == ["single", "dual"]


def test_frames_that_are_too_long_or_find_no_room(body):
    link = body.links[0]
    with pytest.raises(ValueError, match="a frame of 377 bytes; 376 is the most"):
        link.write(bytes(377))
    link.tx_capacity = 400
    assert link.write(bytes(376)) == contract.OK
    assert link.room() == 24
    assert link.write(bytes(25)) == contract.BUSY
    assert link.host_receive() == bytes(376)
    assert link.room() == 400
    link.tx_capacity = 0
    assert link.write(b"x") == contract.BUSY


@given(st.lists(st.binary(max_size=700)))
def test_a_link_loses_nothing_that_it_took(chunks):
    body = MockBody(Plant(), Recorder())
    body.power.up()
    link = body.links[0]
    taken = heard = b""
    for chunk in chunks:
        count = link.host_send(chunk)
        assert count == min(len(chunk), 512 - (len(taken) - len(heard)))
        taken += chunk[:count]
        if len(chunk) % 2:
            heard += link.read() or b""
    assert heard + (link.read() or b"") == taken
    assert link.read() == b""


def test_a_link_has_512_bytes_waiting_at_most(body):
    link = body.links[0]
    assert (link.host_send(bytes(500)), link.host_send(bytes(500)), link.host_send(b"x")) == (500, 12, 0)
    assert link.read() == bytes(512)


def test_a_cut_loses_what_was_received_but_not_what_was_sent(body):
    link = body.links[0]
    link.host_send(b"request")
    link.write(b"answer")
    body.cut_power()
    assert link.host_send(b"anybody?") == 8
    body.power.up()
    assert link.read() == b""
    assert link.host_receive() == b"answer"


@pytest.mark.parametrize("count", [0, 33])
def test_random_bytes_out_of_range(body, count):
    with pytest.raises(ValueError, match=f"{count} random bytes"):
        body.entropy.random_bytes(count)


def test_random_bytes_go_by_seed_user_and_start():
    def taken(seed, start_ms=0):
        plant = Plant()
        plant.advance(start_ms)
        body = MockBody(plant, Recorder(), seed=seed)
        body.power.up()
        return body.entropy.random_bytes(32)

    assert taken(1) == taken(1)
    assert len({taken(1), taken(2), taken(1, start_ms=5), Prng(1, "host").take(32)}) == 4


def test_random_bytes_use_all_values():
    counts = [0] * 256
    for value in Prng(7, "spread").take(25_600):
        counts[value] += 1
    assert 50 < min(counts) <= max(counts) < 160


def test_the_sensors_read_what_is_true(body):
    body.plant.refill(12_345)
    assert body.fill_sensor.volume_nl() == 12_345
    assert body.battery.rest_mv() - body.battery.load_mv() == 80
    assert body.thermometer.centi_celsius() == 3700
    assert not body.head.present()
    body.head.set(True)
    assert body.head.present()


@pytest.mark.parametrize("device", ["code", "ram", "battery", "watchdog", "clock"])
def test_a_device_that_fails_says_so_alone(device):
    body = MockBody(Plant(), Recorder())
    body.power.up()
    body.plant.apply_fault("device_failure", device=device)
    found = {
        "code": body.memory.check_code() != contract.OK,
        "ram": body.memory.check_ram() != contract.OK,
        "battery": body.battery.rest_mv() == body.battery.load_mv() == contract.NO_READING,
        "watchdog": body.watchdog.self_test() != contract.OK,
        "clock": body.clock.self_test() != contract.OK,
    }
    assert [name for name, failed in found.items() if failed] == [device]
    body.plant.heal("device_failure")
    assert body.memory.check_code() == body.memory.check_ram() == contract.OK


def test_the_desktop_says_what_it_is_and_knows_of_no_memory():
    body = MockBody(Plant(), Recorder())
    body.power.up()
    assert body.memory.runtime().startswith("cpython 3.")
    assert body.memory.free_bytes() == contract.NO_READING


def test_the_watchdog_knows_its_own_resets():
    body = MockBody(Plant(), Recorder())
    for reset_by_watchdog in (False, True, False):
        body.power.up(reset_by_watchdog=reset_by_watchdog)
        assert body.watchdog.caused_reset() == reset_by_watchdog
