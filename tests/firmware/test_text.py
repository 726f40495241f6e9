"""What counts as a text: the pump, the programmer, Unicode's own tables and a real MicroPython say the same."""

import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firmware.text import is_shown, is_text
from host_tools.machines.micropython import interpreter
from host_tools.programmer import BadValue
from host_tools.programmer.texts import check_text, shown
from host_tools.programmer.texts import is_shown as host_shows

from .body import Body
from .clinic import Clinic, Refused

POINTS = range(0x110000)
TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
NAMED = {
    unicodedata.lookup(name)
    for name in ("ARABIC LETTER MARK", "LEFT-TO-RIGHT MARK", "RIGHT-TO-LEFT MARK", "ZERO WIDTH NO-BREAK SPACE")
}
LEADS = st.sampled_from(
    [0x41, 0x1B, 0x0A, 0x7F, 0x80, 0xC0, 0xC1, 0xC2, 0xD8, 0xDF, 0xE0, 0xE1, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5]
)
FOLLOWERS = st.sampled_from([0x80, 0x81, 0x8F, 0x90, 0x9C, 0x9F, 0xA0, 0xA8, 0xAE, 0xB7, 0xBB, 0xBE, 0xBF])
SEQUENCES = 3000
SCRIPT = """
import sys
sys.path.append("/input")
from firmware.text import is_shown, is_text

first = last = -2
for point in range(0x110000):
    if not is_shown(point):
        if point != last + 1:
            if first >= 0:
                print(first, last)
            first = point
        last = point
print(first, last)
for data in {sequences}:
    print(is_text(data, True), is_text(data, False))
"""


def by_unicode(character: str) -> bool:
    """Whether a character is none of those that a pump must not keep."""
    noncharacter = ord(character) % 0x10000 >= 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return not (
        noncharacter
        or unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or unicodedata.bidirectional(character) in TURNING
        or character in NAMED
    )


def a_text(data: bytes, lines: bool) -> bool:
    """What the standard library says of the same bytes."""
    try:
        text = data.rstrip(b"\0").decode()
    except UnicodeDecodeError:
        return False
    return all(by_unicode(character) or (lines and character == "\n") for character in text)


def runs(points: list[int]) -> list[tuple[int, int]]:
    """(first, last) of each run of numbers."""
    found: list[tuple[int, int]] = []
    for point in points:
        if found and point == found[-1][1] + 1:
            found[-1] = found[-1][0], point
        else:
            found.append((point, point))
    return found


@pytest.fixture(scope="module")
def strange() -> list[int]:
    """The code points that are refused."""
    return [point for point in POINTS if not by_unicode(chr(point))]


def test_every_code_point_is_judged_as_unicode_has_it(strange: list[int]) -> None:
    print(f"{len(POINTS)} code points, {len(strange)} of them refused")
    surrogates = range(0xD800, 0xE000)  # no bytes stand for those
    assert [point for point in POINTS if point not in surrogates and not is_shown(point)] == [
        point for point in strange if point not in surrogates
    ]
    assert [point for point in POINTS if not host_shows(chr(point))] == strange
    for first, last in runs([point for point in strange if point not in surrogates]):
        for point in (first - 1, first, last, last + 1):
            if 0 <= point < 0x110000 and point not in surrogates:
                assert is_text(b"A" + chr(point).encode() + b"B", False) == by_unicode(chr(point)), hex(point)


@given(data=st.binary(max_size=8) | st.lists(LEADS | FOLLOWERS, max_size=6).map(bytes) | st.text().map(str.encode))
@example(data=b"\xc2\x80")
@example(data=b"\xed\xa0\x80")
@example(data=b"\xf4\x90\x80\x80")
def test_any_bytes_are_judged_as_the_standard_library_does(data: bytes) -> None:
    for lines in (True, False):
        assert is_text(data, lines) == a_text(data, lines)


def test_micropython_judges_the_same(tmp_path: Path, strange: list[int]) -> None:
    dice = random.Random(1)
    lead = [0x41, 0x0A, 0xC2, 0xD8, 0xE2, 0xED, 0xEF, 0xF0, 0xF4]
    follow = [0x80, 0x81, 0x8F, 0x90, 0x9C, 0x9F, 0xA0, 0xA8, 0xAE, 0xBB, 0xBF]
    sequences = [bytes(dice.choice(lead + follow) for _ in range(dice.randrange(6))) for _ in range(SEQUENCES)]
    print(f"{len(POINTS)} code points, {SEQUENCES} sequences, seed 1")
    (tmp_path / "firmware").mkdir()
    for name in ("__init__.py", "text.py"):
        (tmp_path / "firmware" / name).write_bytes(Path("firmware", name).read_bytes())
    printed = interpreter.run(SCRIPT.format(sequences=sequences), {"/input": tmp_path}).splitlines()
    refused = [point for point in strange if not 0xD800 <= point < 0xE000]
    assert printed[:-SEQUENCES] == [f"{first} {last}" for first, last in runs(refused)]
    assert printed[-SEQUENCES:] == [f"{a_text(data, True)} {a_text(data, False)}" for data in sequences]


@pytest.mark.parametrize("text", ["a\u202eb", "\u2067a", "a\x1b[2J", "a\nb", "a\u2029b", "\ufeffa"])
def test_site_and_drug_hold_no_such_character_and_no_line_end(text: str) -> None:
    clinic = Clinic(Body())
    implant = {"wall_s": 1000, "implanted_wall_s": 1000, "catheter_mm": 890, "tubing_nl": 140_000, "depth_mm": 20}
    implant |= {"override": "no", "catheter": "new", "tubing": "empty", "dose_ng_per_day": 0, "parcels": []}
    refill = {"volume_nl": 20_000_000, "concentration_mcg_per_ml": 2000, "aspirated_nl": 0, "bridge": "no"}
    with pytest.raises(Refused, match="malformed"):
        clinic.command("IMPLANT", site=text.encode().ljust(24, b"\0"), **implant)
    with pytest.raises(Refused, match="malformed"):
        clinic.command("REFILL", drug=text.encode().ljust(12, b"\0"), **refill)
    clinic.command("IMPLANT", site="links, \u05d0".encode().ljust(24, b"\0"), **implant)


@given(text=st.text())
def test_what_is_shown_holds_nothing_strange_and_names_what_it_leaves_out(text: str) -> None:
    assert all(by_unicode(character) or character == "\n" for character in shown(text, lines=True))
    strange = [character for character in text if not by_unicode(character)]
    for character in strange:
        assert f"<U+{ord(character):04X}>" in shown(text)
    if strange:
        with pytest.raises(BadValue, match=f"site has the character U\\+{ord(strange[0]):04X}"):
            check_text("site", text)
    else:
        check_text("site", text)
        assert shown(text) == text
