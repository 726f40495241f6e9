"""Verbs that write pages to print: report, card."""

from collections.abc import Callable
from pathlib import Path

import rich_click as click

from host_tools.cli.common import print_json, print_message, print_text, pump_verb
from host_tools.cli.files import force_option, write_page
from host_tools.documents.facts import read_facts
from host_tools.documents.render import card_html, report_html
from host_tools.programmer import Programmer


def _file_options(verb: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--out",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The file to write; default: one in this folder, named after the pump.",
    )(force_option(verb))


@click.command(epilog="Example: thecal report --out report.html")
@_file_options
@pump_verb
def report(pump: Programmer, as_json: bool, out: Path | None, force: bool) -> None:
    """Write the therapy report: patient, drug, program, refill dates, device, alarms, titration, plans, log.

    An HTML page that needs no network and prints well. It holds what the pump remembers of the patient.
    """
    facts = read_facts(pump)
    _write(out or _default("report", facts.status["serial"]), report_html(facts), force, as_json)


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
