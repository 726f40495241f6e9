"""Heat at the tip: a dose in closed form that only grows, apart from the pump's own warmth and from the pump."""

import json
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware.config import Config
from hal.plant.heat import DAMAGE_CEM43_MIN, cem43_per_min
from hal.plant.plant import Plant
from host_tools.machines.mock.machine import MockMachine

MINUTE_MS = 60_000
BY_HAND = [  # degrees, and minutes at 43 that do as much as a minute
    (37, 0.0),
    (38.99, 0.0),
    (39, 1 / 256),
    (40, 1 / 64),
    (42, 1 / 4),
    (42.5, 1 / 2),
    (43, 1.0),
    (44, 2.0),
    (45, 4.0),
    (47, 16.0),
    (57, 16384.0),
]
procedures = st.lists(
    st.tuples(st.integers(3800, 4800), st.integers(1, 5000), st.integers(0, 5000)), min_size=1, max_size=6
)
"""Hundredths of a degree at the tip, the seconds that they last, and those of the pause after it."""


@pytest.mark.parametrize(("celsius", "minutes"), BY_HAND)
def test_a_minute_does_as_much_as_by_hand(celsius, minutes):
    assert cem43_per_min(round(celsius * 100)) == pytest.approx(minutes)


def heated(plant, tip_centi_celsius, for_ms):
    plant.apply_fault("diathermy", plant.now_ms + for_ms, centi_celsius=4100, tip_centi_celsius=tip_centi_celsius)


def dose(plant):
    return plant.truth()["tip_cem43_min"]


def by_hand(tip_centi_celsius, seconds):
    """From the definition, with nothing of the plant's."""
    celsius = tip_centi_celsius / 100
    return seconds / 60 * (0 if celsius < 39 else (0.5 if celsius >= 43 else 0.25) ** (43 - celsius))


@given(life=procedures, looks=st.lists(st.integers(0, 60_000), max_size=10), kept_after=st.integers(0, 6))
def test_the_dose_is_the_sum_of_its_procedures_however_often_it_is_looked_at(life, looks, kept_after):
    """Between two looks the plant is settled, after one of the procedures it is put into a file and taken out."""
    plant = Plant()
    expected = list(accumulate(by_hand(tip, seconds) for tip, seconds, _ in life))
    for place, (tip, seconds, pause_s) in enumerate(life):
        heated(plant, tip, seconds * 1000)
        end_ms = plant.now_ms + (seconds + pause_s) * 1000
        for look_ms in sorted(look + plant.now_ms for look in looks):
            if look_ms < end_ms:
                before = dose(plant)
                plant.advance(look_ms)
                plant.settle()
                assert dose(plant) >= before
        if place == kept_after:
            state = json.loads(json.dumps(plant.snapshot()))
            plant = Plant()
            plant.restore(state)
        plant.advance(end_ms)
        assert dose(plant) == pytest.approx(expected[place], abs=0.001)
    assert plant.truth()["tissue_damage"] == (dose(plant) >= DAMAGE_CEM43_MIN)


def test_a_folder_of_an_earlier_version_has_had_no_heat():
    state = Plant().snapshot()
    del state["tip_cem43_min"]
    plant = Plant()
    plant.restore(state)
    assert plant.truth()["tip_cem43_min"] == 0


def test_years_at_body_temperature_and_a_fever_are_no_heat_at_the_tip():
    plant = Plant()
    plant.apply_fault("temperature", centi_celsius=4150)
    plant.advance(7 * 365 * 24 * 60 * MINUTE_MS)
    assert {name: plant.truth()[name] for name in ("tip_centi_celsius", "tip_cem43_min", "tissue_damage")} == {
        "tip_centi_celsius": 3700,
        "tip_cem43_min": 0,
        "tissue_damage": False,
    }


def test_the_thermometer_sees_the_pumps_heat_and_not_the_tips():
    machine = MockMachine(Config())
    heated(machine.plant, 4700, MINUTE_MS)
    assert machine.hal.thermometer.centi_celsius() == 4100
    assert machine.plant.truth()["tip_centi_celsius"] == 4700
    machine.plant.apply_fault("temperature", centi_celsius=4200)
    assert machine.hal.thermometer.centi_celsius() == 4200  # the hotter of the two


def test_another_pump_ends_neither_the_tips_dose_nor_a_procedure():
    plant = Plant()
    heated(plant, 4400, 10 * MINUTE_MS)
    plant.advance(4 * MINUTE_MS)
    assert dose(plant) == 8
    plant.replace_pump()
    assert dose(plant) == 8
    plant.advance(60 * MINUTE_MS)
    assert (dose(plant), plant.truth()["tissue_damage"], plant.centi_celsius) == (20, True, 3700)
    plant.replace_pump()
    assert plant.truth()["tissue_damage"]
