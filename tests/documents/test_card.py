"""The card's faces keep their size whatever a patient's record holds, never cut allergies, and say what they cut.

Where a browser is there, it measures what the plain tests count.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from host_tools.documents import card
from host_tools.documents.facts import Facts, read_facts
from host_tools.documents.fit import CUT, Field, count_lines, fit
from host_tools.documents.render import card_html, report_html
from host_tools.programmer.datedtext import DATED
from protocol import codes
from tests.child import child
from tests.documents.bench import Bench
from tests.documents.pages import text_of
from tests.emulator.test_browser import browser

SAMPLES = {
    "latin": "Penicillin, Latex, Jod und Größe ",
    "wide": "WWWWWWWWWWWWWWW ",
    "one word": "MW",
    "half a line each": "Wwwwwwwwwwwwww mmmmmmmmmmmmmm ",
    "narrow": "illi, ",
    "cyrillic": "Щелочь, Южный жёлтый ",
    "greek": "Ωμέγα πενικιλλίνη ",
    "chinese": "青霉素过敏，",
    "arabic": "حساسية البنسلين ",
    "hindi": "पेनिसिलिन एलर्जी ",
    "emoji": "💊⚕️",
    "lines": "a\nb\n",
}
FILLINGS = (0, 10, 35, 60, 80, 100)  # percent of what the pump keeps of each text
FONTS = ("", 'DejaVu Sans, "Liberation Sans"')  # the card's own, and the widest
WIDTH_MM, HEIGHT_MM = 85.6, 53.98
MM = 25.4 / 96  # of a CSS pixel


def clipped(sample: str, most_bytes: int) -> str:
    """A sample, repeated, in at most so many bytes of UTF-8."""
    return (sample * most_bytes).encode()[:most_bytes].decode("utf-8", "ignore")


def record(sample: str, percent: int) -> dict[str, str]:
    return {
        field: "" if field == "born" else clipped(sample, text.most_bytes * percent // 100)
        for field, text in codes.RECORDS.items()
    }


@cache
def pumps() -> dict[str, Facts]:
    """A new pump; one that runs; one in mid-bridge, by a week; one whose line is empty."""
    new, runs, bridging, empty = Bench(), Bench(), Bench(), Bench()
    runs.treat()
    runs.pass_time(days=3)
    bridging.treat(20, 2000, 500)
    bridging.pump.prime()
    bridging.pass_time(days=3)
    week = {"default": [("00:00", 100.123), ("08:00", 400.456)]}
    bridging.pump.program_flex(week, override=True)
    bridging.pass_time(days=1)
    bridging.pump.refill(20, 500)
    bridging.pump.program_flex(week, override=True)
    empty.pump.implant(89, site="W" * 24, wall=datetime(2026, 1, 5, 8))
    empty.pump.refill(20, 2000)
    empty.pump.program_simple(500)
    empty.pump.stop()
    return {
        name: read_facts(bench.pump)
        for name, bench in {"new": new, "runs": runs, "bridging": bridging, "empty": empty}.items()
    }


def swept() -> Iterator[tuple[str, Facts]]:
    """Every pump with every text in every length."""
    for name, facts in pumps().items():
        for script, sample in SAMPLES.items():
            for percent in FILLINGS:
                yield f"{name}, {script} at {percent} %", facts._replace(records=record(sample, percent))


def plain(text: str) -> str:
    return " ".join(text.split())


def test_both_faces_hold_their_lines_and_allergies_stand_whole() -> None:
    for name, facts in swept():
        for face in (card.front(facts), card.back(facts)):
            assert sum(row.lines for row in face.rows) <= card.FACE_LINES, name
        rows = {row.label: row for row in (*card.front(facts).rows, *card.back(facts).rows)}
        assert rows["Allergies"].text == plain(facts.records["allergies"]), name
        assert not any(rows[label].cut for label in ("Patient", "Number", "SN", "Dose", "Drug", "Allergies")), name


@pytest.mark.shows("SEED-58", "SEED-59")
def test_hearing_and_risk_are_left_out_only_where_nothing_else_can_be_shorter() -> None:
    seen = set()
    for name, facts in swept():
        rows = {row.label: row for row in card.back(facts).rows}
        told = {label: rows[label].lines for label in ("Hearing", "At risk") if label in rows}
        assert set(told) == {"Hearing", "At risk"} if facts.records["hearing"] else not told, name
        if 0 in told.values():
            assert all(rows[label].lines == 1 for label in ("Call", "Medicines", "Too little", "Too much")), name
            assert card.back(facts).cut, name
            assert "<dt>Hearing</dt>" not in card_html(facts), name
        seen.add(0 in told.values())
    assert seen == {True, False}


@pytest.mark.shows("SEED-62")
def test_the_patients_own_signs_come_first_and_the_general_ones_give_way_to_all_else() -> None:
    seen = set()
    signs = {"Too little": ("signs_too_little", card.TOO_LITTLE), "Too much": ("signs_too_much", card.TOO_MUCH)}
    short = {field: "limp head" for field, _ in signs.values()}
    beside_long = [
        (f"{name}, short signs", facts._replace(records={**facts.records, **short})) for name, facts in swept()
    ]
    for name, facts in [*swept(), *beside_long]:
        rows = {row.label: row for row in card.back(facts).rows}
        others_cut = any(row.cut for label, row in rows.items() if label not in signs)
        for label, (field, general) in signs.items():
            own, text = plain(facts.records[field]), rows[label].text
            if not own:
                assert text == general, name
                continue
            whole = f"{own}; in general: {general}"
            assert whole.startswith(text.removesuffix(CUT)), name
            assert text == whole or text.endswith(CUT), name
            alone = count_lines(Field(label, f"{own};"), card.LINE_EM)
            if others_cut:
                assert rows[label].lines <= alone, name
            seen.add((text == whole, others_cut))
    assert len(seen) >= 3, seen


def test_see_report_stands_where_a_text_is_cut_and_nowhere_else() -> None:
    seen = set()
    for name, facts in swept():
        front, back = card_html(facts).split('aria-label="Back"')
        for face, page in ((card.front(facts), front), (card.back(facts), back.partition("</section>")[0])):
            marked = [row for row in face.rows if row.text.endswith(CUT)]
            assert [row.cut for row in face.rows] == [row in marked for row in face.rows], name
            assert ("see report" in page) == bool(marked), name
            seen.add(bool(marked))
        sheet = text_of(back.partition('<section class="sheet">')[2])
        assert all(plain(facts.records[field]) in sheet for field in ("medicines", "contacts", "allergies")), name
    assert seen == {True, False}


@given(st.text(max_size=200), st.integers(1, 6), st.floats(5, 40))
def test_a_text_is_cut_only_where_it_must_be_and_before_a_word(text: str, lines: int, line_em: float) -> None:
    text = plain(text)
    (row,) = fit([Field("x", text, least=lines)], lines, line_em)
    assert row.cut == (count_lines(Field("x", text), line_em) > lines)
    if row.cut:
        kept = row.text.removesuffix(CUT)
        assert row.text.endswith(CUT)
        assert text.startswith(kept.rstrip())
        assert not kept or kept.endswith(" ") or " " not in kept
        assert count_lines(Field("x", row.text), line_em) <= lines
    else:
        assert row.text == text


def dated(sample: str, most_bytes: int) -> str:
    """As many lines of different days as there is room for."""
    lines: list[str] = []
    while (left := most_bytes - len("\n".join([*lines, ""]).encode())) > 20:
        lines.append(f"2026-0{1 + len(lines) % 9}-11 {clipped(sample, min(60, left) - 11)}")
    return "\n".join(lines)


def longest(sample: str) -> dict[str, str]:
    """Every text as long as it may be, as a programmer takes it."""
    return {
        field: "1980-05-17" if field == "born" else (dated if field in DATED else clipped)(sample, text.most_bytes)
        for field, text in codes.RECORDS.items()
    }


def measured(tmp_path: Path, page: str, script: str) -> Any:
    """What `script`, an expression, finds in a page of a real browser."""
    file = tmp_path / "measured.html"
    result = f"document.body.dataset.found = JSON.stringify({script})"
    file.write_text(page.replace("</body>", f"<script>{result}</script></body>"), encoding="utf-8")
    command = [browser(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--window-size=700,1000", "--dump-dom", file.as_uri()]
    with child(command, stdout=-1, stderr=-3, text=True) as process:
        dom = process.stdout.read()
    found = re.search(r'data-found="([^"]*)"', dom)
    assert found, "the browser said nothing"
    return json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))


FACES = """\
[...document.querySelectorAll('.card')].map(card => {
  const box = card.getBoundingClientRect(), foot = card.querySelector('footer').getBoundingClientRect();
  const inside = [...card.querySelectorAll('dd, dt')].every(cell => {
    const own = cell.getBoundingClientRect(), range = document.createRange();
    range.selectNodeContents(cell);
    const text = range.getBoundingClientRect();
    return text.right <= box.right - 11 && own.bottom <= foot.top + 0.5 && cell.scrollWidth <= cell.clientWidth + 1;
  });
  return [card.dataset.name, box.width, box.height, inside];
})"""


@pytest.mark.parametrize("font", FONTS, ids=["own font", "widest font"])
def test_a_browser_prints_every_face_in_its_size(tmp_path: Path, font: str) -> None:
    pages = {name: card_html(facts) for name, facts in swept()}
    first = next(iter(pages.values()))
    faces = [
        face.replace('class="card"', f'class="card" data-name="{escape(name)}"')
        for name, page in pages.items()
        for face in re.findall(r'<section class="card".*?</section>', page, re.DOTALL)
    ]
    style = f"<style>.card {{ font-family: {font} !important; }}</style>" if font else ""
    page = first[: first.index("<body>") + 6] + style + "".join(faces) + "</body></html>"
    found = measured(tmp_path, page, FACES)
    assert len(found) == 2 * len(pages)
    for name, width, height, inside in found:
        assert width * MM == pytest.approx(WIDTH_MM, abs=0.1), name
        assert height * MM == pytest.approx(HEIGHT_MM, abs=0.1), name
        assert inside, name


CELLS = """\
(() => {
  const cells = [...document.querySelectorAll('td, th, h2, h3, li, p.own')].filter(cell => cell.innerText.trim());
  const boxes = cells.map(cell => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    const table = cell.closest('table'), scrolls = table && table.querySelector('.number');
    return {text: cell.innerText.slice(0, 30), box: range.getBoundingClientRect(), scrolls,
      wide: cell.scrollWidth > cell.clientWidth + 1};
  });
  const right = document.body.getBoundingClientRect().right + 1;
  const wrong = boxes.filter(one => one.wide || (one.box.right > right && !one.scrolls));
  const beside = (a, b) => a.left >= b.right - 1 || b.left >= a.right - 1;
  const apart = (a, b) => beside(a, b) || a.top >= b.bottom - 1 || b.top >= a.bottom - 1;
  boxes.forEach((one, at) => boxes.slice(at + 1).forEach(other => {
    if (!apart(one.box, other.box)) wrong.push(one, other);
  }));
  return [boxes.length, wrong.map(one => one.text)];
})()"""
"""Texts that stick out of their cell or the page, or lie over another; a table of numbers may be scrolled sideways."""
MEDIA = {
    "screen and phone": ("", ["", "width: 360px"]),
    "paper": ("print", ["width: 182mm"]),
}  # of A4, without margins


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("page", [card_html, report_html], ids=["card", "report"])
@pytest.mark.parametrize("sample", ["", "latin", "wide", "emoji"], ids=lambda sample: sample or "no texts")
def test_in_a_browser_nothing_on_a_page_lies_over_another_thing(
    tmp_path: Path, sample: str, page: Callable[[Facts], str], medium: str
) -> None:
    pump = pumps()["bridging" if sample else "new"]
    html = page(pump._replace(records=longest(SAMPLES[sample])) if sample else pump)
    media, styles = MEDIA[medium]
    if media:
        html = html.replace(f"@media {media}", "@media all").replace("@media screen", "@media none")
    looks = f"{json.dumps(styles)}.map(style => {{ document.body.style = style; return {CELLS}; }})"
    for style, (count, wrong) in zip(styles, measured(tmp_path, html, looks), strict=True):
        assert count > 20
        assert wrong == [], style


HOURS = """\
[...document.querySelectorAll('.hours span')].map(hour => {
  const range = document.createRange();
  range.selectNodeContents(hour);
  const box = range.getBoundingClientRect();
  const axis = document.querySelector('.picture svg').getBoundingClientRect();
  return [hour.textContent, (box.left + box.width / 2 - axis.left) / axis.width];
})"""


def test_a_browser_shows_the_hours_where_they_are(tmp_path: Path) -> None:
    found = measured(tmp_path, report_html(pumps()["bridging"]), HOURS)
    for hour, at in found:
        assert at == pytest.approx(int(hour[:2]) / 24, abs=0.005), found
    assert len(found) == 5
