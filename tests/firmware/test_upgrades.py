"""A pump of the version before: its state record, whose line was one number and a bridge a mode, byte by byte.

docs/upgrades.md says what an upgrade keeps; test_map.py tries what it loses.
"""

import struct
from binascii import crc32

import pytest

from firmware import wire
from firmware.records.statefields import ALARMS
from firmware.therapy.week import WeekStore

from .clinic import DAY_S, Clinic
from .test_power_cut import BATCH_NL, CuttingBody, boot_cut_at

FORMER = (
    "uptime_s:I therapy:B mode:B concentration_mcg_per_ml:I dose_ng_per_day:Q rate_nl_per_day:I week:B"
    " highest_dose_ng:Q drug_mcg_per_ml:I filled_nl:I filled_at_steps:I last_refill_s:I refills:I stopped_since_s:I"
    " eri_s:I eos_s:I clock:B wall_offset_s:i implanted_wall_s:I catheter_mm:H tubing_nl:I depth_mm:B site:24s"
    " sessions:I max_dose_mcg_per_day:I max_bolus_mcg:I max_change_percent:I drug:12s"
    " line_nl:I line_from_steps:I prime_from_steps:I prime_until_steps:I"
    " bridge_mcg_per_ml:I bridge_from_steps:I bridge_until_steps:I"
    " next_mode:B next_concentration_mcg_per_ml:I next_dose_ng_per_day:Q next_rate_nl_per_day:I next_week:B"
    " next_highest_dose_ng:Q bolus:B bolus_nl:I bolus_from_s:I bolus_until_s:I bolus_missed:I last_bolus:B"
    " last_bolus_ng:I last_bolus_delivered_ng:I last_bolus_s:I patient_dose_ng:I patient_over_s:I patient_lockout_s:I"
    " patient_per_day:B commits:I kept_catheter:B critical_interval_s:I non_critical_interval_s:I stopped_after_s:I"
    " low_reservoir_nl:I refill_aspirated_nl:I refill_expected_nl:I refill_last_filled_nl:I unbooked:B lived:B"
)
FIELDS = [field.split(":") for field in FORMER.split()]
LISTS = "24I" + "IQQ" * 6 + "BI" * 16
SLOTS, KIND, VERSION, LENGTH = (2, 3), 2, 4, 559
LINE_NL = 335_800
WEEK = [[(0, 150_000, 150_000), (720, 150_000, 150_000)]] * 7  # from_min, ng, nL/day of 2000 mcg/mL


def former_bytes(state, sequence, **changes):
    values = {name: getattr(state, name, 0) for name, _ in FIELDS}
    values |= {"line_nl": 0, "next_mode": wire.MODE_NONE} | changes
    alarms = [(alarm, entry) for alarm, entry in zip(ALARMS, state.alarms, strict=True)]
    lists = [*state.patient_boluses_s, *(value for dose in state.past_doses for value in dose)]
    lists += [value for alarm, entry in alarms if alarm != wire.ALARM_PROGRAM_UNCONFIRMED for value in entry]
    layout = "<4sBBHI" + "".join(code for _, code in FIELDS) + LISTS
    data = struct.pack(layout, b"THCL", KIND, VERSION, LENGTH, sequence, *[values[name] for name, _ in FIELDS], *lists)
    return data + struct.pack("<I", crc32(data))


def pump():
    """Running, with no batch under way."""
    clinic = Clinic(CuttingBody())
    clinic.implant_empty()
    clinic.refill(mcg_per_ml=500)
    clinic.program(300_000, 500)
    clinic.run(2 * DAY_S)
    clinic.pump.infusion.account_steps()
    clinic.pump.ledger.keep(clinic.pump.clock.now_s, 0)
    clinic.body.motor.halt()
    return clinic


def put_former(clinic, **changes):
    """The clinic's pump as the version before would have left it."""
    state = clinic.pump.state
    for slot, sequence in zip(SLOTS, (7, 8), strict=True):
        clinic.body.store.slots[slot] = former_bytes(state, sequence, **changes)
    assert len(clinic.body.store.slots[2]) == LENGTH + 16


def booked(clinic):
    return clinic.pump.ledger.booked_steps


def bridge(clinic, steps=1000):
    """So many steps of 500 mcg/mL are left before 2000."""
    until = booked(clinic) + steps
    told = {"bridge_mcg_per_ml": 500, "bridge_from_steps": until - 3358, "bridge_until_steps": until}
    return told | {"drug_mcg_per_ml": 2000}


def waiting(mode, dose_ng, week=0):
    names = ("mode", "concentration_mcg_per_ml", "dose_ng_per_day", "rate_nl_per_day", "week", "highest_dose_ng")
    values = (mode, 2000, dose_ng, dose_ng // 2, week, dose_ng)
    return {"next_" + name: value for name, value in zip(names, values, strict=True)}


def bridging(clinic):
    return bridge(clinic)


def bridging_to_a_program(clinic):
    return bridge(clinic) | waiting(wire.MODE_SIMPLE, 240_000)


def bridging_to_a_week(clinic):
    place = WeekStore(clinic.body.store).save(WEEK, 0)
    return bridge(clinic) | waiting(wire.MODE_FLEX, 300_000, place)


def unprimed(clinic):
    return {"line_nl": LINE_NL, "line_from_steps": booked(clinic)}


def priming(clinic):
    now = booked(clinic)
    prime = {"prime_from_steps": now - 1000, "prime_until_steps": now + 2358}
    return prime | {"line_nl": LINE_NL, "line_from_steps": now - 1000}


def nothing(_clinic):
    return {}


OLD, NEW = (100_000, 500), (235_800, 2000)
CASES = {  # the line, operation, mode, nL/day, and the alarms when all is through
    bridging: ([OLD, NEW], "bridge", "simple", 600_000, {"program_unconfirmed"}),
    bridging_to_a_program: ([OLD, NEW], "bridge", "simple", 480_000, set()),
    bridging_to_a_week: ([OLD, NEW], "bridge", "flex", 600_000, set()),
    unprimed: ([(LINE_NL, 0)], "basal", "simple", 600_000, set()),
    priming: ([(235_800, 0), (100_000, 500)], "priming", "simple", 24_000_000, set()),
    nothing: ([(LINE_NL, 500)], "basal", "simple", 600_000, set()),
}


def upgraded(situation):
    """A pump of the version before in some situation, and what it then holds."""
    clinic = pump()
    put_former(clinic, **situation(clinic))
    return clinic


def check(clinic, situation, unknown_nl=0):
    line, operation, mode, rate, alarms = CASES[situation]
    status = clinic.status()
    for (found_nl, found), (nl, mcg_per_ml) in zip(clinic.line_contents(), line, strict=True):
        assert found == mcg_per_ml
        assert abs(found_nl - nl) <= unknown_nl
    found = str(status.therapy), str(status.operation), str(status.mode), status.rate_nl_per_day
    assert found == ("running", operation, mode, rate)
    clinic.run(3 * DAY_S)
    assert set(clinic.alarms()) == {"clock_lost"} | alarms
    assert str(clinic.status().therapy) == "running"


@pytest.mark.parametrize("situation", CASES)
def test_an_upgraded_pump_goes_on(situation):
    clinic = upgraded(situation)
    clinic.boot()
    check(clinic, situation)
    clinic.boot()
    assert str(clinic.status().therapy) == "running"


def test_dates_limits_and_the_implantation_stay():
    clinic = pump()
    state = clinic.pump.state
    before = {name: getattr(state, name) for name, _ in FIELDS if hasattr(state, name)}
    put_former(clinic)
    clinic.boot()
    changed = {name for name, value in before.items() if getattr(clinic.pump.state, name) != value}
    assert changed <= {"uptime_s", "clock", "wall_offset_s"}
    assert clinic.pump.state.lived == wire.FLAG_YES


@pytest.mark.parametrize("situation", [bridging_to_a_program, priming])
@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
@pytest.mark.parametrize("at", range(1, 9))
def test_a_cut_in_the_first_writes_of_an_upgrade_leaves_an_upgraded_pump(situation, keep, at):
    clinic = upgraded(situation)
    boot_cut_at(clinic, at, keep)
    check(clinic, situation, 2 * BATCH_NL)


def test_the_only_valid_copy_of_the_version_before_is_not_written_over_first():
    """A cut tore its second copy, then one tore the upgrade's first write."""
    clinic = upgraded(bridging)
    store = clinic.body.store
    store.slots[3] = store.slots[3][:100]
    writes = []
    store.write = lambda slot, data: writes.append(slot) or type(store).write(store, slot, data)
    clinic.boot()
    assert [slot for slot in writes if slot in SLOTS][:2] == [3, 2]
    del store.write
    check(clinic, bridging)
