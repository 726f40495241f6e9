"""Report and card: alone in one file, complete, and text stays text."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.documents import texts
from host_tools.documents.events import event_text
from host_tools.documents.facts import day_groups, read_facts
from host_tools.documents.findings import EXAMINED, RESULTS, findings
from host_tools.documents.render import card_html, report_html
from host_tools.programmer.datedtext import DATED, entries
from host_tools.programmer.flex import flex_program
from protocol import codes
from tests.documents.bench import RECORDS, Bench
from tests.documents.pages import text_of

WEEK = {
    "default": [(f"{110 * step // 60:02}:{110 * step % 60:02}", 20.5 + step) for step in range(13)],
    "sat": [("00:00", 150), ("06:30", 270)],
}
BLANK = '<span class="blank"></span>'
PAGES = {"report": report_html, "card": card_html}


@cache
def full() -> dict[str, str]:
    """The pages of a pump that has everything."""
    bench = Bench()
    bench.treat(dose_mcg_per_day=600)
    bench.pump.write_records(RECORDS)
    bench.pass_time(days=20)
    bench.pump.program_flex(WEEK, override=True)
    bench.pump.stop()
    bench.pass_time(hours=7)
    facts = read_facts(bench.pump)
    return {name: render(facts) for name, render in PAGES.items()}


@cache
def empty() -> dict[str, str]:
    """The pages of a new pump."""
    facts = read_facts(Bench().pump)
    return {name: render(facts) for name, render in PAGES.items()}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nothing_beside_it_and_says_what_it_is_not(name: str) -> None:
    for page in (full()[name], empty()[name]):
        assert not re.search(r"https?:|<(script|link|img|iframe|object)\b|\bsrc=|@import|url\(|href=", page)
        assert "not a medical device" in page
        assert "Not for human use" in page


@pytest.mark.shows("SEED-29", "SEED-42", "SEED-43", "SEED-58", "SEED-59", "SEED-62")
@pytest.mark.parametrize("name", PAGES)
def test_every_fact_that_a_stranger_needs_is_there(name: str) -> None:
    text = text_of(full()[name])
    assert set(RECORDS) == set(codes.RECORDS)
    on_card = ("fever_plan", "emergency_plan", "restrictions") if name == "card" else ()
    for field, value in RECORDS.items():
        told = [entry.text for entry in entries(value)] if field in DATED else [" ".join(value.split())]
        assert field in on_card or all(words in text for words in told), field
    for fact in ("THECAL-00001", "T20", "Bauch rechts, südlich", "89.5 cm", "baclofen, intrathecal", "2000 mcg/mL"):
        assert fact in text
    assert text.count("2026-01-05") >= 2  # implanted, last refill


@pytest.mark.shows("SEED-20", "SEED-25", "SEED-31", "SEED-44", "SEED-54", "SEED-55")
def test_the_report_has_program_dates_device_alarms_history_and_plans() -> None:
    text = text_of(full()["report"])
    for fact in (
        "Loss of therapy: nothing has been delivered for 7h",
        "18 mm under the skin",
        "0.140 mL",
        "flex, by time of day and day of the week",
        "mV under load",
        "expected 2032",
        "at the latest",
        "two tones every 10m, single beep every 1h; warns below 2.000 mL, and when stopped for 6h and for 48h",
        "stopped, non-critical: delivery is stopped",
        "2026-01-05 08:00:00 0.000 not measured – – 20.000",
        "1000 mcg/day, 200 mcg a bolus",
        "limit overridden",
        *texts.WITHDRAWAL,
        *texts.OVERDOSE,
    ):
        assert fact in text, fact
    assert "MRI" in text


def test_a_running_pump_has_its_dates() -> None:
    bench = Bench()
    bench.treat()
    text = text_of(report_html(read_facts(bench.pump)))
    assert "Refill by 2026-03-11 , a week before it is low" in text
    assert "Low reservoir on 2026-03-18, below 2.000 mL" in text
    assert "Loss of therapy" not in text
    assert "Program by time of day" not in text


@pytest.mark.shows("SEED-32", "SEED-33", "SEED-34")
def test_the_weeks_steps_are_all_in_the_table() -> None:
    text = text_of(full()["report"])
    program = flex_program(WEEK, 2000)
    groups = day_groups(program)
    assert [group.names for group in groups] == ["Monday to Friday", "Saturday", "Sunday"]
    for group in groups:
        assert f"{group.names} {group.dose_mcg} mcg/day, of 2000 mcg/mL" in text
        for step in group.steps:
            assert f"{step.start}–{step.end} {step.dose_mcg} {step.rate_nl_per_day / 1e6:.3f}" in text
    assert groups[0].steps[-1].end == "24:00"
    assert full()["report"].count("<rect ") == 6 * 13 + 2


def test_what_is_missing_is_a_line_to_write_on() -> None:
    for name, page in empty().items():
        assert "None" not in page
        assert page.count(BLANK) >= len(RECORDS) - 3, name
    assert "no program yet" in empty()["report"]
    assert empty()["report"].count("Nothing on record yet.") == 2
    assert BLANK not in full()["card"].replace(f"Next refill</th><td>{BLANK}", "")


@pytest.mark.shows("SEED-61", "SEED-63")
def test_findings_stand_by_date_newest_first_in_the_report() -> None:
    text = text_of(full()["report"])
    results, _, examined = text.partition("Goals and results, newest first")[2].partition("Skin, incisions, pump and")
    assert results == (
        " Goals sit in the wheelchair for two hours; brush his teeth alone When What Found"
        " 2026-03-01 Score Ashworth 3 to 2, legs 2025-11-20 Score Ashworth 4 to 3, legs"
        " 2025-10-07 Screening test 50 mcg at L3: Ashworth 4 to 2 after four hours "
    )
    assert examined.partition(" Titration ")[0] == (
        " complications, newest first When What Found"
        " 2026-03-01 Skin dry, no redness 2026-03-01 Pump under the skin upper edge felt, does not move"
        " 2026-01-19 Incision closed 2026-01-12 Incision a little red, no pus"
        " 2025-12-02 Complication CSF leak, gone after two days in bed"
    )


@given(st.permutations(range(4)), st.sampled_from(sorted(RESULTS | EXAMINED)))
def test_findings_are_in_order_whatever_order_they_were_written_in(order: list[int], field: str) -> None:
    days = ["2025-11-20", "2026-01-19", "2026-03-01"]
    lines = [*(f"{day} x" for day in days), "of no day"]
    records = dict.fromkeys(codes.RECORDS, "") | {field: "\n".join(lines[at] for at in order)}
    found = findings(records, RESULTS | EXAMINED)
    assert [finding.day for finding in found] == [*reversed(days), ""]
    assert found[-1].text == "of no day"
    assert set(RESULTS | EXAMINED) == set(DATED)


@pytest.mark.shows("SEED-62")
def test_the_patients_own_signs_stand_before_the_general_ones_in_the_report() -> None:
    text = text_of(full()["report"])
    for own, general in (("signs_too_little", texts.WITHDRAWAL), ("signs_too_much", texts.OVERDOSE)):
        assert f"This patient’s own signs: {RECORDS[own]} {general[0]}" in text


@pytest.mark.shows("SEED-60")
def test_side_effects_are_named_and_told_from_an_overdose() -> None:
    text = text_of(full()["report"])
    assert f"Side effects of the drug {' '.join(texts.SIDE_EFFECTS)}" in text
    named = texts.SIDE_EFFECTS[0]
    for effect in ("drowsiness", "weak or limp muscles", "dizziness", "headache", "nausea or vomiting", "constipation"):
        assert effect in named
    assert named.endswith("call the clinic")
    assert "convulsions: call for medical help at once" in texts.SIDE_EFFECTS
    assert "overdose: an emergency" in texts.SIDE_EFFECTS[-1]


@pytest.mark.parametrize("name", PAGES)
def test_what_people_wrote_stays_text(name: str) -> None:
    bench = Bench()
    bench.pump.implant(89, site="<b>left</b>", wall=datetime(2026, 1, 5, 8))
    bench.pump.write_records({"patient_name": "<script>x", "contacts": '"><img src=1>', "medicines": "a & b"})
    page = PAGES[name](read_facts(bench.pump))
    assert not re.search(r"<script|<img|<b>", page)
    for escaped in ("&lt;script&gt;x", "&lt;b&gt;left", "a &amp; b"):
        assert escaped in page


@pytest.mark.parametrize("name", PAGES)
def test_a_dose_is_never_without_its_concentration(name: str) -> None:
    for cell in re.findall(r"<(?:td|dd|p)\b[^>]*>(.*?)</(?:td|dd|p)>", full()[name], re.DOTALL):
        text = text_of(cell)
        is_rule = any(words in text for words in ("a bolus", "old dose", "soft min dose"))  # limits, and the log
        assert is_rule or "mcg/day" not in text or "mcg/mL" in text, text


def test_the_card_has_its_size_and_two_sides() -> None:
    card = full()["card"]
    assert "width: 85.6mm; min-height: 53.98mm;" in card
    assert card.count('<section class="card"') == 2
    front, back = card.split('aria-label="Back"')
    for label in ("Patient", "Implanted", "Institution", "Device", "Type", "SN", "UDI", "Manufacturer", "Web"):
        assert f"<dt>{label}</dt>" in front
    assert "Two tones" in back


def test_every_alarm_has_a_meaning_and_every_event_is_written_in_words() -> None:
    assert set(texts.ALARM) == set(codes.ALARM)
    assert set(texts.TONES) == set(codes.CLASS)
    for name, event in codes.EVENTS.items():
        text = event_text({"name": name, "data": dict.fromkeys(event.data, 1)})
        assert "_" not in text
        assert not re.search(r" (nl|ng|s|mv)\b", text), text


def test_nothing_says_what_the_blood_pressure_does() -> None:
    folder = Path(texts.__file__).parent
    told = [file.name for file in folder.iterdir() if file.is_file() and "pressure" in file.read_text(encoding="utf-8")]
    assert told == ["texts.py"]  # which says why
    assert "blood pressure" not in full()["report"] + full()["card"]


@pytest.mark.shows("FI-31")
@pytest.mark.parametrize("name", PAGES)
def test_a_corrupt_record_leaves_its_lines_blank_and_is_named(name: str) -> None:
    bench = Bench()
    bench.treat()
    bench.pump.write_records(RECORDS)
    bench.machine.plant.apply_fault("store_corrupt", region="patient", copies=2)
    page = PAGES[name](read_facts(bench.pump))
    assert "The patient's record in the pump is corrupt" in text_of(page)
    assert "corrupt" not in text_of(full()[name])
    assert page.count(BLANK) > full()[name].count(BLANK) + 5
    assert "2000 mcg/mL" in page
    assert "Nothing on record yet" not in page


def test_what_an_old_pump_holds_is_shown_escaped_and_alone() -> None:
    """A pump of before the check may hold anything: here each text turns round what follows it."""
    bench = Bench()
    bench.treat()
    for field in codes.RECORDS:
        chart = bench.machine.pump.patient_record
        assert chart.write(codes.RECORD[field], "\u202e<b>\x1b[2J".encode().ljust(192, b"\0")[:192])
    facts = read_facts(bench.pump)
    facts = facts._replace(implant={**(facts.implant or {}), "site": "\u2067ab"})
    for name, render in PAGES.items():
        page = render(facts)
        assert not set("\u202e\u2067\x1b") & set(page), name
        assert page.count("<bdi>&lt;U+202E&gt;&lt;b&gt;&lt;U+001B&gt;[2J</bdi>") >= 8, name
        assert "<bdi>&lt;U+2067&gt;ab</bdi>" in page, name
