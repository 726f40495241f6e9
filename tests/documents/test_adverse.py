"""The report of an adverse event: what was in force then and not now, all around it, and nothing invented."""

import re
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from host_tools.documents.adverse import ASKED, NOT_KNOWN, InForce, UnknownEvent, adverse_html, in_force
from host_tools.programmer import Programmer
from tests.documents.bench import RECORDS, Bench
from tests.documents.pages import text_of


def seq_of(pump: Programmer, name: str, number: int = 0) -> int:
    return [event["seq"] for event in pump.log() if event["name"] == name][number]


@cache
def stalled() -> Bench:
    """A pump whose motor stalls on the tenth day, and that then gets another dose, another drug and a stop."""
    bench = Bench()
    bench.treat()
    bench.pump.write_records({**RECORDS, "restrictions": ""})
    bench.pass_time(days=8, hours=12)
    bench.pump.write_record("clinic", RECORDS["clinic"])
    bench.pass_time(hours=36)
    bench.machine.plant.apply_fault("motor_stall", bench.machine.now_ms + 2 * 3_600_000)
    bench.pass_time(days=10)
    bench.pump.program_simple(600)
    bench.pump.refill(20, 500, drug="morphine")
    bench.pass_time(days=1)
    bench.pump.stop()
    return bench


def then(bench: Bench, seq: int) -> InForce:
    log = list(bench.pump.log())
    event = next(event for event in log if event["seq"] == seq)
    return in_force(event, log, bench.pump.titration()[::-1], bench.pump.status())


@pytest.mark.shows("SEED-66")
def test_it_tells_what_was_in_force_then_and_not_now() -> None:
    bench = stalled()
    found = then(bench, seq_of(bench.pump, "MOTOR_STALL"))
    assert found.program == "500 mcg/day, for 2000 mcg/mL; ordered 2026-01-05 08:00:00"
    assert found.therapy == "running, since 2026-01-05 08:00:00"
    assert found.drug == "name not known, for the reservoir was filled again since; 2000 mcg/mL in the reservoir"
    assert found.last_filling == "20.000 mL, 2026-01-05 08:00:00"
    now = then(bench, seq_of(bench.pump, "THERAPY_STATE_CHANGED", -1))
    assert now.program.startswith("600 mcg/day")
    assert now.therapy.startswith("stopped, since 2026-01-26")
    assert now.drug == "morphine; 500 mcg/mL in the reservoir"
    first = then(bench, 1)
    assert first == InForce(
        "none was ordered yet", "unfilled", "none had been filled in", "none in the log before that"
    )


@pytest.mark.shows("SEED-66")
def test_the_page_has_event_device_record_and_the_log_of_a_day_around_it() -> None:
    bench = stalled()
    seq = seq_of(bench.pump, "MOTOR_STALL")
    text = text_of(adverse_html(bench.pump, seq))
    for fact in (
        f"Event {seq} of pump THECAL-00001",
        "Motor stall (critical)",
        "500 mcg/day, for 2000 mcg/mL",
        "T20, serial number THECAL-00001",
        "Implanted 2026-01-05",
        "89.5 cm",
        "Bauch rechts, südlich",
        "Not for human use",
        *ASKED,
        *[" ".join(value.split()) for field, value in RECORDS.items() if field != "restrictions"],
    ):
        assert fact in text, fact
    assert "Restrictions" not in text
    log = list(bench.pump.log())
    (event,) = [entry for entry in log if entry["seq"] == seq]
    rows = re.findall(r"<tr class=[^>]*><td class=\"narrow\">(\d+)</td>", adverse_html(bench.pump, seq))
    near = [entry["seq"] for entry in log if abs(entry["t_s"] - event["t_s"]) <= timedelta(days=1).total_seconds()]
    assert [int(row) for row in rows] == near
    assert 1 < len(near) < len(log)


def test_every_event_of_the_log_has_a_page() -> None:
    bench = stalled()
    for event in bench.pump.log():
        page = adverse_html(bench.pump, event["seq"])
        assert f"Event {event['seq']} of pump" in page
        assert not re.search(r"https?:|<(script|link|img|iframe|object)\b|\bsrc=|@import|url\(|href=", page)


@pytest.mark.shows("SEED-66")
@pytest.mark.parametrize("seq", [0, 9999])
def test_an_event_that_is_not_kept_is_refused_with_the_range_that_is(seq: int) -> None:
    pump = stalled().pump
    with pytest.raises(UnknownEvent, match=rf"event {seq} is not in the pump's log, which keeps 1 to \d+;"):
        adverse_html(pump, seq)


def test_what_was_observed_is_text_and_takes_the_place_of_its_line() -> None:
    pump = stalled().pump
    page = adverse_html(pump, 1, "drowsy <b>since</b> noon\u202e")
    assert "drowsy &lt;b&gt;since&lt;/b&gt; noon&lt;U+202E&gt;" in page
    assert ASKED[0] not in page
    assert ASKED[1] in page


def test_a_new_pump_has_a_page_that_says_what_is_not_known() -> None:
    text = text_of(adverse_html(Bench().pump, 1))
    assert "clock not set, 0s after first power-up" in text
    assert "Implanted not known" in text
    assert "The record is empty." in text


def entry(seq: int, name: str, **data: Any) -> dict[str, Any]:
    return {"seq": seq, "t_s": seq, "wall": None, "name": name, "severity": "info", "data": data}


STATUS: Any = {"therapy": "running", "concentration_mcg_per_ml": 2000, "drug": "baclofen", "last_refill": "2026-01-05"}


def test_with_gaps_in_the_log_nothing_is_taken_for_known() -> None:
    log = [entry(7, "MOTOR_STALL"), entry(8, "LOG_FAIL")]
    found = in_force(log[0], log, [], STATUS)
    assert set(found) == {NOT_KNOWN}


def test_orders_that_the_pump_keeps_no_longer_are_not_known() -> None:
    kept = [{"uptime_s": 50, "wall": None, "old_dose_mcg_per_day": 400, "dose_mcg_per_day": 500}]
    log = [entry(7, "MOTOR_STALL")]
    assert in_force(log[0], log, kept, STATUS).program.startswith("not known")


def test_a_strength_that_was_put_right_since_is_that_of_then() -> None:
    put_right = entry(9, "RECORD_CORRECTED", old_mcg_per_ml=500, new_mcg_per_ml=2000, filled_nl=1)
    log = [entry(7, "MOTOR_STALL"), put_right]
    assert in_force(log[0], log, [], STATUS).drug == "baclofen; 500 mcg/mL in the reservoir; put right since"
    log = [entry(7, "MOTOR_STALL"), entry(8, "RECORD_CORRECTED", old_mcg_per_ml=2000, new_mcg_per_ml=2000, filled_nl=1)]
    assert in_force(log[0], log, [], STATUS).drug == "baclofen; 2000 mcg/mL in the reservoir"
