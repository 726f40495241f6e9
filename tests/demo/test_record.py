"""What is counted of a life, and when the story counts as told."""

from typing import Any

import pytest

from host_tools.demo.record import Tone
from host_tools.demo.summary import differences, summary
from tests.demo.synthetic import DAY_S, ERI_S, HOUR_S, STALL_S, synthetic_life

AS_TOLD: dict[str, Any] = {
    "days": 2557,
    "refills": 39,
    "delivered_ml": 639.2,
    "truth_delivered_ml": 633.7,
    "hidden_fault": {"found_at": [{"refill": 30, "computed_ml": 3.75, "aspirated_ml": 9.25}]},
    "alarms": {"low_reservoir": 1, "motor_stall": 1, "eri": 1, "end_of_service": 1},
    "end": "end_of_service",
}
MADE_UP = ("delivered_ml", "truth_delivered_ml", "hidden_fault")
"""What the made-up life has otherwise, or more of, than the story."""


def test_summary_of_a_life() -> None:
    told = summary(synthetic_life())
    assert AS_TOLD.items() <= (told | {key: AS_TOLD[key] for key in MADE_UP}).items()
    assert told["hidden_fault"] == {
        "name": "under_delivery",
        "percent": 40,
        "began": "2031-03-23T08:00:00",
        "found": "2031-05-17T08:00:00",
        "found_at": [{"refill": 30, "computed_ml": 3.75, "aspirated_ml": 9.25}],
    }
    assert told["ended"] == "2033-01-05T08:00:00"


def test_an_alarm_counts_only_tones_of_its_own_kind_until_it_is_silenced() -> None:
    life = synthetic_life()
    alarms = {alarm.name: alarm for alarm in life.alarms()}
    assert {name: alarm.tones for name, alarm in alarms.items()} == {
        "low_reservoir": 18,
        "motor_stall": 24,
        "eri": 26,
        "end_of_service": 1,
    }
    life.tones += [Tone("single", STALL_S + HOUR_S), Tone("dual", STALL_S + DAY_S), Tone("dual", ERI_S + HOUR_S)]
    assert [alarm.tones for alarm in life.alarms()] == [alarm.tones for alarm in alarms.values()]


def test_an_alarm_that_nobody_heard_is_not_counted() -> None:
    life = synthetic_life()
    life.tones = [tone for tone in life.tones if tone.kind != "dual"]
    assert summary(life)["alarms"] == {"low_reservoir": 1, "eri": 1}


def test_an_alarm_without_end_sounds_to_the_end_of_the_record() -> None:
    life = synthetic_life()
    life.events = [logged for logged in life.events if logged["data"].get("alarm") != "eri"]
    life.tones.append(Tone("single", ERI_S + 80 * DAY_S))
    assert {alarm.name: alarm.tones for alarm in life.alarms()}["eri"] == 27


def test_the_story_as_told_has_no_differences() -> None:
    assert differences(AS_TOLD) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"days": 2556}, "2556 days"),
        ({"refills": 34}, "34 times"),
        ({"refills": 41}, "41 times"),
        ({"delivered_ml": 640.01}, "delivered_ml is 640.010"),
        ({"truth_delivered_ml": 639.2}, "truth_delivered_ml is 639.200, not within 1 mL of 633.5"),
        ({"hidden_fault": None}, "0 refills"),
        ({"hidden_fault": {"found_at": [{}, {}]}}, "2 refills"),
        ({"alarms": {"low_reservoir": 1, "motor_stall": 1, "end_of_service": 1}}, "eri was never heard"),
        ({"end": "running"}, "ended as running"),
    ],
)
def test_each_difference_is_said(change: dict[str, Any], says: str) -> None:
    (difference,) = differences(AS_TOLD | change)
    assert says in difference
