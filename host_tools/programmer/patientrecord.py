"""The patient record in a pump. Personal data stays in the pump: nothing here keeps any."""

from collections.abc import Mapping
from datetime import date
from difflib import get_close_matches

from host_tools.programmer.client import Client
from host_tools.programmer.errors import BadValue
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


def encoded_records(client: Client, texts: Mapping[str, str]) -> dict[str, bytes]:
    """The texts as the wire has them. BadValue for one that no pump takes."""
    return {field: _encoded(field, text, client.checks) for field, text in texts.items()}


def _encoded(field: str, text: str, checks: bool) -> bytes:
    if field not in codes.RECORDS:
        near = get_close_matches(field, codes.RECORDS, n=1)
        advice = f"did you mean {near[0]!r}?" if near else f"fields are {', '.join(codes.RECORDS)}"
        raise BadValue(f"the patient's record has no field {field!r}; {advice}")
    data = text.encode()
    most = codes.RECORDS[field].most_bytes if checks else messages.TEXT_BYTES
    if len(data) > most:
        raise BadValue(f"{field} is {len(data)} bytes of UTF-8 long; the pump keeps {most}: shorten it")
    if checks:
        check_text(field, text, lines=True)
        _check_born(field, text)
    return data.ljust(messages.TEXT_BYTES, b"\0")


def _check_born(field: str, text: str) -> None:
    """BadValue for a date of birth that is no day."""
    if field == "born" and text:
        try:
            if len(text) == 10:
                date.fromisoformat(text)
                return
        except ValueError:
            pass
        raise BadValue(f"born {text!r} is no day; write 1980-05-17")
