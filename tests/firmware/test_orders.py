"""The therapy's table: every event in every state, by real orders, against what is said here by hand."""

import ast
from pathlib import Path

import pytest

from firmware import wire
from firmware.therapy import orders
from protocol import codes
from tests.firmware.clinic import Refused
from tests.firmware.test_ranges import STATES, in_state
from tests.therapypage import EVENTS, name_of

FIRMWARE = Path(orders.__file__).parents[1]
OTHER_DRUG = {"drug": b"morphine"}


def end(clinic):
    clinic.body.rest_mv = lambda: 2400
    clinic.body.load_mv = lambda: 2200
    clinic.run(3600)


def fault(clinic):
    clinic.pump.orders.fault(wire.REGION_BATTERY)
    clinic.pump.infusion.replan()
    clinic.pump.state.commit(clinic.pump.clock.now_s)
    clinic.believe()


def fall_back(clinic):
    clinic.pump.orders.fall_back()
    clinic.pump.infusion.replan()
    clinic.pump.state.commit(clinic.pump.clock.now_s)
    clinic.believe()


def stand_by(clinic):
    clinic.pump.orders.take(orders.STAND_BY)
    clinic.pump.infusion.replan()
    clinic.pump.state.commit(clinic.pump.clock.now_s)
    clinic.believe()


EVENT = {
    "fill": lambda clinic: clinic.refill(19_000_000),
    "fill with another drug": lambda clinic: clinic.refill(**OTHER_DRUG),
    "commit": lambda clinic: clinic.program(override="yes"),
    "stop": lambda clinic: clinic.command("STOP"),
    "minimum_rate": lambda clinic: clinic.command("MINIMUM_RATE"),
    "resume": lambda clinic: clinic.command("RESUME"),
    "fall_back": fall_back,
    "stand_by": stand_by,
    "fault": fault,
    "end": end,
}
NEXT = {
    # state: what follows each event, or why it is refused
    "unfilled": "stopped stopped !not_filled !not_filled !not_filled !not_filled "
    "unfilled unfilled unfilled end_of_service",
    "stopped": "stopped stopped running stopped minimum !state stopped stopped safe_state end_of_service",
    "minimum": "minimum minimum running stopped minimum running minimum minimum safe_state end_of_service",
    "running": "running minimum running stopped minimum running minimum minimum safe_state end_of_service",
    "safe_state": "safe_state safe_state running stopped minimum running "
    "safe_state safe_state safe_state end_of_service",
    "end_of_service": "!state !state !state !state !state !state "
    "end_of_service end_of_service end_of_service end_of_service",
}
"""As documented: a refill never starts anything, an order to deliver needs a filling, nothing follows the end."""

ENDS = {
    "fill": {"reservoir_empty", "low_reservoir", "reservoir_mismatch"},
    "stop": {"safe_state"},
    "fault": set(),
    "end": set(),
}
ENDED_BY_TRUST = {"safe_state", "overspeed", "step_mismatch", "self_test", "memory_critical", "program_unconfirmed"}
ENDS["commit"] = ENDED_BY_TRUST | {"memory"}  # the titration history is written with it
ENDED_BY_ANY = {"stopped", "stopped_48h", "low_reservoir", "reservoir_empty"}
"""After every order the pump looks at what these are about: here it is full, and delivered a moment ago."""


def test_every_event_in_every_state_leads_where_it_should():
    tried = 0
    for state, row in NEXT.items():
        for (event, happens), expected in zip(EVENT.items(), row.split(), strict=True):
            clinic = in_state(state)
            before = clinic.status().therapy
            if expected.startswith("!"):
                with pytest.raises(Refused, match=f"^{expected[1:]}$"):
                    happens(clinic)
                expected = str(before)
            else:
                happens(clinic)
            assert str(clinic.status().therapy) == expected, (state, event)
            tried += 1
    print(f"{tried} events in {len(NEXT)} states")
    assert tried == len(STATES) * len(EVENT)


ORDERED = [name for name in EVENT if name not in ("fall_back", "stand_by", "fault", "end")]


@pytest.mark.parametrize("event", ORDERED)
def test_an_order_ends_the_alarms_that_the_table_says_and_no_others(event):
    """All alarms on at once."""
    clinic = in_state("running")
    clinic.run(60)
    pump = clinic.pump
    seen = set(codes.ALARM)
    for alarm in codes.ALARM.values():
        pump.alarms.raise_alarm(alarm, pump.clock.now_s)
    pump.state.commit(pump.clock.now_s)
    clinic.believe()
    EVENT[event](clinic)
    left = {str(entry.alarm) for entry in clinic.status().alarms}
    ended = ENDS.get(event.split()[0], ENDED_BY_TRUST)
    assert seen - left == ended | ENDED_BY_ANY, event


def test_the_table_names_every_event_and_every_state():
    assert {row[0] for row in orders.TABLE} == set(EVENTS)
    assert {name_of(event) for event in EVENTS} == {name.split()[0] for name in EVENT}
    for event in EVENTS:
        rows = [row for row in orders.TABLE if row[0] == event]
        assert len({row[4:] for row in rows}) == 1, "an event raises and ends the same alarms wherever it happens"
        for row in rows[:-1]:
            assert row[2] or not set(row[1]) & set(rows[-1][1]), "a row that no state can reach"


def test_nothing_but_the_table_sets_the_state():
    """Beside the record that keeps it."""
    found = []
    for path in sorted(FIRMWARE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            names = [part for target in targets if target is not None for part in ast.walk(target)]
            if any(isinstance(name, ast.Attribute) and name.attr == "therapy" for name in names):
                found.append(path.stem)
    assert set(found) == {"orders", "state"}
