"""CHANGELOG.md: the versions of protocol and records that it tells are those that the code has."""

import re
from pathlib import Path

from firmware.records import slots
from protocol import messages

TEXT = Path(__file__).parents[2].joinpath("CHANGELOG.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([\w, ]+) \| (\d+) \|", re.MULTILINE)


def part(heading: str) -> str:
    """The text under a heading, to the next one."""
    return TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_protocol_version_is_told_the_newest_first() -> None:
    told = [int(version) for version in re.findall(r"^\| (\d+) \|", part("Protocol"), re.MULTILINE)]
    assert told == list(range(messages.VERSION, 0, -1))


def test_every_record_has_its_version() -> None:
    told = {name: int(version) for names, version in ROW.findall(part("Records")) for name in names.split(", ")}
    places = {"ledger": slots.LEDGER, "state": slots.STATE, "weeks": slots.WEEKS[0], "windows": slots.WINDOWS}
    places |= {"patient": slots.PATIENT, "doses": slots.DOSES, "key": slots.KEY}
    assert told == {name: place[2] for name, place in places.items()} | {"logs": slots.LOG_VERSION}
    assert len(slots.RECORDS) == len(places) - 1 + len(slots.WEEKS)
