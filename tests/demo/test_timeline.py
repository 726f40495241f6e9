"""The timeline tells everything once and in order."""

import re

from host_tools.demo.timeline import timeline
from tests.demo.synthetic import HOUR_S, STALL_S, event, synthetic_life


def refills_told() -> list[int]:
    numbers: list[int] = []
    for line in timeline(synthetic_life()):
        if run := re.match(r"Refills (\d+) to (\d+)", line.text):
            numbers += range(int(run[1]), int(run[2]) + 1)
        elif one := re.match(r"Refill (\d+)", line.text):
            numbers.append(int(one[1]))
    return numbers


def test_every_refill_is_told_once() -> None:
    assert refills_told() == list(range(1, 40))


def test_lines_are_in_order_and_few() -> None:
    lines = timeline(synthetic_life())
    assert [line.at_s for line in lines] == sorted(line.at_s for line in lines)
    assert len(lines) < 20


def test_late_refill_stands_alone() -> None:
    (late,) = [line for line in timeline(synthetic_life()) if "late" in line.text]
    assert late.text == "Refill 10, late: 1.75 mL out, 20 mL in."


def test_a_refill_that_finds_another_volume_stands_alone_with_both_and_their_difference() -> None:
    (found,) = [line for line in timeline(synthetic_life()) if line.kind == "discrepancy"]
    assert found.text.startswith("Refill 30 finds it: 9.25 mL out, and 3.75 mL computed. So 5.50 mL less was delivered")


def test_too_little_at_a_refill_is_more_delivered() -> None:
    life = synthetic_life()
    tenth = life.refills()[10][0]
    tenth["data"]["aspirated_nl"] = tenth["data"]["expected_nl"] - 5_000_000
    first, _ = [line.text for line in timeline(life) if line.kind == "discrepancy"]
    assert "5.00 mL more was delivered" in first


def test_each_occurrence_of_an_alarm_is_told_with_what_was_heard() -> None:
    life = synthetic_life()
    again_s = STALL_S + 20 * HOUR_S
    life.events.append(event(again_s, "MOTOR_STALL", missed_steps=30))
    life.events.sort(key=lambda logged: logged["t_s"])
    stalls = [line.text for line in timeline(life) if line.text.startswith("Motor stall")]
    assert ["24 dual tones" in stalls[0], "0 dual tones" not in stalls[0], len(stalls)] == [True, True, 2]
