"""Verbs for the records in the pump: patient, titration."""

import json
from itertools import zip_longest
from pathlib import Path
from typing import Any

import rich_click as click

from host_tools.cli import statustext
from host_tools.cli.common import Failure, print_json, print_text, pump_verb
from host_tools.programmer import Programmer
from host_tools.programmer.handover import texts_of
from host_tools.programmer.texts import shown


def _assignments(_ctx: click.Context, _param: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    texts = {}
    for assignment in given:
        field, equals, text = assignment.partition("=")
        if not equals:
            raise click.BadParameter(f"{assignment!r} sets nothing; write patient_name='Ada Holm'")
        texts[field.strip()] = text
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
    "--file",
    type=click.Path(exists=True, dir_okay=False),
    help="Write the texts of a JSON or YAML file: fields, or what `thecal patient --json` printed.",
)
@pump_verb
def patient(pump: Programmer, as_json: bool, texts: dict[str, str], file: str | None) -> None:
    """Show the patient's record that the pump carries, or write parts of it. An empty text deletes a field.

    With --json also how the pump was implanted: what `thecal implant --keep-catheter` wants for the next pump. This is
    personal data, and stays in the pump: only what you redirect into a file yourself is kept outside.
    """
    if file is not None:
        document = read_document(file)
        if isinstance(document, dict):
            document = document.get("patient", document)
        texts = texts_of(document, file) | texts
    with pump.session():
        if texts:
            pump.write_records(texts)
        handover = pump.handover()
    if as_json:
        print_json(handover._asdict())
        return
    for field, text in handover.patient.items():
        if text:
            lines = shown(text, lines=True).split("\n")
            for label, line in zip_longest([field], lines, fillvalue=""):
                print_text(f"{label:<20} {line}", " " * 21)
    empty = [field for field, text in handover.patient.items() if not text]
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
