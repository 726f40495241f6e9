"""The map of the store: every slot has one owner, every record its size, and nothing is read as what it is not.

docs/upgrades.md says what a pump finds that was written by an older one; here its table is tried out.
"""

import re
from itertools import combinations
from pathlib import Path
from struct import calcsize

import pytest

from firmware.checks import keys
from firmware.records import ledger, patientrecord, slots, statefields, titration
from firmware.records.eventlog import EventLog
from firmware.records.record import Record
from firmware.therapy import dosewindow, week
from tests.firmware.body import Body
from tests.firmware.clinic import Clinic

SLOTS_OF_A_STORE = 30
LAYOUTS = {
    "ledger": (slots.LEDGER, ledger._LAYOUT),
    "state": (slots.STATE, statefields.LAYOUT),
    "week": (slots.WEEKS[0], week._LAYOUT),
    "windows": (slots.WINDOWS, dosewindow._LAYOUT),
    "patient": (slots.PATIENT, patientrecord._LAYOUT),
    "doses": (slots.DOSES, titration._LAYOUT),
    "key": (slots.KEY, keys._LAYOUT),
}
PAGE = Path(__file__).parents[2].joinpath("docs", "upgrades.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| ([\w ]+) \| [^|]* \| `?([^|`]*)`? \| `?[^|`]*`? \|$", PAGE, re.MULTILINE))
THERAPY = dict(re.findall(r"^\| ([\w ]+) \| [^|]* \| [^|]* \| `(\w+)` \|$", PAGE, re.MULTILINE))
EVENS = [[(0, 150_000), (720, 150_000)]] * 7


def owners():
    """(what, its slots) of all that the store holds."""
    weeks = [(f"week {number}", place[0]) for number, place in enumerate(slots.WEEKS, 1)]
    records = [(name, place[0]) for name, (place, _) in LAYOUTS.items() if name != "week"]
    return [*records, *weeks, ("log", slots.LOG), ("fault log", slots.FAULT_LOG)]


def overlaps(found):
    return [(a, b) for (a, of_a), (b, of_b) in combinations(found, 2) if set(of_a) & set(of_b)]


def test_no_slot_has_two_owners_and_all_are_in_the_store():
    found = owners()
    assert overlaps(found) == []
    assert overlaps([*found, ("planted", (17, 29))]) == [("patient", "planted"), ("key", "planted")]
    everything = sorted(slot for _, of_it in found for slot in of_it)
    assert everything == list(range(SLOTS_OF_A_STORE))
    assert len(slots.RECORDS) == len(LAYOUTS) - 1 + len(slots.WEEKS)


def test_no_two_records_share_a_kind_and_each_has_the_size_that_the_map_says():
    kinds = [place[1] for place, _ in LAYOUTS.values()]
    assert len(set(kinds)) == len(kinds)
    assert {place[1:] for place in slots.WEEKS} == {slots.WEEKS[0][1:]}
    sizes = {name: (place[3], calcsize("<" + layout)) for name, (place, layout) in LAYOUTS.items()}
    assert {name: told for name, (told, _) in sizes.items()} == {name: real for name, (_, real) in sizes.items()}


def test_every_record_of_a_pump_stands_in_the_map():
    clinic = running()
    pump = clinic.pump
    holders = (pump.ledger, pump.state, pump.dose_window, pump.patient_record, pump.titration, pump.keys)
    places = [(record.slots, record.kind, record.version) for record in [part._record for part in holders]]
    places += [(record.slots, record.kind, record.version) for record in pump.program._weeks._records]
    assert sorted(places) == sorted(place[:3] for place in slots.RECORDS)


def running():
    clinic = Clinic(Body())
    clinic.implant()
    clinic.refill()
    clinic.flex(EVENS)
    clinic.run(3600)
    return clinic


OLDER = {name: (name, 1) for name in LAYOUTS} | {
    "state": ("state of an older one", 2),
    "patient": ("patient of another one", 2),
}
"""Its row of the page, and by how many versions it is older: some of the version before are read."""


def of_another_version(store, name):
    """Write the record's two copies as a pump with another layout would have: whole, and of an older version."""
    place, layout = LAYOUTS[name]
    values = Record(store, place, layout).load()
    assert values is not None
    used, kind, version, size = place
    older = Record(store, (used, kind, version - OLDER[name][1], size), layout)
    assert older.save_both(*values)


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_an_upgrade_finds_is_what_the_page_says(name):
    clinic = running()
    of_another_version(clinic.body.store, name)
    clinic.boot()
    clinic.run(3600)
    status = clinic.status()
    alarms = {str(entry.alarm) for entry in status.alarms} - {"clock_lost"}
    row = OLDER[name][0]
    assert alarms == set(ROWS[row].split(", ")), (name, alarms)
    assert str(status.therapy) == THERAPY[row]
    if name == "key":
        assert str(clinic.ask("HELLO").key) == "lost"


def test_log_entries_of_another_version_are_left_out_and_said(monkeypatch):
    clinic = running()
    entries = len(EventLog(clinic.body.store, clinic.pump.clock).read(1, 99, 99))
    assert entries > 5
    monkeypatch.setattr(slots, "LOG_VERSION", 1)
    clinic.boot()
    told = [str(entry.event) for entry in clinic.events()]
    assert "MEM_ERROR_NONCRIT" in told
    assert len(told) < entries


def test_the_page_has_every_record():
    rows = {row for row, _ in OLDER.values()} | {
        "logs",
        "state of the version before",
        "patient of the version before",
    }
    assert set(ROWS) - {"record"} == rows
