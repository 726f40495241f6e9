"""Shared by the verbs: the options of every verb that talks to a pump, value types, output, failures."""

import functools
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any

import rich_click as click

from host_tools.cli import layout
from host_tools.common.durations import parse_date, parse_duration_s, parse_local_time
from host_tools.documents.texts import UNSIGNED
from host_tools.programmer import NotAuthorised, Programmer, ProgrammerError, Refused
from host_tools.programmer.options import Options
from host_tools.programmer.texts import is_shown
from host_tools.programmer.timeouts import parse_timeout_s
from protocol.registry import field_of


class Failure(click.ClickException):
    """Ends the command with one line on stderr and this exit code. `printed`: stderr has the line already."""

    def __init__(self, message: str, exit_code: int, printed: bool = False) -> None:
        super().__init__(message)
        self.printed = printed
        self.exit_code = exit_code  # pyright: ignore[reportAttributeAccessIssue] - click reads it so


class Value(click.ParamType):
    """A value that `parse` reads; its ValueError becomes a usage error."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _parse_decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise ValueError(f"invalid number {text!r}; write 20 or 0.25")
    return value


def int_range(request: str, field: str) -> click.IntRange:
    """A whole number in the range that a request's field is declared with."""
    declared = field_of(request, field)
    return click.IntRange(declared.least, declared.most)


DECIMAL = Value("number", _parse_decimal)
DURATION_S = Value("duration", parse_duration_s)
LOCAL_TIME = Value("local time", parse_local_time)
DATE = Value("date", parse_date)

UPDATES = click.IntRange(1, 2**31 - 1)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout and nothing else.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show the traceback of an error.")
port_option = click.option(
    "--port",
    metavar="URL",
    default="auto",
    show_default=True,
    envvar="THECAL_PORT",
    help="Anything pyserial opens, or `auto`: the running emulator or the RP2040 on USB. [env: THECAL_PORT]",
)
timeout_option = click.option(
    "--timeout",
    "timeout_s",
    metavar="SECONDS",
    type=Value("seconds", parse_timeout_s),
    help="Wait this long for an answer before asking again. Default: what a running emulator needs, else 1. "
    "[env: THECAL_TIMEOUT_S]",
)


TAKEN_AFTER_END = (
    "OPEN", "PROVE", "SILENCE", "SET_CLOCK", "DEMO_ALARM",
    "WRITE_RECORD", "READ_RECORD", "READ_IMPLANT", "READ_PROGRAM", "READ_PROGRAM_DAY",
)  # fmt: skip
"""Requests that a pump takes after its end of service, and may refuse for other reasons."""

AFTER_END = (
    "the pump has reached its end of service, and nothing starts it again; a new pump takes its place. "
    "`thecal patient --json` here and `thecal implant --keep-catheter` there hand over; an emulated pump is new with "
    "`thecal emulate`, without --state or with another folder"
)

serial_option = click.option(
    "--serial", metavar="NUMBER", help="Speak to this pump only: ends with 3 when another one answers."
)


def pump_verb(verb: Callable[..., None]) -> Callable[..., None]:
    """Give `verb` a connected Programmer as its first argument, the common options, and exit codes."""

    @port_option
    @timeout_option
    @serial_option
    @json_option
    @verbose_option
    @functools.wraps(verb)
    def connected(port: str, timeout_s: float | None, serial: str | None, verbose: bool, **options: Any) -> None:
        try:
            chosen = Options(warn=print_message, waiting=print_slow_notice)
            if timeout_s:
                chosen["timeout_s"] = timeout_s
            programmer = Programmer.open(port, serial=serial, **chosen)
            with programmer as pump, _report_unsigned(pump), _explain_end_of_service(pump):
                verb(pump, **options)
        except ProgrammerError as error:
            if verbose:
                traceback.print_exc()
            raise Failure(str(error), error.exit_code) from error

    return connected


@contextmanager
def _report_unsigned(pump: Programmer) -> Iterator[None]:
    """Say at the end, also after an error, that an answer was unsigned and may be another's."""
    try:
        yield
    finally:
        if pump.unsigned_reason:
            print_message(f"{UNSIGNED}: {pump.unsigned_reason}")


@contextmanager
def _explain_end_of_service(pump: Programmer) -> Iterator[None]:
    """Replace the reason for which a pump past its end of service refuses: no other order would help."""
    try:
        yield
    except NotAuthorised:
        raise
    except Refused as error:
        if error.request in TAKEN_AFTER_END or pump.status()["therapy"] != "end_of_service":
            raise
        raise Refused(error.request, "state", AFTER_END) from error


def print_json(value: Any) -> None:
    """Print one JSON object on one line of stdout, at once. Characters that no terminal shows are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    click.echo("".join(character if is_shown(character) else json.dumps(character)[1:-1] for character in text))


def print_message(message: str) -> None:
    """Print a message for the person, on stderr."""
    click.echo(layout.message(message), err=True)


def print_text(text: str, indent: str = "") -> None:
    """Print a line of the result on stdout, wrapped, `indent` before its later lines."""
    click.echo(layout.wrapped(text, indent))


def print_slow_notice(timeout_s: float) -> None:
    """Print that an answer is slow to come."""
    print_message(f"waiting: a slow emulation may take {timeout_s:g} s for an answer (Ctrl-C ends)")


def message_once(message: str, before: Callable[[], None] = lambda: None) -> Callable[[], None]:
    """Return a function that prints `message` at its first call, after `before`, and never again."""
    left = [message]

    def say_it() -> None:
        if left:
            before()
            print_message(left.pop())

    return say_it
