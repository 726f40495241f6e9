"""docs/line.md: each number of its hazard table is what comes out at the tip when that is declared wrongly."""

import re
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from firmware.config import Config
from host_tools.machines.mock.link import MemoryTransport
from host_tools.machines.mock.machine import MockMachine
from host_tools.programmer import Programmer

PAGE = Path(__file__).parents[2].joinpath("docs", "line.md").read_text(encoding="utf-8")
CELLS = r"\| `(?P<id>[\w-]+)` \|[^|]*\|[^|]*\| (?P<mcg>[+−]?[\d.]+) \| (?P<hours>[\d.]+) \| (?P<found>[^|]*) \|"
ROWS = {row["id"]: row for row in re.finditer(CELLS, PAGE)}

MCG_PER_DAY = 300
CM, SHORT_CM = 89, 60
CATHETER_NL, SHORT_NL, TUBING_NL = 195_800, 132_000, 140_000
HOUR_MS = 3_600_000
MONDAY = datetime(2026, 1, 5)


class Bedside:
    """A pump, its programmer, and hands that do something else than what is declared."""

    def __init__(self):
        self.machine = MockMachine(Config())
        self.pump = self._meet()

    def _meet(self):
        self.machine.hal.head.set(True)
        self.machine.wake()
        return Programmer(MemoryTransport(self.machine), checks=False, entropy=Random(1).randbytes)

    def implant(self, **declared):
        self.pump.implant(**{"catheter_cm": CM, "wall": MONDAY} | declared)
        self.machine.wake()

    def connect(self, kind, catheter_nl=CATHETER_NL, primed=False):
        """What is implanted in truth."""
        plant = self.machine.plant
        plant.settle()
        plant.flow.implant(kind, catheter_nl, TUBING_NL, primed)

    def prime(self):
        """A prime, until it is over."""
        self.pump.prime()
        self.run(0.5)

    def treat(self, mcg_per_ml):
        """Ten days of therapy, after which the line is full of this."""
        self.implant()
        self.pump.refill(20, mcg_per_ml, Decimal(0))
        self.pump.program_simple(MCG_PER_DAY)
        self.run(240)

    def replace_pump(self):
        """Take this pump out; what it hands on to the next."""
        self.pump.stop()
        handover = self.pump.handover()
        self.machine.replace_pump(None)
        self.pump = self._meet()
        return handover

    def run(self, hours):
        self.machine.advance_to(self.machine.now_ms + round(hours * HOUR_MS))

    @property
    def tip_mcg(self):
        return self.machine.plant.flow_now().catheter.tip_hundredths / 1e8


# Each hazard is done up to the moment from which its row counts; True if a program then runs.


def new_though_kept(bedside):
    bedside.treat(2000)
    bedside.replace_pump()
    bedside.implant(catheter="new")
    bedside.machine.plant.inject_line(CATHETER_NL, 2000)
    bedside.pump.refill(20, 500, Decimal(0))
    bedside.pump.program_simple(MCG_PER_DAY)
    return True


def new_though_kept_primed(bedside):
    bedside.treat(2000)
    bedside.replace_pump()
    bedside.implant(catheter="new")
    bedside.machine.plant.inject_line(CATHETER_NL, 2000)
    bedside.pump.refill(20, 500, Decimal(0))
    bedside.pump.prime()
    return False


def kept_though_new(bedside):
    bedside.treat(2000)
    handover = bedside.replace_pump()
    bedside.pump.take_over(handover, wall=MONDAY)
    bedside.machine.wake()
    bedside.connect("new")
    bedside.pump.refill(20, 500, Decimal(0))
    bedside.pump.program_simple(MCG_PER_DAY)
    return True


def primed_though_empty(bedside):
    bedside.implant(tubing="primed")
    bedside.connect("new")
    bedside.pump.refill(20, 2000, Decimal(0))
    bedside.prime()
    bedside.pump.program_simple(MCG_PER_DAY)
    return True


def empty_though_primed(bedside):
    bedside.implant()
    bedside.connect("new", primed=True)
    bedside.pump.refill(20, 2000, Decimal(0))
    bedside.pump.prime()
    return False


def strength(typed, real):
    def declare(bedside):
        bedside.implant()
        bedside.machine.plant.apply_fault("wrong_concentration", mcg_per_ml=real)
        bedside.pump.refill(20, typed, Decimal(0))
        bedside.prime()
        bedside.pump.program_simple(MCG_PER_DAY)
        return True

    return declare


def said_too_long(bedside):
    bedside.implant()
    bedside.connect("new", SHORT_NL)
    bedside.pump.refill(20, 2000, Decimal(0))
    bedside.pump.prime()
    return False


def said_too_short(bedside):
    bedside.implant(catheter_cm=SHORT_CM)
    bedside.connect("new", CATHETER_NL)
    bedside.pump.refill(20, 2000, Decimal(0))
    bedside.prime()
    bedside.pump.program_simple(MCG_PER_DAY)
    return True


def volume_too_high(bedside):
    bedside.implant()
    bedside.pump.refill(20, 2000, Decimal(0))
    plant = bedside.machine.plant
    plant.refill(18_000_000, 2000)
    bedside.prime()
    bedside.pump.program_simple(MCG_PER_DAY)
    return True


def no_bridge(old, new):
    def declare(bedside):
        bedside.treat(old)
        bedside.pump.refill(20, new, Decimal(0), bridge=False)
        bedside.pump.program_simple(MCG_PER_DAY)
        return True

    return declare


HAZARDS = {
    "new-though-kept": new_though_kept,
    "new-though-kept-primed": new_though_kept_primed,
    "kept-though-new": kept_though_new,
    "primed-though-empty": primed_though_empty,
    "empty-though-primed": empty_though_primed,
    "strength-too-low": strength(500, 2000),
    "strength-too-high": strength(2000, 500),
    "length-too-long": said_too_long,
    "length-too-short": said_too_short,
    "volume-too-high": volume_too_high,
    "no-bridge-to-stronger": no_bridge(500, 2000),
    "no-bridge-to-weaker": no_bridge(2000, 500),
}


def test_every_row_has_its_hazard():
    assert list(ROWS) == list(HAZARDS)


@pytest.mark.parametrize("hazard", ROWS)
def test_a_hazard_is_what_its_row_says(hazard):
    row = ROWS[hazard]
    hours = float(row["hours"])
    bedside = Bedside()
    ordered_mcg = MCG_PER_DAY * hours / 24 if HAZARDS[hazard](bedside) else 0
    before_mcg = bedside.tip_mcg
    bedside.run(hours)
    too_much_mcg = bedside.tip_mcg - before_mcg - ordered_mcg
    assert too_much_mcg == pytest.approx(float(row["mcg"].replace("−", "-")), abs=1.5)
    assert bedside.pump.status()["alarms"] == []


def test_a_kept_catheter_that_is_none_cannot_be_primed():
    bedside = Bedside()
    kept_though_new(bedside)
    assert bedside.pump.status()["unprimed_nl"] == 0
    assert "bolus_limit" in ROWS["kept-though-new"]["found"]


def test_a_wrong_volume_is_the_next_refills_discrepancy():
    bedside = Bedside()
    volume_too_high(bedside)
    bedside.run(24)
    drawn_ml = Decimal(bedside.machine.plant.aspirable_nl) / 1_000_000
    discrepancy_nl = bedside.pump.refill(20, 2000, drawn_ml).discrepancy_nl
    assert discrepancy_nl == pytest.approx(-2_000_000, abs=200)
    assert "−2 mL" in ROWS["volume-too-high"]["found"]


def test_a_bridge_left_out_is_in_the_log():
    bedside = Bedside()
    no_bridge(2000, 500)(bedside)
    names = [event["name"] for event in bedside.machine.events]
    assert {"NO_BRIDGE", "PROGRAM_UNCONFIRMED"} <= {*names}
    assert "NO_BRIDGE" in ROWS["no-bridge-to-weaker"]["found"]
