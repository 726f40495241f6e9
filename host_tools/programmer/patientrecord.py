"""The patient record in a pump. Personal data stays in the pump: nothing here keeps any."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from host_tools.programmer.client import Client
from host_tools.programmer.datedtext import DATED, check_dated, is_day, with_line
from host_tools.programmer.errors import BadValue
from host_tools.programmer.reading import read_status
from host_tools.programmer.texts import check_text
from protocol import codes, messages


def read_records(client: Client) -> dict[str, str]:
    """All fields of the record, those never written empty. Refused when the pump's copies are corrupt."""
    with client.session():
        texts = {field: client.ask("READ_RECORD", field=field)["text"] for field in codes.RECORDS}
    return {field: text.rstrip(b"\0").decode("utf-8", "replace") for field, text in texts.items()}


def write_records(client: Client, texts: Mapping[str, str]) -> None:
    """Write several texts in one session; BadValue, before any is written, for one that no pump takes."""
    wanted = encoded_records(client, texts)
    with client.session():
        for field, text in wanted.items():
            client.ask("WRITE_RECORD", field=field, text=text)


def with_lines(client: Client, texts: Mapping[str, str], lines: Iterable[tuple[str, str]]) -> dict[str, str]:
    """`texts`, and dated fields with one more line each time, of the pump's day. BadValue for a line that no field
    takes; nothing is written."""
    lines = list(lines)
    for field, _ in lines:
        _check_field(field)
        if field not in DATED:
            raise BadValue(f"{field} has no dated lines; --set writes it, --add is for {', '.join(DATED)}")
    with client.session():
        wall = read_status(client)["wall"]
        if wall is None:
            raise BadValue("the pump's clock is not set, so that it knows no date for a line; `thecal clock` sets it")
        longer = {**read_records(client), **texts}
    for field, words in lines:
        longer[field] = with_line(longer[field], wall[:10], words)
        _check_room(field, longer[field], words)
    return {**texts, **{field: longer[field] for field, _ in lines}}


def _check_room(field: str, text: str, words: str) -> None:
    """BadValue for a text that the words of its new line make too long."""
    most = codes.RECORDS[field].most_bytes
    needed = len(text.encode())
    if needed > most:
        left = max(0, most - needed + len(words.strip().encode()))
        raise BadValue(
            f"{field} would be {needed} bytes of UTF-8 long, and the pump keeps {most}: a new line has room for {left} "
            "bytes after its date. Shorten it, or write the whole field anew with --set"
        )


def encoded_records(client: Client, texts: Mapping[str, str]) -> dict[str, bytes]:
    """The texts as the wire has them. BadValue for one that no pump takes."""
    return {field: _encoded(field, text, client.checks) for field, text in texts.items()}


def _encoded(field: str, text: str, checks: bool) -> bytes:
    _check_field(field)
    data = text.encode()
    most = codes.RECORDS[field].most_bytes if checks else messages.TEXT_BYTES
    if len(data) > most:
        raise BadValue(f"{field} is {len(data)} bytes of UTF-8 long; the pump keeps {most}: shorten it")
    if checks:
        check_text(field, text, lines=True)
        _check_born(field, text)
        if field in DATED:
            check_dated(field, text)
    return data.ljust(messages.TEXT_BYTES, b"\0")


def _check_field(field: str) -> None:
    """BadValue for a field that there is not."""
    if field not in codes.RECORDS:
        near = get_close_matches(field, codes.RECORDS, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"fields are {', '.join(codes.RECORDS)}"
        raise BadValue(f"the patient's record has no field {field!r}; {advice}")


def _check_born(field: str, text: str) -> None:
    """BadValue for a date of birth that is no day."""
    if field == "born" and text and not is_day(text):
        raise BadValue(f"born {text!r} is no day; write 1980-05-17")
