"""Failures as people and scripts get them: one line on stderr, with --json one object on stdout, and an exit code."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import rich_click as click
from click.exceptions import Exit, NoArgsIsHelpError

from host_tools.cli.extras import extras_for, install_command
from host_tools.cli.layout import message
from host_tools.cli.output import OutputError

KIND_OF_CODE = {1: "check_failed", 2: "usage", 3: "link_lost", 4: "refused", 5: "not_authorised"}
"""The kind of a failure that does not say its own."""
_LONG_NUMBER = re.compile(r"([0-9]{20})[0-9]{20,}")


class Problem(NamedTuple):
    """A failure: its kind, the pump's reason if it has one, and what is wrong and what to do, in words."""

    kind: str
    exit_code: int
    message: str
    hint: str | None = None
    reason: str | None = None

    def document(self) -> dict[str, Any]:
        """The object that --json prints."""
        return {"error": {name: getattr(self, name) for name in ("kind", "reason", "message", "hint")}}


@contextmanager
def one_line(as_json: bool, verb: Callable[[], str | None]) -> Iterator[None]:
    """Turn every failure within into one line on stderr, with `as_json` an object on stdout too, and its exit code; 130
    for Ctrl-C. What nobody foresaw keeps its traceback. `verb` is asked where a module is missing."""
    try:
        yield
    except (NoArgsIsHelpError, Exit, OutputError):
        raise
    except (KeyboardInterrupt, click.Abort):
        click.echo(err=True)
        raise Exit(130) from None
    except Exception as error:
        line, problem = _problem(error, verb())
        _print(line, problem, as_json)
        if problem.kind == "internal":
            raise
        raise Exit(problem.exit_code) from error


def _print(line: str, problem: Problem, as_json: bool) -> None:
    """Say it; where that cannot be done the exit code is still its own."""
    try:
        if line:
            click.echo(message(line), err=True)
        if as_json:
            click.echo(json.dumps(problem.document()))
    except OutputError as lost:
        lost.exit_code = problem.exit_code
        raise


def wants_json(arguments: Sequence[str]) -> bool:
    """True where a command line asks for JSON, whether or not the rest of it can be read."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def _problem(error: Exception, verb: str | None) -> tuple[str, Problem]:
    """The line for people, empty where it was printed already, and the problem."""
    if isinstance(error, click.UsageError):
        asked = error.ctx.command_path if error.ctx else "thecal"
        text, hint = _brief(error.format_message()).rstrip("."), f"see `{asked} --help`"
        return f"{asked}: {text} ({hint})", Problem("usage", error.exit_code, text, hint)
    if isinstance(error, click.ClickException):
        text = _brief(error.format_message())
        return "" if getattr(error, "printed", False) else f"thecal: {text}", _failure(error, text)
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if extras := extras_for(missing, verb):
        text, hint = f"this verb needs {missing}, which is not installed", install_command(extras)
        return f"thecal: {text}; install it with: {hint}", Problem("usage", 2, text, hint)
    return "", Problem("internal", 1, f"{type(error).__name__}: {error}", "report it, with the traceback on stderr")


def _failure(error: click.ClickException, text: str) -> Problem:
    """A failure of a verb; what it came of knows more than its exit code."""
    cause = error.__cause__
    kind = "store" if isinstance(cause, OSError) and error.exit_code == 2 else KIND_OF_CODE[error.exit_code]
    problem, semicolon, advice = text.partition("; ")
    return Problem(
        getattr(cause, "kind", kind),
        error.exit_code,
        problem,
        advice if semicolon else None,
        getattr(cause, "reason", None),
    )


def _brief(text: str) -> str:
    """`text` with no number longer than anybody reads."""
    return _LONG_NUMBER.sub(r"\1...", text)
