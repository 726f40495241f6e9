"""Interaction with a person about a change of the pump: ask, do it in a session, and say how the pump is left."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import rich_click as click

from host_tools.cli.common import Failure, print_json, print_message, print_text
from host_tools.cli.layout import width
from host_tools.documents.texts import loss_of_therapy
from host_tools.programmer import Programmer
from host_tools.programmer.status import Status

LEFT = {"stopped": "stopped", "minimum": "at the minimum rate"}
"""Words of a warning at the end of a session, by therapy."""

MEANWHILE = "the pump changed while this was looked at"

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


def check_terminal(yes: bool) -> None:
    """A UsageError where somebody is to be asked and nobody can be."""
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on; --yes does it without asking")


def is_interactive(yes: bool) -> bool:
    """True if a person can be asked. A script names all that it wants."""
    return not yes and sys.stdin.isatty()


def confirm(question: str, yes: bool, declined: str) -> None:
    """Ask a person; a Failure where the answer is no."""
    if is_interactive(yes) and not click.confirm(question, err=True):
        raise Failure(f"{declined}; the pump goes on as before", 1)


def print_changes(changes: Mapping[str, tuple[str, str]]) -> None:
    """Print old and new values on stderr: side by side, or below one another where they are long."""
    label_width = max(map(len, changes))
    old_width = max(len(old) for old, _ in changes.values())
    for label, (old, new) in changes.items():
        line = f"{label:<{label_width}}  now {old:<{old_width}}  new {new}"
        below = f"{label:<{label_width}}  now {old}\n{'':<{label_width}}  new {new}"
        print_message(line if len(line) <= width() else below)


def run_in_session(pump: Programmer, verb: Callable[[], object]) -> Status:
    """Run a request and read the status, in one session. Warns of a pump that is left without its dose."""
    with pump.session():
        verb()
        status = pump.status()
    warn_of_no_therapy(status)
    return status


def warn_of_no_therapy(status: Status) -> None:
    """Warn if the pump gives no therapy."""
    left = LEFT.get(status["therapy"])
    words = [f"the pump is left {left}" if left else "", loss_of_therapy(status)]
    if not any(words):
        return
    if status["therapy"] == "end_of_service":
        words.append("the pump has reached its end of service: only a new one gives therapy")
    elif status["therapy"] != "running":
        words.append("`thecal program` or `thecal resume` starts therapy")
    print_message(f"warning: {'; '.join(filter(None, words))}")


def print_result(values: Mapping[str, Any], as_json: bool, text: str) -> None:
    """Print the result of a verb: its text, or with --json its values."""
    if as_json:
        print_json(values)
    else:
        print_text(text)
