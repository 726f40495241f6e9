"""The report stands alone, escapes what it is given, and draws what happened."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from host_tools.demo.plots import life_svg
from host_tools.demo.report import render
from tests.demo.synthetic import synthetic_life

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page() -> str:
    return render(synthetic_life())


def test_needs_no_network_and_no_scripts(page: str) -> None:
    assert "<script" not in page
    assert not re.search(r"<(link|img|iframe|object)\b|\bsrc=|@import", page)
    assert not re.search(r"url\((?!#)", page)
    assert not re.search(r'href="(?!#)', page)


def test_says_what_it_is_not(page: str) -> None:
    head = page[page.index("<body>") : page.index("</header>")]
    assert "Simulation" in head
    assert "not a medical device" in head


def test_whatever_the_pump_calls_itself_stays_text() -> None:
    life = synthetic_life()
    life.hello["serial"] = "<script>x"
    page = render(life)
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


def test_plots_are_one_svg_in_the_pages_own_colours() -> None:
    drawn = life_svg(synthetic_life())
    assert not re.search(r"#(0[1-9])\1\1", drawn)
    svg = ElementTree.fromstring(drawn)
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    for title in ("Rate, mL/day", "Level at the effect site, ng/mL", "Reservoir, mL", "Battery, mV", "Alarms"):
        assert title in texts
    for label in (
        "unseen by the pump",
        "low reservoir",
        "motor stall",
        "ERI",
        "end of service",
        "18 single beeps in 17h 59m",
    ):
        assert label in texts


def test_what_the_needle_found_is_among_the_numbers_and_in_the_story(page: str) -> None:
    assert "9.250 mL aspirated, 3.750 mL computed" in page
    assert "+5.500 mL" in page
    assert "Refill 30 finds it" in page


def test_a_life_without_a_hidden_fault_has_no_row_of_one_and_no_shade() -> None:
    life = synthetic_life()
    life.hidden = None
    page = render(life)
    assert "Under-delivery" not in page
    assert "unseen by the pump" not in page


def test_same_life_same_page() -> None:
    assert render(synthetic_life()) == render(synthetic_life())


def test_a_pump_without_battery_readings_is_drawn_too() -> None:
    life = synthetic_life()
    life.samples = [replace(sample, battery_mv=None, battery_load_mv=None) for sample in life.samples]
    assert "Battery, mV" in life_svg(life)
