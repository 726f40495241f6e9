"""The parts of the plant, one by one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.plant.battery import CURVE_MV, CURVE_PPM, SAG_MV, curve_mv
from hal.plant.drivetrain import NEVER_MS
from hal.plant.plant import Plant

DAY_MS = 86_400_000
FAR_MS = 1 << 40
LONG_ORDER = (60_000, 0, 34_560, FAR_MS, 27)


def ordered(**fields):
    """A full plant whose motor has an order for 24 days, at 0.25 mL/day."""
    plant = Plant(**fields)
    plant.refill(20_000_000)
    plant.drivetrain.order(0, *LONG_ORDER)
    return plant


def test_a_pulse_of_the_instant_of_the_order_is_given():
    plant = ordered()
    assert plant.drivetrain.progress(0)[0] == 1


def test_the_motor_stops_at_its_own_deadline():
    plant = Plant()
    plant.drivetrain.order(0, 1000, 500, 500, 10_499, 8)
    plant.advance(DAY_MS)
    assert plant.drivetrain.progress(DAY_MS)[0] == 20


@given(st.integers(0, 100), st.integers(8, 40), st.integers(1, 60))
def test_a_run_of_misses_is_due_at_its_last_pulse(before, limit, steps):
    plant = Plant()
    plant.drivetrain.order(0, steps, 1000, 1000, FAR_MS, limit)
    plant.advance(before * 1000)
    plant.apply_fault("motor_stall")
    due_ms = plant.drivetrain.miss_due_ms
    if before + limit > steps:
        assert due_ms == NEVER_MS
    else:
        assert due_ms == (before + limit) * 1000
        assert plant.drivetrain.progress(due_ms - 1)[3] == limit - 1
        assert plant.drivetrain.progress(due_ms)[3] == limit
        assert plant.drivetrain.miss_due_ms == NEVER_MS


def test_a_run_of_misses_goes_on_over_orders():
    plant = Plant()
    plant.apply_fault("motor_stall")
    plant.drivetrain.order(0, 6, 1000, 1000, FAR_MS, 8)
    plant.advance(6000)
    assert plant.drivetrain.miss_due_ms == NEVER_MS
    plant.drivetrain.order(6000, 6, 1000, 1000, FAR_MS, 8)
    assert plant.drivetrain.miss_due_ms == 8000
    plant.heal("motor_stall")
    assert plant.drivetrain.miss_due_ms == NEVER_MS


def test_counts_saturate():
    plant = Plant()
    plant.apply_fault("runaway")
    plant.drivetrain.order(0, 1 << 31, 1, 1, FAR_MS, 8)
    plant.advance(1 << 31)
    most = (1 << 30) - 1
    assert plant.drivetrain.progress(plant.now_ms) == (most, most, 0, 0, most)
    assert plant.drivetrain.rotor_steps > most


@pytest.mark.shows("FI-05")
def test_the_rotor_is_held_until_the_aftermath_of_a_field_is_over():
    plant = ordered()
    plant.apply_fault("mri", 30 * 60_000, recovery_ms=60 * 60_000)
    plant.advance(90 * 60_000 - 1)
    assert plant.truth()["faults"] == ["mri"]
    plant.advance(90 * 60_000)
    assert plant.truth()["faults"] == []
    assert plant.truth()["rotor_steps"] == 1


def test_healing_a_field_leaves_its_aftermath():
    plant = ordered()
    plant.apply_fault("mri", recovery_ms=1000)
    plant.advance(5000)
    plant.heal("mri")
    assert plant.next_event_ms == 6000
    plant.advance(6000)
    assert plant.next_event_ms == NEVER_MS
    assert plant.truth()["faults"] == []


def test_one_of_two_stalls_ends():
    plant = ordered()
    plant.apply_fault("motor_stall", 1000)
    plant.apply_fault("mri", 50_000_000)
    plant.advance(40_000_000)
    assert plant.truth()["rotor_steps"] == 1


def test_a_runaway_moves_drug_until_the_motor_is_inhibited():
    plant = Plant()
    plant.refill(20_000_000)
    plant.apply_fault("runaway")
    plant.advance(3_600_999)
    assert plant.truth()["delivered_nl"] == 3600 * 100
    plant.drivetrain.inhibit(True)
    plant.advance(10_000_000)
    assert plant.truth()["delivered_nl"] == 3600 * 100


def test_over_delivery_is_exact():
    plant = ordered(step_nl=37)
    plant.apply_fault("over_delivery", percent=3)  # the pulse of 0 ms is over
    plant.advance(1000 * 34_560)
    assert plant.truth()["delivered_nl"] == 37 + 1000 * 37 * 103 // 100


@pytest.mark.shows("SEED-23")
def test_a_refill_takes_out_what_is_really_there():
    plant = ordered()
    plant.advance(999 * 34_560)
    assert plant.refill(5_000_000) == 20_000_000 - 1000 * 100
    assert plant.truth()["reservoir_nl"] == 5_000_000
    with pytest.raises(ValueError, match="20000001 nL do not go into a reservoir of 20000000 nL"):
        plant.refill(20_000_001)


def test_an_empty_reservoir_delivers_nothing_more():
    plant = ordered()
    plant.refill(550)
    plant.advance(DAY_MS)
    assert plant.truth()["reservoir_nl"] == 0
    assert plant.truth()["delivered_nl"] == 100 + 550


@pytest.mark.parametrize("looks", [0, 1, 7])
def test_nothing_is_left_over_from_an_empty_reservoir(looks):
    plant = ordered(step_nl=37)
    plant.refill(1)
    plant.apply_fault("over_delivery", percent=33)
    for look in range(looks):
        plant.advance(look * 100_000)
        plant.settle()
    plant.advance(2501 * 34_560)
    plant.refill(1_000_000)
    plant.advance((2501 + 19) * 34_560)
    assert plant.truth()["delivered_nl"] == 37 + 1 + 19 * 37 * 133 // 100


def charge_used_ppm(days, nl_per_day, percent=0):
    """By the design curve: 3.49e-4 a day and 8.38e-5 a mL."""
    return (days * 349 + days * nl_per_day * 83_800 // 10**9) * (100 + percent) // 100


def pumping(days, percent=0):
    plant = Plant()
    if percent:
        plant.apply_fault("battery_drain", percent=percent)
    for day in range(days):
        assert plant.drivetrain.order(day * DAY_MS, 2500, 34_560, 34_560, DAY_MS, 27)
        plant.advance((day + 1) * DAY_MS)
    return plant


@pytest.mark.shows("SEED-14", "SEED-15")
@pytest.mark.parametrize(("days", "percent"), [(1, 0), (1000, 0), (2557, 0), (500, 150)])
def test_charge_follows_the_design_curve(days, percent):
    plant = pumping(days, percent)
    assert plant.rest_mv() == pytest.approx(curve_mv(charge_used_ppm(days, 250_000, percent)), abs=1)
    assert plant.load_mv() == plant.rest_mv() - SAG_MV
    left = 1000 - charge_used_ppm(days, 250_000, percent) // 1000
    assert plant.truth()["battery_mah"] == pytest.approx(left, abs=1)


def test_the_knee_is_where_the_firmware_looks_for_it():
    a_day_ppm = charge_used_ppm(1000, 250_000) / 1000
    at_2600 = next(ppm for ppm in range(1_000_000) if curve_mv(ppm) < 2600)
    assert 85 < (1_000_000 - at_2600) / a_day_ppm < 95
    assert curve_mv(1_000_000) - SAG_MV == 2300
    assert curve_mv(0) < 3200


@given(st.integers(0, 1_100_000))
def test_voltage_never_rises(used_ppm):
    assert 0 <= curve_mv(used_ppm + 1) <= curve_mv(used_ppm) <= CURVE_MV[0]


def test_a_cell_beyond_its_end_reads_zero():
    plant = Plant(battery_idle_ppb_per_day=10**9)
    plant.advance(2 * DAY_MS)
    assert plant.load_mv() == plant.rest_mv() == plant.truth()["battery_mah"] == 0
    assert curve_mv(CURVE_PPM[-1] - 1) >= 0


@pytest.mark.parametrize(
    ("name", "until_ms", "fields", "message"),
    [
        ("motor_stal", None, {}, r"unknown fault 'motor_stal'; did you mean 'motor_stall'\?"),
        (
            "earthquake",
            None,
            {},
            "unknown fault 'earthquake'; known: motor_stall, motor_stall_intermittent, mri, runaway",
        ),
        ("motor_stall", None, {"percent": 5}, "motor_stall has no field 'percent'; it takes no fields"),
        ("mri", None, {"recover_ms": 5}, "mri has no field 'recover_ms'; it takes recovery_ms"),
        ("over_delivery", None, {}, "over_delivery needs percent, a whole number from 1 to 10000"),
        ("over_delivery", None, {"percent": 0}, "over_delivery: percent is 0; it is a whole number from 1"),
        ("battery_drain", None, {"percent": 1.5}, "battery_drain: percent is 1.5; it is a whole number"),
        ("runaway", 1000, {}, "runaway would end at 1000 ms, and it is 1000 ms already"),
        ("reverse_step", 2000, {}, "reverse_step is over at once; it takes no end"),
    ],
)
def test_a_wrong_fault_is_refused_in_words(name, until_ms, fields, message):
    plant = Plant()
    plant.advance(1000)
    with pytest.raises(ValueError, match=message):
        plant.apply_fault(name, until_ms, **fields)
    assert plant.truth()["faults"] == []


def test_healing_what_is_not_on_is_refused_in_words():
    plant = Plant()
    plant.apply_fault("runaway")
    with pytest.raises(ValueError, match="motor_stall is not on; on are: runaway"):
        plant.heal("motor_stall")
    with pytest.raises(ValueError, match="unknown fault 'gremlin'"):
        plant.heal("gremlin")


def test_time_does_not_go_back():
    plant = Plant()
    plant.advance(1000)
    with pytest.raises(ValueError, match="999 ms is before the plant's present, 1000 ms"):
        plant.advance(999)


FAULTS = [("mri", 4000, {"recovery_ms": 6000}), ("over_delivery", None, {"percent": 9}), ("buzzer_dead", None, {})]


def test_a_snapshot_goes_through_json_and_on():
    plant = ordered()
    plant.advance(10_000_000)
    for name, for_ms, fields in FAULTS:
        plant.apply_fault(name, for_ms and plant.now_ms + for_ms, **fields)
    state = json.loads(json.dumps(plant.snapshot()))
    other = Plant()
    other.restore(state)
    assert other.snapshot() == state
    plant.power_cut()
    for one in (plant, other):
        one.advance(10_009_999)
        one.drivetrain.order(one.now_ms, 50, 0, 500, FAR_MS, 8)
        one.advance(10_040_000)
    assert other.truth() == plant.truth()
    assert other.rest_mv() == plant.rest_mv()
    assert other.drivetrain.progress(10_040_000) == plant.drivetrain.progress(10_040_000)
    assert not other.sound.begin("single", 0)
    assert other.tones == []


def test_time_without_power_is_counted_from_the_cut_to_the_next_start_and_kept():
    plant = Plant()
    for off_ms in (10_000, 0, 3_600_000):
        plant.advance(plant.now_ms + 5000)
        plant.power_cut()
        plant.power_cut()
        plant.advance(plant.now_ms + off_ms)
        plant.reset()
        plant.reset()
    assert plant.unpowered_ms == 3_610_000
    later = Plant()
    later.restore(plant.snapshot())
    assert later.unpowered_ms == 3_610_000


def test_a_kept_folder_names_the_plants_parts_as_ever():
    """Folders that are kept have these keys, whatever the parts are called here."""
    assert list(Plant().snapshot()) == [
        "now_ms",
        "unpowered_ms",
        "work_pulses",
        "rotor_steps",
        "flow",
        "tip_cem43_min",
        "seized",
        "implanted_as",
        "battery",
        "quartz",
        "faults",
    ]
