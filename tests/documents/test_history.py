"""The report's history: no alarm is lost in it, refills have their difference and accuracy, routine is left out."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from host_tools.documents.events import name_text
from host_tools.documents.facts import read_facts
from host_tools.documents.history import EVENT_ROWS, FAULT_ROWS, ROUTINE, history
from host_tools.documents.render import report_html
from protocol import codes
from tests.documents.bench import Bench
from tests.documents.pages import text_of

ALARMS = [name for name, event in codes.EVENTS.items() if event.severity != "info"]
FILLED_ML = 20
WAIT_DAYS = 30
DOSE_ML_PER_DAY = 0.25


def entry(seq: int, name: str, t_s: int, *data: int) -> dict[str, Any]:
    event = codes.EVENTS[name]
    numbers = dict(zip(event.data, (*data, 0, 0, 0), strict=False))
    wall = f"2026-02-01T{t_s // 3600 % 24:02}:00:00"
    return {"seq": seq, "t_s": t_s, "wall": wall, "name": name, "severity": event.severity, "data": numbers}


names = st.lists(st.sampled_from(sorted(codes.EVENTS)), max_size=200)


@given(names, st.data())
def test_every_alarm_is_listed_or_counted_and_no_event_twice(log_names: list[str], data: st.DataObject) -> None:
    log = [entry(seq, name, 60 * seq) for seq, name in enumerate(log_names, 1)]
    alarms = [event for event in log if event["severity"] != "info"]
    lost = data.draw(st.integers(0, len(alarms)), "of the fault log")
    older = [entry(1, data.draw(st.sampled_from(ALARMS)), -60 * age) for age in range(data.draw(st.integers(0, 60)))]
    found = history(log, [*older[::-1], *({**event, "seq": 900 + event["seq"]} for event in alarms[lost:])])
    counted = len(found.faults) + sum(kind.times for kind in found.older_faults)
    assert counted == len(alarms) + len(older)
    told = {event["name"] for event in found.faults} | {kind.name for kind in found.older_faults}
    assert told == {event["name"] for event in alarms + older}
    assert len(found.faults) <= FAULT_ROWS
    others = [name for name in log_names if name not in ROUTINE and codes.EVENTS[name].severity == "info"]
    assert [event["name"] for event in found.events] == others[::-1][:EVENT_ROWS]
    assert found.older_events == max(0, len(others) - EVENT_ROWS)
    for rows in (found.faults, found.events):
        assert [event["t_s"] for event in rows] == sorted((event["t_s"] for event in rows), reverse=True)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=6), st.data())
def test_a_refill_has_an_accuracy_where_the_one_before_is_known(
    volumes: list[tuple[int, int]], data: st.DataObject
) -> None:
    log, known = [], []
    seq, before = 1, None
    for expected_ml, aspirated_ml in volumes:
        gap = data.draw(st.sampled_from(["none", "entry", "lost entry", "log failed"]))
        log.append(entry(seq, "LOG_FAIL" if gap == "log failed" else "BOOT", 60 * seq))
        seq += 2 if gap == "lost entry" else 1
        known.append(before is not None and gap in ("none", "entry") and expected_ml != FILLED_ML)
        log.append(entry(seq, "REFILL", 60 * seq, expected_ml * 10**6, aspirated_ml * 10**6, FILLED_ML * 10**6))
        seq, before = seq + 1, FILLED_ML
    found = history(log, []).refills[::-1]
    assert [booked.refill.accuracy_percent is not None for booked in found] == known
    for booked, (expected_ml, aspirated_ml) in zip(found, volumes, strict=True):
        assert booked.refill.discrepancy_nl == (aspirated_ml - expected_ml) * 10**6


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(["over_delivery", "reservoir_leak", "none"]), st.integers(1, 4))
def test_the_invisible_hazards_leave_their_trace(hazard: str, refills: int) -> None:
    bench = Bench()
    bench.treat(FILLED_ML, 2000, 500)
    if hazard == "over_delivery":
        bench.machine.plant.apply_fault(hazard, percent=40)
    elif hazard == "reservoir_leak":
        bench.machine.plant.apply_fault(hazard, nl_per_day=100_000)
    for _ in range(refills):
        bench.pass_time(days=WAIT_DAYS)
        left_ml = bench.machine.plant.truth()["reservoir_nl"] // 1000 / 1000
        bench.pump.refill(FILLED_ML, 2000, aspirated_ml=left_ml)
        bench.machine.plant.refill(FILLED_ML * 10**6, 2000)
    text = text_of(report_html(read_facts(bench.pump)))
    assert text.count("out of tolerance") == (0 if hazard == "none" else refills), text
    assert text.count(f"{FILLED_ML - WAIT_DAYS * DOSE_ML_PER_DAY:.3f}") >= refills


def test_a_stall_stands_before_what_was_done_and_sessions_nowhere() -> None:
    bench = Bench()
    bench.treat()
    bench.pass_time(days=3)
    bench.machine.plant.apply_fault("motor_stall")
    bench.pass_time(hours=9)
    bench.machine.plant.heal("motor_stall")
    bench.pass_time(hours=1)
    for _ in range(300):  # each of which fills the log with its session
        with bench.pump.session():
            bench.pump.silence()
    text = text_of(report_html(read_facts(bench.pump)))
    faults = text.partition("What else was done, newest first")[0]
    assert "Motor stall: " in faults
    assert "Motor stall recovery" in faults
    for name in ROUTINE[:4]:
        assert name_text(name) not in text


def test_a_storm_of_stalls_is_summed_up() -> None:
    stalls = [entry(seq, "MOTOR_STALL", 60 * seq) for seq in range(1, 101)]
    found = history([], [entry(1, "EOS", 1), *stalls])
    assert [(kind.name, kind.times) for kind in found.older_faults] == [("MOTOR_STALL", 60), ("EOS", 1)]
