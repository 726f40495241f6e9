"""Cuts before which nobody knows how much was delivered: whatever stands in the line, no more leaves the tip than was
ordered."""

import os
from contextlib import suppress
from random import Random

import pytest

from firmware.records import slots

from .clinic import Clinic
from .test_power_cut import CuttingStore, PowerLost
from .tipdose import STEP_NL, TipBody

HOUR_S = 3600
DOSE_NG = 300_000
LIVES = 400 if os.environ.get("THECAL_HYPOTHESIS") == "thorough" else 40  # of each kind
LEDGER = slots.LEDGER[0]


class RefusingStore(CuttingStore):
    """Takes nothing into the ledger, or nothing at all, until it has refused the ledger `heals_after` more times."""

    refuses = ""
    heals_after = 1 << 30

    def _refuses(self, slot):
        if not self.refuses or (self.refuses == "ledger" and slot not in LEDGER):
            return False
        if slot in LEDGER:
            self.heals_after -= 1
            if self.heals_after == 0:
                self.refuses = ""
        return True

    def write(self, slot, data):
        return 2 if self._refuses(slot) else super().write(slot, data)

    def append(self, slot, data):
        return 2 if self._refuses(slot) else super().append(slot, data)


class RefusingBody(TipBody):
    def __init__(self):
        super().__init__()
        self.store = RefusingStore()


def bridging(draw, old, new):
    """Anywhere in a bridge, or before it, or past it."""
    clinic = Clinic(RefusingBody())
    clinic.implant_empty()
    clinic.refill(mcg_per_ml=old)
    clinic.body.catheter.refill(old)
    clinic.command("PRIME", volume_nl=335_800)
    clinic.program(DOSE_NG, old)
    clinic.run(12 * HOUR_S)
    clinic.refill(draw.choice((2_300_000, 20_000_000)), new)
    clinic.body.catheter.refill(new)
    clinic.run(draw.randrange(30 * HOUR_S))
    return clinic


def fail(clinic, draw, kind):
    store = clinic.body.store
    if kind == "lost":
        store.slots |= dict.fromkeys(LEDGER, b"?")
        return
    store.refuses, store.heals_after = kind, 1 << 30
    clinic.run(draw.randrange(40 * HOUR_S))


def boot(clinic, draw, kind, cut_at):
    """Power comes back, and goes in the boot's write `cut_at` unless that is 0. A ledger that was refused before is
    marked in the state; where nothing was taken the pump must find it at the boot."""
    store = clinic.body.store
    marked = kind == "ledger" and draw.random() < 0.5
    store.refuses = "" if marked or kind == "lost" else kind
    store.heals_after, store.cut_at, store.keep = draw.choice((1, 1, 2)), cut_at, draw.choice((0, 0.5, 1))
    clinic.body.motor.halt()
    with suppress(PowerLost):
        clinic.boot()
        store.cut_at = 0
        clinic.run(draw.choice((0, 0, 100, 5000)))
    store.on = True


def given(clinic):
    clinic.body.motor.progress()
    return clinic.body.given_pg


@pytest.mark.shows("R1.11", "R1.12", "FI-35", "FI-52")
@pytest.mark.parametrize("kind", ["ledger", "everything", "lost"])
@pytest.mark.parametrize(("old", "new"), [(2000, 500), (2000, 1000), (500, 2000), (1000, 2000)])
def test_what_nobody_knows_of_gives_no_hour_more_than_its_dose(kind, old, new):
    for seed in range(LIVES):
        draw = Random(seed)
        clinic = bridging(draw, old, new)
        fail(clinic, draw, kind)
        for cut_at in [draw.randint(1, 15) for _ in range(draw.randint(0, 2))] + [0]:
            boot(clinic, draw, kind, cut_at)
        clinic.body.store.refuses = ""
        if kind == "lost":
            clinic.command("RESUME", override="yes")
        given_pg = given(clinic)
        for hour in range(70):
            clinic.run(HOUR_S)
            more_pg = given(clinic) - given_pg - DOSE_NG * 1000 // 24
            given_pg = given(clinic)
            assert more_pg <= 3 * STEP_NL * max(old, new), (seed, hour, float(more_pg) / 1e6)
