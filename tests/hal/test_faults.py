"""Each fault beside a twin without it: what it makes of the truth, by a formula."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.config import Config
from hal.plant.battery import FILM_SAG_MV, SAG_MV
from hal.plant.crystal import Crystal
from hal.plant.drivetrain import NEVER_MS, Drivetrain
from hal.plant.faults import FAULTS, INSTANT, Choice
from hal.plant.flow import STANDING_MS, WEAR_PERCENT
from hal.plant.patient import Body
from hal.plant.plant import Plant
from host_tools.machines.mock.machine import MockMachine
from tests.hal.toy import ToyPump

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PERIOD_MS = 34_560  # 0.25 mL/day in steps of 100 nL
MCG_PER_ML = 2000


def turning(days=1000, **options):
    """A full plant whose motor turns evenly for so long; the drug is at the tip already."""
    plant = Plant(**options)
    plant.admit(Body(dependent=True))
    plant.implant("new", 0, 0)
    plant.refill(20_000_000, MCG_PER_ML)
    plant.begin_therapy(500_000)
    plant.drivetrain.order(0, days * DAY_MS // PERIOD_MS, PERIOD_MS, PERIOD_MS, 1 << 45, 27)
    return plant


def twins(name, days=10, **fields):
    """(truth with the fault, truth without) after so many days of it."""
    one, twin = turning(), turning()
    one.apply_fault(name, **fields)
    for plant in (one, twin):
        plant.advance(days * DAY_MS)
    return one.truth(), twin.truth()


def test_an_intermittent_stall_costs_the_steps_of_its_times():
    every_ms, lasting_ms = 6 * HOUR_MS, 30 * 60_000
    one, twin = twins("motor_stall_intermittent", every_ms=every_ms, lasting_ms=lasting_ms)
    times_ms = range(PERIOD_MS, 10 * DAY_MS + 1, PERIOD_MS)
    lost = sum(0 < at_ms % every_ms <= lasting_ms for at_ms in times_ms)
    assert twin["rotor_steps"] - one["rotor_steps"] == lost > 0
    assert twin["delivered_nl"] - one["delivered_nl"] == lost * 100


def test_an_intermittent_stall_ends_as_a_whole():
    plant = turning()
    plant.apply_fault("motor_stall_intermittent", 3 * HOUR_MS, every_ms=2 * HOUR_MS, lasting_ms=HOUR_MS)
    states = []
    while plant.next_event_ms != NEVER_MS:
        plant.advance(plant.next_event_ms)
        states.append((plant.now_ms // HOUR_MS, plant.drivetrain.held))
    assert states == [(1, False), (2, True), (3, False)]


@pytest.mark.parametrize("percent", [1, 8, 33, 50, 90, 100])
def test_lost_steps_are_lost(percent):
    one, twin = twins("step_loss", percent=percent)
    assert one["rotor_steps"] == twin["rotor_steps"] - twin["rotor_steps"] * percent // 100
    assert twin["reservoir_nl"] + twin["delivered_nl"] == one["reservoir_nl"] + one["delivered_nl"]


@given(st.integers(1, 100), st.lists(st.integers(1, 120), max_size=12), st.integers(8, 30))
def test_runs_of_lost_steps(percent, looks, limit):
    train = Drivetrain()
    train.lose_steps(percent)
    train.order(0, 2000, 1, 1, 1 << 40, limit)
    pulses = [(k + 1) * percent // 100 > k * percent // 100 for k in range(2000)]
    now = missed = confirmed = 0
    for look in looks:
        due_ms = train.miss_due_ms
        for lost in pulses[now : now + look]:
            missed, confirmed = (missed + 1, 0) if lost else (0, confirmed + 1)
            now += 1
            assert (missed == limit) == (now == due_ms)
            if now == due_ms:
                train.progress(now)
                due_ms = train.miss_due_ms
        assert train.progress(now) == (now, pulses[:now].count(False), 0, missed, confirmed)


@pytest.mark.parametrize("percent", [1, 20, 100])
def test_under_delivery_is_exact(percent):
    one, twin = twins("under_delivery", percent=percent)
    assert one["delivered_nl"] == twin["delivered_nl"] * (100 - percent) // 100
    assert one["rotor_steps"] == twin["rotor_steps"]


def test_under_and_over_delivery_add_up():
    plant = turning()
    plant.apply_fault("over_delivery", percent=30)
    plant.apply_fault("under_delivery", percent=10)
    plant.advance(10 * DAY_MS)
    assert plant.truth()["delivered_nl"] == plant.truth()["rotor_steps"] * 120


def test_a_leak_of_the_reservoir_loses_drug_beside_the_tip():
    one, twin = twins("reservoir_leak", nl_per_day=123_457)
    assert one["reservoir_nl"] == twin["reservoir_nl"] - 1_234_570
    for key in ("delivered_nl", "tip_mcg", "rotor_steps", "risk"):
        assert one[key] == twin[key]


def test_a_leaking_reservoir_is_empty_the_sooner():
    plant = turning()
    plant.apply_fault("reservoir_leak", nl_per_day=750_000)
    plant.advance(30 * DAY_MS)  # empty after 20 / (0.25 + 0.75) days
    assert plant.truth()["reservoir_nl"] == 0
    assert plant.truth()["delivered_nl"] == 5_000_000
    assert plant.truth()["risk"] == "emergency"


@pytest.mark.parametrize(
    ("hours", "risk"), [(4, "normal"), (6, "watch"), (11, "elevated"), (20, "high"), (41, "emergency")]
)
def test_running_dry_happens_when_it_happens(hours, risk):
    plant = turning()
    plant.advance(80 * DAY_MS + hours * HOUR_MS)  # nothing changed its rhythm for 80 days; 20 / 0.25 is 80
    assert plant.truth()["risk"] == risk


@pytest.mark.parametrize("name", ["pocket_fill", "pump_flip"])
def test_a_refill_that_misses_changes_nothing(name):
    one, twin = turning(), turning()
    one.advance(10 * DAY_MS)
    one.apply_fault(name)
    assert one.aspirable_nl == one.refill(20_000_000, 500) == 0
    one.heal(name)
    assert one.truth()["tissue_mcg"] == 10_000
    twin.advance(20 * DAY_MS)
    one.advance(20 * DAY_MS)
    assert one.truth()["tissue_mcg"] == 0
    used_to = {"used_to_ng_per_ml": 0}  # of more for a while
    assert one.truth() | used_to == twin.truth() | used_to
    assert one.aspirable_nl == one.truth()["reservoir_nl"] > 0


def test_nothing_gets_through_a_kink():
    one, twin = twins("catheter_kink")
    assert one["delivered_nl"] == one["tip_mcg"] == 0
    assert one["reservoir_nl"] == 20_000_000
    assert one["rotor_steps"] == twin["rotor_steps"]


@pytest.mark.parametrize(
    ("percent", "over_percent", "delivered_nl"),
    [(30, 0, 1_750_000), (99, 0, 25_000), (50, 7, 1_337_500), (100, 7, 0)],  # of 25,000 steps of 100 nL
)
def test_through_a_partial_kink_gets_the_rest_of_what_a_step_should_move(percent, over_percent, delivered_nl):
    plant = turning()
    plant.apply_fault("catheter_kink", percent=percent)
    if over_percent:
        plant.apply_fault("over_delivery", percent=over_percent)
    plant.advance(10 * DAY_MS)
    truth = plant.truth()
    assert (truth["delivered_nl"], truth["reservoir_nl"]) == (delivered_nl, 20_000_000 - delivered_nl)
    assert truth["rotor_steps"] == 25_000


def test_a_kink_that_straightens_lets_what_comes_through():
    plant = turning()
    plant.apply_fault("catheter_kink", 5 * DAY_MS)
    plant.advance(10 * DAY_MS)
    assert plant.truth()["delivered_nl"] == 5 * 250_000


@pytest.mark.parametrize(
    ("name", "fields", "percent"), [("catheter_leak", {"percent": 30}, 30), ("catheter_migration", {}, 100)]
)
def test_what_is_lost_before_the_tip_left_the_pump(name, fields, percent):
    one, twin = twins(name, **fields)
    assert one["delivered_nl"] == twin["delivered_nl"]
    assert one["tip_mcg"] == twin["delivered_nl"] * MCG_PER_ML * (100 - percent) // 100_000_000
    counting = 100 - percent + percent / 100  # what is lost into tissue counts a hundredth
    assert one["effect_ng_per_ml"] == pytest.approx(twin["effect_ng_per_ml"] * counting / 100, abs=1)


def test_tablets_come_on_top():
    one, twin = twins("oral_baclofen", mg_per_day=300)
    assert one["effect_ng_per_ml"] == pytest.approx(twin["effect_ng_per_ml"] * 800 / 500, abs=1)
    assert one["tip_mcg"] == twin["tip_mcg"]


def test_a_stuck_sensor_and_one_that_is_off():
    plant = turning()
    plant.advance(10 * DAY_MS)
    assert plant.sensed_nl() == 17_500_000
    plant.apply_fault("sensor_offset", nl=-3_000_000)
    assert plant.sensed_nl() == 14_500_000
    plant.apply_fault("sensor_stuck")
    plant.heal("sensor_offset")
    plant.advance(20 * DAY_MS)
    assert plant.sensed_nl() == 14_500_000
    plant.heal("sensor_stuck")
    assert plant.sensed_nl() == plant.truth()["reservoir_nl"] == 15_000_000
    plant.apply_fault("sensor_offset", nl=-20_000_000)
    assert plant.sensed_nl() == 0


def test_a_film_makes_a_new_cell_dip_under_load_alone():
    plant = turning()
    before_mv = plant.rest_mv()
    plant.apply_fault("battery_film")
    assert plant.rest_mv() == before_mv
    assert plant.load_mv() == before_mv - SAG_MV - FILM_SAG_MV < Config.eos_mv
    plant.heal("battery_film")
    assert plant.load_mv() == before_mv - SAG_MV


def test_the_pump_can_be_warm():
    plant = turning()
    plant.apply_fault("temperature", HOUR_MS, centi_celsius=4150)
    assert plant.centi_celsius == 4150
    plant.advance(HOUR_MS)
    assert plant.centi_celsius == 3700


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(-100_000, 100_000), st.integers(-(10**6), 10**6)), max_size=6)
)
def test_a_clock_never_goes_back_and_says_when(changes):
    crystal, at_ms, before_ms = Crystal(), 0, 0
    assert (crystal.reading_ms(5), crystal.when_ms(5)) == (5, 5)
    for wait_ms, ppm, by_ms in changes:
        at_ms += wait_ms
        crystal.drift(at_ms, ppm)
        crystal.jump(at_ms, by_ms)
        reading_ms = crystal.reading_ms(at_ms)
        assert reading_ms >= before_ms
        when_ms = crystal.when_ms(reading_ms + 777)
        assert crystal.reading_ms(when_ms) >= reading_ms + 777 > crystal.reading_ms(when_ms - 1)
        before_ms = reading_ms


def toy_after(hours, *faults):
    """(uptime of the last wake in s, rotor steps) of a pump that wakes hourly."""
    machine = MockMachine(Config(), pump_class=ToyPump)
    for name, until_ms, fields in faults:
        machine.plant.apply_fault(name, until_ms, **fields)
    machine.advance_to(hours * HOUR_MS)
    return machine.pump.polls_s[-1], machine.plant.truth()["rotor_steps"]


@pytest.mark.parametrize("ppm", [10_000, 100, -10_000])
def test_a_pump_whose_clock_drifts_doses_by_it(ppm):
    seconds, steps = toy_after(1000, ("clock_drift", None, {"ppm": ppm}))
    wakes = 1000 * (1_000_000 + ppm) // 1_000_000
    assert seconds == wakes * 3600
    assert steps == pytest.approx(wakes * 104, abs=104)


def test_a_drift_that_ends_leaves_the_clock_off():
    seconds, _ = toy_after(300, ("clock_drift", 100 * HOUR_MS, {"ppm": 50_000}))
    assert seconds == 305 * 3600


@pytest.mark.parametrize(("by_ms", "seconds"), [(10 * HOUR_MS, 30 * 3600), (-10 * HOUR_MS, 10 * 3600)])
def test_a_clock_that_jumps(by_ms, seconds):
    assert toy_after(20, ("clock_jump", None, {"by_ms": by_ms}))[0] == seconds


def worn(plant):
    return plant.truth()["wear"]


def kinked(plant):
    plant.apply_fault("catheter_kink", plant.now_ms + HOUR_MS)


def overfilled(plant):
    plant.apply_fault("overfill", nl=1)
    plant.refill(20_000_000, MCG_PER_ML)


def dry(plant):
    plant.refill(1, MCG_PER_ML)
    plant.advance(plant.now_ms + HOUR_MS)
    plant.refill(20_000_000, MCG_PER_ML)


def stood(plant):
    plant.apply_fault("motor_stall", plant.now_ms + STANDING_MS + HOUR_MS)


def off_label(plant):
    plant.apply_fault("off_label_drug")


CAUSES = [
    ("occlusion", kinked),
    ("overfill", overfilled),
    ("ran_dry", dry),
    ("standstill", stood),
    ("off_label_drug", off_label),
]


@pytest.mark.parametrize(("name", "cause"), CAUSES)
@pytest.mark.parametrize("couplings", [False, True])
def test_what_harms_the_tubing_lets_more_through(name, cause, couplings):
    plant = turning(couplings=couplings)
    plant.advance(DAY_MS)
    cause(plant)
    plant.advance(4 * DAY_MS)
    assert worn(plant) == ([name] if couplings else [])
    before = plant.truth()
    plant.advance(14 * DAY_MS)
    after = plant.truth()
    moved_nl = after["delivered_nl"] - before["delivered_nl"]
    percent = 100 + (WEAR_PERCENT if couplings else 0)
    assert moved_nl == (after["rotor_steps"] - before["rotor_steps"]) * percent


def test_a_short_stall_wears_nothing():
    plant = turning(couplings=True)
    plant.apply_fault("motor_stall", STANDING_MS - HOUR_MS)
    plant.advance(10 * DAY_MS)
    assert worn(plant) == []


def ran_dry(**damage):
    """A pump that has drug for four days and is ordered to go on; it is seized after two more, or within an hour."""
    plant = turning()
    plant.refill(1_000_000, MCG_PER_ML)
    if damage:
        plant.apply_fault("dry_damage", **damage)
    return plant


def turns(plant):
    steps = plant.truth()["rotor_steps"]
    plant.advance(plant.now_ms + HOUR_MS)
    return plant.truth()["rotor_steps"] > steps


def test_a_pump_that_runs_dry_for_too_long_stands_for_good():
    plant = ran_dry(after_ms=2 * DAY_MS)
    plant.advance(6 * DAY_MS - HOUR_MS)
    assert turns(plant)
    plant.advance(6 * DAY_MS + HOUR_MS)
    assert not turns(plant)
    plant.heal("dry_damage")
    plant.refill(20_000_000, MCG_PER_ML)
    plant.apply_fault("motor_stall", plant.now_ms + HOUR_MS)
    plant.advance(plant.now_ms + 2 * HOUR_MS)
    later = Plant()
    later.restore(json.loads(json.dumps(plant.snapshot())))
    plant.power_cut()
    for one in (plant, later):
        one.drivetrain.order(one.now_ms, 10_000, PERIOD_MS, PERIOD_MS, 1 << 45, 27)
        assert not turns(one)
    plant.replace_pump()
    plant.drivetrain.order(plant.now_ms, 10_000, PERIOD_MS, PERIOD_MS, 1 << 45, 27)
    assert turns(plant)


def test_looking_between_two_steps_does_not_save_a_dry_pump():
    plant = ran_dry(after_ms=2 * DAY_MS)
    for at_ms in range(0, 6 * DAY_MS + HOUR_MS, 10_000):
        plant.advance(at_ms)
        plant.settle()
    assert not turns(plant)


def test_a_pump_that_stands_or_may_run_dry_takes_no_harm():
    stopped = ran_dry(after_ms=2 * DAY_MS)
    stopped.advance(5 * DAY_MS)
    stopped.drivetrain.halt(stopped.now_ms)
    stopped.advance(30 * DAY_MS)
    stopped.drivetrain.order(stopped.now_ms, 10_000, PERIOD_MS, PERIOD_MS, 1 << 45, 27)
    assert turns(stopped)
    without = ran_dry()
    without.advance(60 * DAY_MS)
    assert turns(without)


def least(name):
    fields = {}
    for field, limits in FAULTS[name].items():
        number = 5000 if name == "motor_stall_intermittent" else getattr(limits, "least", None)
        fields[field] = limits.words[0] if isinstance(limits, Choice) else number
    return fields


@pytest.mark.parametrize("name", [name for name in FAULTS if name not in INSTANT])
def test_a_fault_outlives_a_snapshot(name):
    plant = turning(couplings=True)
    fields = least(name)
    if "every_ms" in fields:
        fields["every_ms"] = 90_000
    plant.advance(3 * DAY_MS)
    plant.apply_fault(name, plant.now_ms + 5 * DAY_MS, **fields)
    plant.advance(4 * DAY_MS)
    other = Plant(couplings=True)
    other.restore(json.loads(json.dumps(plant.snapshot())))
    plant.power_cut()
    for one in (plant, other):
        one.reset()
        one.drivetrain.order(one.now_ms, 50_000, 5000, 5000, 1 << 45, 27)
        one.refill(10_000_000, 500)
        one.advance(10 * DAY_MS)
    assert other.truth() == plant.truth()
    assert (other.sensed_nl(), other.load_mv()) == (plant.sensed_nl(), plant.load_mv())
    assert other.crystal.reading_ms(11 * DAY_MS) == plant.crystal.reading_ms(11 * DAY_MS)


def test_a_clock_that_stands_still_goes_on_doing_so_when_it_drifts():
    crystal = Crystal()
    crystal.jump(0, -1000)
    crystal.drift(500, 1000)
    assert (crystal.reading_ms(999), crystal.reading_ms(2000)) == (0, 1001)


def test_a_drift_that_ends_between_two_wakes_moves_the_next():
    machine = MockMachine(Config(), pump_class=ToyPump)
    machine.plant.apply_fault("clock_drift", HOUR_MS // 2, ppm=100_000)
    machine.advance_to(HOUR_MS * 57 // 60 - 1)  # 30 min of it were 33
    assert machine.pump.polls_s == [0]
    machine.advance_to(HOUR_MS * 57 // 60)
    assert machine.pump.polls_s == [0, 3600]


def test_a_pump_that_boots_says_which_catheter_and_dose_it_was_told():
    class Implanted(ToyPump):
        def __init__(self, hal, config):
            super().__init__(hal, config)
            self.state.implanted_wall_s = 0
            self.state.catheter_mm, self.state.tubing_nl = 890, 140_000
            self.state.dose_now_ng_per_day = 240_000

    plant = MockMachine(Config(), pump_class=Implanted).plant
    assert plant.flow.catheter.dead_nl == 335_800
    assert plant.flow.patient.site.used_to == pytest.approx(10_000 / 30)
