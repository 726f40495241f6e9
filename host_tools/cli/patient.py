"""Verbs for the records in the pump: patient, titration."""

import json
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import Failure, print_json, print_text, pump_verb
from host_tools.programmer import Programmer
from host_tools.programmer.datedtext import DATED
from host_tools.programmer.handover import texts_of
from host_tools.programmer.texts import shown


def _assignments(_ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> list[tuple[str, str]]:
    texts = []
    for assignment in given:
        field, equals, text = assignment.partition("=")
        if not equals:
            advice = (
                "adds nothing; write skin='dry'" if param.name == "lines" else "sets nothing; write born=1980-05-17"
            )
            raise click.BadParameter(f"{assignment!r} {advice}")
        texts.append((field.strip(), text))
    return texts


def read_document(file: str) -> Any:
    """Return the content of a JSON or YAML file. Failure, with file and line, when it is neither."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        if file.endswith(".json"):
            return json.loads(text)
    except json.JSONDecodeError as error:
        raise Failure(f"{file}:{error.lineno}: invalid JSON: {error.msg}", 2) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{file} cannot be read: {error}", 2) from error
    from host_tools.scenario.document import Document  # needs more than the core

    document = Document(text)
    if document.problems:
        line, _, problem = document.problems[0]
        raise Failure(f"{file}:{line}: {problem}", 2)
    return document.value


@click.command(epilog='Example: thecal patient --set patient_name="Ada Holm"')
@click.option("--set", "texts", multiple=True, metavar="FIELD=TEXT", callback=_assignments, help="Write a text.")
@click.option(
    "--add",
    "lines",
    multiple=True,
    metavar="FIELD=TEXT",
    callback=_assignments,
    help=f"Add a line with the date of the pump's clock to {', '.join(DATED[:-1])} or {DATED[-1]}.",
)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False),
    help="Write the texts of a JSON or YAML file: fields, or what `thecal patient --json` printed.",
)
@pump_verb
def patient(
    pump: Programmer, as_json: bool, texts: list[tuple[str, str]], lines: list[tuple[str, str]], file: str | None
) -> None:
    """Show the patient's record that the pump carries, or write parts of it. An empty text deletes a field.

    Some fields hold lines that each begin with a date, such as "2026-03-01 dry". --add skin=dry writes the next one.

    With --json also how the pump was implanted: what `thecal implant --keep-catheter` wants for the next pump. This is
    personal data, and stays in the pump: only what you redirect into a file yourself is kept outside.
    """
    wanted = dict(texts)
    if file is not None:
        document = read_document(file)
        if isinstance(document, dict):
            document = document.get("patient", document)
        wanted = texts_of(document, file) | wanted
    with pump.session():
        if lines:
            wanted = pump.records_with(wanted, lines)
        if wanted:
            pump.write_records(wanted)
        handover = pump.handover()
    if as_json:
        print_json(handover._asdict())
    else:
        _print_records(handover.patient)


def _print_records(records: Mapping[str, str]) -> None:
    for field, text in records.items():
        if text:
            lines = shown(text, lines=True).split("\n")
            for label, line in zip_longest([field], lines, fillvalue=""):
                print_text(f"{label:<20} {line}", " " * 21)
    empty = [field for field, text in records.items() if not text]
    if empty:
        print_text(f"{'empty':<20} {', '.join(empty)}", " " * 21)


@click.command(epilog="Example: thecal titration")
@pump_verb
def titration(pump: Programmer, as_json: bool) -> None:
    """Show the last 64 committed daily doses, oldest first, and the change that each made."""
    doses = pump.titration()
    if as_json:
        print_json(doses)
        return
    if not doses:
        print_text("no dose was committed yet")
    for dose in doses:
        change = "first dose" if dose["change_percent"] is None else f"{dose['change_percent']:+.1f} %"
        note = "  limit overridden" if dose["overridden"] else ""
        print_text(
            f"{statustext.moment(dose['wall'], dose['uptime_s']):<19}  {statustext.dose(dose)}  {change}{note}",
            " " * 21,
        )
