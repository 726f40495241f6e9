"""The code tables: distances, and that tables which refer to each other agree."""

import re
from itertools import combinations

import pytest

from host_tools.documents import texts
from protocol import codes
from protocol.fingerprint import TABLES

LABELS = ("REGION", "RECORD", "ALARM_SETTING")  # only name things in the log


@pytest.mark.parametrize("table", [name for name in TABLES if name not in LABELS])
def test_codes_are_four_bits_apart(table: str) -> None:
    numbers = list(TABLES[table].values()) + ([codes.ALL_ALARMS] if table == "ALARM" else [])
    close = [(hex(a), hex(b)) for a, b in combinations(numbers, 2) if (a ^ b).bit_count() < 4]
    assert close == []


def test_every_table_is_generated() -> None:
    """A table that is added to protocol/codes.py and forgotten here would be missing on the pump."""
    declared = {
        name
        for name, value in vars(codes).items()
        if name.isupper() and isinstance(value, dict) and all(isinstance(code, int) for code in value.values())
    }
    assert declared == set(TABLES)


def test_an_alarm_has_its_class_in_the_high_byte() -> None:
    classes = {codes.SEVERITY["critical"], codes.SEVERITY["non_critical"]}
    assert {code >> 8 for code in codes.ALARM.values()} == classes
    assert {code >> 8 for code in codes.ADVISORY.values()} == {codes.SEVERITY["info"]}


def test_an_alarms_event_is_of_its_class() -> None:
    for alarm, name in codes.ALARM_EVENT.items():
        assert codes.SEVERITY[codes.EVENTS[name].severity] == codes.ALARM[alarm] >> 8, alarm


def test_event_codes_are_unique_and_events_have_three_numbers_at_most() -> None:
    assert len({event.code for event in codes.EVENTS.values()}) == len(codes.EVENTS)
    assert all(len(event.data) <= 3 for event in codes.EVENTS.values())


KINDS = {
    "refill": ({"low_reservoir", "reservoir_empty"}, r"refill|reservoir is empty"),
    "replace": ({"eri", "end_of_service"}, r"replaced|end of service"),
}
"""What an alarm may ask for, beside something to be put right: those that do, and the words that say so."""


@pytest.mark.shows("SEED-12")
@pytest.mark.parametrize("alarm", codes.ALARM)
def test_an_alarm_asks_for_a_refill_or_a_new_pump_or_says_what_is_wrong(alarm: str) -> None:
    said = {kind for kind, (_, words) in KINDS.items() if re.search(words, texts.ALARM[alarm])}
    assert said == {kind for kind, (alarms, _) in KINDS.items() if alarm in alarms}
