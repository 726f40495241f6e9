from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.common.durations import (
    LONGEST_S,
    format_duration,
    parse_duration_s,
    parse_instant_s,
    parse_signed_duration_s,
)

START = datetime(2026, 1, 5, 8)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("3d 4h 30m", 275_400), ("3d4h", 273_600), ("2w", 1_209_600), ("0s", 0)],
)
def test_durations_of_the_contract(text, seconds):
    assert parse_duration_s(text) == seconds


@pytest.mark.parametrize(("text", "seconds"), [("2h", 7200), ("-2h", -7200), ("-1d 1s", -86_401)])
def test_durations_back_and_forth(text, seconds):
    assert parse_signed_duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", " ", "3", "d", "1.5h", "-3d", "4h 3d", "1d 1d", "3 days", "1h,2m", "٣d", "9999w"])
def test_other_texts_are_refused_with_the_value(text):
    with pytest.raises(ValueError, match=r"duration|longer than") as refused:
        parse_duration_s(text)
    assert repr(text) in str(refused.value)


@given(st.integers(0, LONGEST_S))
def test_what_is_formatted_is_read_back(seconds):
    assert parse_duration_s(format_duration(seconds)) == seconds


@given(st.integers(0, LONGEST_S))
def test_an_instant_is_a_duration_or_a_local_time(seconds):
    moment = START + timedelta(seconds=seconds)
    assert parse_instant_s(format_duration(seconds), START) == seconds
    assert parse_instant_s(moment.isoformat(), START) == seconds


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("2026-01-05", "before the start"),
        ("2026-13-01", "no local time"),
        ("2026-02-01T00:00:00Z", "not local"),
        ("2026-02-01T00:00:00.5", "whole seconds"),
        ("soon", "no duration"),
    ],
)
def test_other_instants_are_refused(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        parse_instant_s(text, START)
