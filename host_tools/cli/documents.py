"""Verbs that write pages to print: report, card."""

from collections.abc import Callable
from pathlib import Path

import rich_click as click

from host_tools.cli.common import int_range, print_json, print_message, print_text, pump_verb
from host_tools.cli.files import force_option, write_page
from host_tools.documents.adverse import UnknownEvent, adverse_html
from host_tools.documents.facts import read_facts
from host_tools.documents.render import card_html, report_html
from host_tools.programmer import Programmer

EVENT = int_range("LOG", "first_seq")


def _file_options(verb: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The file to write; default: one in this folder, named after the pump.",
    )(force_option(verb))


@click.command(epilog="Example: thecal report --out report.html")
@_file_options
@click.option("--event", type=EVENT, help="Report this event of the log instead, as an adverse event.")
@click.option("--text", default="", help="What was observed, for the report of an event.")
@pump_verb
def report(pump: Programmer, as_json: bool, event: int | None, text: str, out: Path | None, force: bool) -> None:
    """Write the therapy report: patient, drug, program, refill dates, device, alarms, titration, plans, log.

    With --event the report of an adverse event: the event, the log around it, what was in force then, and lines to fill
    in. Either is an HTML page that needs no network and prints well. It holds what the pump remembers of the patient,
    and is sent to nobody.
    """
    if event is None:
        if text:
            raise click.UsageError("--text is for the report of an event; --event names it")
        facts = read_facts(pump)
        _write(out or _default("report", facts.status["serial"]), report_html(facts), force, as_json)
        return
    try:
        made = adverse_html(pump, event, text)
    except UnknownEvent as error:
        raise click.BadParameter(str(error), param_hint="--event") from error
    _write(out or _default(f"event-{event}", pump.hello()["serial"]), made, force, as_json)


@click.command(epilog="Example: thecal card --out card.html")
@_file_options
@pump_verb
def card(pump: Programmer, as_json: bool, out: Path | None, force: bool) -> None:
    """Write the device identification card: front and back in the size of a bank card, to print and carry.

    An HTML page that needs no network. What the pump does not know is an empty line to write on.
    """
    facts = read_facts(pump)
    _write(out or _default("card", facts.status["serial"]), card_html(facts), force, as_json)


def _default(kind: str, serial: str) -> Path:
    """A file in the current folder; a serial number is what a pump says, and no path."""
    name = "".join(letter if letter.isalnum() or letter == "-" else "_" for letter in serial)
    return Path(f"thecal-{kind}-{name}.html")


def _write(file: Path, page: str, force: bool, as_json: bool) -> None:
    write_page(file, page, force)
    if as_json:
        print_json({"file": str(file)})
    else:
        print_text(f"wrote {file}; open it in a browser and print it from there")
    print_message("it may hold personal data, readable to whoever has the file")
