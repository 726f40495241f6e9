"""Ordinary therapies live through their first day, and give what the sums say: implant, fill, prime, program.

By hand, at 24,000,000 nL/day and 100 nL a step: a prime of n steps takes n * 100 / 24,000,000 days, and is over with
the whole second after it. From there, or from a program that came later, the basal rate begins with nothing owed.
"""

from datetime import datetime
from decimal import Decimal
from itertools import product
from random import Random

import pytest

from firmware.config import Config
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import Programmer

DAY_S = 86_400
PRIME_NL_PER_DAY = 24_000_000
SEED = 82
CATHETERS_CM = range(20, 111)
TUBINGS_ML = (Decimal("0.14"), Decimal("0.199"), Decimal("0.0775"))
DRUGS = tuple(product((500, 1000, 2000), (50, 100, 150, 333, 700, 1000)))  # mcg/mL, mcg/day
DELAYS_S = (0, 1, 7, 600, 1201, 3601)  # from the beginning of the prime to the program
PER_CATHETER = 8


def therapies():
    """Every length of catheter with PER_CATHETER draws of the rest, of those whose rate the pump can make."""
    draw = Random(SEED)
    rest = [
        (tubing_ml, mcg_per_ml, dose_mcg, delay_s)
        for tubing_ml, (mcg_per_ml, dose_mcg), delay_s in product(TUBINGS_ML, DRUGS, DELAYS_S)
        if dose_mcg * 1_000_000 // mcg_per_ml >= Config.lowest_program_rate_nl_per_day
    ]
    return [(cm, *others) for cm in CATHETERS_CM for others in draw.sample(rest, PER_CATHETER)]


def delivered_on_the_first_day(catheter_cm, tubing_ml, mcg_per_ml, dose_mcg, delay_s):
    """What left the pump in nL, in truth and as counted."""
    machine = MockMachine(Config())
    machine.hal.head.set(True)
    machine.wake()
    pump = Programmer(MemoryTransport(machine), checks=False, entropy=Random(1).randbytes)
    with pump.session():
        pump.implant(catheter_cm=catheter_cm, pump_tubing_ml=tubing_ml, wall=datetime(2026, 1, 5))
        pump.refill(20, mcg_per_ml, Decimal(0))
        pump.prime()
    machine.advance_to(delay_s * 1000)
    pump.program_simple(dose_mcg)
    machine.advance_to(DAY_S * 1000)
    return machine.plant.truth()["delivered_nl"], pump.status()["delivered_nl"]


def by_hand(catheter_cm, tubing_ml, mcg_per_ml, dose_mcg, delay_s):
    line_nl = int(tubing_ml * 1_000_000) + catheter_cm * 2200
    prime_steps = -(-line_nl // 100)
    prime_s = -(-prime_steps * 100 * DAY_S // PRIME_NL_PER_DAY)
    basal_nl = dose_mcg * 1_000_000 * (DAY_S - max(prime_s, delay_s)) // mcg_per_ml // DAY_S
    return 100 * prime_steps + basal_nl // 100 * 100


@pytest.mark.shows("SEED-39", "R1.1")
def test_every_ordinary_therapy_lives_through_its_first_day():
    cases = therapies()
    print(f"{len(cases)} therapies, seed {SEED}")
    wrong = []
    for case in cases:
        truth_nl, counted_nl = delivered_on_the_first_day(*case)
        if truth_nl != counted_nl or abs(truth_nl - by_hand(*case)) > 100:
            wrong.append((case, truth_nl, counted_nl, by_hand(*case)))
    assert wrong == []
