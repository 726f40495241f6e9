"""What the verbs share: the options of every verb that talks to a pump, value types, output, failures."""

import functools
import json
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any

import rich_click as click

from host_tools.cli import layout
from host_tools.documents.wording import UNSIGNED
from host_tools.durations import parse_date, parse_duration_s, parse_local_time
from host_tools.programmer import NotAuthorised, Programmer, ProgrammerError, Refused
from host_tools.programmer.options import Options
from host_tools.programmer.texts import is_shown
from host_tools.programmer.timeouts import parse_timeout_s
from protocol.registry import field_of


class Failure(click.ClickException):
    """Ends the command with one line on stderr and this exit code. `said`: stderr has the line already."""

    def __init__(self, message: str, exit_code: int, said: bool = False) -> None:
        super().__init__(message)
        self.said = said
        self.exit_code = exit_code  # pyright: ignore[reportAttributeAccessIssue] - click reads it so


class _Value(click.ParamType):
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
        raise ValueError(f"{text!r} is no number; write 20 or 0.25")
    return value


def int_range(request: str, field: str) -> click.IntRange:
    """A whole number in the range that a request's field is declared with."""
    declared = field_of(request, field)
    return click.IntRange(declared.least, declared.most)


DECIMAL = _Value("number", _parse_decimal)
DURATION_S = _Value("duration", parse_duration_s)
LOCAL_TIME = _Value("local time", parse_local_time)
DATE = _Value("date", parse_date)

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
    type=_Value("seconds", parse_timeout_s),
    help="Wait this long for an answer before asking again. Default: what a running emulator needs, else 1. "
    "[env: THECAL_TIMEOUT_S]",
)


TAKEN_AFTER_END = (
    "OPEN", "PROVE", "SILENCE", "SET_CLOCK", "DEMO_ALARM",
    "WRITE_RECORD", "READ_RECORD", "READ_IMPLANT", "READ_PROGRAM", "READ_PROGRAM_DAY",
)  # fmt: skip
"""What a pump takes after its end of service, and may refuse for other reasons."""

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
            chosen = Options(warn=say, waiting=say_slow)
            if timeout_s:
                chosen["timeout_s"] = timeout_s
            programmer = Programmer.open(port, serial=serial, **chosen)
            with programmer as pump, _unsigned_told(pump), _end_of_service_told(pump):
                verb(pump, **options)
        except ProgrammerError as error:
            if verbose:
                traceback.print_exc()
            raise Failure(str(error), error.exit_code) from error

    return connected


@contextmanager
def _unsigned_told(pump: Programmer) -> Iterator[None]:
    """In the end, whatever that is: that it was not surely the pump that said what was read."""
    try:
        yield
    finally:
        if pump.unsigned_reason:
            say(f"{UNSIGNED}: {pump.unsigned_reason}")


@contextmanager
def _end_of_service_told(pump: Programmer) -> Iterator[None]:
    """Whatever a pump past its end of service refuses an order for: no other order would help."""
    try:
        yield
    except NotAuthorised:
        raise
    except Refused as error:
        if error.request in TAKEN_AFTER_END or pump.status()["therapy"] != "end_of_service":
            raise
        raise Refused(error.request, "state", AFTER_END) from error


def print_json(value: Any) -> None:
    """One JSON object on one line of stdout, at once; what a terminal would obey, or not show, is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    click.echo("".join(character if is_shown(character) else json.dumps(character)[1:-1] for character in text))


def say(message: str) -> None:
    """A message to the person, on stderr."""
    click.echo(layout.message(message), err=True)


def tell(text: str, indent: str = "") -> None:
    """A line of the result on stdout, wrapped, `indent` before its later lines."""
    click.echo(layout.wrapped(text, indent))


def say_slow(timeout_s: float) -> None:
    """Says that an answer is slow to come."""
    say(f"waiting: a slow emulation may take {timeout_s:g} s for an answer (Ctrl-C ends)")


def once(message: str, before: Callable[[], None] = lambda: None) -> Callable[[], None]:
    """Says `message` when it is first called, after `before`, and never again."""
    left = [message]

    def say_it() -> None:
        if left:
            before()
            say(left.pop())

    return say_it
